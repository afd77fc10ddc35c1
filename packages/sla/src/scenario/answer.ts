/**
 * The answer to a scenario: plain JSON with instants as RFC 3339 text and lengths in ms. Pure.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { ClaimClock } from '../credit/claim.ts'
import type { LossStatement } from '../credit/loss-statement.ts'
import type { CreditStatement } from '../credit/statement.ts'
import type { DownMs, Figure } from '../figures.ts'
import type { Ruling } from '../judgement/declaration.ts'
import type { GuaranteeResult, Scored, SiteScore } from '../judgement/result.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { MeasureOf } from '../metric/table.ts'
import type { Replayed } from '../policy/table.ts'
import type { DeadlineAnswer, ReconciliationAnswer } from '../reconciliation/answer.ts'
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
  availability: Record<Figure, string | null>
  coverage: string | null
  blockedMs: number
  incidents: IncidentAnswer[]
}

/** What was measured stands flat beside the verdict, as in the collector's interface. */
type Flat<S> = S extends { measure: infer M } ? Omit<S, 'measure'> & Counted<M> : never
/** Those of a share stand beside it too, under the names that scenarios have always answered with. */
type Counted<M> = M extends { share: unknown } ? M & Counts : M
type Counts = Pick<MeasureOf<'request-share'>['share'], 'n' | 'within' | 'missing' | 'doubtful'>
export type GuaranteeAnswer = Flat<Omit<GuaranteeResult, 'sites' | 'contested'>> & {
  sites: Flat<SiteScore>[]
  contested: { accepted: Flat<Scored>; refused: Flat<Scored> } | null
  partition: Partition
  incidents: IncidentAnswer[]
}

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
  reconciliation: (ReconciliationAnswer & { nextDeadline: DeadlineAnswer })[]
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
  const { sites, contested, ...rest } = result
  return {
    ...flat(rest),
    sites: sites.map(flat),
    contested: contested && { accepted: flat(contested.accepted), refused: flat(contested.refused) },
    partition: parts,
    incidents: incidents.map(incidentAnswer),
  }
}

function flat<S extends { measure: object }>({ measure, ...rest }: S): Flat<S> {
  const counts = 'share' in measure ? countsIn(measure.share as Counts) : {}
  // What `Flat` says, of a type that is not known here.
  return { ...rest, ...measure, ...counts } as Flat<S>
}

function countsIn({ n, within, missing, doubtful }: Counts): Counts {
  return { n, within, missing, doubtful }
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
