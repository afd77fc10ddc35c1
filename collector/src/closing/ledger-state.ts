/**
 * Ledger state: what the leaves of one log below a size say, samples and all, as far as windows are judged by
 * it. A live collector has it in memory; a rebuild, a late settlement and a preview fold it again. All are
 * judged alike.
 */
import type { ContractState } from '@constat/sla/state/contract-state'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import type { UnixMs } from '@constat/shared/time'
import type { Database } from '../db/tx.ts'
import { nothingTouched, type Touched } from '@constat/sla/fold/fold'
import type { LedgerFold } from '../fold/ledger-fold.ts'
import type { Contracts } from '../contract/contracts.ts'
import { closedTimelines } from '@constat/sla/fold/timelines'
import type { Latencies } from '../latency/latencies.ts'
import type { Head } from '../ledger/head.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { Refold } from './refold.ts'
import { statementBytes } from './statements.ts'

/** Leaves go on coming while the fold is brought level with them: tried so often in one step. */
const MAX_LEVELLED = 3

export type LedgerStatesDeps = {
  db: Database
  nowMs: () => UnixMs
  contracts: Contracts
  sequencer: Pick<Sequencer, 'headOf'>
  fold: LedgerFold
  latencies: Latencies
}

export class LedgerStates {
  readonly #deps: LedgerStatesDeps
  #carried: Touched | null = null

  constructor(deps: LedgerStatesDeps) {
    this.#deps = deps
  }

  /** What was folded for a closing, and is still to be judged. */
  takeCarried(): Touched {
    const carried = this.#carried ?? nothingTouched()
    this.#carried = null
    return carried
  }

  /** What is folded now; null for a contract that is not applied. */
  now(contract: string): LedgerState | null {
    const { db, contracts, sequencer, fold, latencies } = this.#deps
    const state = contracts.of(contract)
    const head = sequencer.headOf(contract)
    if (!state || !head) return null
    return {
      size: fold.next(head.id),
      // Of the whole tree: of these leaves while the fold is level.
      root: head.root.toString('hex'),
      state,
      timelines: closedTimelines(fold.tracks),
      bytesOf: (statement) => statementBytes(db, statement),
      latencies,
    }
  }

  /**
   * What all leaves say; null while they come faster than they are folded. From within a step of the line
   * only: nothing else may fold meanwhile.
   */
  async level(contract: string): Promise<LedgerState | null> {
    const { sequencer, fold } = this.#deps
    const head = sequencer.headOf(contract)
    if (!head) return null
    for (let tries = 0; tries < MAX_LEVELLED && !isLevel(fold, head); tries += 1) {
      this.#carried ??= nothingTouched()
      await fold.catchUp(head.id, head.size, this.#carried)
    }
    return isLevel(fold, head) ? this.now(contract) : null
  }

  /** What the leaves below a size said. Reads the log from its first leaf on. */
  at({ log: id, contract }: ContractState, size: number): Promise<LedgerState> {
    const { db, nowMs } = this.#deps
    return new Refold({ db, log: { id, contract }, nowMs }).to(size)
  }
}

function isLevel(fold: LedgerFold, { id, size }: Head): boolean {
  return fold.next(id) === size
}
