/**
 * The files of a log as C2SP tlog-tiles serves them: the newest checkpoint, and below it entries and hashes, which
 * never change. Entries are proved as they are read.
 */
import { encodeEntryBundle, parseTilePath, tileRoot, TILE_WIDTH, type TileId } from '@constat/evidence/tile'
import { rowBytes } from '@constat/evidence/leaf'
import type { Contracts } from '../contract/contracts.ts'
import { entryRange, newestCheckpoint, tileRows } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { proved, rowHash } from '../ledger/proved.ts'

export type LogFilesDeps = { db: Database; contracts: Pick<Contracts, 'of'> }

export class LogFiles {
  readonly #deps: LogFilesDeps

  constructor(deps: LogFilesDeps) {
    this.#deps = deps
  }

  /** Null before the first one is signed, and of a contract that there is not. */
  async checkpoint(contract: string): Promise<string | null> {
    const signed = await this.#signed(contract)
    return signed && signed.note
  }

  /** `path` as tlog-tiles has it; null for one that no log of the signed size has. Fault `evidence` over a lie. */
  async tile(contract: string, path: string): Promise<Buffer | null> {
    const id = parseTilePath(path)
    const signed = id ? await this.#signed(contract) : null
    if (!id || !signed || !isWithin(id, signed.size)) return null
    const { log } = signed
    if (id.level === 'entries') return encodeEntryBundle((await this.#rows(log, id)).map(rowBytes))
    if (id.width === TILE_WIDTH) return this.#full(log, { level: id.level, from: id.index, count: 1 })
    if (id.level === 0) return Buffer.concat((await this.#rows(log, id)).map(rowHash))
    const below = { level: id.level - 1, from: id.index * TILE_WIDTH, count: id.width }
    return Buffer.concat((await this.#stored(log, below)).map(tileRoot))
  }

  async #signed(contract: string): Promise<{ log: number; size: number; note: string } | null> {
    const state = this.#deps.contracts.of(contract)
    const signed = state && (await newestCheckpoint(this.#deps.db, state.log))
    return signed && { log: state.log, size: signed.size, note: signed.note }
  }

  async #rows(log: number, { index, width }: TileId) {
    const from = index * TILE_WIDTH
    const range = { log, from, to: from + width, limit: width }
    return proved(this.#deps.db, log, await entryRange(this.#deps.db, range))
  }

  async #full(log: number, wanted: { level: number; from: number; count: number }): Promise<Buffer | null> {
    return (await this.#stored(log, wanted))[0] ?? null
  }

  async #stored(
    log: number,
    { level, from, count }: { level: number; from: number; count: number },
  ): Promise<Buffer[]> {
    const rows = await tileRows(this.#deps.db, { log, level, from, to: from + count })
    return rows.map(({ hashes }) => hashes)
  }
}

function isWithin({ level, index, width }: TileId, size: number): boolean {
  const count = level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
  return index * TILE_WIDTH + width <= count
}
