/** Scores of shares: attempts that were good, answers that came in time. Pure. */
import { intersect, normalise, subtract, type IntervalSet } from '@constat/shared/time'
import { invariant } from '@constat/shared/fault'
import { countedLatencies, judgeLatency, shareText, type LatencyTally } from '../latency.ts'
import { addCounted, addSlots, missingAtEnd, populationSeen, type SurePopulation } from '../latency-slots.ts'
import { countedTimeline } from '../outage.ts'
import { nearestRanks } from '../selection.ts'
import { isPossiblyDown, isProvenDown, isUp, where, type Timeline } from '../timeline.ts'
import { attempts, type VantageSlots } from './attempts.ts'
import { excusedOf } from './committed.ts'
import type { Scored } from './result.ts'
import {
  base,
  elapsedOf,
  measuredOf,
  outageRulesOf,
  spanOf,
  type Counted,
  type Of,
  type Scope,
  type ScoreQuestion,
} from './score-base.ts'

export function shareOf(scope: Counted, question: Of<'share-within' | 'request-share'>): Scored {
  const { guarantee, terms, phase } = question
  const measured = measuredOf(scope, question)
  const { bindingFigure, minimumCoverage, latency } = terms.measurement
  const isLatency = guarantee.metric === 'share-within'
  const counted = isLatency ? latencies(scope, question) : requests(scope, question)
  const { tally } = counted
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure,
    minimumSamples: isLatency ? latency.minimumSamples : 1,
    measured,
    minimumCoverage,
    phase,
  })
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'share',
      ...tally,
      share: {
        provable: shareText(tally, 'provable'),
        point: shareText(tally, 'point'),
        pessimistic: shareText(tally, 'pessimistic'),
      },
      thresholdUs: isLatency ? guarantee.thresholdMs * 1_000 : null,
      percentileUs: percentilesOf(counted.latencyUs),
    },
  }
}

type Tallied = { tally: Required<LatencyTally>; latencyUs: Uint32Array[] }

/** Answers inside up and committed time. What is missing is counted where it could have been one. */
function latencies({ slots, timeline }: Scope, question: Of<'share-within' | 'request-share'>): Tallied {
  const { guarantee } = question
  invariant(guarantee.metric === 'share-within', 'latencies have a threshold')
  const place = populationOf(timeline, question)
  const thresholdUs = guarantee.thresholdMs * 1_000
  const tally = { n: 0, within: 0, missing: 0, doubtful: { n: 0, within: 0 } }
  const latencyUs: Uint32Array[] = []
  const take = (counted: Uint32Array): void => void latencyUs.push(counted)
  for (const vantage of slots) {
    addAnswers(tally, vantage, { place, thresholdUs, take })
    // Excused time stays in the denominator, and whatever answered in it was in time.
    const { excused } = place
    const kept = countedLatencies(vantage.columns, { up: excused, open: excused })
    tally.n += kept.latencyUs.length + kept.undecided
    tally.within += kept.latencyUs.length + kept.undecided
  }
  return { tally, latencyUs }
}

type Place = SurePopulation & { excused: IntervalSet }

/**
 * Where latencies count, and where a slot without one could have: down as the outage rules count it. What is
 * not provably down could be up, or a lost sample would take others with it.
 */
export function populationOf(timeline: Timeline, question: ScoreQuestion): Place {
  const excused = excusedOf(question)
  const committed = subtract(elapsedOf(question), excused)
  const counted = countedTimeline(timeline, outageRulesOf(question.terms), question.asOfMs)
  const at = (holds: (mark: number) => boolean): IntervalSet =>
    intersect(where(counted, spanOf(question), holds), committed)
  return {
    up: at(isUp),
    open: at((mark) => !isProvenDown(mark)),
    sure: intersect(at(isUp), reached(where(counted, spanOf(question), isProvenUp))),
    excused,
  }
}

/** An answer at the very end of proved time is its last proof. */
function reached(set: IntervalSet): IntervalSet {
  return normalise(set.map(({ startMs, endMs }) => ({ startMs, endMs: endMs + 1 })))
}

function isProvenUp(mark: number): boolean {
  return !isPossiblyDown(mark)
}

type Adding = { place: Place; thresholdUs: number; take: (counted: Uint32Array) => void }

function addAnswers(
  tally: Required<LatencyTally>,
  { columns, intervalMs, watch }: VantageSlots,
  { place, ...given }: Adding,
): void {
  if (watch) {
    const own = { intervalMs, holdMs: watch.holdMs, ...populationSeen(place, watch) }
    const { lastMs } = addSlots({ tally, lastMs: null }, own, { columns, ...given })
    tally.missing += missingAtEnd(own, lastMs)
    return
  }
  addCounted(tally, { columns, population: place, ...given })
  for (const { isMissing } of attempts({ columns, intervalMs }, { committed: place.open, excused: [] }))
    if (isMissing) tally.missing += 1
}

/** Attempts at committed instants; the good ones are `within`. */
function requests({ slots }: Scope, question: ScoreQuestion): Tallied {
  const tally = { n: 0, within: 0, missing: 0, doubtful: { n: 0, within: 0 } }
  const time = { committed: elapsedOf(question), excused: excusedOf(question) }
  for (const vantage of slots) {
    for (const { isMissing, isFailed } of attempts(vantage, time)) {
      if (isMissing) tally.missing += 1
      else tally.n += 1
      if (!isMissing && !isFailed) tally.within += 1
    }
  }
  return { tally, latencyUs: [] }
}

function percentilesOf(latencyUs: readonly Uint32Array[]): { p50: number; p95: number; p99: number } | null {
  const [p50, p95, p99] = nearestRanks(latencyUs, [50, 95, 99])
  if (
    p50 === undefined ||
    p50 === null ||
    p95 === undefined ||
    p95 === null ||
    p99 === undefined ||
    p99 === null
  )
    return null
  return { p50, p95, p99 }
}
