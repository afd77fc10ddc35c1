/**
 * Timelines: what is known about a thing, as a step function from time to a mask of marks.
 * Pure. Instants strictly rise, adjacent marks differ, and before the first instant nothing is known.
 * Every fold keeps provenDown ⊆ down ⊆ known, provenUp ⊆ known, and provenUp apart from down; so with
 * S = not provenUp: P ⊆ D ⊆ S (spec: vantage timeline).
 */
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'

/** `mark[i]` holds on [at[i], at[i+1]), the last one for ever, 0 before `at[0]`. */
export type Timeline = { readonly at: readonly UnixMs[]; readonly mark: readonly number[] }

/** A timeline under construction. */
export type Pieces = { at: UnixMs[]; mark: number[] }

export const MARK = {
  /** A sample, or enough vantages, tell. Absent: unknown. */
  known: 1,
  /** D, the point figure. */
  down: 2,
  /** P, provably down. */
  provenDown: 4,
  /** Provably up. Absent: S, possibly down. */
  provenUp: 8,
  /** Up, but outside the check's own limit. */
  degraded: 16,
  /** Up by the quorum, though somebody sees it down. */
  partial: 32,
  /** Unknown because a firewall or a rate limit answered. */
  blocked: 64,
} as const

/** Beside the marks, on what is told while time goes on: known up, and what would prove it is still awaited. */
const AWAITED = 128

export const STATES = ['up', 'degraded', 'partial', 'down', 'unknown'] as const
export type State = (typeof STATES)[number]

/** The marks of a state that is given and not measured: nothing about it is in doubt. */
export const STATE_MARK: Readonly<Record<State, number>> = {
  up: MARK.known | MARK.provenUp,
  degraded: MARK.known | MARK.provenUp | MARK.degraded,
  partial: MARK.known | MARK.provenUp | MARK.partial,
  down: MARK.known | MARK.down | MARK.provenDown,
  unknown: 0,
}

export const NOTHING_KNOWN: Timeline = Object.freeze({ at: [], mark: [] })

export type Segment = { startMs: UnixMs; endMs: UnixMs; state: State }

/** The one word for a mask. Down goes before everything, so that each instant has one state. */
export function stateOf(mark: number): State {
  if (mark & MARK.down) return 'down'
  if (!(mark & MARK.known)) return 'unknown'
  if (mark & MARK.partial) return 'partial'
  return mark & MARK.degraded ? 'degraded' : 'up'
}

/**
 * `mark` from `atMs` on. An equal instant replaces: what stood for no time never stood. A leading 0 is
 * kept, because a chunk's pieces continue those of the chunk before; `concatenate` drops it.
 */
export function append(pieces: Pieces, atMs: UnixMs, mark: number): void {
  const last = pieces.at.length - 1
  if (last >= 0 && pieces.at[last] === atMs) {
    pieces.at.pop()
    pieces.mark.pop()
    append(pieces, atMs, mark)
  } else if (last < 0 || pieces.mark[last] !== mark) {
    pieces.at.push(atMs)
    pieces.mark.push(mark)
  }
}

/** Parts one after the other, each from its first instant on, as one timeline. */
export function concatenate(parts: Iterable<Timeline>): Timeline {
  const pieces: Pieces = { at: [], mark: [] }
  for (const { at, mark } of parts) {
    for (let i = 0; i < at.length; i += 1) append(pieces, at[i]!, mark[i]!)
  }
  return timelineFrom(pieces)
}

/** Finished pieces as a timeline that nothing comes before. The pieces are given away, not copied. */
export function timelineFrom(pieces: Pieces): Timeline {
  if (pieces.mark[0] === 0) {
    pieces.at.shift()
    pieces.mark.shift()
  }
  return pieces
}

/** Index of the piece that holds at `atMs`; −1 before the first. */
export function indexAt({ at }: Timeline, atMs: UnixMs): number {
  let low = 0
  let high = at.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at[middle]! <= atMs) low = middle + 1
    else high = middle
  }
  return low - 1
}

export function markAt(timeline: Timeline, atMs: UnixMs): number {
  return timeline.mark[indexAt(timeline, atMs)] ?? 0
}

/** The next instant after `atMs` at which another mark holds; Infinity: none. */
export function nextMarkMs(timeline: Timeline, atMs: UnixMs): UnixMs {
  return timeline.at[indexAt(timeline, atMs) + 1] ?? Infinity
}

/** The timeline within `interval`, nothing known outside it. */
export function within(timeline: Timeline, { startMs, endMs }: Interval): Timeline {
  const pieces: Pieces = { at: [], mark: [] }
  if (startMs >= endMs) return pieces
  let i = indexAt(timeline, startMs)
  append(pieces, startMs, timeline.mark[i] ?? 0)
  for (i += 1; i < timeline.at.length && timeline.at[i]! < endMs; i += 1) {
    append(pieces, timeline.at[i]!, timeline.mark[i]!)
  }
  if (endMs < Infinity) append(pieces, endMs, 0)
  return timelineFrom(pieces)
}

/** `change` applied to the marks within `set`, the rest as it stands. */
export function mapWithin(timeline: Timeline, set: IntervalSet, change: (mark: number) => number): Timeline {
  const parts: Timeline[] = []
  let fromMs = -Infinity
  for (const interval of set) {
    parts.push(within(timeline, { startMs: fromMs, endMs: interval.startMs }))
    const inside = [...piecesWithin(timeline, interval)]
    parts.push({ at: inside.map((p) => p.startMs), mark: inside.map((p) => change(p.mark)) })
    fromMs = interval.endMs
    parts.push({ at: [fromMs], mark: [markAt(timeline, fromMs)] })
  }
  return concatenate([...parts, within(timeline, { startMs: fromMs, endMs: Infinity })])
}

/** `mark` within the set, nothing known outside it. */
export function timelineWithin(set: IntervalSet, mark: number): Timeline {
  const pieces: Pieces = { at: [], mark: [] }
  for (const { startMs, endMs } of set) {
    append(pieces, startMs, mark)
    append(pieces, endMs, 0)
  }
  return timelineFrom(pieces)
}

/** Each timeline within its own interval: a set of vantages that changed. Intervals in order, disjoint. */
export function splice(parts: readonly { timeline: Timeline; interval: Interval }[]): Timeline {
  return concatenate(parts.map(({ timeline, interval }) => within(timeline, interval)))
}

/** Bounded pieces that cover `interval` from end to end, also where nothing is known. */
export function* piecesWithin(
  timeline: Timeline,
  { startMs, endMs }: Interval,
): Generator<{ startMs: UnixMs; endMs: UnixMs; mark: number }> {
  let fromMs = startMs
  for (let i = indexAt(timeline, startMs); fromMs < endMs; i += 1) {
    const toMs = Math.min(timeline.at[i + 1] ?? endMs, endMs)
    yield { startMs: fromMs, endMs: toMs, mark: timeline.mark[i] ?? 0 }
    fromMs = toMs
  }
}

/** Where `holds` is true of the mask, within `interval`. */
export function where(
  timeline: Timeline,
  { startMs, endMs }: Interval,
  holds: (mark: number) => boolean,
): IntervalSet {
  const set: Interval[] = []
  let sinceMs: UnixMs | undefined
  let fromMs = startMs
  for (let i = indexAt(timeline, startMs); fromMs < endMs; i += 1) {
    const isIn = holds(timeline.mark[i] ?? 0)
    if (isIn) sinceMs ??= fromMs
    else if (sinceMs !== undefined) {
      set.push({ startMs: sinceMs, endMs: fromMs })
      sinceMs = undefined
    }
    fromMs = timeline.at[i + 1] ?? endMs
  }
  return sinceMs === undefined ? set : [...set, { startMs: sinceMs, endMs }]
}

/** `where` over all time: the ends may be infinite. */
export function everywhere(timeline: Timeline, holds: (mark: number) => boolean): IntervalSet {
  return where(timeline, { startMs: -Infinity, endMs: Infinity }, holds)
}

/** P, D, S and the unknown time as predicates for `where`. */
export const isProvenDown = (mark: number): boolean => (mark & MARK.provenDown) !== 0
export const isDown = (mark: number): boolean => (mark & MARK.down) !== 0
export const isPossiblyDown = (mark: number): boolean => (mark & (MARK.provenUp | AWAITED)) === 0
/** Known and not down: partial and degraded are up. */
export const isUp = (mark: number): boolean => (mark & (MARK.known | MARK.down)) === MARK.known
export const isUnknown = (mark: number): boolean => (mark & MARK.known) === 0

/** Unknown because something answered in the target's place. */
export const isBlocked = (mark: number): boolean => (mark & (MARK.known | MARK.blocked)) === MARK.blocked

/**
 * The timeline as it is told now: what is known after `settledMs`, the last instant up to which all evidence is in,
 * and is not down, counts as possibly down only once its evidence is in. Else "at most" would grow with the time
 * since the last sample, and fall with each one that comes.
 */
export function toldFrom(timeline: Timeline, settledMs: UnixMs): Timeline {
  const { at, mark } = timeline
  const i = indexAt(timeline, settledMs)
  if (i === at.length - 1 && (mark[i] ?? 0) === 0) return timeline
  const pieces: Pieces = { at: at.slice(0, i + 1), mark: mark.slice(0, i + 1) }
  const told = (one: number): number => (isUp(one) ? one | AWAITED : one)
  if (i >= 0) append(pieces, settledMs, told(mark[i]!))
  for (let next = i + 1; next < at.length; next += 1) append(pieces, at[next]!, told(mark[next]!))
  return pieces
}

/** One word a stretch, covering `interval`; adjacent stretches differ. */
export function segments(timeline: Timeline, interval: Interval): Segment[] {
  const list: Segment[] = []
  for (const { startMs, endMs, mark } of piecesWithin(timeline, interval)) {
    const state = stateOf(mark)
    const last = list.at(-1)
    if (last?.state === state) last.endMs = endMs
    else list.push({ startMs, endMs, state })
  }
  return list
}

/** A timeline given as it stands: each state from its instant on. In order of instant. */
export function timelineOf(states: readonly { atMs: UnixMs; state: State }[]): Timeline {
  return concatenate([
    { at: states.map(({ atMs }) => atMs), mark: states.map(({ state }) => STATE_MARK[state]) },
  ])
}
