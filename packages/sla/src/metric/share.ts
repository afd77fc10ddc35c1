/** Shares: attempts that were good, answers that came in time. Pure. */
import { intersect, normalise, subtract, type IntervalSet } from '@constat/shared/time'
import { z } from 'zod'
import type { Figure } from '../figures.ts'
import { fraction, type Fraction } from '../fraction.ts'
import { attempts, type VantageSlots } from '../judgement/attempts.ts'
import { excusedOf } from '../judgement/committed.ts'
import { countedLatencies, countsOf, judgeLatency, shareText } from '../latency.ts'
import { emptyTally, type LatencyJudgement, type LatencyTally, type WholeTally } from '../latency.ts'
import { addSlots, missingAtEnd, populationSeen, type SurePopulation } from '../latency-slots.ts'
import { countedTimeline } from '../outage.ts'
import { nearestRanks } from '../selection.ts'
import type { Rules } from '../semantics.ts'
import { MARK, isProvenDown, isUp, where, type Timeline } from '../timeline.ts'
import { base, byFigure, elapsedOf, measuredOf, outageRulesOf, spanOf } from './base.ts'
import type { Counted, Of, Scope, ScoreQuestion } from './base.ts'
import type { MetricEntry } from './entry.ts'
import { count, percentages, type Standing } from './shape.ts'

export const shareSchema = z.strictObject({
  n: count.meta({ description: 'Slot samples that count' }),
  within: count.meta({ description: 'Of these, good: answered, or answered within the threshold' }),
  missing: count.meta({ description: 'Slots that could have counted and of which nothing is known' }),
  doubtful: z
    .strictObject({ n: count, within: count })
    .meta({ description: 'Counted, at instants that are not proved up: they may be part of an outage' }),
  uncounted: z.strictObject({ n: count, within: count }).optional().meta({
    description: 'Answered at instants that are not up, and not proved down; not before semantics version 4',
  }),
  ...percentages.shape,
  percent: percentages.shape.point.meta({ description: 'The same as point' }),
})

const requestMeasure = z.strictObject({ kind: z.literal('share'), share: shareSchema })
type Shared = z.infer<typeof requestMeasure>

const rank = count.nullable().meta({ description: 'Microseconds, by nearest rank; null of no samples' })
const latencyMeasure = requestMeasure.extend({
  thresholdUs: count.meta({ description: 'Microseconds' }),
  percentileUs: z.strictObject({ p50: rank, p95: rank, p99: rank }),
  percentileErrorPercent: z
    .string()
    .meta({ description: 'What a percentile may be above the true one: 0 once the window has ended' }),
})
export type LatencyMeasure = z.infer<typeof latencyMeasure>

const ofShare = {
  countsSlots: true,
  gives: ['a percentage'] as const,
  words: ({ share: { within, n, missing } }: Shared) => `${within} of ${n} good, ${missing} missing`,
  lost({ share: tally }: Shared, figure: Figure): Fraction | null {
    const { n, within } = countsOf(tally, figure)
    return n === 0 ? null : fraction(n - within, n)
  },
  percent({ share: tally }: Shared, figure: Figure): Fraction {
    const { n, within } = countsOf(tally, figure)
    return n === 0 ? fraction(100) : fraction(within * 100, n)
  },
  lateMs: () => [],
  // Attempts and latencies fail by no incident: they never share a cause.
  failedBy: () => [],
}

function briefOf({ share: { percent, n, missing } }: Shared): string {
  return `${percent ?? '-'} % of ${n}${missing === 0 ? '' : `, ${missing} missing,`}`
}

/** Good attempts, of all that could be told. */
export const requestShare: MetricEntry<'request-share', typeof requestMeasure> = {
  ...ofShare,
  measure: requestMeasure,
  score(scope, question) {
    const tally = requests(scope, question)
    const share = shareOf(tally, question.rules)
    return { ...standingOf(tally, scope, question), measure: { kind: 'share', share } }
  },
  brief: (measure, target) => `${briefOf(measure)} good of ${target} %`,
}

export const shareWithin: MetricEntry<'share-within', typeof latencyMeasure> = {
  ...ofShare,
  measure: latencyMeasure,
  score(scope, question) {
    const { tally, latencyUs } = latencies(scope, question)
    const [p50 = null, p95 = null, p99 = null] = nearestRanks(latencyUs, [50, 95, 99])
    const { guarantee } = question
    const exact = { percentileUs: { p50, p95, p99 }, percentileErrorPercent: '0' }
    return {
      ...standingOf(tally, scope, question),
      measure: latencyMeasureOf(tally, {
        thresholdMs: guarantee.thresholdMs,
        rules: question.rules,
        ...exact,
      }),
    }
  },
  brief: (measure, target) =>
    `${briefOf(measure)} within ${measure.thresholdUs / US_PER_MS} ms of ${target} %`,
}

const US_PER_MS = 1_000

export function latencyMeasureOf(
  tally: WholeTally,
  {
    thresholdMs,
    rules,
    ...told
  }: { thresholdMs: number; rules: Rules } & Pick<LatencyMeasure, 'percentileUs' | 'percentileErrorPercent'>,
): LatencyMeasure {
  return { kind: 'share', share: shareOf(tally, rules), thresholdUs: thresholdMs * US_PER_MS, ...told }
}

function shareOf({ uncounted, ...counted }: WholeTally, rules: Rules): Shared['share'] {
  const tally = rules.unsureAnswers === 'missing' ? counted : { ...counted, uncounted }
  const texts = byFigure((figure) => shareText(tally, figure))
  return { ...tally, ...texts, percent: texts.point }
}

function standingOf(
  tally: LatencyTally,
  scope: Counted,
  question: Of<'share-within' | 'request-share'>,
): Standing {
  const { guarantee, terms, phase, rules } = question
  const measured = measuredOf(scope, question)
  const { bindingFigure, minimumCoverage, latency } = terms.measurement
  const judgement: LatencyJudgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure,
    minimumSamples: guarantee.metric === 'share-within' ? latency.minimumSamples : 1,
    enoughOf: rules.enoughOf,
    measured,
    minimumCoverage,
    phase,
  })
  return base(measured, judgement)
}

type Tallied = { tally: WholeTally; latencyUs: Uint32Array[] }

/** Answers inside up and committed time. What is missing is counted where it could have been one. */
function latencies({ slots, timeline, asSeen }: Counted, question: Of<'share-within'>): Tallied {
  const isApart = question.rules.excusedLatency === 'apart'
  const place = populationOf(isApart ? asSeen : timeline, question)
  const thresholdUs = question.guarantee.thresholdMs * US_PER_MS
  const tally = emptyTally()
  const latencyUs: Uint32Array[] = []
  const take = (counted: Uint32Array): void => void latencyUs.push(counted)
  for (const vantage of slots) {
    addAnswers(tally, vantage, { place, thresholdUs, take })
    // Excused time stays in the denominator, and is in time.
    const kept = excusedSlots(vantage, place.excused, question.rules)
    tally.n += kept
    tally.within += kept
  }
  return { tally, latencyUs }
}

function excusedSlots(vantage: VantageSlots, excused: IntervalSet, rules: Rules): number {
  if (rules.excusedLatency === 'apart') return [...attempts(vantage, { committed: excused, excused })].length
  const { latencyUs, undecided } = countedLatencies(vantage.columns, { up: excused, open: excused })
  return latencyUs.length + undecided
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
  const up = at(isUp)
  const open = at((mark) => !isProvenDown(mark))
  return {
    up,
    open,
    sure: intersect(up, reached(where(counted, spanOf(question), isProvenUp))),
    heard: question.rules.unsureAnswers === 'missing' ? up : open,
    excused,
  }
}

/** An answer at the very end of proved time is its last proof. */
function reached(set: IntervalSet): IntervalSet {
  return normalise(set.map(({ startMs, endMs }) => ({ startMs, endMs: endMs + 1 })))
}

function isProvenUp(mark: number): boolean {
  return (mark & MARK.provenUp) !== 0
}

type Adding = { place: Place; thresholdUs: number; take: (counted: Uint32Array) => void }

function addAnswers(
  tally: WholeTally,
  { columns, intervalMs, watch }: VantageSlots,
  { place, ...given }: Adding,
): void {
  const own = { intervalMs, holdMs: watch.holdMs, ...populationSeen(place, watch) }
  const { lastMs } = addSlots({ tally, lastMs: null }, own, { columns, ...given })
  tally.missing += missingAtEnd(own, lastMs)
}

/** Attempts at committed instants; the good ones are `within`. */
function requests({ slots }: Scope, question: ScoreQuestion): WholeTally {
  const tally = emptyTally()
  const time = { committed: elapsedOf(question), excused: excusedOf(question) }
  for (const vantage of slots) {
    for (const { isMissing, isFailed } of attempts(vantage, time)) {
      if (isMissing) tally.missing += 1
      else tally.n += 1
      if (!isMissing && !isFailed) tally.within += 1
    }
  }
  return tally
}
