/**
 * Expansion of what a contract says about measuring, excusing, crediting: defaults written out. What these give
 * is what the full terms have: their types are inferred. Pure.
 */
import type { DayKind } from './calendar-terms.ts'
import { ms, msOr } from './scalar.ts'
import { expandObjective } from './objective.ts'
import type { ContractSpec } from './schema-contract.ts'

export const DEFAULT_MAX_CLOCK_ERROR_MS = 1000
export const DEFAULT_MINIMUM_COVERAGE = '0.95'
export const DEFAULT_GRACE_MS = 72 * 3_600_000
export const DEFAULT_TOLERANCE_MS = 120_000

type Measurement = NonNullable<ContractSpec['measurement']>
const NO_ROUNDING: NonNullable<Measurement['rounding']> = {
  verdict: 'none',
  display: { digits: 4, mode: 'truncate' },
}
const LATENCY: NonNullable<Measurement['latency']> = { percentileMethod: 'nearest-rank', minimumSamples: 1 }
const OWN_LINK: NonNullable<Measurement['isolation']> = { rule: 'own-link' }

/** The vantage set changes without a revision, so the default stays symbolic: see `quorumFor`. */
export type QuorumRule = { kind: 'default' } | { kind: 'fixed'; down: number; minKnown: number }

export function expandMeasurement(spec: ContractSpec) {
  const own: Measurement = spec.measurement ?? {}
  const alertAfter = own.alertAfter ?? spec.alertAfter
  const quorum: QuorumRule = own.quorum ? { kind: 'fixed', ...own.quorum } : { kind: 'default' }
  return {
    clause: own.clause ?? null,
    vantages: own.vantages ?? ('all' as const),
    quorum,
    isolation: own.isolation ?? OWN_LINK,
    maxClockErrorMs: msOr(own.sample?.maxClockError, DEFAULT_MAX_CLOCK_ERROR_MS),
    providerHostSilence: own.providerHostSilence ?? ('unknown' as const),
    /** How a sample answered by a firewall or a rate limit folds. */
    blocked: own.blocked ?? ('unknown' as const),
    minimumOutageMs: msOr(own.minimumOutage, 0),
    /** An outage counts in whole multiples of this. Absent: to the ms. */
    ...(own.granularity !== undefined && { granularityMs: ms(own.granularity) }),
    mergeGap: { gapMs: msOr(own.mergeGap?.gap, 0), countGapAsDown: own.mergeGap?.countGapAsDown ?? false },
    /** Decimal share of committed time, `0.95`. */
    minimumCoverage: own.noData?.minimumCoverage ?? DEFAULT_MINIMUM_COVERAGE,
    bindingFigure: own.bindingFigure ?? ('provable' as const),
    rounding: own.rounding ?? NO_ROUNDING,
    latency: own.latency ?? LATENCY,
    /** 'default': at once when two vantages agree, else 60 s. */
    alertAfterMs: alertAfter === undefined ? ('default' as const) : ms(alertAfter),
  }
}

export function expandExclusions(own: ContractSpec['exclusions']) {
  return {
    denominatorMode: own?.denominatorMode ?? ('remove' as const),
    capPerMonthMs: own?.capPerMonth === undefined ? null : ms(own.capPerMonth),
    capSpending: 'chronological' as const,
    kinds: (own?.kinds ?? []).map(expandKind),
  }
}

type KindSpec = NonNullable<ContractSpec['exclusions']>['kinds'][number]

function expandKind(kind: KindSpec) {
  const byNotice = kind.notice ? ('announcement' as const) : ('agreement-or-decision' as const)
  const { recurrence } = kind
  return {
    id: kind.id,
    clause: kind.clause ?? null,
    needs: kind.needs ?? (recurrence ? ('nothing' as const) : byNotice),
    notice: kind.notice ? expandNotice(kind.notice) : null,
    maxPerOccurrenceMs: kind.maxPerOccurrence === undefined ? null : ms(kind.maxPerOccurrence),
    recurrence: recurrence ? expandRecurrence(recurrence) : null,
    zones: kind.zones ?? [],
  }
}

function expandRecurrence({ duration, ...rest }: NonNullable<KindSpec['recurrence']>) {
  return { ...rest, durationMs: ms(duration) }
}

/** Elapsed hours, or a count of days of a kind; `calendar` names the holidays. */
export type NoticeRule = DayCount | { elapsedMs: number }

function expandNotice(notice: NonNullable<KindSpec['notice']>): NoticeRule {
  if (notice.elapsed !== undefined) return { elapsedMs: ms(notice.elapsed) }
  const { days = 0, dayKind = 'calendar', calendar } = notice
  return dayCount({ days, dayKind, calendar })
}

type GuaranteeSpec = NonNullable<ContractSpec['guarantees']>[number]

export function expandGuarantee(
  spec: GuaranteeSpec,
  defaults: { timeZone: string; calendar: string; period: 'P1M' },
) {
  return {
    id: spec.id,
    displayName: spec.displayName ?? spec.id,
    service: spec.service,
    /** null only in a small contract that names no clauses. */
    clause: spec.clause ?? null,
    sloRef: spec.sloRef ?? null,
    window: {
      period: spec.window?.period ?? defaults.period,
      timeZone: spec.window?.timeZone ?? defaults.timeZone,
      /**
       * A date on which a window begins, where that is not the first day of a calendar period. Absent
       * elsewhere, so that terms from before there were anchors keep their digest.
       */
      ...(spec.window?.anchor !== undefined && { anchor: spec.window.anchor }),
    },
    calendar: spec.calendar ?? defaults.calendar,
    scope: spec.scope ?? ('service' as const),
    critical: spec.critical ?? false,
    ...expandObjective(spec),
  }
}

type CreditsSpec = NonNullable<ContractSpec['credits']>

export function expandCredits(own: CreditsSpec) {
  const schedules = Object.entries(own.schedules).map(
    ([id, schedule]) => [id, expandSchedule(schedule)] as const,
  )
  const { misreport } = own
  return {
    clause: own.clause ?? null,
    base: own.base,
    /** Whether the credit settles the loss. */
    exclusive: own.exclusive,
    schedules: Object.fromEntries(schedules),
    sameCause: own.sameCause,
    repeat: own.repeat ?? null,
    earnBack: own.earnBack ?? null,
    cap: own.cap ?? null,
    chronic: own.chronic.map(expandChronic),
    misreport: misreport
      ? { absentOutageOverMs: ms(misreport.absentOutageOver), countsAs: misreport.countsAs }
      : null,
    claim: own.claim ? expandClaim(own.claim) : null,
    rounding: own.rounding,
  }
}

type ScheduleSpec = CreditsSpec['schedules'][string]
/** What is not there is absent, never undefined: terms are JSON. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }
type Expanded<S> = S extends unknown
  ? Present<Omit<S, 'per' | 'capPercent'>> &
      (S extends { per: string } ? { perMs: number } : unknown) &
      (S extends { capPercent?: string | undefined }
        ? 'capPercent' extends keyof S
          ? { capPercent: string | null }
          : unknown
        : unknown)
  : never
/** As written, lengths in ms. Of a part of a step in `partialStep`: absent, lateness counts to the ms. */
export type CreditSchedule = Expanded<ScheduleSpec>

function expandSchedule(own: ScheduleSpec): CreditSchedule {
  switch (own.kind) {
    case 'tiers':
    case 'flat':
    case 'points':
    case 'pool':
      return own
    case 'linear':
      return { ...own, capPercent: own.capPercent ?? null }
    case 'step':
    case 'late-restoration': {
      const { kind, per, capPercent = null, ...rest } = own
      // Either of the two, whose own members are the rest.
      return { kind, perMs: ms(per), ...rest, capPercent } as CreditSchedule
    }
  }
}

type ChronicSpec = CreditsSpec['chronic'][number]
type Right = ChronicSpec['right']
export type ChronicRule =
  | {
      kind: 'failed-windows'
      id: string
      guarantee: string
      failedWindows: number
      consecutive: boolean
      within: number | null
      right: Right
    }
  | {
      kind: 'outages'
      id: string
      service: string
      count: number
      eachOverMs: number
      withinDays: number
      aggregateOverMs: number | null
      /** From the outage that gives the right to the last day to use it. Absent: no such limit. */
      notice?: DayCount
      right: Right
    }

function expandChronic(own: ChronicSpec): ChronicRule {
  if ('guarantee' in own) {
    const { id, within = null, right, ...rest } = own
    return { kind: 'failed-windows', id, ...rest, within, right }
  }
  return {
    kind: 'outages',
    id: own.id,
    service: own.service,
    count: own.outages,
    eachOverMs: ms(own.eachOver),
    withinDays: own.withinDays,
    aggregateOverMs: own.aggregateOver === undefined ? null : ms(own.aggregateOver),
    ...(own.notice !== undefined && { notice: dayCount(own.notice) }),
    right: own.right,
  }
}

type ClaimSpec = NonNullable<CreditsSpec['claim']>
/** So many days, or the end of so many calendar months after the one that something fell in. */
type Deadline = (DayCount | { endOfMonth: number }) & Pick<ClaimSpec['deadline'], 'after'>

function expandClaim({ deadline: own, formalNotice, providerAnswer, silence }: ClaimSpec) {
  const deadline: Deadline = 'endOfMonth' in own ? own : { ...dayCount(own), after: own.after }
  return { deadline, formalNotice, providerAnswer: providerAnswer ? dayCount(providerAnswer) : null, silence }
}

export type DayCount = { days: number; dayKind: DayKind; calendar: string }

function dayCount(own: { days: number; dayKind: DayKind; calendar?: string | undefined }): DayCount {
  return { days: own.days, dayKind: own.dayKind, calendar: own.calendar ?? 'always' }
}

export function expandReconciliation(own: ContractSpec['reconciliation'], timeZone: string) {
  const clock = own?.providerClock
  return {
    toleranceMs: msOr(own?.tolerance, DEFAULT_TOLERANCE_MS),
    providerClock: { timeZone: clock?.timeZone ?? timeZone, resolutionMs: msOr(clock?.resolution, 60_000) },
    ambiguousLocalTime: own?.ambiguousLocalTime ?? ('list-all-readings' as const),
    admissions: own?.admissions ?? ('rebuttable' as const),
  }
}
