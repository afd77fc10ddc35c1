/**
 * Refold: one log read again from its first leaf, as far as a size. Nothing that stands is used or written,
 * but packed latencies, which are only a cache of the same leaves. A rebuild walks the closings of a log in
 * the order of their sizes, so the log is read once.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { emptyState, take, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { leafOf } from '../contract/contracts.ts'
import { rareEntriesFrom, type EntryRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { nothingTouched } from '@constat/sla/fold/fold'
import { LedgerFold } from '../fold/ledger-fold.ts'
import { closedTimelines } from '@constat/sla/fold/timelines'
import { Latencies } from '../latency/latencies.ts'
import { rootAt } from '../ledger/head.ts'
import { leafType } from '@constat/evidence/leaf'
import { proved } from '../ledger/proved.ts'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import { statementBytes } from './statements.ts'

export type RefoldDeps = {
  db: Database
  log: { id: number; contract: string }
  nowMs: () => UnixMs
  /** Terms to fold by as well, from the first leaf on. */
  extra?: Revision
}

export class Refold {
  readonly #deps: RefoldDeps
  readonly #fold: LedgerFold
  readonly #latencies: Latencies
  #state: ContractState
  #rare: EntryRow[] | null = null
  #next = 0

  constructor(deps: RefoldDeps) {
    const { db, log, nowMs, extra } = deps
    this.#deps = deps
    const empty = emptyState(log)
    // First, so that the newest revision stays the one in force.
    this.#state = extra ? { ...empty, life: { ...empty.life, revisions: [extra] } } : empty
    const contracts = { ofLog: () => this.#state }
    this.#fold = new LedgerFold(db, contracts)
    this.#latencies = new Latencies({ db, contracts, fold: this.#fold, nowMs })
  }

  /** What the leaves below `size` say. Sizes only ever grow. */
  async to(size: number): Promise<LedgerState> {
    const { db, log } = this.#deps
    this.#rare ??= await proved(db, log.id, await rareEntriesFrom(db, { log: log.id, from: 0 }))
    for (; (this.#rare[this.#next]?.index ?? size) < size; this.#next += 1) {
      await this.#take(this.#rare[this.#next]!)
    }
    await this.#fold.catchUp(log.id, size, nothingTouched())
    invariant(this.#state.life.revisions.length > 0, `log ${log.id} has terms below leaf ${size}`)
    return {
      size,
      root: (await rootAt(db, log.id, size)).toString('hex'),
      state: this.#state,
      timelines: closedTimelines(this.#fold.tracks),
      bytesOf: (statement) => statementBytes(db, statement),
      latencies: this.#latencies,
    }
  }

  async #take(row: EntryRow): Promise<void> {
    const { db, log } = this.#deps
    // Frames before a revision were folded without its rules, so the fold comes level first.
    if (leafType(row.type) === 'revision') await this.#fold.catchUp(log.id, row.index, nothingTouched())
    this.#state = take(this.#state, await leafOf(db, row))
  }
}
