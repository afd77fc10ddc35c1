/**
 * Readings of one chunk of one agent, gathered frame by frame in the order of session and number. Whatever it was
 * sent, a chunk holds no more of a check than its first ones, and no more of all checks together than fit in memory:
 * the others are left for another reading of the same frames. Pure.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import { FOLD_CAUSES } from '../unknown.ts'
import {
  appendReadings,
  emptyReadings,
  filterReadings,
  inOrder,
  pushUnknown,
  type Readings,
} from './readings.ts'
import { MAX_CHUNK_READINGS } from './track.ts'

/** Readings of all checks that are held at once, beside those of one check. */
const MAX_HELD_READINGS = 2_000_000

export class ChunkReadings {
  readonly #span: Interval
  readonly #most: number
  /** Checks that are read; those that were given up are read another time. */
  readonly #told: Map<string, Readings>
  #held = 0
  #lostMs: UnixMs[] = []

  constructor(checks: Iterable<string>, span: Interval, most = MAX_HELD_READINGS) {
    this.#span = span
    this.#most = most
    this.#told = new Map([...checks].map((check) => [check, emptyReadings()]))
  }

  /** The checks that it has everything of. */
  checks(): string[] {
    return [...this.#told.keys()]
  }

  /** Frames were lost before these instants, whatever the check. */
  lost(atMs: readonly UnixMs[]): void {
    for (const one of atMs) if (this.#isInside(one)) this.#lostMs.push(one)
    if (this.#lostMs.length > 2 * MAX_CHUNK_READINGS) this.#lostMs = firstOf(this.#lostMs)
  }

  add(check: string, readings: Readings): void {
    const own = this.#told.get(check)
    if (!own) return
    const inside = filterReadings(readings, (i) => this.#isInside(readings.atMs[i]!))
    this.#held += inside.atMs.length
    appendReadings(own, inside)
    if (own.atMs.length > 4 * MAX_CHUNK_READINGS) this.#trim(check, own)
    while (this.#held > this.#most && this.#told.size > 1) this.#giveUp([...this.#told.keys()].at(-1)!)
  }

  /** In order of instant, session, number, position. A gap comes before the samples of its own instant. */
  of(check: string): Readings {
    const found = emptyReadings()
    for (const atMs of firstOf(this.#lostMs)) pushUnknown(found, atMs, FOLD_CAUSES.lost)
    appendReadings(found, this.#told.get(check) ?? emptyReadings())
    return inOrder(found)
  }

  #isInside(atMs: UnixMs): boolean {
    return atMs >= this.#span.startMs && atMs < this.#span.endMs
  }

  /** The first ones of all, and the first ones of slots, which some rules count alone: no track takes another. */
  #trim(check: string, own: Readings): void {
    const ordered = inOrder(own)
    let slots = 0
    const kept = filterReadings(ordered, (i) => {
      const isSlot = ordered.attempt === null || ordered.attempt[i] === 0
      if (isSlot) slots += 1
      return i < MAX_CHUNK_READINGS || (isSlot && slots <= MAX_CHUNK_READINGS)
    })
    this.#held -= own.atMs.length - kept.atMs.length
    this.#told.set(check, kept)
  }

  #giveUp(check: string): void {
    this.#held -= this.#told.get(check)?.atMs.length ?? 0
    this.#told.delete(check)
  }
}

function firstOf(atMs: readonly UnixMs[]): UnixMs[] {
  return atMs.toSorted((a, b) => a - b).slice(0, MAX_CHUNK_READINGS)
}
