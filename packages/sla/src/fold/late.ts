/**
 * Late work: chunks that have to be folded again because a sample came out of order. Each chunk is read
 * back once for all tracks of an agent; a chunk that closes otherwise than before passes the work on to
 * the one after it.
 */
import type { UnixMs } from '@constat/shared/time'
import { FOLD_CAUSES } from '../unknown.ts'
import { readPage, type ConfigOf, type Frame } from './page.ts'
import {
  appendReadings,
  emptyReadings,
  filterReadings,
  inOrder,
  pushUnknown,
  type Readings,
} from './readings.ts'
import { CHUNK_MS, type Track } from './track.ts'
import type { Tracks } from './tracks.ts'

/** Frames of one agent that hold samples of [fromMs, untilMs), among the leaves below `below`, in any order. */
export type FrameSource = (wanted: {
  log: number
  agent: string
  fromMs: UnixMs
  untilMs: UnixMs
  below: number
}) => Promise<Frame[]>
export type LateDeps = { frames: FrameSource; below: number; configOf: ConfigOf }

export class LateWork {
  readonly #log: number
  readonly #tracks: Tracks
  /** agent → chunk start → tracks to fold again there. */
  readonly #byAgent = new Map<string, Map<UnixMs, Set<Track>>>()

  constructor(log: number, tracks: Tracks) {
    this.#log = log
    this.#tracks = tracks
  }

  get isEmpty(): boolean {
    return this.#byAgent.size === 0
  }

  add(track: Track, startMs: UnixMs): void {
    let starts = this.#byAgent.get(track.key.agent)
    if (!starts) this.#byAgent.set(track.key.agent, (starts = new Map()))
    const tracks = starts.get(startMs)
    if (tracks) tracks.add(track)
    else starts.set(startMs, new Set([track]))
  }

  async run(deps: LateDeps): Promise<void> {
    for (const [agent, starts] of this.#byAgent) await this.#runAgent(agent, starts, deps)
  }

  async #runAgent(agent: string, starts: Map<UnixMs, Set<Track>>, deps: LateDeps): Promise<void> {
    while (starts.size > 0) {
      const startMs = Math.min(...starts.keys())
      const tracks = starts.get(startMs)!
      starts.delete(startMs)
      const span = { fromMs: startMs, untilMs: startMs + CHUNK_MS }
      const found = await deps.frames({ log: this.#log, agent, ...span, below: deps.below })
      const frames = found.sort(bySessionAndSeq)
      for (const [fromIndex, group] of groupedByFirstLeaf(tracks)) {
        const known = frames.filter(({ index }) => index >= fromIndex)
        const readings = this.#readChunk(agent, { frames: known, span, configOf: deps.configOf })
        for (const track of group) {
          if (track.refold(startMs, readings.get(track.key.check) ?? emptyReadings())) continue
          const nextMs = track.startsAfter(startMs)[0]
          if (nextMs !== undefined) this.add(track, nextMs)
        }
      }
    }
  }

  /** Readings of one chunk by check, in order of instant, session, number, position. */
  #readChunk(
    agent: string,
    given: { frames: readonly Frame[]; span: { fromMs: UnixMs; untilMs: UnixMs }; configOf: ConfigOf },
  ): Map<string, Readings> {
    const { frames, span, configOf } = given
    const within = { startMs: span.fromMs, endMs: span.untilMs }
    const isInside = (atMs: UnixMs): boolean => atMs >= span.fromMs && atMs < span.untilMs
    const told = new Map<string, Readings>()
    const lostMs: UnixMs[] = []
    for (let from = 0; from < frames.length;) {
      const { reports, gaps, end } = readPage(frames, configOf, { from, within })
      from = end
      lostMs.push(...gaps.map(({ atMs }) => atMs).filter(isInside))
      for (const { config, readings } of reports) {
        for (const [index, own] of readings.entries()) {
          // A page goes before the next one comes: only what lies inside is kept.
          const inside = own && filterReadings(own, (i) => isInside(own.atMs[i]!))
          if (inside) appendReadings(readingsOf(told, config.checks[index]!.name), inside)
        }
      }
    }
    const found = new Map<string, Readings>()
    // A gap comes before the samples of its own instant: nothing is adjacent across it.
    const checks = new Set(this.#tracks.ofAgent(this.#log, agent).map(({ key }) => key.check))
    for (const check of lostMs.length > 0 ? checks : []) {
      for (const atMs of lostMs) pushUnknown(readingsOf(found, check), atMs, FOLD_CAUSES.lost)
    }
    for (const [check, own] of told) {
      const lost = found.get(check)
      if (lost) appendReadings(lost, own)
      found.set(check, inOrder(lost ?? own))
    }
    return found
  }
}

function readingsOf(found: Map<string, Readings>, check: string): Readings {
  let own = found.get(check)
  if (!own) found.set(check, (own = emptyReadings()))
  return own
}

function groupedByFirstLeaf(tracks: ReadonlySet<Track>): Map<number, Track[]> {
  const groups = new Map<number, Track[]>()
  for (const track of tracks) {
    const group = groups.get(track.fromIndex)
    if (group) group.push(track)
    else groups.set(track.fromIndex, [track])
  }
  return groups
}

function bySessionAndSeq(a: Frame, b: Frame): number {
  return Buffer.compare(a.session, b.session) || a.seq - b.seq
}
