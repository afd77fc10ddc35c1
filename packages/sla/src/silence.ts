/**
 * Silence of a host that the provider administers, where the contract says that it counts as down.
 * Pure. Only time in which nothing was told changes; a firewall's answer is no silence. (spec: vantage timeline)
 */
import type { IntervalSet } from '@constat/shared/time'
import { STATE_MARK, mapWithin, type Timeline } from './timeline.ts'

/** One vantage with its `silence` down: provably, for the clause leaves nothing to estimate. */
export function silenceAsDown(timeline: Timeline, silence: IntervalSet): Timeline {
  return mapWithin(timeline, silence, (mark) => (mark === 0 ? STATE_MARK.down : mark))
}
