/**
 * Attempts: the slots of one vantage, those that were sampled and those that were not. Pure. A slot of which
 * nobody can tell is missing whether nothing was said of it or that nobody could tell; so a sample that is
 * lost is one attempt fewer and one missing, never a change of their number.
 */
import { outcomeCode } from '@constat/shared/sample'
import { clip, contains, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { SlotColumns } from '../latency.ts'

const OK = outcomeCode('ok')
const DEGRADED = outcomeCode('degraded')
const FAIL = outcomeCode('fail')
const NOTHING = -1

/** Slot samples of one check from one vantage, with the interval its slots come at. */
export type VantageSlots = {
  columns: SlotColumns
  intervalMs: number
  watch: VantageWatch
}

/** From when to when a vantage was expected to look, when it knew anything, and how long a sample stands. */
export type VantageWatch = { expected: Interval; known: IntervalSet; holdMs: number }

export type Attempt = { atMs: UnixMs; isFailed: boolean; isMissing: boolean }

export type AttemptTime = {
  committed: IntervalSet
  /** Committed time in which every attempt counts as good. */
  excused: IntervalSet
}

/** Every slot at a committed instant, in order. */
export function* attempts(
  { columns, intervalMs, watch }: VantageSlots,
  time: AttemptTime,
): Generator<Attempt> {
  const committed = clip(time.committed, watch.expected)
  const first = committed[0]
  const last = committed.at(-1)
  if (!first || !last) return
  const span = { startMs: first.startMs, endMs: last.endMs }
  const isIn = memberOf(committed)
  const isExcused = memberOf(time.excused)
  // What a vantage said while it was cut off is unknown: nobody tried.
  const isKnown = memberOf(watch.known)
  const attemptAt = (atMs: UnixMs, code: number): Attempt => {
    const isGood = code === OK || code === DEGRADED || isExcused(atMs)
    return { atMs, isFailed: !isGood && code === FAIL, isMissing: !isGood && code !== FAIL }
  }
  const { baseMs, offsetMs, outcome } = columns
  let previousMs: UnixMs | null = null
  for (let i = 0; i < offsetMs.length; i += 1) {
    const atMs = baseMs + offsetMs[i]!
    if (atMs >= span.startMs) {
      if (isApart({ previousMs, nextMs: atMs }, intervalMs))
        for (const slotMs of emptySlots({ previousMs, nextMs: atMs, intervalMs }, span))
          if (isIn(slotMs)) yield attemptAt(slotMs, NOTHING)
      if (atMs >= span.endMs) return
      if (isIn(atMs)) yield attemptAt(atMs, isKnown(atMs) ? outcome[i]! : NOTHING)
    }
    previousMs = atMs
  }
  for (const slotMs of emptySlots({ previousMs, nextMs: null, intervalMs }, span))
    if (isIn(slotMs)) yield attemptAt(slotMs, NOTHING)
}

/** Nearer than this, two samples are neighbours: nearly every pair is. */
function isApart(
  { previousMs, nextMs }: { previousMs: UnixMs | null; nextMs: UnixMs },
  intervalMs: number,
): boolean {
  return previousMs === null || nextMs - previousMs >= 1.5 * intervalMs
}

type Gap = { previousMs: UnixMs | null; nextMs: UnixMs | null; intervalMs: number }

/** Slots between two samples, or before the first and after the last of them, within `span`. */
function* emptySlots(gap: Gap, span: Interval): Generator<UnixMs> {
  const { previousMs, nextMs, intervalMs } = gap
  const untilMs = nextMs ?? span.endMs
  const count = slotsIn(gap, { startMs: previousMs ?? span.startMs, endMs: untilMs })
  const firstMs = previousMs === null ? untilMs - count * intervalMs : previousMs + intervalMs
  const skipped = Math.max(0, Math.ceil((span.startMs - firstMs) / intervalMs))
  for (let k = skipped; k < count; k += 1) {
    const slotMs = firstMs + k * intervalMs
    if (slotMs >= untilMs || !contains(span, slotMs)) return
    yield slotMs
  }
}

/** A probe leaves some ms early or late: between two samples, to the nearest whole number of slots. */
function slotsIn({ previousMs, nextMs, intervalMs }: Gap, { startMs, endMs }: Interval): number {
  const slots = (endMs - startMs) / intervalMs
  if (previousMs === null) return Math.floor(slots)
  return (nextMs === null ? Math.ceil(slots) : Math.round(slots)) - 1
}

/** Whether instants, asked in order, lie within the set. */
function memberOf(set: IntervalSet): (atMs: UnixMs) => boolean {
  let next = 0
  return (atMs) => {
    while (next < set.length && set[next]!.endMs <= atMs) next += 1
    return next < set.length && set[next]!.startMs <= atMs
  }
}
