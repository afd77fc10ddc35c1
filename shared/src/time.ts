/**
 * Time: instants in integer milliseconds UTC, half-open intervals, and the algebra of interval sets.
 * Pure. A set is sorted, its members are non-empty, disjoint and never touch.
 */
import { invariant } from './fault.ts'

/** Milliseconds since 1970-01-01T00:00:00Z, POSIX (no leap seconds). An integer within ±8.64e15. */
export type UnixMs = number

/** Half-open: `endMs` belongs to the next interval. */
export type Interval = { readonly startMs: UnixMs; readonly endMs: UnixMs }

/** Sorted, non-empty members, pairwise apart. Make one with `normalise`. */
export type IntervalSet = readonly Interval[]

/** The outside clock and randomness: only a `main.ts` supplies the real ones. */
export type Clock = {
  /** Wall clock, ms since the epoch. */
  nowMs(): UnixMs
  /** Monotonic clock, µs since an arbitrary origin; a finite, non-decreasing number. */
  monotonicUs(): number
}

/** A host that sleeps stops its monotonic clock: some can say for how long. */
export type HostClock = Clock & {
  /** How long the host has slept since it was started, ms. Absent where it cannot tell. */
  asleepMs?: () => number
}

/** Any list of intervals as a set: sorted, joined where they touch or overlap, empty ones dropped. */
export function normalise(intervals: readonly Interval[]): IntervalSet {
  const sorted = intervals.filter((i) => i.startMs < i.endMs).sort((a, b) => a.startMs - b.startMs)
  const set: { startMs: UnixMs; endMs: UnixMs }[] = []
  for (const { startMs, endMs } of sorted) {
    const last = set.at(-1)
    if (last && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs)
    else set.push({ startMs, endMs })
  }
  return set
}

export function union(...sets: readonly IntervalSet[]): IntervalSet {
  return normalise(sets.flat())
}

export function intersect(a: IntervalSet, b: IntervalSet): IntervalSet {
  const out: Interval[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a[i]!
    const y = b[j]!
    const startMs = Math.max(x.startMs, y.startMs)
    const endMs = Math.min(x.endMs, y.endMs)
    if (startMs < endMs) out.push({ startMs, endMs })
    if (x.endMs < y.endMs) i += 1
    else j += 1
  }
  return out
}

/** `a` without `b`. */
export function subtract(a: IntervalSet, b: IntervalSet): IntervalSet {
  const out: Interval[] = []
  let j = 0
  for (const { startMs, endMs } of a) {
    let fromMs = startMs
    while (j < b.length && b[j]!.endMs <= fromMs) j += 1
    for (let k = j; k < b.length && b[k]!.startMs < endMs; k += 1) {
      if (b[k]!.startMs > fromMs) out.push({ startMs: fromMs, endMs: b[k]!.startMs })
      fromMs = Math.max(fromMs, b[k]!.endMs)
    }
    if (fromMs < endMs) out.push({ startMs: fromMs, endMs })
  }
  return out
}

/** The part of a set within one interval: found by halving, so that many small looks at a large set are cheap. */
export function clip(set: IntervalSet, window: Interval): IntervalSet {
  const out: Interval[] = []
  if (window.startMs >= window.endMs) return out
  let low = 0
  let high = set.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (set[middle]!.endMs <= window.startMs) low = middle + 1
    else high = middle
  }
  for (let i = low; i < set.length && set[i]!.startMs < window.endMs; i += 1) {
    const { startMs, endMs } = set[i]!
    out.push({ startMs: Math.max(startMs, window.startMs), endMs: Math.min(endMs, window.endMs) })
  }
  return out
}

/** Sum of lengths, ms. */
export function totalMs(set: IntervalSet): number {
  let sum = 0
  for (const { startMs, endMs } of set) sum += endMs - startMs
  return sum
}

export function contains(interval: Interval, atMs: UnixMs): boolean {
  return interval.startMs <= atMs && atMs < interval.endMs
}

/** RFC 3339 UTC with milliseconds: `2026-10-01T00:00:00.000Z`. */
export function formatInstant(atMs: UnixMs): string {
  invariant(Number.isSafeInteger(atMs), `not an instant: ${atMs}`)
  return new Date(atMs).toISOString()
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** RFC 3339 text with an offset, digits beyond milliseconds truncated; undefined when it is not one. */
export function parseInstant(text: string): UnixMs | undefined {
  if (!RFC3339.test(text)) return undefined
  const day = Number(text.slice(8, 10))
  const atMs = Date.parse(
    text
      .replace(/(\.\d{3})\d+/, '$1')
      .replace(' ', 'T')
      .toUpperCase(),
  )
  // Date.parse rolls 30 February over into March: a date that does not exist is refused.
  const exists = new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === day
  return Number.isNaN(atMs) || !exists ? undefined : atMs
}
