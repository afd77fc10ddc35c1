/**
 * Windows: how much of an interval was up, degraded, partial, down or unknown.
 * Pure. Time without evidence stays unknown; every sum covers its interval to the millisecond.
 */
import { clip, intersect, subtract, totalMs } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { DownMs } from './figures.ts'
import {
  MARK,
  isBlocked,
  isPossiblyDown,
  piecesWithin,
  stateOf,
  type State,
  type Timeline,
} from './timeline.ts'

export type Measured = {
  /** Committed time of the whole window: what the allowance is a share of. */
  windowCommittedMs: number
  /** Committed time up to `asOfMs`: what the other figures are within. knownMs + unknownMs. */
  committedMs: number
  knownMs: number
  unknownMs: number
  /** Unknown because something answered in the target's place. Within `unknownMs`. */
  blockedMs: number
  downMs: DownMs
  /** Counted as up. */
  partialMs: number
  /** Counted as up. */
  degradedMs: number
}

export type MeasureQuestion = {
  /** As the outage rules count it: see `countedTimeline`. */
  timeline: Timeline
  /** Service hours without valid exclusions. */
  committed: IntervalSet
  window: Interval
  /** An open window is measured up to here. */
  asOfMs: UnixMs
}

export function measure({ timeline, committed, window, asOfMs }: MeasureQuestion): Measured {
  const whole = clip(committed, window)
  const elapsed = clip(whole, { startMs: window.startMs, endMs: Math.min(window.endMs, asOfMs) })
  const sums = { known: 0, blocked: 0, partial: 0, degraded: 0, provable: 0, point: 0, sureUp: 0 }
  for (const interval of elapsed) {
    for (const { startMs, endMs, mark } of piecesWithin(timeline, interval)) {
      const ms = endMs - startMs
      const state = stateOf(mark)
      if (mark & MARK.known) sums.known += ms
      if (isBlocked(mark)) sums.blocked += ms
      if (mark & MARK.provenDown) sums.provable += ms
      if (mark & MARK.down) sums.point += ms
      if (!isPossiblyDown(mark)) sums.sureUp += ms
      if (state === 'partial' || state === 'degraded') sums[state] += ms
    }
  }
  const committedMs = totalMs(elapsed)
  return {
    windowCommittedMs: totalMs(whole),
    committedMs,
    knownMs: sums.known,
    unknownMs: committedMs - sums.known,
    blockedMs: sums.blocked,
    downMs: { provable: sums.provable, point: sums.point, pessimistic: committedMs - sums.sureUp },
    partialMs: sums.partial,
    degradedMs: sums.degraded,
  }
}

export type StateMs = Record<State, number>

/** State × in hours × excluded. The four parts sum to the interval. */
export type Partition = {
  /** In service hours and not excluded. */
  committed: StateMs
  inHoursExcluded: StateMs
  offHours: StateMs
  offHoursExcluded: StateMs
}

export type PartitionQuestion = {
  /** As it was seen: no outage rule applied. */
  timeline: Timeline
  inHours: IntervalSet
  excluded: IntervalSet
  interval: Interval
}

export function partition({ timeline, inHours, excluded, interval }: PartitionQuestion): Partition {
  const on = clip(inHours, interval)
  const off = subtract(clip([interval], interval), on)
  return {
    committed: stateMs(timeline, subtract(on, excluded)),
    inHoursExcluded: stateMs(timeline, intersect(on, excluded)),
    offHours: stateMs(timeline, subtract(off, excluded)),
    offHoursExcluded: stateMs(timeline, intersect(off, excluded)),
  }
}

/** How long each state held within the set. */
export function stateMs(timeline: Timeline, set: IntervalSet): StateMs {
  const sums: StateMs = { up: 0, degraded: 0, partial: 0, down: 0, unknown: 0 }
  for (const interval of set) {
    for (const { startMs, endMs, mark } of piecesWithin(timeline, interval)) {
      sums[stateOf(mark)] += endMs - startMs
    }
  }
  return sums
}
