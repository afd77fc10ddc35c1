/**
 * Hidden outages: what may have happened where nobody can prove that nothing did. Pure. Silence never makes
 * a failure, but it keeps `met` away: losing samples must not hide the third outage, nor the long one.
 */
import { clip, contains, intersect, normalise, subtract, totalMs } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { hulls, type OutageRules } from '../outage.ts'
import type { Rules } from '../semantics.ts'
import { indexAt, isPossiblyDown, isProvenDown, markAt, where, type Timeline } from '../timeline.ts'
import type { IncidentFacts } from './timing.ts'

export type HiddenQuestion = {
  timeline: Timeline
  /** All that the timeline tells of, whenever they began. */
  incidents: readonly IncidentFacts[]
  window: Interval
  asOfMs: UnixMs
  rules: OutageRules
}

/**
 * Stretches that may be one outage with an onset in the window, to their end, joined as the contract joins
 * outages. What is provably the outage of an earlier window is not among them.
 */
export function possibleOutages({ timeline, window, asOfMs, rules }: HiddenQuestion): Interval[] {
  const startMs = afterProof(timeline, window.startMs)
  if (startMs >= asOfMs) return []
  const spans = where(timeline, { startMs, endMs: asOfMs }, isPossiblyDown)
  const isLongEnough = (hull: Interval): boolean => hull.endMs - hull.startMs >= rules.minimumOutageMs
  return hulls(spans, rules).filter((hull) => hull.startMs < window.endMs && isLongEnough(hull))
}

/** The end of the proved outage that `atMs` is in, or `atMs` itself. */
function afterProof(timeline: Timeline, atMs: UnixMs): UnixMs {
  if (!isProvenDown(markAt(timeline, atMs))) return atMs
  let i = indexAt(timeline, atMs)
  while (i < timeline.at.length && isProvenDown(timeline.mark[i]!)) i += 1
  return timeline.at[i] ?? Infinity
}

/**
 * The longest that a possible outage may have run on a clock. Where people stop the clock, what the told
 * incidents explain has been timed already.
 */
export function longestHiddenMs(
  question: HiddenQuestion,
  { ranMs, isTimedByPeople }: { ranMs: (span: Interval) => number; isTimedByPeople: boolean },
): number {
  const told = hulls(normalise(question.incidents.map(({ possible }) => possible)), question.rules)
  const spans = possibleOutages(question).flatMap((span) =>
    isTimedByPeople ? subtract([span], clip(told, span)) : [span],
  )
  return spans.reduce((most, span) => Math.max(most, ranMs(span)), 0)
}

/**
 * How many incidents there were whatever the silences hid: proved, and parted from each other, and from what
 * was before the window, by time that is proved up.
 */
export function provenCount(question: HiddenQuestion, counts: IntervalSet): number {
  const { timeline, incidents, window, asOfMs, rules } = question
  // Before the first word about it there was nothing to part it from.
  const startMs = Math.min(timeline.at[0] ?? asOfMs, asOfMs)
  const spans = where(timeline, { startMs, endMs: asOfMs }, isPossiblyDown)
  const own = hulls(spans, rules).filter(({ startMs }) => contains(window, startMs))
  const proofs = clip(counts, { startMs: window.startMs, endMs: asOfMs })
  const proved = intersect(normalise(incidents.flatMap((one) => one.proved)), proofs)
  return own.filter((hull) => clip(proved, hull).length > 0).length
}

type PossibleCount = { terms: ExpandedContract; counts: IntervalSet } & Pick<Rules, 'provedAtEdge'>

/**
 * How many incidents there may have been at most. No outage that the checks would have seen is shorter than
 * their interval, nor is the time between two of them; nearer ones the contract may join. So whatever is not
 * proved up or down has room for so many, beside those that are proved.
 */
export function possibleCount(
  question: HiddenQuestion,
  { terms, counts, provedAtEdge }: PossibleCount,
): number {
  const { incidents, rules } = question
  const intervalMs = Math.min(...terms.checks.map(({ spec }) => spec.intervalMs))
  const leastMs = Math.max(rules.minimumOutageMs, intervalMs)
  const gapMs = Math.max(rules.mergeGapMs, intervalMs)
  const isCounted = (span: Interval): boolean => totalMs(clip(counts, span)) > 0
  const proved = hulls(normalise(incidents.flatMap((one) => one.proved)), rules)
  let most = 0
  for (const hull of possibleOutages(question)) {
    const inside = clip(proved, hull)
    // A proved one may have begun before its proof, and lasted beyond it, into time that counts.
    const reaches = inside.map((_, i) => ({
      startMs: inside[i - 1]?.endMs ?? hull.startMs,
      endMs: inside[i + 1]?.startMs ?? hull.endMs,
    }))
    most += (provedAtEdge === 'reach' ? reaches : inside).filter(isCounted).length
    for (const room of subtract([hull], inside).filter(isCounted)) {
      const borders = (room.startMs > hull.startMs ? 1 : 0) + (room.endMs < hull.endMs ? 1 : 0)
      const lengthMs = room.endMs - room.startMs + (1 - borders) * gapMs
      most += Math.max(borders === 0 ? 1 : 0, Math.floor(lengthMs / (leastMs + gapMs)))
    }
  }
  return most
}
