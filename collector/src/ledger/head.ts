/**
 * Heads: how far each log is. A head is opened from stored rows and proved: its edge must be the stored one and
 * give the stored root, and the newest checkpoint must not be ahead of it, else the log is not extended.
 */
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { noteVerifier } from '@constat/evidence/note'
import { partialTiles, restoreEdge, tileRoot, TILE_WIDTH, type TileEdge } from '@constat/evidence/tile'
import { frontierRoot, HASH_BYTES } from '@constat/evidence/tree'
import { ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import { Fault } from '@constat/shared/fault'
import { entryRange, newestCheckpoint, tileRows, type LogRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Identity } from '../shell.ts'
import { Lie } from './lie.ts'
import { firstGap, rowHash } from './proved.ts'

const TILE_BYTES = TILE_WIDTH * HASH_BYTES

export type Head = {
  readonly id: number
  readonly contract: string
  readonly origin: string
  /** Moved by the sequencer alone, after a commit. */
  size: number
  root: Buffer
  edge: TileEdge
  /** Size of the newest signed checkpoint. */
  signedSize: number
}

/** Throws a `Lie` when the stored tree is not the one that was signed, and `evidence` for another's key. */
export async function openHead(db: Database, row: LogRow, identity: Identity): Promise<Head> {
  requireOwn(row, identity)
  const edge = await readEdge(db, row)
  if (!edgeHolds(edge, row)) {
    const index = Math.max(0, row.size - 1)
    throw new Lie(row, {
      index,
      part: 'root',
      what: 'the stored leaves and tiles do not give the stored root',
    })
  }
  const signed = await newestCheckpoint(db, row.id)
  if (signed) proveExtends(row, signed.note, identity)
  return {
    id: row.id,
    contract: row.contract,
    origin: row.origin,
    size: row.size,
    root: row.root,
    edge,
    signedSize: signed?.size ?? 0,
  }
}

/** The origin names the log for ever: by the key that signs it, not by where it is kept. */
export function originOf({ publicKey }: Identity, contract: string): string {
  return `constat/${publicKey.toString('hex').slice(0, 12)}/${contract}`
}

function requireOwn({ origin, contract }: LogRow, identity: Identity): void {
  if (origin === originOf(identity, contract)) return
  throw new Fault('evidence', `log ${origin} is signed by another key than this collector's`, {
    hint: 'The key file and the database belong to different installations: bring them back together.',
  })
}

function proveExtends(row: LogRow, note: string, identity: Identity): void {
  const log = noteVerifier(vkeyOf({ name: row.origin, type: ED25519_TYPE, publicKey: identity.publicKey }))
  const opening = openCheckpoint(note, { origin: row.origin, log })
  if (opening.kind === 'refused') {
    const what = `the newest checkpoint is not signed by this collector's key (${opening.reason})`
    throw new Lie(row, { index: Math.max(0, row.size - 1), part: 'checkpoint', what })
  }
  const { size, root } = opening.checkpoint
  if (size > row.size || (size === row.size && !row.root.equals(root))) {
    const what = `the log does not extend its newest checkpoint, of ${size} leaves: the database is older than what was signed from it`
    throw new Lie(row, { index: Math.min(size, row.size), part: 'checkpoint', what })
  }
}

/** Whether an edge is the one that the row of its log says. */
export function edgeHolds(edge: TileEdge | null, { root, frontier }: LogRow): edge is TileEdge {
  if (!edge) return false
  return frontierRoot(edge.frontier).equals(root) && Buffer.concat(edge.frontier.hashes).equals(frontier)
}

/** The root that the tree had when it held `size` leaves, from what is stored. */
export async function rootAt(db: Database, log: number, size: number): Promise<Buffer> {
  const edge = await readEdge(db, { id: log, size })
  if (!edge) throw new Fault('evidence', `leaves or tiles of log ${log} are missing`)
  return Buffer.from(frontierRoot(edge.frontier))
}

/**
 * The right edge from what is stored: leaves past the last full tile, and roots of full tiles above. Null where
 * any of it is missing.
 */
export async function readEdge(db: Database, row: Pick<LogRow, 'id' | 'size'>): Promise<TileEdge | null> {
  const tiles: Buffer[] = []
  for (const { level, index, width } of partialTiles(row.size)) {
    if (level === 'entries') continue
    const first = index * 256
    if (level === 0) {
      const rows = await entryRange(db, { log: row.id, from: first, to: first + width, limit: width })
      if (firstGap(rows, first, first + width) !== null) return null
      tiles.push(Buffer.concat(rows.map(rowHash)))
    } else {
      const below = await tileRows(db, { log: row.id, level: level - 1, from: first, to: first + width })
      const isWhole = below.length === width && below.every(({ hashes }) => hashes.length === TILE_BYTES)
      if (!isWhole) return null
      tiles.push(Buffer.concat(below.map(({ hashes }) => tileRoot(hashes))))
    }
  }
  return restoreEdge(row.size, tiles)
}
