/**
 * Latency guarantees: the share of slot samples within a threshold. Pure and exact.
 *
 * Counted are the samples of slots (never re-probes) that answered, ok or degraded, at an instant inside
 * committed time at which the service was known and not down: one outage is never paid twice, as slowness
 * too. All vantages are pooled.
 *
 * A slot of which nothing is known takes no side. It is *missing* where it could have counted: in committed
 * time that is not down. Had all the missing answered in time, the share would be the provable one; had all
 * of them been late, the pessimistic one. An answer where nobody can say whether the service was up is *doubtful*
 * where the point figure counts it and *uncounted* where it does not; the outer figures ask neither, and take it or
 * leave it as suits their side. So, as with downtime, losing a sample never brings `not_met` nor `met` nearer, and
 * the three figures are one where nothing is missing and all is proved.
 */
import { clip, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { outcomeCode } from '@constat/shared/sample'
import { compare, decimal, fraction, truncatedText } from './fraction.ts'
import { DISPLAY_DIGITS, type Figure } from './figures.ts'
import { shareWithin } from './percentile.ts'
import type { Rules } from './semantics.ts'
import type { Verdict } from './verdict.ts'

/** Slot samples of one check from one vantage, in order of instant: `baseMs + offsetMs[i]`. */
export type SlotColumns = {
  baseMs: UnixMs
  offsetMs: Uint32Array | Float64Array
  outcome: Uint8Array
  latencyUs: Uint32Array
}

/** Where samples count, and where a slot without one could have counted. `up` lies within `open`. */
export type Population = { up: IntervalSet; open: IntervalSet }

/** `within` of `n` samples answered in time; of `missing` slots nobody can say. */
export type LatencyTally = {
  n: number
  within: number
  missing: number
  /** Of those counted, the ones at instants that are not proved up: they may be part of an outage. */
  doubtful?: { n: number; within: number }
  /** Answers that are not counted, at instants that are not proved down either. */
  uncounted?: { n: number; within: number } | undefined
}

/** A tally that is added to. */
export type WholeTally = Required<LatencyTally> & { uncounted: { n: number; within: number } }

export function emptyTally(): WholeTally {
  return { n: 0, within: 0, missing: 0, doubtful: { n: 0, within: 0 }, uncounted: { n: 0, within: 0 } }
}

/** Stands for the latency of an answer of which none was told. */
export const NO_LATENCY_US = 0xffffffff

const OK = outcomeCode('ok')
const DEGRADED = outcomeCode('degraded')

/** Latencies that count, and how many answers nobody can say of whether they count. */
export function countedLatencies(
  { baseMs, offsetMs, outcome, latencyUs }: SlotColumns,
  { up, open }: Population,
): { latencyUs: Uint32Array; undecided: number } {
  const counted = new Uint32Array(offsetMs.length)
  let n = 0
  let undecided = 0
  let inUp = 0
  let inOpen = 0
  for (let i = 0; i < offsetMs.length; i += 1) {
    if (outcome[i] !== OK && outcome[i] !== DEGRADED) continue
    const atMs = baseMs + offsetMs[i]!
    while (inOpen < open.length && open[inOpen]!.endMs <= atMs) inOpen += 1
    while (inUp < up.length && up[inUp]!.endMs <= atMs) inUp += 1
    if (inOpen === open.length || open[inOpen]!.startMs > atMs) continue
    if (latencyUs[i] === NO_LATENCY_US) undecided += 1
    else if (inUp < up.length && up[inUp]!.startMs <= atMs) {
      counted[n] = latencyUs[i]!
      n += 1
    } else undecided += 1
  }
  return { latencyUs: counted.subarray(0, n), undecided }
}

export function countWithin(latencyUs: Uint32Array, thresholdUs: number): number {
  let within = 0
  for (let i = 0; i < latencyUs.length; i += 1) if (latencyUs[i]! <= thresholdUs) within += 1
  return within
}

/** Slots without a sample between two samples that are `intervalMs` or more apart. */
export function missingBetween(
  { fromMs, toMs, intervalMs }: { fromMs: UnixMs; toMs: UnixMs; intervalMs: number },
  open: IntervalSet,
): number {
  // A probe leaves some ms early or late: to the nearest whole number of slots.
  const slots = Math.round((toMs - fromMs) / intervalMs)
  return slotsWithin({ firstMs: fromMs + intervalMs, count: slots - 1, intervalMs }, open)
}

type Slots = { firstMs: UnixMs; count: number; intervalMs: number }

/** How many of `count` slots at `firstMs`, one interval apart, lie within the set. */
export function slotsWithin({ firstMs, count, intervalMs }: Slots, set: IntervalSet): number {
  if (count <= 0) return 0
  const span = { startMs: firstMs, endMs: firstMs + (count - 1) * intervalMs + 1 }
  let sum = 0
  for (const { startMs, endMs } of clip(set, span)) {
    const first = Math.ceil((startMs - firstMs) / intervalMs)
    const end = Math.ceil((endMs - firstMs) / intervalMs)
    sum += end - first
  }
  return sum
}

export type LatencyQuestion = {
  tally: LatencyTally
  /** Percent as a decimal string, `95`. */
  target: string
  bindingFigure: Figure
  /** Fewer than this judge nothing. */
  minimumSamples: number
  enoughOf: Rules['enoughOf']
  /** Time for which the state of the service is known, of committed time so far. */
  measured: { committedMs: number; knownMs: number }
  /** Share as a decimal string, `0.95`. */
  minimumCoverage: string
  phase: 'open' | 'closed'
}

export type LatencyJudgement = {
  verdict: Verdict
  outlook: 'on_track' | 'at_risk' | null
  insufficientEvidence: boolean
}

/**
 * An open window is never `not_met`: unlike downtime, a share recovers, and how many slots are still to come
 * has no bound, as agents may join until the end. Until then it is on track or at risk.
 */
export function judgeLatency(question: LatencyQuestion): LatencyJudgement {
  const { tally, target, phase, minimumSamples } = question
  const enough = question.enoughOf === 'counted' ? tally.n : tally.n - (tally.doubtful?.n ?? 0)
  const isThin = enough === 0 || enough < minimumSamples
  const verdict = phase === 'open' || isThin ? 'indeterminate' : closedVerdict(question)
  const isSafe = keepsShare({ tally, target }, 'pessimistic')
  return {
    verdict,
    outlook: phase === 'closed' ? null : isSafe ? 'on_track' : 'at_risk',
    insufficientEvidence: isThin || isUncovered(question),
  }
}

function closedVerdict({ tally, target, bindingFigure }: LatencyQuestion): Verdict {
  if (!keepsShare({ tally, target }, bindingFigure)) return 'not_met'
  return keepsShare({ tally, target }, 'pessimistic') ? 'met' : 'indeterminate'
}

function isUncovered({ measured, minimumCoverage }: LatencyQuestion): boolean {
  const { committedMs, knownMs } = measured
  return committedMs === 0 || compare(fraction(knownMs, committedMs), decimal(minimumCoverage)) < 0
}

/** 100·within ≥ p·n of one of the three figures. */
export function keepsShare(
  { tally, target }: { tally: LatencyTally; target: string },
  figure: Figure,
): boolean {
  return shareWithin({ ...countsOf(tally, figure), p: target })
}

/**
 * What a figure divides. Whatever nobody can say goes the provider's way in the provable one: what is missing
 * was in time, and of the answers at instants that may be up or down those in time count, and the late ones were
 * part of an outage. The pessimistic one has it the other way round.
 */
export function countsOf(
  { n, within, missing, doubtful = NONE, uncounted = NONE }: LatencyTally,
  figure: Figure,
): { n: number; within: number } {
  switch (figure) {
    case 'provable':
      return {
        n: n + missing + uncounted.within - (doubtful.n - doubtful.within),
        within: within + missing + uncounted.within,
      }
    case 'point':
      return { n, within }
    case 'pessimistic':
      return {
        n: n + missing + (uncounted.n - uncounted.within) - doubtful.within,
        within: within - doubtful.within,
      }
  }
}

const NONE = { n: 0, within: 0 }

/** Share within the threshold in percent, truncated; null of no samples. Decides nothing. */
export function shareText(tally: LatencyTally, figure: Figure): string | null {
  const { n, within } = countsOf(tally, figure)
  return n === 0 ? null : truncatedText(fraction(within * 100, n), DISPLAY_DIGITS)
}
