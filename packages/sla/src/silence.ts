/**
 * Silence of a host that the provider administers, where the contract says that it counts as down.
 * Pure. Only time in which nothing was told changes; a firewall's answer is no silence, and neither is an agent
 * that says it cannot tell. (spec: vantage timeline)
 */
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { STATE_MARK, mapWithin, type Timeline } from './timeline.ts'

export type SampleTimes = {
  /** Of the sample before these; −∞: none. */
  lastMs: UnixMs
  /** In order. */
  atMs: ArrayLike<UnixMs>
  holdMs: number
}

/** From the hold of a sample, of whatever outcome, to the next one. Never before the first. */
export function silencesAmong({ lastMs, atMs, holdMs }: SampleTimes): Interval[] {
  const silences: Interval[] = []
  let heardMs = lastMs
  for (let i = 0; i < atMs.length; i += 1) {
    const at = atMs[i]!
    if (at - heardMs > holdMs && heardMs > -Infinity) silences.push({ startMs: heardMs + holdMs, endMs: at })
    heardMs = at
  }
  return silences
}

/** One vantage with its `silence` down: provably, for the clause leaves nothing to estimate. */
export function silenceAsDown(timeline: Timeline, silence: IntervalSet): Timeline {
  return mapWithin(timeline, silence, (mark) => (mark === 0 ? STATE_MARK.down : mark))
}
