/**
 * Worst windows: the stretch of a given length with the most downtime in it. Pure, linear in the spans.
 * The most is found with an edge of the stretch on an edge of a span, so only those are tried.
 */
import { clip, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'

export type WorstWindow = { lengthMs: number; startMs: UnixMs; downMs: number }

/** Null where nothing is down within `interval`, or the interval is shorter than the length. */
export function worstWindow(
  down: IntervalSet,
  { lengthMs, interval }: { lengthMs: number; interval: Interval },
): WorstWindow | null {
  const set = clip(down, interval)
  if (set.length === 0 || interval.endMs - interval.startMs < lengthMs) return null
  const before = downBefore(set)
  const latestMs = interval.endMs - lengthMs
  let worst: WorstWindow | null = null
  for (const span of set) {
    for (const wantedMs of [span.startMs, span.endMs - lengthMs]) {
      const startMs = Math.min(Math.max(wantedMs, interval.startMs), latestMs)
      const downMs = before(startMs + lengthMs) - before(startMs)
      const isWorse = !worst || downMs > worst.downMs || (downMs === worst.downMs && startMs < worst.startMs)
      if (isWorse) worst = { lengthMs, startMs, downMs }
    }
  }
  return worst
}

/** Downtime of the set before an instant, by running sums. */
function downBefore(set: IntervalSet): (atMs: UnixMs) => number {
  const sums: number[] = [0]
  for (const [i, { startMs, endMs }] of set.entries()) sums.push(sums[i]! + endMs - startMs)
  return (atMs) => {
    let low = 0
    let high = set.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (set[middle]!.startMs < atMs) low = middle + 1
      else high = middle
    }
    const last = set[low - 1]
    return sums[low]! - (last && last.endMs > atMs ? last.endMs - atMs : 0)
  }
}
