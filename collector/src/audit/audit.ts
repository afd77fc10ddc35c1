/**
 * Audit of one log: every leaf against its tile, the tiles of every level, the root and each checkpoint; every
 * frame in its place; every body that stands beside; the cursors. It reads in order and holds one page, so that
 * a log of any length is proved in the same memory. The first lie ends it.
 */
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { noteVerifier, type NoteVerifier } from '@constat/evidence/note'
import { EMPTY_EDGE, growTiles, TILE_WIDTH, tileRoot, type Tile, type TileEdge } from '@constat/evidence/tile'
import { frontierRoot, HASH_BYTES } from '@constat/evidence/tree'
import { ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import { Fault } from '@constat/shared/fault'
import { checkpointsWithin, strayCursor, strayRows, type CheckpointRow } from '../db/audit-rows.ts'
import { entryRange, tilesNumbered, type EntryRow, type LogRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Prove } from '@constat/evidence/frame-proof'
import { besideBytes, digestBeside } from '../ledger/body.ts'
import { edgeHolds, readEdge } from '../ledger/head.ts'
import { leafCode, leafType } from '@constat/evidence/leaf'
import { endOf, firstLie, Lie, type LieSaid } from '../ledger/lie.ts'
import { firstGap, firstUnlike, lieAtEdge, NOT_AS_IN_TILE, rowHash } from '../ledger/proved.ts'
import { FrameAudit } from './frames.ts'

export type AuditDeps = { db: Database; prove: Prove; publicKey: Buffer }
/** `pageLeaves` of at most 60 kB each are held at once; `from`: what is below is not looked at. */
export type AuditRange = { from: number; pageLeaves: number }
/** What was proved so far. */
export type Audited = { leaves: number; frames: number; beside: number; checkpoints: number }

const FRAME_TYPES = new Set([leafCode('frame'), leafCode('set-aside')])
const AGENT_TYPES = new Set([leafCode('enrolment'), leafCode('revocation')])

/** Yields after every page. Throws a `Lie`. */
export async function* auditLog(
  log: LogRow,
  { from, pageLeaves }: AuditRange,
  deps: AuditDeps,
): AsyncGenerator<Audited> {
  const audit = await LogAudit.open(log, from, deps)
  for (let at = from; at < log.size; at = Math.min(log.size, at + pageLeaves)) {
    yield await audit.take({ from: at, to: Math.min(log.size, at + pageLeaves) })
  }
  await audit.end()
}

type Page = { from: number; to: number }

class LogAudit {
  readonly #log: LogRow
  readonly #from: number
  readonly #db: Database
  readonly #frames: FrameAudit
  readonly #signer: NoteVerifier
  readonly #audited: Audited = { leaves: 0, frames: 0, beside: 0, checkpoints: 0 }
  #edge: TileEdge
  /** Size of the last checkpoint that held. */
  #held = 0

  private constructor(
    log: LogRow,
    from: number,
    parts: { deps: AuditDeps; frames: FrameAudit; edge: TileEdge },
  ) {
    const { deps, frames, edge } = parts
    this.#log = log
    this.#from = from
    this.#db = deps.db
    this.#frames = frames
    this.#edge = edge
    this.#signer = noteVerifier(vkeyOf({ name: log.origin, type: ED25519_TYPE, publicKey: deps.publicKey }))
  }

  static async open(log: LogRow, from: number, deps: AuditDeps): Promise<LogAudit> {
    const edge = from === 0 ? EMPTY_EDGE : await readEdge(deps.db, { id: log.id, size: from })
    if (!edge)
      throw new Lie(log, { index: from, part: 'tile', what: 'tiles or leaves before it are missing' })
    return new LogAudit(log, from, { deps, frames: await FrameAudit.open(deps.db, log, deps.prove), edge })
  }

  async take(page: Page): Promise<Audited> {
    const { from, to } = page
    const rows = await entryRange(this.#db, { log: this.#log.id, from, to, limit: to - from })
    const gap = firstGap(rows, from, to)
    if (gap !== null) this.#lie({ index: gap, part: 'leaf', what: 'it is missing' })
    const hashes = rows.map(rowHash)
    const inTree = (await this.#inTiles(page, hashes)) ?? (await this.#atEdge(page))
    // What the tree does not hold may be no sense at all; a frame can say which leaf it is.
    const held = inTree ? rows.filter(({ index }) => index < inTree.index) : rows
    const doubted = inTree ? rows.filter(({ index }) => index < endOf(inTree)) : rows
    const inLeaves = firstLie(await this.#others(held), await this.#frames.take(doubted))
    const first = firstLie(inTree, inLeaves)
    if (first) this.#lie(first)
    await this.#grow(page, hashes)
    this.#audited.leaves += rows.length
    this.#audited.frames = this.#frames.frames
    return this.#audited
  }

  /** What holds for the log as a whole. */
  async end(): Promise<void> {
    if (!edgeHolds(this.#edge, this.#log)) {
      const index = Math.max(0, this.#log.size - 1)
      this.#lie({ index, part: 'root', what: 'the stored root or frontier is not that of the leaves' })
    }
    await this.#noStrays()
  }

  async #noStrays(): Promise<void> {
    const { id } = this.#log
    const stray = await strayRows(this.#db, id)
    const { size, leaf, checkpoint } = stray
    if (leaf !== null)
      this.#lie({ index: leaf, part: 'leaf', what: `it stands past the end of the log, ${size}` })
    if (checkpoint !== null) {
      const what = `a checkpoint of ${checkpoint} leaves was signed, and ${size} are left`
      this.#lie({ index: size, part: 'checkpoint', what })
    }
    if (stray.tiles !== fullTiles(size)) {
      const what = `${stray.tiles} full tiles are stored where ${size} leaves make ${fullTiles(size)}`
      this.#lie({ index: 0, part: 'tile', what })
    }
    // From its first leaf on, as long as nothing has come since: each session that began has a cursor.
    const isCounted = this.#from === 0 && size === this.#log.size
    if (isCounted && stray.cursors !== this.#frames.begun) {
      const what = `${stray.cursors} cursors are stored where ${this.#frames.begun} sessions have begun`
      this.#lie({ index: 0, part: 'cursor', what })
    }
    const cursor = await strayCursor(this.#db, id)
    if (!cursor) return
    const what = `the cursor of session ${cursor.session.toString('hex')} is not at its last frame`
    this.#lie({ index: cursor.index ?? 0, part: 'cursor', what })
  }

  /** The first leaf of a page that is not as its full tile holds it. */
  async #inTiles({ from, to }: Page, hashes: readonly Buffer[]): Promise<LieSaid | null> {
    const numbers: number[] = []
    for (
      let n = Math.floor(from / TILE_WIDTH);
      (n + 1) * TILE_WIDTH <= this.#log.size && n * TILE_WIDTH < to;
      n += 1
    )
      numbers.push(n)
    const tiles = new Map(
      (await tilesNumbered(this.#db, { log: this.#log.id, level: 0, numbers })).map((one) => [
        one.n,
        one.hashes,
      ]),
    )
    for (const n of numbers) {
      const start = Math.max(from, n * TILE_WIDTH)
      const own = hashes.slice(start - from, Math.min(to, (n + 1) * TILE_WIDTH) - from)
      const tile = tiles.get(n)
      if (tile?.length !== TILE_WIDTH * HASH_BYTES) {
        return { index: start, part: 'tile', what: `the tile 0/${n} is not there whole` }
      }
      const at = firstUnlike(own, tile, start % TILE_WIDTH)
      if (at === null) continue
      const holds = await this.#tileHolds(n, tile)
      if (holds) return { index: start + at, part: 'leaf', what: NOT_AS_IN_TILE }
      return { index: start + at, part: 'tile', what: `the tile 0/${n} is not the one of these leaves` }
    }
    return null
  }

  /** Leaves past the last full tile have none: the frontier stands for it. */
  async #atEdge({ to }: Page): Promise<LieSaid | null> {
    const edgeFrom = this.#log.size - (this.#log.size % TILE_WIDTH)
    return to > edgeFrom ? lieAtEdge(this.#db, this.#log) : null
  }

  /** Whether the rest of the tree says the same as this tile: the one above it, or the stored root. */
  async #tileHolds(n: number, tile: Buffer): Promise<boolean> {
    const above = { log: this.#log.id, level: 1, numbers: [Math.floor(n / TILE_WIDTH)] }
    const [parent] = await tilesNumbered(this.#db, above)
    if (!parent) return edgeHolds(await readEdge(this.#db, this.#log), this.#log)
    return firstUnlike([tileRoot(tile)], parent.hashes, n % TILE_WIDTH) === null
  }

  /** The first of these rows that is no frame and has lost what stands beside it. */
  async #others(rows: readonly EntryRow[]): Promise<LieSaid | null> {
    for (const row of rows) {
      if (FRAME_TYPES.has(row.type)) continue
      const { index } = row
      if (AGENT_TYPES.has(row.type) && !namesAgent(row)) {
        return { index, part: 'row', what: 'the agent beside it is not the one that it names' }
      }
      const digest = digestBeside({ type: leafType(row.type), body: row.body })
      if (!digest) continue
      try {
        await besideBytes(this.#db, digest)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'evidence') throw error
        return { index, part: 'body', what: error.message }
      }
      this.#audited.beside += 1
    }
    return null
  }

  /** Grows the tree by a page, with a halt at every checkpoint. */
  async #grow({ from, to }: Page, hashes: readonly Buffer[]): Promise<void> {
    const { id } = this.#log
    const checkpoints = await checkpointsWithin(this.#db, { log: id, above: from, upTo: to })
    const tiles: Tile[] = []
    let at = from
    for (const stop of [...checkpoints.map(({ size }) => size), to]) {
      const { edge, completed } = growTiles(this.#edge, hashes.slice(at - from, stop - from))
      this.#edge = edge
      tiles.push(...completed)
      at = stop
      const checkpoint = checkpoints[0]?.size === stop ? checkpoints.shift() : undefined
      if (checkpoint) this.#hold(checkpoint)
    }
    await this.#sameTiles(tiles.filter(({ level }) => level > 0))
  }

  #hold({ size, note }: CheckpointRow): void {
    const opening = openCheckpoint(note, { origin: this.#log.origin, log: this.#signer })
    const place = { index: this.#held, part: 'checkpoint' as const }
    if (opening.kind === 'refused') {
      this.#lie({
        ...place,
        what: `the checkpoint of ${size} leaves is not signed by this collector (${opening.reason})`,
      })
    }
    const { checkpoint } = opening
    if (checkpoint.size !== size || !frontierRoot(this.#edge.frontier).equals(checkpoint.root)) {
      this.#lie({
        ...place,
        what: `the leaves up to ${size - 1} are not those that were signed in the checkpoint of ${size}`,
      })
    }
    this.#held = size
    this.#audited.checkpoints += 1
  }

  /** Tiles above the leaves: those below them were just seen to hold. */
  async #sameTiles(tiles: readonly Tile[]): Promise<void> {
    for (const { level, index, bytes } of tiles) {
      const [stored] = await tilesNumbered(this.#db, { log: this.#log.id, level, numbers: [index] })
      if (stored?.hashes.equals(bytes)) continue
      const what = `the tile ${level}/${index} is not the one of the tiles below it`
      this.#lie({ index: index * TILE_WIDTH ** (level + 1), part: 'tile', what })
    }
  }

  #lie(said: LieSaid): never {
    throw new Lie(this.#log, said)
  }
}

function namesAgent({ agent, body }: EntryRow): boolean {
  if (body.length === 0) return true
  const { agent: named } = JSON.parse(body.toString()) as { agent?: string }
  return named === undefined || agent?.toString('hex') === named
}

function fullTiles(size: number): number {
  let count = 0
  for (let hashes = Math.floor(size / TILE_WIDTH); hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH))
    count += hashes
  return count
}
