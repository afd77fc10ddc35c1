/**
 * The answer to a scenario: plain JSON with instants as RFC 3339 text and lengths in ms. Pure.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { ClaimClock } from '../credit/claim.ts'
import type { LossStatement } from '../credit/loss-statement.ts'
import type { CreditStatement } from '../credit/statement.ts'
import type { DownMs } from '../figures.ts'
import type { Ruling } from '../judgement/declaration.ts'
import type { GuaranteeResult, Measure, Percentages, Scored } from '../judgement/result.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { Replayed } from '../policy/table.ts'
import type { ReconciliationAnswer } from '../reconciliation/answer.ts'
import type { Partition, StateMs } from '../window.ts'
import type { Note } from './findings.ts'

export type IncidentAnswer = {
  onset: string
  end: string | null
  zone: string | null
  cause: string | null
  possible: { start: string; end: string }
}

export type ServiceAnswer = {
  service: string
  states: StateMs
  downMs: DownMs
  availability: Percentages
  coverage: string | null
  incidents: IncidentAnswer[]
}

/** What was measured stands flat beside the verdict, as in the collector's interface. */
export type GuaranteeAnswer = Omit<GuaranteeResult, 'measure' | 'sites' | 'contested'> & {
  sites: ({ site: string } & ScoredAnswer)[]
  contested: { accepted: ScoredAnswer; refused: ScoredAnswer } | null
  partition: Partition
  incidents: IncidentAnswer[]
} & MeasureAnswer

export type ScoredAnswer = Omit<Scored, 'measure'> & MeasureAnswer

type Downtime = Extract<Measure, { kind: 'downtime' }>
type Timing = Extract<Measure, { kind: 'timing' }>
export type MeasureAnswer =
  | (Omit<Downtime, 'exhaustion' | 'worst'> & {
      exhaustion: { exhaustedAt: string | null; projectedAt: string | null }
      worst: { lengthMs: number; start: string; downMs: number }[]
    })
  | (Omit<Timing, 'perIncident'> & {
      perIncident: (Omit<Timing['perIncident'][number], 'onsetMs'> & { onset: string })[]
    })
  | Exclude<Measure, Downtime | Timing>

export type RulingAnswer = {
  id: string
  service: string
  kind: string
  clause: string | null
  start: string
  end: string
  standing: 'valid' | 'contested' | 'refused'
  refusals: string[]
  afterwards: boolean
  notice: Ruling['notice']
  excuses: { start: string; end: string }[]
}

export type ScenarioAnswer = {
  window: { startMs: UnixMs; endMs: UnixMs; asOfMs: UnixMs; phase: 'open' | 'closed' } | null
  calendars: {
    calendar: string
    committedMs: number
    offHoursMs: number
    intervals: { startMs: UnixMs; endMs: UnixMs }[]
  }[]
  services: ServiceAnswer[]
  guarantees: GuaranteeAnswer[]
  exclusions: RulingAnswer[]
  /** Null where the contract has none, or names no charges. */
  credits: (CreditStatement & { claim: ClaimAnswer | null }) | null
  losses: LossAnswer[]
  policies: PolicyAnswer[]
  /** Empty without a statement. */
  reconciliation: ReconciliationAnswer[]
  /** What was given and changes nothing, or is not what it seems, with its path in the scenario. */
  notes: Note[]
}

/** `guarantee` null: the service has none, so it is scored at all hours. */
export type PolicyAnswer = Replayed & { guarantee: string | null; service: string }

export type ClaimAnswer = Omit<ClaimClock, 'deadlineMs'> & { deadline: string }
export type LossAnswer = Omit<LossStatement, 'lines'> & {
  lines: (Omit<LossStatement['lines'][number], 'onsetMs'> & { onset: string })[]
}

export function claimAnswer({ deadlineMs, ...rest }: ClaimClock): ClaimAnswer {
  return { deadline: formatInstant(deadlineMs), ...rest }
}

export function lossAnswer({ lines, ...rest }: LossStatement): LossAnswer {
  return {
    ...rest,
    lines: lines.map(({ onsetMs, ...line }) => ({ onset: formatInstant(onsetMs), ...line })),
  }
}

export function incidentAnswer({ onsetMs, endMs, zone, cause, possible }: IncidentFacts): IncidentAnswer {
  return {
    onset: formatInstant(onsetMs),
    end: endMs === null ? null : formatInstant(endMs),
    zone,
    cause,
    possible: { start: formatInstant(possible.startMs), end: formatInstant(possible.endMs) },
  }
}

export function guaranteeAnswer(given: {
  result: GuaranteeResult
  parts: Partition
  incidents: readonly IncidentFacts[]
}): GuaranteeAnswer {
  const { result, parts, incidents } = given
  const { measure, sites, contested, ...rest } = result
  return {
    ...rest,
    ...measureAnswer(measure),
    sites: sites.map(({ site, ...scored }) => ({ site, ...scoredAnswer(scored) })),
    contested: contested && {
      accepted: scoredAnswer(contested.accepted),
      refused: scoredAnswer(contested.refused),
    },
    partition: parts,
    incidents: incidents.map(incidentAnswer),
  }
}

function scoredAnswer({ measure, ...rest }: Scored): ScoredAnswer {
  return { ...rest, ...measureAnswer(measure) }
}

function measureAnswer(measure: Measure): MeasureAnswer {
  if (measure.kind === 'downtime') {
    const { exhaustion, worst, ...rest } = measure
    return {
      ...rest,
      exhaustion: {
        exhaustedAt: textOf(exhaustion.exhaustedMs),
        projectedAt: textOf(exhaustion.projectedMs),
      },
      worst: worst.map(({ lengthMs, startMs, downMs }) => ({
        lengthMs,
        start: formatInstant(startMs),
        downMs,
      })),
    }
  }
  if (measure.kind !== 'timing') return measure
  const perIncident = measure.perIncident.map(({ onsetMs, ...timing }) => ({
    onset: formatInstant(onsetMs),
    ...timing,
  }))
  return { ...measure, perIncident }
}

export function rulingAnswer(ruling: Ruling, service: string): RulingAnswer {
  const { id, kind, clause, interval, refusals, afterwards, notice, spans, counts, contested } = ruling
  return {
    id,
    service,
    kind,
    clause,
    start: formatInstant(interval.startMs),
    end: formatInstant(interval.endMs),
    standing: contested ? 'contested' : counts ? 'valid' : 'refused',
    refusals,
    afterwards,
    notice,
    excuses: spans.map((span) => ({ start: formatInstant(span.startMs), end: formatInstant(span.endMs) })),
  }
}

function textOf(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}
