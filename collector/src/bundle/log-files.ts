/**
 * The files of a log as C2SP tlog-tiles serves them: the newest checkpoint, and below it entries and hashes, which
 * never change. Entries are proved as they are read.
 */
import { encodeEntryBundle, parseTilePath, tileRoot, TILE_WIDTH, type TileId } from '@constat/evidence/tile'
import { rowBytes } from '@constat/evidence/leaf'
import type { Contracts } from '../contract/contracts.ts'
import { entryRange, newestCheckpoint, tileRows } from '../db/ledger-rows.ts'
import type { CosignatureRow } from '../db/cosignature-rows.ts'
import { isNamedBeside } from '../db/bundle-rows.ts'
import type { Database } from '../db/tx.ts'
import { besideBytes } from '../ledger/body.ts'
import { proved, rowHash } from '../ledger/proved.ts'
import { cosignedNote } from './cosigned.ts'

export type LogFilesDeps = {
  db: Database
  contracts: Pick<Contracts, 'of'>
  /** What witnesses have said since of a checkpoint. */
  witnesses: { words: (of: { log: number; size: number }) => CosignatureRow[] }
}

export class LogFiles {
  readonly #deps: LogFilesDeps

  constructor(deps: LogFilesDeps) {
    this.#deps = deps
  }

  /** Null before the first one is signed, and of a contract that there is not. */
  async checkpoint(contract: string): Promise<string | null> {
    const signed = await this.#signed(contract)
    if (!signed) return null
    const words = this.#deps.witnesses.words(signed)
    return cosignedNote(this.#deps.db, signed.log, { ...signed, words })
  }

  /** `path` as tlog-tiles has it; null for one that no log of the signed size has. Fault `evidence` over a lie. */
  async tile(contract: string, path: string): Promise<Buffer | null> {
    const id = parseTilePath(path)
    const signed = id ? await this.#signed(contract) : null
    if (!id || !signed || !isWithin(id, signed.size)) return null
    return tileBytes(this.#deps.db, signed.log, id)
  }

  /** Bytes that a leaf of this log names by their SHA-256; null where none does. Fault `evidence` when they are gone. */
  async beside(contract: string, digest: string): Promise<Buffer | null> {
    const state = this.#deps.contracts.of(contract)
    if (!state || !/^[0-9a-f]{64}$/.test(digest)) return null
    const isNamed = await isNamedBeside(this.#deps.db, { log: state.log, digest })
    return isNamed ? besideBytes(this.#deps.db, Buffer.from(digest, 'hex')) : null
  }

  isPublished(contract: string): boolean {
    return this.#deps.contracts.of(contract)?.isPublished ?? false
  }

  async #signed(contract: string): Promise<{ log: number; size: number; note: string } | null> {
    const state = this.#deps.contracts.of(contract)
    const signed = state && (await newestCheckpoint(this.#deps.db, state.log))
    return signed && { log: state.log, size: signed.size, note: signed.note }
  }
}

/** A tile that the log has as a whole or in so far: stored where it is full, else worked out. */
export async function tileBytes(db: Database, log: number, id: TileId): Promise<Buffer | null> {
  const { level, index, width } = id
  if (level === 'entries') return encodeEntryBundle((await rowsOf(db, log, id)).map(rowBytes))
  if (width === TILE_WIDTH) return (await storedTiles(db, { log, level, from: index, count: 1 }))[0] ?? null
  if (level === 0) return Buffer.concat((await rowsOf(db, log, id)).map(rowHash))
  const below = { log, level: level - 1, from: index * TILE_WIDTH, count: width }
  return Buffer.concat((await storedTiles(db, below)).map(tileRoot))
}

async function rowsOf(db: Database, log: number, { index, width }: TileId) {
  const from = index * TILE_WIDTH
  return proved(db, log, await entryRange(db, { log, from, to: from + width, limit: width }))
}

async function storedTiles(
  db: Database,
  { log, level, from, count }: { log: number; level: number; from: number; count: number },
): Promise<Buffer[]> {
  const rows = await tileRows(db, { log, level, from, to: from + count })
  return rows.map(({ hashes }) => hashes)
}

function isWithin({ level, index, width }: TileId, size: number): boolean {
  const count = level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
  return index * TILE_WIDTH + width <= count
}
