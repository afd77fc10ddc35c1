/**
 * Latencies: the slot samples of a place over a span, read from the ledger when somebody asks. The line
 * itself never touches them. A chunk that has ended is packed once into a row, so that a month is read from
 * packed rows and not from frames; a chunk that still grows is kept in memory, and only its new frames are
 * read. Both carry the count of readings that the fold has of the chunk: a frame that comes late changes
 * that count, and the chunk is made again. A cache of the ledger, nothing more. Derived.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { SlotColumns } from '@constat/sla/latency'
import { framesWithin, type EntryRow } from '../db/ledger-rows.ts'
import { latencyRows, putLatencies } from '../db/latency-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Fold } from '@constat/sla/fold/fold'
import { CHUNK_MS, chunkStart } from '@constat/sla/fold/track'
import type { ChunkSize, Place, StatesByLog, Tracks } from '@constat/sla/fold/tracks'
import { Lie } from '../ledger/lie.ts'
import { provedFrames } from '../ledger/proved.ts'
import { configurationNamed } from '@constat/sla/state/contract-state'
import {
  addTimings,
  BYTES_PER_SAMPLE,
  packColumns,
  SlotBuilder,
  unpackColumns,
} from '@constat/sla/fold/columns'
import { Kept } from './kept.ts'

/** A chunk is packed this long after its end: batches are closed and sent by then. Later ones make it again. */
export const SETTLE_MS = 10 * 60_000
/** Packed by itself as it ends; older ones, if they are missing, when somebody asks. */
const PACKED_BACK_MS = 24 * 3_600_000
/** Columns of chunks that have ended, kept in memory. */
const MAX_ENDED_BYTES = 48 * 1024 * 1024
/** Chunks that still grow, kept in memory. */
const MAX_GROWING_BYTES = 48 * 1024 * 1024
const OBJECT_BYTES = 400
/** Readings of the check that is asked for, in chunks that are read from frames at one go: those of six days at 10 s. */
const MAX_RUN_READINGS = 50_000

export type LatencyDeps = {
  db: Database
  contracts: StatesByLog
  fold: Pick<Fold, 'next'> & { tracks: Pick<Tracks, 'sizesOf' | 'places' | 'ofAgent'> }
  nowMs: () => UnixMs
  /** A frame that is read back is not the one that the tree holds. */
  lied?: (lie: Lie) => void
  /** An agent says more of a check than is kept of it. */
  passed?: (agent: string) => void
}

type ChunkPlace = { log: number; agent: string; startMs: UnixMs }
/** Chunk of one agent that still grows: columns of all its checks, from the leaves below `next`. */
type Growing = { next: number; byCheck: Map<string, SlotBuilder>; sizes: Map<string, number> }
/** By the start of each chunk. */
type Grown = ReadonlyMap<UnixMs, Growing>

export class Latencies {
  readonly #deps: LatencyDeps
  readonly #ended = new Kept<{ samples: number; columns: SlotColumns }>(MAX_ENDED_BYTES)
  readonly #growing = new Kept<Growing>(MAX_GROWING_BYTES)
  /** Chunks being read: whoever asks meanwhile waits for the same answer. */
  readonly #reading = new Map<string, Promise<Grown>>()
  #packedUntilMs: UnixMs = -Infinity

  constructor(deps: LatencyDeps) {
    this.#deps = deps
  }

  /** Chunks of a place that reach into the span, in order: equal sizes are equal samples. */
  sizes(place: Place, { fromMs, toMs }: { fromMs: UnixMs; toMs: UnixMs }): ChunkSize[] {
    return this.#deps.fold.tracks.sizesOf(place, { startMs: fromMs, endMs: toMs })
  }

  /** Samples of the chunks that reach into the span, in order. */
  async read(place: Place, span: { fromMs: UnixMs; toMs: UnixMs }): Promise<SlotColumns[]> {
    const sizes = this.sizes(place, span)
    const found = new Map<UnixMs, SlotColumns>()
    for (const size of sizes) {
      const columns = this.#kept(place, size)
      if (columns) found.set(size.startMs, columns)
    }
    await this.#unpack(place, { sizes, found })
    for (const starts of runsOf(sizes.filter(({ startMs }) => !found.has(startMs)))) {
      for (const [startMs, { byCheck }] of await this.#grown(place, starts)) {
        found.set(startMs, (byCheck.get(place.check) ?? new SlotBuilder(startMs)).columns())
      }
    }
    return sizes.map(({ startMs }) => found.get(startMs)!)
  }

  /** Packs the chunks that have ended since the last call. */
  async packEnded(): Promise<void> {
    const endMs = chunkStart(this.#deps.nowMs() - SETTLE_MS)
    if (endMs <= this.#packedUntilMs) return
    for (const place of this.#deps.fold.tracks.places()) {
      await this.read(place, { fromMs: endMs - PACKED_BACK_MS, toMs: endMs })
    }
    this.#packedUntilMs = endMs
  }

  #kept(place: Place, { startMs, samples }: ChunkSize): SlotColumns | null {
    const ended = this.#ended.get(nameOf(place, startMs))
    if (ended?.samples === samples) return ended.columns
    const growing = this.#growing.get(chunkName({ ...place, startMs }))
    if (growing?.sizes.get(place.check) !== samples) return null
    return growing.byCheck.get(place.check)?.columns() ?? null
  }

  /** Reads the packed chunks that are up to date. */
  async #unpack(
    place: Place,
    { sizes, found }: { sizes: readonly ChunkSize[]; found: Map<UnixMs, SlotColumns> },
  ): Promise<void> {
    const wanted = new Map(
      sizes.filter(({ startMs }) => !found.has(startMs)).map((one) => [one.startMs, one.samples]),
    )
    const starts = [...wanted.keys()].filter((startMs) => this.#hasEnded(startMs))
    if (starts.length === 0) return
    const { log, check, agent } = place
    const range = { fromMs: starts[0]!, untilMs: starts.at(-1)! + 1 }
    for (const { startMs, samples, body } of await latencyRows(this.#deps.db, {
      log,
      check,
      agent,
      ...range,
    })) {
      if (wanted.get(startMs) !== samples) continue
      const columns = unpackColumns(startMs, body)
      if (!columns) continue
      found.set(startMs, columns)
      this.#keep(place, { startMs, samples }, columns)
    }
  }

  /** Chunks of one agent: those that somebody reads already are waited for, the others are read at one go. */
  async #grown({ log, agent }: Place, starts: readonly UnixMs[]): Promise<Grown> {
    const named = starts.map((startMs) => ({ startMs, name: chunkName({ log, agent, startMs }) }))
    const free = named.filter(({ name }) => !this.#reading.has(name))
    if (free.length > 0) {
      const reading = this.#grow(free.map(({ startMs }) => ({ log, agent, startMs })))
        .catch((error: unknown) => {
          if (error instanceof Lie) this.#deps.lied?.(error)
          throw error
        })
        .finally(() => {
          for (const { name } of free) this.#reading.delete(name)
        })
      for (const { name } of free) this.#reading.set(name, reading)
    }
    const readings = new Set(named.map(({ name }) => this.#reading.get(name)!))
    const all = (await Promise.all(readings)).flatMap((grown) => [...grown])
    return new Map(all.filter(([startMs]) => starts.includes(startMs)))
  }

  /** Reads the frames of chunks of one agent that were not read yet, and packs those that have ended. */
  async #grow(chunks: readonly ChunkPlace[]): Promise<Grown> {
    const { db, fold } = this.#deps
    const { log, agent } = chunks[0]!
    // Taken before the leaves are read: a leaf that the fold counts later makes the chunk out of date.
    const below = fold.next(log)
    const grown = chunks.map((chunk) => {
      const kept = this.#growing.get(chunkName(chunk)) ?? { next: 0, byCheck: new Map(), sizes: new Map() }
      return { chunk, kept, sizes: this.#sizesAt(chunk) }
    })
    const span = { fromMs: chunks[0]!.startMs, untilMs: chunks.at(-1)!.startMs + CHUNK_MS }
    const from = Math.min(...grown.map(({ kept }) => kept.next))
    const asked = { log, agent: Buffer.from(agent, 'hex'), ...span, from, below }
    const namesOf = (digest: Uint8Array) => this.#checkNames(log, digest)
    let leftOut = 0
    for await (const rows of provedFrames(db, asked, framesWithin)) {
      for (const row of rows) {
        for (const { chunk, kept } of grown) {
          if (row.index < kept.next || !reachesInto(row, chunk)) continue
          leftOut += addTimings(kept.byCheck, row.body, { startMs: chunk.startMs, namesOf })
        }
      }
    }
    if (leftOut > 0) this.#deps.passed?.(agent)
    for (const { chunk, kept, sizes } of grown) {
      Object.assign(kept, { next: below, sizes })
      const count = [...kept.byCheck.values()].reduce((sum, { length }) => sum + length, 0)
      const bytes = OBJECT_BYTES + 2 * count * BYTES_PER_SAMPLE
      this.#growing.set(chunkName(chunk), { value: kept, bytes })
    }
    await this.#pack(grown.filter(({ chunk }) => this.#hasEnded(chunk.startMs)))
    return new Map(grown.map(({ chunk, kept }) => [chunk.startMs, kept]))
  }

  async #pack(ended: readonly { chunk: ChunkPlace; kept: Growing }[]): Promise<void> {
    const rows = ended.flatMap(({ chunk, kept }) =>
      [...kept.sizes].map(([check, samples]) => {
        const columns = (kept.byCheck.get(check) ?? new SlotBuilder(chunk.startMs)).columns()
        return { ...chunk, check, samples, body: packColumns(columns) }
      }),
    )
    await putLatencies(this.#deps.db, rows)
    for (const { chunk } of ended) this.#growing.delete(chunkName(chunk))
  }

  #checkNames(log: number, digest: Uint8Array): readonly string[] {
    const state = this.#deps.contracts.ofLog(log)
    const known = state && configurationNamed(state, digest)
    invariant(known, `configuration ${Buffer.from(digest).toString('hex')} is not in log ${log}`)
    return known.names
  }

  /** Readings of the chunk by check, for every check of the agent. */
  #sizesAt({ log, agent, startMs }: ChunkPlace): Map<string, number> {
    const { tracks } = this.#deps.fold
    const sizes = new Map<string, number>()
    for (const { key } of tracks.ofAgent(log, agent)) {
      const [size] = tracks.sizesOf(key, { startMs, endMs: startMs + 1 })
      if (size) sizes.set(key.check, size.samples)
    }
    return sizes
  }

  #keep(place: Place, { startMs, samples }: ChunkSize, columns: SlotColumns): void {
    const bytes = OBJECT_BYTES + columns.offsetMs.length * BYTES_PER_SAMPLE
    this.#ended.set(nameOf(place, startMs), { value: { samples, columns }, bytes })
  }

  #hasEnded(startMs: UnixMs): boolean {
    return startMs + CHUNK_MS + SETTLE_MS <= this.#deps.nowMs()
  }
}

/** Chunks that follow one another, as many as are held at once. */
function runsOf(sizes: readonly ChunkSize[]): UnixMs[][] {
  const runs: UnixMs[][] = []
  let [last, readings] = [-Infinity, 0]
  for (const { startMs, samples } of sizes) {
    const goesOn = startMs === last + CHUNK_MS && readings + samples <= MAX_RUN_READINGS
    if (goesOn) runs.at(-1)!.push(startMs)
    else runs.push([startMs])
    readings = goesOn ? readings + samples : samples
    last = startMs
  }
  return runs
}

function reachesInto({ fromMs, toMs }: EntryRow, { startMs }: ChunkPlace): boolean {
  return (toMs ?? Infinity) >= startMs && (fromMs ?? -Infinity) < startMs + CHUNK_MS
}

function nameOf({ log, check, agent }: Place, startMs: UnixMs): string {
  return `${log}/${agent}/${startMs}/${check}`
}

function chunkName({ log, agent, startMs }: ChunkPlace): string {
  return `${log}/${agent}/${startMs}`
}
