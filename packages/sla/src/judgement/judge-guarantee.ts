/**
 * Judging one guarantee in one window: declarations ruled, time committed, figures taken, for the service or
 * for each of its sites, and both ways where an exclusion is contested. Pure and total but for a calendar
 * year that nobody listed, which is refused. The collector and `constat evaluate` both end here.
 */
import { totalMs, union, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { incidentsOf, type Incident } from '../incident.ts'
import { isProvenDown, where, type Timeline } from '../timeline.ts'
import type { Verdict } from '../verdict.ts'
import { commitmentOf, hoursIn, type Commitment } from './committed.ts'
import { rulingsOf, type Declaration, type Ruling } from './declaration.ts'
import type { GuaranteeResult, Scored, SiteScore } from './result.ts'
import { score } from './score.ts'
import { outageRulesOf, type Scope, type ScoreQuestion } from './score-base.ts'
import type { VantageSlots } from './slices.ts'
import type { IncidentFacts } from './timing.ts'

/** What was measured of a service, or of one site of it. */
export type Seen = { timeline: Timeline; slots: readonly VantageSlots[] }

export type ServiceFacts = Seen & {
  sites: readonly (Seen & { site: string })[]
  /** As they were told; null: those that the timeline holds. */
  incidents: readonly IncidentFacts[] | null
}

export type GuaranteeQuestion = {
  terms: ExpandedContract
  guarantee: GuaranteeTerms
  window: Interval
  /** From when to when the promise holds. */
  inForce: Interval
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  declarations: readonly Declaration[]
  facts: ServiceFacts
}

export type Judged = {
  result: GuaranteeResult
  rulings: Ruling[]
  commitment: Commitment
  incidents: IncidentFacts[]
}

export function judgeGuarantee(question: GuaranteeQuestion): Judged {
  const { guarantee, terms } = question
  const incidents = incidentsWithin(question)
  const rulings = rulingsOf(question.declarations, {
    terms,
    timeZone: guarantee.window.timeZone,
    service: guarantee.service,
    outages: incidents.map(({ onsetMs, endMs, zone }) => ({
      startMs: onsetMs,
      endMs: endMs ?? question.asOfMs,
      zone,
    })),
    span: monthsAround(question.window),
  })
  const asked = { question, incidents }
  const main = scoredUnder(
    rulings.filter(({ counts }) => counts),
    asked,
  )
  const isContested = rulings.some(({ contested }) => contested)
  const result = {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    metric: guarantee.metric,
    scope: guarantee.scope,
    target: targetText(guarantee),
    excludedMs: totalMs(main.commitment.excluded),
    ...main.scored,
    sites: main.sites,
    contested: isContested ? bothWays(rulings, asked) : null,
  }
  return { result, rulings, commitment: main.commitment, incidents }
}

type Asked = { question: GuaranteeQuestion; incidents: readonly IncidentFacts[] }
type Under = { scored: Scored; sites: SiteScore[]; commitment: Commitment }

function bothWays(rulings: readonly Ruling[], asked: Asked): { accepted: Scored; refused: Scored } {
  const accepted = rulings.filter(({ counts, contested }) => counts || contested)
  const refused = rulings.filter(({ counts, contested }) => counts && !contested)
  return { accepted: scoredUnder(accepted, asked).scored, refused: scoredUnder(refused, asked).scored }
}

/** The figures while `rulings` excuse. */
function scoredUnder(rulings: readonly Ruling[], { question, incidents }: Asked): Under {
  const { terms, guarantee, window, inForce, asOfMs, phase, facts } = question
  const commitment = commitmentOf({ terms, guarantee, window, inForce, rulings })
  const asked: ScoreQuestion = {
    terms,
    guarantee,
    window,
    asOfMs,
    phase,
    commitment,
    incidentHours: incidentHours(question, incidents),
    pausedBy: (kind) => union(...rulings.filter((one) => one.kind === kind).map(({ spans }) => spans)),
  }
  if (guarantee.scope === 'service')
    return { scored: score({ ...facts, incidents }, asked), sites: [], commitment }
  const sites = facts.sites.map(({ site, ...seen }) => ({ site, ...score(scopeOf(seen, question), asked) }))
  return { ...whole(sites, () => score({ ...facts, incidents }, asked)), commitment }
}

function scopeOf(seen: Seen, question: GuaranteeQuestion): Scope {
  return { ...seen, incidents: ownIncidents(seen.timeline, question) }
}

const RANK: Record<Verdict, number> = { not_met: 2, indeterminate: 1, met: 0 }

/** The figures of the worst site; lost where any is, kept where all are. */
function whole(sites: SiteScore[], ofNone: () => Scored): { scored: Scored; sites: SiteScore[] } {
  const ordered = sites.toSorted(
    (a, b) => RANK[b.verdict] - RANK[a.verdict] || lostOf(b) - lostOf(a) || (a.site < b.site ? -1 : 1),
  )
  const worst = ordered[0]
  if (!worst) return { scored: ofNone(), sites: [] }
  const { site: _site, ...scored } = worst
  return { scored, sites: ordered }
}

function lostOf({ measure }: Scored): number {
  switch (measure.kind) {
    case 'downtime':
      return measure.downMs.point
    case 'share':
      return measure.n === 0 ? 0 : (measure.n - measure.within) / measure.n
    case 'timing':
      return Math.max(0, ...measure.perIncident.map(({ ms }) => ms?.point ?? 0))
    case 'count':
      return measure.count.point
    case 'mean':
      return 100 - Number(measure.availability.point ?? 100)
  }
}

/** Incidents with an onset in the window. */
function incidentsWithin(question: GuaranteeQuestion): IncidentFacts[] {
  const { facts } = question
  const all = facts.incidents ?? ownIncidents(facts.timeline, question)
  return all.filter(({ onsetMs }) => isOnsetIn(onsetMs, question))
}

function ownIncidents(timeline: Timeline, question: GuaranteeQuestion): IncidentFacts[] {
  return incidentsOf(timeline, outageRulesOf(question.terms), question.asOfMs)
    .filter(({ startMs, downMs }) => isOnsetIn(startMs, question) && downMs.point > 0)
    .map((incident) => incidentFacts(incident, timeline))
}

function isOnsetIn(onsetMs: UnixMs, { window }: GuaranteeQuestion): boolean {
  return window.startMs <= onsetMs && onsetMs < window.endMs
}

/** An incident as the timeline tells it: nobody has done anything about it yet. */
export function incidentFacts({ startMs, endMs, possible }: Incident, timeline: Timeline): IncidentFacts {
  const proved = where(timeline, possible, isProvenDown)
  const first = proved[0]
  const last = proved.at(-1)
  return {
    id: null,
    onsetMs: startMs,
    endMs,
    proved: first && last ? { startMs: first.startMs, endMs: last.endMs } : null,
    possible,
    zone: null,
    cause: null,
    alertedMs: null,
    notifiedMs: null,
    acknowledgedMs: null,
    providerClosedMs: null,
  }
}

/** Service hours for as long as any incident of the window lasts. */
function incidentHours(question: GuaranteeQuestion, incidents: readonly IncidentFacts[]): IntervalSet {
  const { terms, guarantee, window, asOfMs } = question
  if (guarantee.metric !== 'restoration-time' && guarantee.metric !== 'response-time') return []
  const ends = incidents.flatMap(({ endMs, possible, acknowledgedMs, providerClosedMs }) => [
    endMs ?? asOfMs,
    possible.endMs,
    acknowledgedMs ?? asOfMs,
    providerClosedMs ?? asOfMs,
  ])
  const startMs = Math.min(window.startMs, ...incidents.map(({ possible }) => possible.startMs))
  const span = { startMs, endMs: Math.min(asOfMs, Math.max(window.endMs, ...ends)) }
  // An outage that began under the promise is counted to its end.
  return span.startMs < span.endMs
    ? hoursIn(terms, guarantee, {
        window: span,
        inForce: { startMs: question.inForce.startMs, endMs: Infinity },
      })
    : []
}

const MONTH_MS = 32 * 86_400_000

/** Caps are spent from the first of the month on, so occurrences before the window matter too. */
function monthsAround({ startMs, endMs }: Interval): Interval {
  return { startMs: startMs - MONTH_MS, endMs: endMs + MONTH_MS }
}

/** What was promised, as the contract has it: percent, ms or a number. */
export function targetText({ target }: GuaranteeTerms): string {
  if ('percent' in target) return target.percent
  return String('eachMs' in target ? target.eachMs : target.count)
}
