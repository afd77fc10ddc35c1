/**
 * Judging one guarantee in one window: declarations ruled, time committed, figures taken, for the service or
 * for each of its sites, and both ways where an exclusion is contested. Pure and total but for a calendar
 * year that nobody listed, which is refused. The collector and `constat evaluate` both end here.
 */
import { totalMs, union, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import type { Figure } from '../figures.ts'
import { compare, type Fraction } from '../fraction.ts'
import { outageRulesOf, type ScoreQuestion } from '../metric/base.ts'
import type { Metric } from '../contract/objective.ts'
import { entryOf, score } from '../metric/table.ts'
import type { Rules } from '../semantics.ts'
import type { Timeline } from '../timeline.ts'
import type { Verdict } from '../verdict.ts'
import type { VantageSlots } from './attempts.ts'
import { commitmentOf, type Commitment } from './committed.ts'
import { rulingsOf, type Declaration, type Ruling } from './declaration.ts'
import { measuredIncidents } from './measured-incidents.ts'
import type { GuaranteeResult, Scored, SiteScore } from './result.ts'
import { belongs, type IncidentFacts } from './timing.ts'

/** What was measured of a service, or of one site of it. */
export type Seen = { timeline: Timeline; slots: readonly VantageSlots[] }

/** `incidents`: as they were told; null: those that the timeline holds. */
type Told = { incidents: readonly IncidentFacts[] | null }

export type ServiceFacts = Seen & Told & { sites: readonly (Seen & Told & { site: string })[] }

export type GuaranteeQuestion = {
  terms: ExpandedContract
  guarantee: GuaranteeTerms
  window: Interval
  /** From when to when the promise holds. */
  inForce: IntervalSet
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  declarations: readonly Declaration[]
  facts: ServiceFacts
  rules: Rules
}

export type Judged = {
  result: GuaranteeResult
  rulings: Ruling[]
  commitment: Commitment
  incidents: IncidentFacts[]
}

export function judgeGuarantee(question: GuaranteeQuestion): Judged {
  const { guarantee, terms } = question
  const all = incidentsOf(question.facts, question)
  const incidents = all.filter((incident) => belongs(incident, question))
  const rulings = rulingsOf(question.declarations, {
    terms,
    timeZone: guarantee.window.timeZone,
    service: guarantee.service,
    // Also those of earlier windows: their end may lie in this one, and a cap is spent by the month.
    outages: all.map(({ onsetMs, endMs, zone }) => ({
      startMs: onsetMs,
      endMs: endMs ?? question.asOfMs,
      zone,
    })),
    // Caps are spent from the first of the month on, so occurrences before the window matter too.
    span: { startMs: question.window.startMs - MONTH_MS, endMs: question.window.endMs + MONTH_MS },
  })
  const asked = { question, incidents: all }
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
  return { result, rulings: toldRulings(rulings, question), commitment: main.commitment, incidents }
}

/** What was declared, and of what recurs the part in this window. */
function toldRulings(rulings: readonly Ruling[], { declarations, window }: GuaranteeQuestion): Ruling[] {
  const declared = new Set(declarations.map(({ id }) => id))
  return rulings.filter(({ id, interval }) => {
    const isInside = interval.startMs < window.endMs && window.startMs < interval.endMs
    return isInside || declared.has(id)
  })
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
  const { terms, guarantee, window, inForce, asOfMs, phase, facts, rules } = question
  const commitment = commitmentOf({ terms, guarantee, window, inForce, rulings })
  const asked: ScoreQuestion = {
    terms,
    guarantee,
    window,
    asOfMs,
    phase,
    inForce,
    commitment,
    pausedBy: (kind) => union(...rulings.filter((one) => one.kind === kind).map(({ spans }) => spans)),
    rules,
  }
  if (guarantee.scope === 'service')
    return { scored: score({ ...facts, incidents }, asked), sites: [], commitment }
  const sites = facts.sites.map(({ site, ...seen }) => {
    const scope = { ...seen, incidents: incidentsOf(seen, question) }
    return { site, ...score(scope, asked) }
  })
  const { metric } = guarantee
  const figure = terms.measurement.bindingFigure
  return {
    ...overSites(sites, { metric, figure, ofNone: () => score({ ...facts, incidents }, asked) }),
    commitment,
  }
}

const RANK: Record<Verdict, number> = { not_met: 2, indeterminate: 1, met: 0 }

function rankOf({ verdict, outlook }: Scored): number {
  return RANK[verdict] + (outlook === 'at_risk' ? 0.5 : 0)
}

/** The figures of the worst site; lost where any is, kept where all are. One of thin evidence makes it thin. */
export function overSites(
  sites: readonly SiteScore[],
  { metric, figure, ofNone }: { metric: Metric; figure: Figure; ofNone: () => Scored },
): { scored: Scored; sites: SiteScore[] } {
  const lostOf = ({ measure }: Scored): Fraction | null => entryOf(metric).lost(measure, figure)
  const ordered = sites.toSorted(
    (a, b) => rankOf(b) - rankOf(a) || compareLost(lostOf(b), lostOf(a)) || (a.site < b.site ? -1 : 1),
  )
  const worst = ordered[0]
  if (!worst) return { scored: ofNone(), sites: [] }
  const { site: _site, ...scored } = worst
  const insufficientEvidence = ordered.some((one) => one.insufficientEvidence)
  return { scored: { ...scored, insufficientEvidence }, sites: ordered }
}

/** By the binding figure, exactly: of two sites it is the one that money follows from. */
function compareLost(lost: Fraction | null, other: Fraction | null): number {
  // A site without samples has lost more than any.
  if (lost === null || other === null) return (lost === null ? 1 : 0) - (other === null ? 1 : 0)
  return compare(lost, other)
}

function incidentsOf(seen: Seen & Told, { terms, asOfMs }: GuaranteeQuestion): readonly IncidentFacts[] {
  return seen.incidents ?? measuredIncidents(seen.timeline, outageRulesOf(terms), asOfMs)
}

const MONTH_MS = 32 * 86_400_000

/** What was promised, as the contract has it: percent, ms or a number. */
export function targetText({ target }: GuaranteeTerms): string {
  if ('percent' in target) return target.percent
  return String('eachMs' in target ? target.eachMs : target.count)
}
