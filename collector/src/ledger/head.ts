/**
 * Heads: how far each log is. A head is opened from stored rows and proved: its frontier must give the
 * stored root, and the newest checkpoint must not be ahead of it, else the collector refuses to sign.
 */
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { noteVerifier } from '@constat/evidence/note'
import { partialTiles, restoreEdge, tileRoot, type TileEdge } from '@constat/evidence/tile'
import { frontierRoot, leafHash } from '@constat/evidence/tree'
import { ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import { Fault } from '@constat/shared/fault'
import { entryRange, newestCheckpoint, tileRows, type LogRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Identity } from '../shell.ts'
import { leafBytes, leafType } from './leaf.ts'

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

const FORKED =
  'this database is older than what was signed from it. Restore a newer backup, or move the data directory away and begin a successor log'

/** Throws `evidence` when the stored tree is not the one that was signed. */
export async function openHead(db: Database, row: LogRow, identity: Identity): Promise<Head> {
  const edge = await readEdge(db, row)
  if (!frontierRoot(edge.frontier).equals(row.root)) {
    throw new Fault('evidence', `the stored entries of log ${row.origin} do not give its stored root`, {
      hint: 'Do not delete anything: bring back the newest copy of the data directory.',
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

function proveExtends(row: LogRow, note: string, identity: Identity): void {
  const log = noteVerifier(vkeyOf({ name: row.origin, type: ED25519_TYPE, publicKey: identity.publicKey }))
  const opening = openCheckpoint(note, { origin: row.origin, log })
  if (opening.kind === 'refused') {
    throw new Fault('evidence', `the checkpoint of log ${row.origin} is not signed by this collector's key`, {
      hint: 'The key file and the database belong to different installations: bring them back together.',
    })
  }
  const { size, root } = opening.checkpoint
  if (size > row.size || (size === row.size && !row.root.equals(root))) {
    throw new Fault('evidence', `log ${row.origin} does not extend its last checkpoint`, { hint: FORKED })
  }
}

/** The root that the tree had when it held `size` leaves, from what is stored. */
export async function rootAt(db: Database, log: number, size: number): Promise<Buffer> {
  return Buffer.from(frontierRoot((await readEdge(db, { id: log, size })).frontier))
}

/** The right edge from what is stored: leaves past the last full tile, and roots of full tiles above. */
async function readEdge(db: Database, row: Pick<LogRow, 'id' | 'size'>): Promise<TileEdge> {
  const tiles: Buffer[] = []
  for (const { level, index, width } of partialTiles(row.size)) {
    if (level === 'entries') continue
    const first = index * 256
    if (level === 0) {
      const rows = await entryRange(db, { log: row.id, from: first, to: first + width, limit: width })
      const leaves = rows.map((r) => leafHash(leafBytes({ ...r, type: leafType(r.type) })))
      tiles.push(Buffer.concat(leaves))
    } else {
      const below = await tileRows(db, { log: row.id, level: level - 1, from: first, to: first + width })
      tiles.push(Buffer.concat(below.map(({ hashes }) => tileRoot(hashes))))
    }
  }
  return restoreEdge(row.size, tiles)
}
