/**
 * Latency of an open window: which samples of which places count, and the judgement with what they came to.
 * Time that is down, outside committed time or excused is the engine's. Pure.
 */
import { invariant } from '@constat/shared/fault'
import { overSites, type Judged, type ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import type { Scored } from '@constat/sla/judgement/result'
import { latencyMeasureOf, populationOf } from '@constat/sla/metric/share'
import { judgeLatency } from '@constat/sla/latency'
import { populationSeen } from '@constat/sla/latency-slots'
import { NEWEST_RULES } from '@constat/sla/semantics'
import type { Timeline } from '@constat/sla/timeline'
import type { Watching } from '@constat/sla/assembly/slots'
import type { Expected } from './latency-sums.ts'
import type { LatencyAnswer, LatencyWindowQuestion } from './latency-window.ts'
import type { SiteVantages } from '@constat/sla/assembly/sites'
import { asOfOf, phaseOf, type WindowQuestion } from './window-question.ts'

/** The whole service, or one of the sites that speed is promised for, with its timeline. */
export type LatencyPlace = { site: SiteVantages | null; timeline: Timeline }

export type LatencyAsked = {
  asked: WindowQuestion
  /** Judged without samples: the time that counts is there. */
  judged: Judged
  /** Everybody expected to look, wherever they stand. */
  watched: readonly Watching[]
}

const US_PER_MS = 1000

export function placesOf(facts: ServiceFacts, sites: readonly SiteVantages[]): LatencyPlace[] {
  if (sites.length === 0) return [{ site: null, timeline: facts.timeline }]
  return sites.map((site, i) => ({ site, timeline: facts.sites[i]?.timeline ?? facts.timeline }))
}

export function latencyQuestion(
  { site, timeline }: LatencyPlace,
  { asked, judged, watched }: LatencyAsked,
): LatencyWindowQuestion {
  const { state, revision, guarantee, window, inForce, nowMs } = asked
  invariant(guarantee.metric === 'share-within', 'latencies have a threshold')
  const asOfMs = asOfOf(asked)
  const population = populationOf(timeline, {
    terms: revision.terms,
    guarantee,
    window,
    asOfMs: nowMs,
    phase: phaseOf(asked),
    inForce,
    commitment: judged.commitment,
    pausedBy: () => [],
    rules: NEWEST_RULES,
  })
  const places = watched.flatMap(({ check, vantage: { agent }, watch }): Expected[] => {
    if (site && !site.agents.includes(agent.id)) return []
    const place = { log: state.log, check: check.name, agent: agent.id }
    const { intervalMs } = check.spec
    const { holdMs } = watch
    const blockedIs = revision.terms.measurement.blocked
    return [{ ...place, ...populationSeen(population, watch), intervalMs, holdMs, blockedIs }]
  })
  return {
    name: [answerName(asked), site?.id ?? ''].join('/'),
    places,
    thresholdUs: guarantee.thresholdMs * US_PER_MS,
    startMs: window.startMs,
    asOfMs,
    hasEnded: nowMs >= window.endMs,
  }
}

export function answerName({ state, revision, guarantee, window }: WindowQuestion): string {
  return [state.contract, revision.revision, guarantee.id, window.key].join('/')
}

/** The judgement with the samples in it. `answers`: of the service, or of its sites in their order. */
export function withAnswers(
  judged: Judged,
  answers: readonly { site: SiteVantages | null; answer: LatencyAnswer }[],
  asked: WindowQuestion,
): Judged {
  const { result } = judged
  const whole = answers.find(({ site }) => site === null)
  if (whole) return { ...judged, result: { ...result, ...scoredWith(result, whole.answer, asked) } }
  const sites = result.sites.map((score) => {
    const own = answers.find(({ site }) => site?.id === score.site)
    return own ? { site: score.site, ...scoredWith(score, own.answer, asked) } : score
  })
  const { scored, sites: ordered } = overSites(sites, {
    metric: asked.guarantee.metric,
    figure: asked.revision.terms.measurement.bindingFigure,
    ofNone: () => result,
  })
  return { ...judged, result: { ...result, ...scored, sites: ordered } }
}

function scoredWith(scored: Scored, answer: LatencyAnswer, asked: WindowQuestion): Scored {
  const { tally, percentileUs, percentileErrorPercent } = answer
  const { guarantee, revision } = asked
  invariant(guarantee.metric === 'share-within', 'latencies have a threshold')
  const { measurement } = revision.terms
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumSamples: measurement.latency.minimumSamples,
    enoughOf: NEWEST_RULES.enoughOf,
    measured: { committedMs: scored.elapsedMs, knownMs: scored.knownMs },
    minimumCoverage: measurement.minimumCoverage,
    phase: phaseOf(asked),
  })
  const { thresholdMs } = guarantee
  const told = { thresholdMs, rules: NEWEST_RULES, percentileUs, percentileErrorPercent }
  return { ...scored, ...judgement, measure: latencyMeasureOf(tally, told) }
}
