/**
 * Combining timelines point by point: the sweep that quorum and composition share.
 * Pure. Cost is linear in the state changes, times the logarithm of the number of timelines.
 */
import { MARK, append, timelineFrom, type Pieces, type Timeline } from './timeline.ts'

/** How many of the timelines carry each mark at an instant. */
export type Counts = Record<keyof typeof MARK, number>

const BITS = Object.entries(MARK) as readonly [keyof typeof MARK, number][] // the keys are those of MARK

/** `markOf` sees the counts of one instant and must give 0 when nothing is known of any. */
export function combine(
  timelines: readonly Timeline[],
  markOf: (counts: Readonly<Counts>) => number,
): Timeline {
  const counts: Counts = {
    known: 0,
    down: 0,
    provenDown: 0,
    provenUp: 0,
    degraded: 0,
    partial: 0,
    blocked: 0,
  }
  const heads = new Heads(timelines)
  const pieces: Pieces = { at: [], mark: [] }
  for (let atMs = heads.firstAtMs(); atMs < Infinity; atMs = heads.firstAtMs()) {
    while (heads.firstAtMs() === atMs) heads.take(counts)
    append(pieces, atMs, markOf(counts))
  }
  return timelineFrom(pieces)
}

function enter(counts: Counts, mark: number): void {
  for (const [name, bit] of BITS) if (mark & bit) counts[name] += 1
}

function leave(counts: Counts, mark: number): void {
  for (const [name, bit] of BITS) if (mark & bit) counts[name] -= 1
}

/** A binary heap of timelines by their next instant. */
class Heads {
  readonly #timelines: readonly Timeline[]
  /** Next piece of each timeline. */
  readonly #next: number[]
  /** Timelines with pieces left; the one with the least next instant first. */
  readonly #heap: number[]

  constructor(timelines: readonly Timeline[]) {
    this.#timelines = timelines
    this.#next = timelines.map(() => 0)
    this.#heap = [...timelines.keys()].filter((t) => timelines[t]!.at.length > 0)
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i -= 1) this.#sink(i)
  }

  /** Infinity when all are used up. */
  firstAtMs(): number {
    return this.#heap.length === 0 ? Infinity : this.#atMs(0)
  }

  /** Counts the change at the first instant and moves on. */
  take(counts: Counts): void {
    const t = this.#heap[0]!
    const { at, mark } = this.#timelines[t]!
    const i = this.#next[t]!
    this.#next[t] = i + 1
    leave(counts, mark[i - 1] ?? 0)
    enter(counts, mark[i]!)
    if (i + 1 === at.length) {
      const last = this.#heap.pop()!
      if (this.#heap.length > 0) this.#heap[0] = last
    }
    this.#sink(0)
  }

  #atMs(slot: number): number {
    const t = this.#heap[slot]!
    return this.#timelines[t]!.at[this.#next[t]!]!
  }

  #sink(from: number): void {
    let slot = from
    for (;;) {
      const left = 2 * slot + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const least = right < this.#heap.length && this.#atMs(right) < this.#atMs(left) ? right : left
      if (this.#atMs(slot) <= this.#atMs(least)) return
      ;[this.#heap[slot], this.#heap[least]] = [this.#heap[least]!, this.#heap[slot]!]
      slot = least
    }
  }
}
