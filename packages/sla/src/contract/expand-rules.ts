/**
 * Expansion of what a contract says about measuring, excusing, crediting: defaults written out. Pure.
 */
import type { DayKind } from './calendar-terms.ts'
import type {
  ChronicRule,
  CreditSchedule,
  CreditTerms,
  DayCount,
  ExclusionKind,
  ExclusionTerms,
  GuaranteeTerms,
  MeasurementTerms,
  NoticeRule,
  ReconciliationTerms,
} from './expanded.ts'
import { ms, msOr } from './scalar.ts'
import { expandObjective } from './objective.ts'
import type { ContractSpec } from './schema-contract.ts'

export const DEFAULT_MAX_CLOCK_ERROR_MS = 1000
export const DEFAULT_MINIMUM_COVERAGE = '0.95'
export const DEFAULT_GRACE_MS = 72 * 3_600_000
export const DEFAULT_TOLERANCE_MS = 120_000

export function expandMeasurement(spec: ContractSpec): MeasurementTerms {
  const own = spec.measurement ?? {}
  const alertAfter = own.alertAfter ?? spec.alertAfter
  return {
    clause: own.clause ?? null,
    vantages: own.vantages ?? 'all',
    quorum: own.quorum ? { kind: 'fixed', ...own.quorum } : { kind: 'default' },
    isolation: own.isolation ?? { rule: 'own-link' },
    maxClockErrorMs: msOr(own.sample?.maxClockError, DEFAULT_MAX_CLOCK_ERROR_MS),
    providerHostSilence: own.providerHostSilence ?? 'unknown',
    blocked: own.blocked ?? 'unknown',
    minimumOutageMs: msOr(own.minimumOutage, 0),
    ...(own.granularity !== undefined && { granularityMs: ms(own.granularity) }),
    mergeGap: { gapMs: msOr(own.mergeGap?.gap, 0), countGapAsDown: own.mergeGap?.countGapAsDown ?? false },
    minimumCoverage: own.noData?.minimumCoverage ?? DEFAULT_MINIMUM_COVERAGE,
    bindingFigure: own.bindingFigure ?? 'provable',
    rounding: own.rounding ?? { verdict: 'none', display: { digits: 4, mode: 'truncate' } },
    latency: own.latency ?? { percentileMethod: 'nearest-rank', minimumSamples: 1 },
    alertAfterMs: alertAfter === undefined ? 'default' : ms(alertAfter),
  }
}

export function expandExclusions(own: ContractSpec['exclusions']): ExclusionTerms {
  return {
    denominatorMode: own?.denominatorMode ?? 'remove',
    capPerMonthMs: own?.capPerMonth === undefined ? null : ms(own.capPerMonth),
    capSpending: 'chronological',
    kinds: (own?.kinds ?? []).map(expandKind),
  }
}

type KindSpec = NonNullable<ContractSpec['exclusions']>['kinds'][number]

function expandKind(kind: KindSpec): ExclusionKind {
  const byNotice = kind.notice ? 'announcement' : 'agreement-or-decision'
  const { recurrence } = kind
  return {
    id: kind.id,
    clause: kind.clause ?? null,
    needs: kind.needs ?? (recurrence ? 'nothing' : byNotice),
    notice: kind.notice ? expandNotice(kind.notice) : null,
    maxPerOccurrenceMs: kind.maxPerOccurrence === undefined ? null : ms(kind.maxPerOccurrence),
    recurrence: recurrence
      ? {
          dtstart: recurrence.dtstart,
          timeZone: recurrence.timeZone,
          rrule: recurrence.rrule,
          durationMs: ms(recurrence.duration),
        }
      : null,
    zones: kind.zones ?? [],
  }
}

function expandNotice(notice: NonNullable<KindSpec['notice']>): NoticeRule {
  if (notice.elapsed !== undefined) return { elapsedMs: ms(notice.elapsed) }
  return {
    days: notice.days ?? 0,
    dayKind: notice.dayKind ?? 'calendar',
    calendar: notice.calendar ?? 'always',
  }
}

type GuaranteeSpec = NonNullable<ContractSpec['guarantees']>[number]

export function expandGuarantee(
  spec: GuaranteeSpec,
  defaults: { timeZone: string; calendar: string; period: 'P1M' },
): GuaranteeTerms {
  return {
    id: spec.id,
    displayName: spec.displayName ?? spec.id,
    service: spec.service,
    clause: spec.clause ?? null,
    sloRef: spec.sloRef ?? null,
    window: {
      period: spec.window?.period ?? defaults.period,
      timeZone: spec.window?.timeZone ?? defaults.timeZone,
      ...(spec.window?.anchor !== undefined && { anchor: spec.window.anchor }),
    },
    calendar: spec.calendar ?? defaults.calendar,
    scope: spec.scope ?? 'service',
    critical: spec.critical ?? false,
    ...expandObjective(spec),
  }
}

type CreditsSpec = NonNullable<ContractSpec['credits']>

export function expandCredits(own: CreditsSpec): CreditTerms {
  const schedules = Object.entries(own.schedules).map(
    ([id, schedule]) => [id, expandSchedule(schedule)] as const,
  )
  return {
    clause: own.clause ?? null,
    base: own.base,
    exclusive: own.exclusive,
    schedules: Object.fromEntries(schedules),
    sameCause: own.sameCause,
    repeat: own.repeat ?? null,
    earnBack: own.earnBack ?? null,
    cap: own.cap ?? null,
    chronic: own.chronic.map(expandChronic),
    misreport: own.misreport
      ? { absentOutageOverMs: ms(own.misreport.absentOutageOver), countsAs: own.misreport.countsAs }
      : null,
    claim: own.claim ? expandClaim(own.claim) : null,
    rounding: own.rounding,
  }
}

function expandSchedule(own: CreditsSpec['schedules'][string]): CreditSchedule {
  switch (own.kind) {
    case 'tiers':
    case 'flat':
    case 'points':
    case 'pool':
      return own
    case 'step': {
      const { kind, per, percent, partialStep, capPercent = null } = own
      return { kind, perMs: ms(per), percent, partialStep, capPercent }
    }
    case 'linear':
      return { kind: own.kind, percentPerPoint: own.percentPerPoint, capPercent: own.capPercent ?? null }
    case 'late-restoration':
      return {
        kind: own.kind,
        perMs: ms(own.per),
        divisor: own.divisor,
        ...(own.partialStep !== undefined && { partialStep: own.partialStep }),
        capPercent: own.capPercent ?? null,
      }
  }
}

function expandChronic(own: CreditsSpec['chronic'][number]): ChronicRule {
  const { id, right } = own
  if ('guarantee' in own) {
    const { guarantee, failedWindows, consecutive, within = null } = own
    return { kind: 'failed-windows', id, guarantee, failedWindows, consecutive, within, right }
  }
  return {
    kind: 'outages',
    id,
    service: own.service,
    count: own.outages,
    eachOverMs: ms(own.eachOver),
    withinDays: own.withinDays,
    aggregateOverMs: own.aggregateOver === undefined ? null : ms(own.aggregateOver),
    ...(own.notice !== undefined && { notice: dayCount(own.notice) }),
    right,
  }
}

function expandClaim(own: NonNullable<CreditsSpec['claim']>): NonNullable<CreditTerms['claim']> {
  return {
    deadline:
      'endOfMonth' in own.deadline ? own.deadline : { ...dayCount(own.deadline), after: own.deadline.after },
    formalNotice: own.formalNotice,
    providerAnswer: own.providerAnswer ? dayCount(own.providerAnswer) : null,
    silence: own.silence,
  }
}

function dayCount(own: { days: number; dayKind: DayKind; calendar?: string | undefined }): DayCount {
  return { days: own.days, dayKind: own.dayKind, calendar: own.calendar ?? 'always' }
}

export function expandReconciliation(
  own: ContractSpec['reconciliation'],
  timeZone: string,
): ReconciliationTerms {
  const clock = own?.providerClock
  return {
    toleranceMs: msOr(own?.tolerance, DEFAULT_TOLERANCE_MS),
    providerClock: { timeZone: clock?.timeZone ?? timeZone, resolutionMs: msOr(clock?.resolution, 60_000) },
    ambiguousLocalTime: own?.ambiguousLocalTime ?? 'list-all-readings',
    admissions: own?.admissions ?? 'rebuttable',
  }
}
