/**
 * The expanded contract: every default written out, every duration in ms, every reference resolved.
 * It is what the judge reads, what `explain` shows and what the digest covers (all but `source`).
 * Plain JSON by construction. Types only, and the quorum rule that stays symbolic. Pure.
 */
import type { CalendarTerms, DayKind } from './calendar-terms.ts'
import type { Objective } from './objective.ts'
import type { CheckSpec } from '@constat/shared/check'
import type { Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { defaultQuorum } from '../quorum.ts'
import type { ZoneTable } from '../zone-table.ts'

export type PartyRole = 'customer' | 'provider' | 'customer-department' | 'subcontractor' | 'third-party'
export type Party = { id: string; role: PartyRole; name: string; of: string | null }

/** A site groups vantages. `administeredBy` names a party; null: nobody said. */
export type Site = { id: string; displayName: string; agents: string[]; administeredBy: string | null }

/** Zones are ordered from the agent to the service; the first failing one answers. */
export type ResponsibilityZone = { id: string; owner: string; boundary: string; references: string[] }

export type FoldTerms = {
  holdMs: number
  confirm: { down: number; up: number; by: 'reprobes' | 'slots' }
}

export type CheckTerms = {
  name: string
  displayName: string
  /** null: a reference, it belongs to no guaranteed service. */
  service: string | null
  spec: CheckSpec
  fold: FoldTerms
  /** Agents allowed to run it. 'all': every enrolled one. */
  vantages: string[] | 'all'
  /** Responsibility zone the target stands in: the last of the zones unless the check names one. */
  zone: string | null
}

/** A service is a tree over checks and other services. Default: down where any of its checks is. */
export type ServiceNode =
  | { check: string }
  | { service: string }
  | { all: ServiceNode[] }
  | { any: ServiceNode[] }
  | { atLeast: number; of: ServiceNode[] }
export type ServiceTerms = { name: string; displayName: string; description: string; tree: ServiceNode }

/** The vantage set changes without a revision, so the default stays symbolic: see `quorumFor`. */
export type QuorumRule = { kind: 'default' } | { kind: 'fixed'; down: number; minKnown: number }
export type Quorum = { down: number; minKnown: number }

export type BindingFigure = 'provable' | 'point' | 'pessimistic'

export type MeasurementTerms = {
  clause: string | null
  vantages: string[] | 'all'
  quorum: QuorumRule
  isolation: { rule: 'all-references-failed'; references: string[] } | { rule: 'own-link' }
  maxClockErrorMs: number
  providerHostSilence: 'unknown' | 'down'
  /** How a sample answered by a firewall or a rate limit folds. */
  blocked: 'unknown' | 'fail'
  minimumOutageMs: number
  /** An outage counts in whole multiples of this. Absent: to the ms. */
  granularityMs?: number
  mergeGap: { gapMs: number; countGapAsDown: boolean }
  /** Decimal share of committed time, `0.95`. */
  minimumCoverage: string
  bindingFigure: BindingFigure
  rounding: {
    verdict: 'none' | { digits: number; mode: 'half-up' | 'truncate' }
    display: { digits: number; mode: 'truncate' }
  }
  latency: { percentileMethod: 'nearest-rank'; minimumSamples: number }
  /** 'default': at once when two vantages agree, else 60 s. */
  alertAfterMs: number | 'default'
}

export type WindowPeriod = 'P1D' | 'P1W' | 'P1M' | 'P3M' | 'P1Y'
/**
 * `anchor`: a date on which a window begins, where that is not the first day of a calendar period. Absent
 * elsewhere, so that terms from before there were anchors keep their digest.
 */
export type WindowTerms = { period: WindowPeriod; timeZone: string; anchor?: string }

export type GuaranteeTerms = Objective & {
  id: string
  displayName: string
  service: string
  /** null only in a small contract that names no clauses. */
  clause: string | null
  sloRef: string | null
  window: WindowTerms
  calendar: string
  scope: 'service' | 'each-site'
  critical: boolean
}

/** Elapsed hours, or a count of days of a kind; `calendar` names the holidays. */
export type NoticeRule = { days: number; dayKind: DayKind; calendar: string } | { elapsedMs: number }

export type RecurrenceTerms = { dtstart: string; timeZone: string; rrule: string; durationMs: number }

export type ExclusionKind = {
  id: string
  clause: string | null
  needs: 'announcement' | 'customer-acceptance' | 'agreement-or-decision' | 'nothing'
  notice: NoticeRule | null
  maxPerOccurrenceMs: number | null
  recurrence: RecurrenceTerms | null
  zones: string[]
}

export type ExclusionTerms = {
  denominatorMode: 'remove' | 'excuse-only'
  capPerMonthMs: number | null
  capSpending: 'chronological'
  kinds: ExclusionKind[]
}

export type CreditSchedule =
  | { kind: 'tiers'; tiers: { from: string; percent: string }[] }
  | { kind: 'flat'; percent: string }
  | { kind: 'step'; perMs: number; percent: string; partialStep: 'up' | 'down'; capPercent: string | null }
  | { kind: 'linear'; percentPerPoint: string; capPercent: string | null }
  | {
      kind: 'late-restoration'
      perMs: number
      divisor: string
      /** What a part of `perMs` counts as: a whole one, or nothing. Absent: lateness counts to the ms. */
      partialStep?: 'up' | 'down'
      capPercent: string | null
    }
  | {
      kind: 'points'
      /** The same each time, or by the figure reached. */
      points: number | { from: string; points: number }[]
      repeatPoints: number[]
      amountPerPoint: string
    }
  | { kind: 'pool'; atRiskPercent: string; poolPercent: string; allocationPercent: string }

export type ChronicRule =
  | {
      kind: 'failed-windows'
      id: string
      guarantee: string
      failedWindows: number
      consecutive: boolean
      within: number | null
      right: string
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
      right: string
    }

export type DayCount = { days: number; dayKind: DayKind; calendar: string }
/** The end of so many calendar months after the one that something fell in. */
export type MonthCount = { endOfMonth: number }

export type CreditTerms = {
  clause: string | null
  base: 'monthly-charge-of-service' | 'monthly-charge-of-contract'
  /** Whether the credit settles the loss. */
  exclusive: boolean
  schedules: Record<string, CreditSchedule>
  sameCause: 'highest-only' | 'cumulative'
  repeat: { whenFailedInPreviousWindow: boolean; multiplier: string } | null
  earnBack: { windowsMet: number; percent: string } | null
  cap: { scope: 'service' | 'all-services'; percentOfMonthlyCharges: string } | null
  chronic: ChronicRule[]
  misreport: { absentOutageOverMs: number; countsAs: 'additional-failure' | 'note' } | null
  claim: {
    deadline: (DayCount | MonthCount) & { after: 'window-final' | 'window-end' }
    formalNotice: 'required' | 'not-required'
    providerAnswer: DayCount | null
    silence: 'none' | 'acceptance' | 'rejection'
  } | null
  rounding: { money: 'half-up' | 'half-even' | 'down' | 'up'; digits: number }
}

export type ReconciliationTerms = {
  toleranceMs: number
  providerClock: { timeZone: string; resolutionMs: number }
  ambiguousLocalTime: 'list-all-readings' | 'first' | 'second'
  admissions: 'rebuttable' | 'binding'
}

export type ExpandedContract = {
  schema: 'constat-terms/1'
  name: string
  displayName: string
  reference: string | null
  revision: number | null
  /** `fromMs` null: from the moment of apply. The first window is judged from there. */
  effective: { fromMs: UnixMs | null; toMs: UnixMs | null; timeZone: string }
  prevailingLanguage: 'en' | 'fr'
  parties: Party[]
  /** Id of the party with the role `provider`. */
  provider: string
  sites: Site[]
  zones: ResponsibilityZone[]
  charges: {
    currency: string
    tax: 'outside-vat' | 'vat-included' | 'vat-excluded'
    /** `service` null: the whole contract. */
    monthly: { service: string | null; amount: string }[]
  } | null
  clauses: { id: string; title: string; text: string }[]
  calendars: Record<string, CalendarTerms>
  checks: CheckTerms[]
  services: ServiceTerms[]
  measurement: MeasurementTerms
  finalisation: { graceMs: number; amendmentsUntil: 'claim-deadline' | 'window-final' }
  exclusions: ExclusionTerms
  guarantees: GuaranteeTerms[]
  credits: CreditTerms | null
  reconciliation: ReconciliationTerms
  /** Rules of every time zone the terms name. Windows outside their span are refused. */
  zoneTables: Record<string, ZoneTable>
  /** Outside the digest: the document as written, and the leaves of the terms that a default filled in. */
  source: { raw: Json; defaulted: string[] }
}

/** One vantage: 1 of 1. Two or more: 2 down, 1 known. A fixed rule is taken as it stands. */
export function quorumFor(rule: QuorumRule, vantageCount: number): Quorum {
  return rule.kind === 'fixed' ? { down: rule.down, minKnown: rule.minKnown } : defaultQuorum(vantageCount)
}
