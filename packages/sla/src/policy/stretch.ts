/**
 * Stretches: one window as other tools see it, cut wherever state, service hours or exclusion change. Every
 * scoring policy is a small function over them. Pure; the stretches cover the window to the millisecond.
 */
import { clip, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { piecesWithin, stateOf, type State, type Timeline } from '../timeline.ts'

/** `silent`: nothing was told. `pending`: nothing had ever been told. `unknown`: a check said so itself. */
export type PolicyState = 'ok' | 'warning' | 'critical' | 'unknown' | 'silent' | 'pending'

export type Stretch = {
  ms: number
  state: PolicyState
  /** What was told last, be it before the window; `pending` where nothing ever was. */
  last: PolicyState
  isInHours: boolean
  /** Planned downtime, or whatever else the contract excuses. */
  isExcluded: boolean
}

const STATES: Readonly<Record<State, PolicyState>> = {
  up: 'ok',
  degraded: 'warning',
  // Somebody sees it down and the quorum does not: other tools would call it a warning.
  partial: 'warning',
  down: 'critical',
  unknown: 'silent',
}

export type StretchQuestion = {
  timeline: Timeline
  inHours: IntervalSet
  excluded: IntervalSet
  interval: Interval
}

export function stretchesOf({ timeline, inHours, excluded, interval }: StretchQuestion): Stretch[] {
  const hours = clip(inHours, interval)
  const off = clip(excluded, interval)
  const edges = edgesOf([hours, off], interval)
  const found: Stretch[] = []
  let last = lastBefore(timeline, interval.startMs)
  for (const piece of edges.flatMap((part) => [...piecesWithin(timeline, part)])) {
    const told = STATES[stateOf(piece.mark)]
    if (told !== 'silent') last = told
    found.push({
      ms: piece.endMs - piece.startMs,
      state: last === 'pending' ? 'pending' : told,
      last,
      isInHours: holds(hours, piece.startMs),
      isExcluded: holds(off, piece.startMs),
    })
  }
  return found
}

/** The interval cut at every edge of the sets. */
function edgesOf(sets: readonly IntervalSet[], interval: Interval): Interval[] {
  const inner = sets.flat().flatMap(({ startMs, endMs }) => [startMs, endMs])
  const cuts = [...new Set([interval.startMs, ...inner, interval.endMs])].sort((a, b) => a - b)
  return cuts.slice(1).map((endMs, i) => ({ startMs: cuts[i]!, endMs }))
}

function holds(set: IntervalSet, atMs: UnixMs): boolean {
  return set.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
}

function lastBefore({ at, mark }: Timeline, startMs: UnixMs): PolicyState {
  for (let i = at.length - 1; i >= 0; i -= 1) {
    const told = STATES[stateOf(mark[i]!)]
    if (at[i]! < startMs && told !== 'silent') return told
  }
  return 'pending'
}

/** Silence filled with the last state told, as tools do that know no silence. */
export function held(stretches: readonly Stretch[]): Stretch[] {
  return stretches.map((stretch) => ({ ...stretch, state: stretch.last }))
}
