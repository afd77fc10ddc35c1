/**
 * Late work: chunks that have to be folded again because a sample came out of order. Each chunk is read
 * back once for all tracks of an agent, as far as they fit in memory; a chunk that closes otherwise than before
 * passes the work on to the one after it.
 */
import type { UnixMs } from '@constat/shared/time'
import { ChunkReadings } from './chunk-readings.ts'
import { readPage, type ConfigOf, type Frame } from './page.ts'
import { CHUNK_MS, type Track } from './track.ts'

/**
 * Frames of one agent that hold samples of [fromMs, untilMs), among the leaves [from, below): page by page, in the
 * order of session and number.
 */
export type FrameSource = (wanted: {
  log: number
  agent: string
  fromMs: UnixMs
  untilMs: UnixMs
  from: number
  below: number
}) => AsyncIterable<readonly Frame[]> | Iterable<readonly Frame[]>
export type LateDeps = { frames: FrameSource; below: number; configOf: ConfigOf }

export class LateWork {
  readonly #log: number
  /** agent → chunk start → tracks to fold again there. */
  readonly #byAgent = new Map<string, Map<UnixMs, Set<Track>>>()

  constructor(log: number) {
    this.#log = log
  }

  add(track: Track, startMs: UnixMs): void {
    let starts = this.#byAgent.get(track.key.agent)
    if (!starts) this.#byAgent.set(track.key.agent, (starts = new Map()))
    const tracks = starts.get(startMs)
    if (tracks) tracks.add(track)
    else starts.set(startMs, new Set([track]))
  }

  /** Where a read fails, what is not done stays to be done. */
  async run(deps: LateDeps): Promise<void> {
    for (const [agent, starts] of this.#byAgent) {
      await this.#runAgent(agent, starts, deps)
      this.#byAgent.delete(agent)
    }
  }

  async #runAgent(agent: string, starts: Map<UnixMs, Set<Track>>, deps: LateDeps): Promise<void> {
    while (starts.size > 0) {
      const startMs = Math.min(...starts.keys())
      const tracks = starts.get(startMs)!
      for (const [fromIndex, group] of groupedByFirstLeaf(tracks)) {
        const chunk = { agent, startMs, fromIndex }
        let waiting = group
        while (waiting.length > 0) {
          const found = await this.#readChunk(chunk, new Set(waiting.map(({ key }) => key.check)), deps)
          const whole = new Set(found.checks())
          for (const track of waiting) if (whole.has(track.key.check)) this.#refold(track, startMs, found)
          waiting = waiting.filter(({ key }) => !whole.has(key.check))
        }
      }
      starts.delete(startMs)
    }
  }

  #refold(track: Track, startMs: UnixMs, found: ChunkReadings): void {
    if (track.refold(startMs, found.of(track.key.check))) return
    const nextMs = track.startsAfter(startMs)[0]
    if (nextMs !== undefined) this.add(track, nextMs)
  }

  /** Of as many of these checks as fit, one at least. */
  async #readChunk(
    { agent, startMs, fromIndex }: { agent: string; startMs: UnixMs; fromIndex: number },
    checks: ReadonlySet<string>,
    { frames: framesOf, below, configOf }: LateDeps,
  ): Promise<ChunkReadings> {
    const within = { startMs, endMs: startMs + CHUNK_MS }
    const found = new ChunkReadings(checks, within)
    const span = { fromMs: startMs, untilMs: within.endMs, from: fromIndex, below }
    for await (const frames of framesOf({ log: this.#log, agent, ...span })) {
      for (let from = 0; from < frames.length;) {
        const { reports, gaps, end } = readPage(frames, configOf, { from, within })
        from = end
        found.lost(gaps.map(({ atMs }) => atMs))
        for (const { config, readings } of reports)
          for (const [index, own] of readings.entries()) if (own) found.add(config.checks[index]!.name, own)
      }
    }
    return found
  }
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
