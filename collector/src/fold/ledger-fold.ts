/**
 * The fold over the stored ledger: what was just committed, a catch-up of what was not, and the chunks saved and
 * loaded again. What is read back is proved before it is folded.
 */
import { leafCode } from '@constat/evidence/leaf'
import { invariant } from '@constat/shared/fault'
import { Fold, type Touched } from '@constat/sla/fold/fold'
import { frameOf, type Frame, type Unfolded } from '@constat/sla/fold/page'
import type { FrameSource } from '@constat/sla/fold/late'
import type { StatesByLog } from '@constat/sla/fold/tracks'
import { chunkRows, foldedUntil, saveFold } from '../db/fold-rows.ts'
import { entryRange, framesInOrder } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { proved, provedFrames } from '../ledger/proved.ts'
import type { Committed } from '../ledger/sequencer.ts'

/** Leaves read back in one page: 60 MB where each is as large as may be. */
export const PAGE_LEAVES = 1_000
const FRAME = leafCode('frame')

export class LedgerFold extends Fold {
  readonly #db: Database

  /** `setAside` hears of each frame that cannot be folded. */
  constructor(db: Database, contracts: StatesByLog, setAside?: (log: number, unfolded: Unfolded) => void) {
    super({ frames: storedFrames(db), contracts, ...(setAside && { setAside }) })
    this.#db = db
  }

  /** Loads what was folded before; the rest is caught up from the ledger. */
  async load(): Promise<void> {
    const next = await foldedUntil(this.#db)
    this.restore({ chunks: await chunkRows(this.#db), next })
  }

  /** Folds what was just committed to a log, as far as it goes on from what is folded; `catchUp` has the rest. */
  async take(log: number, committed: readonly Committed[], touched: Touched): Promise<void> {
    const frames: Frame[] = []
    let next = this.next(log)
    for (const { firstIndex, drafts } of committed) {
      if (firstIndex !== next) continue
      next += drafts.length
      for (const [i, { frame, type, body }] of drafts.entries()) {
        if (frame && type === 'frame') frames.push({ ...frame, index: firstIndex + i, body })
      }
    }
    if (next > this.next(log)) await this.foldFrames(log, { frames, next }, touched)
  }

  /** Folds every leaf below `until` that is not folded yet, from the ledger. */
  async catchUp(log: number, until: number, touched: Touched): Promise<void> {
    await this.settle(log)
    while (this.next(log) < until) {
      const from = this.next(log)
      const page = { log, from, to: until, limit: PAGE_LEAVES }
      const rows = await proved(this.#db, log, await entryRange(this.#db, page))
      const last = rows.at(-1)
      invariant(last && rows[0]?.index === from, `leaf ${from} of log ${log} is missing`)
      const frames = rows.filter(({ type }) => type === FRAME).map(frameOf)
      await this.foldFrames(log, { frames, next: last.index + 1 }, touched)
    }
  }

  /** Writes the chunks that changed and how far the fold is, in one transaction. */
  async save(): Promise<void> {
    const { chunks, next } = this.takeChanged()
    try {
      await this.#db.begin((tx) => saveFold(tx, { chunks, next }))
    } catch (error) {
      this.tracks.markDirty(chunks)
      throw error
    }
  }
}

function storedFrames(db: Database): FrameSource {
  return async function* ({ agent, ...wanted }) {
    const key = { agent: Buffer.from(agent, 'hex'), ...wanted }
    for await (const rows of provedFrames(db, key, framesInOrder)) yield rows.map(frameOf)
  }
}
