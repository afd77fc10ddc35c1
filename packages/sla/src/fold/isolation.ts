/**
 * Isolation of one agent under one set of references: when it was cut off, worked out from the tracks on
 * which each reference stands, and kept until one of them moves. Whoever moves one settles the set again
 * and is told what changed: samples folded before are folded again there. Derived.
 */
import { clip, subtract, union, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { isolatedWhere } from '../isolation.ts'
import type { Reference } from '../isolation.ts'
import type { Track } from './track.ts'

export class Isolation {
  readonly references: readonly Reference[]
  /** The tracks that it blinds. */
  readonly blinded: Track[] = []
  /** Where each reference that the agent has ever spoken of stands. */
  readonly #standing: Track[] = []
  #intervals: IntervalSet | null = null

  constructor(references: readonly Reference[]) {
    this.references = references
  }

  watch(standing: Track): void {
    this.#standing.push(standing)
  }

  /** All isolated time, up to the hold of the newest samples. */
  intervals(): IntervalSet {
    this.#intervals ??= this.#isolatedFrom(-Infinity)
    return this.#intervals
  }

  within(interval: Interval): IntervalSet {
    const all = this.intervals()
    // Nearly always: nothing new since the last time the agent was cut off.
    if ((all.at(-1)?.endMs ?? -Infinity) <= interval.startMs) return []
    return clip(all, interval)
  }

  /** References moved from `fromMs` on, and not before. The time in which the agent now counts otherwise. */
  settle(fromMs: UnixMs): IntervalSet {
    const before = this.intervals()
    const kept = clip(before, { startMs: -Infinity, endMs: fromMs })
    const after = union(kept, this.#isolatedFrom(fromMs))
    this.#intervals = after
    return union(subtract(before, after), subtract(after, before))
  }

  #isolatedFrom(fromMs: UnixMs): IntervalSet {
    const run = this.#standing.flatMap((track) => {
      const { knownFromMs, lastMs, key } = track
      if (knownFromMs === null) return []
      // What an agent has not probed for longer than a sample stands, it no longer runs.
      const runs = { startMs: knownFromMs, endMs: lastMs + key.rules.holdMs }
      return [{ failed: track.downFrom(fromMs), runs }]
    })
    return clip(isolatedWhere(run), { startMs: fromMs, endMs: Infinity })
  }
}

/** References that move in one step of the fold, with the earliest instant from which they do. */
export class Shifts {
  readonly #from = new Map<Isolation, UnixMs>()

  /** To be called before the track of a reference moves. */
  add(isolations: readonly Isolation[], fromMs: UnixMs): void {
    for (const isolation of isolations) {
      // Worked out before anything moves: the difference is taken against it.
      isolation.intervals()
      this.#from.set(isolation, Math.min(fromMs, this.#from.get(isolation) ?? Infinity))
    }
  }

  /** What has to be folded again now that they have moved. */
  take(): { track: Track; startMs: UnixMs }[] {
    const again: { track: Track; startMs: UnixMs }[] = []
    for (const [isolation, fromMs] of this.#from) {
      for (const changed of isolation.settle(fromMs)) {
        for (const track of isolation.blinded) {
          if (track.lastMs < changed.startMs) continue
          for (const { startMs } of track.within(changed)) again.push({ track, startMs })
        }
      }
    }
    this.#from.clear()
    return again
  }
}
