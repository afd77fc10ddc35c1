/**
 * Proved rows: leaves read back are compared with the hashes that the tree holds, before anybody folds them.
 * Leaves past the last full tile have no tile yet: the frontier of the log stands for them. That the tiles
 * themselves hold is proved at the start of the collector, and over and over by the scrub.
 */
import { EMPTY_FRONTIER, HASH_BYTES, appendLeaves, leafHash } from '@constat/evidence/tree'
import { TILE_WIDTH } from '@constat/evidence/tile'
import {
  entryRange,
  FRAMES_PER_PAGE,
  logRow,
  tilesNumbered,
  type EntryRow,
  type FramePage,
  type FramesAsked,
  type LogRow,
} from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import { LEAF_TYPES, rowBytes } from '@constat/evidence/leaf'
import { Lie, type LiePlace, type LieSaid } from './lie.ts'

/** Tiles of 8 kB that are held at once. */
const TILES_AT_ONCE = 128

/** The rows as they came, all of `log` and in rising order. Fault `evidence`, a `Lie`, at the first that is not the tree's. */
export async function proved(db: Database | Tx, log: number, rows: EntryRow[]): Promise<EntryRow[]> {
  if (rows.length === 0) return rows
  const row = await logRow(db, log)
  const edgeFrom = row.size - (row.size % TILE_WIDTH)
  let pending: EntryRow[] = []
  const tiles = new Set<number>()
  for (const one of rows) {
    if (one.index >= edgeFrom) break
    tiles.add(tileOf(one))
    pending.push(one)
    if (tiles.size < TILES_AT_ONCE) continue
    await proveInTiles(db, row, pending, tiles)
    pending = []
    tiles.clear()
  }
  await proveInTiles(db, row, pending, tiles)
  const atEdge = rows.filter(({ index }) => index >= edgeFrom)
  if (atEdge.length > 0) await proveAtEdge(db, row, atEdge)
  return rows
}

/** Hashes of the leaves past the last full tile of a log, from `from` on, as its frontier was last seen to hold. */
type Edge = { from: number; hashes: readonly Buffer[] }

/** What was proved stays proved: leaves that are added are looked at, and those that are read. */
const EDGES = new WeakMap<object, Map<number, Edge>>()

async function proveAtEdge(db: Database | Tx, log: LogRow, rows: readonly EntryRow[]): Promise<void> {
  const edge = await edgeOf(db, log)
  if (!edge) {
    const one = { index: rows[0]!.index, part: 'leaf' as const, what: NOT_AS_IN_TILE }
    throw new Lie(log, (await lieAtEdge(db, log)) ?? one)
  }
  const unlike = rows.find((row) => edge.hashes[row.index - edge.from]?.equals(rowHash(row)) !== true)
  if (unlike) throw new Lie(log, { index: unlike.index, part: 'leaf', what: NOT_AS_IN_TILE })
}

/** Null where the leaves that are stored do not make the frontier. */
async function edgeOf(db: Database | Tx, log: LogRow): Promise<Edge | null> {
  const kept = EDGES.get(db) ?? new Map<number, Edge>()
  EDGES.set(db, kept)
  const from = log.size - (log.size % TILE_WIDTH)
  const known = kept.get(log.id)
  const before = known?.from === from && known.hashes.length <= log.size - from ? known.hashes : []
  const added = { log: log.id, from: from + before.length, to: log.size }
  const rows = await entryRange(db, { ...added, limit: TILE_WIDTH })
  if (firstGap(rows, added.from, added.to) !== null) return null
  const hashes = [...before, ...rows.map(rowHash)]
  if (firstUnlikeInFrontier(hashes, log) !== null) return null
  const edge = { from, hashes }
  kept.set(log.id, edge)
  return edge
}

/** The first hash of the frontier past the full tiles that these leaves do not make; null when they make it. */
function firstUnlikeInFrontier(leaves: readonly Buffer[], log: LogRow): number | null {
  const { hashes } = appendLeaves(EMPTY_FRONTIER, leaves)
  const stored = log.frontier.subarray(log.frontier.length - hashes.length * HASH_BYTES)
  return firstUnlike(hashes, stored, 0)
}

/** Frames page by page, each page proved before it is answered. */
export async function* provedFrames(
  db: Database | Tx,
  asked: FramesAsked,
  pageOf: FramePage,
): AsyncGenerator<EntryRow[]> {
  for (let after: EntryRow | undefined, isLast = false; !isLast;) {
    const rows = await pageOf(db, asked, after)
    await proved(
      db,
      asked.log,
      rows.toSorted((a, b) => a.index - b.index),
    )
    if (rows.length > 0) yield rows
    after = rows.at(-1)
    isLast = rows.length < FRAMES_PER_PAGE
  }
}

/** The same, answered: null where all of them are the tree's. */
export async function lieAmong(db: Database | Tx, { id }: LiePlace, rows: EntryRow[]): Promise<Lie | null> {
  try {
    await proved(db, id, rows)
    return null
  } catch (error) {
    if (error instanceof Lie) return error
    throw error
  }
}

/** The hash of the leaf that a row says it is; of no leaf at all where its type is none. */
export function rowHash(row: Pick<EntryRow, 'type' | 'receivedMs' | 'body'>): Buffer {
  const isLeaf = row.type >= 1 && row.type <= LEAF_TYPES.length
  return isLeaf ? leafHash(rowBytes(row)) : Buffer.alloc(HASH_BYTES)
}

/** The first leaf whose hash is another than that at its place in the tile; null when all are the same. */
export function firstUnlike(hashes: readonly Uint8Array[], tile: Uint8Array, from: number): number | null {
  const at = hashes.findIndex((one, i) => {
    const start = (from + i) * HASH_BYTES
    return Buffer.compare(one, tile.subarray(start, start + HASH_BYTES)) !== 0
  })
  return at < 0 ? null : at
}

async function proveInTiles(
  db: Database | Tx,
  log: LogRow,
  rows: readonly EntryRow[],
  numbers: ReadonlySet<number>,
): Promise<void> {
  if (rows.length === 0) return
  const tiles = await tilesNumbered(db, { log: log.id, level: 0, numbers: [...numbers] })
  const hashes = new Map(tiles.map(({ n, hashes: bytes }) => [n, bytes]))
  for (const row of rows) {
    const tile = hashes.get(tileOf(row))
    if (!tile) {
      throw new Lie(log, { index: row.index, part: 'tile', what: `its tile 0/${tileOf(row)} is missing` })
    }
    if (firstUnlike([rowHash(row)], tile, row.index % TILE_WIDTH) === null) continue
    throw new Lie(log, { index: row.index, part: 'leaf', what: NOT_AS_IN_TILE })
  }
}

export const NOT_AS_IN_TILE = 'its type, receive time or body is not the one that the tree holds'

/** What is wrong with the leaves past the last full tile, all of them, by the frontier; null when nothing is. */
export async function lieAtEdge(db: Database | Tx, log: LogRow): Promise<LieSaid | null> {
  const from = log.size - (log.size % TILE_WIDTH)
  const rows = await entryRange(db, { log: log.id, from, to: log.size, limit: TILE_WIDTH })
  const gap = firstGap(rows, from, log.size)
  if (gap !== null) return { index: gap, part: 'leaf', what: 'it is missing' }
  const at = firstUnlikeInFrontier(rows.map(rowHash), log)
  if (at === null) return null
  const [index, until] = edgeSpans(log.size)[at]!
  const some = `one of the leaves ${index} to ${until - 1} is not the one that the tree holds`
  return { index, until, part: 'leaf', what: until - index === 1 ? NOT_AS_IN_TILE : some }
}

/** The first of the leaves [from, to) that is not among the rows; null when all are. */
export function firstGap(rows: readonly EntryRow[], from: number, to: number): number | null {
  const at = rows.findIndex(({ index }, i) => index !== from + i)
  if (at >= 0) return from + at
  return rows.length < to - from ? from + rows.length : null
}

/** The spans of leaves under the last hashes of a frontier, those past the last full tile. */
function edgeSpans(size: number): [number, number][] {
  const spans: [number, number][] = []
  let from = size - (size % TILE_WIDTH)
  for (let span = TILE_WIDTH / 2; span >= 1; span /= 2) {
    if ((size & span) === 0) continue
    spans.push([from, from + span])
    from += span
  }
  return spans
}

function tileOf({ index }: EntryRow): number {
  return Math.floor(index / TILE_WIDTH)
}
