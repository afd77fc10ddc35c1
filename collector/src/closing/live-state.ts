/**
 * Live state: what the leaves of a contract say, out of what is folded in memory; of an earlier size, or under
 * further terms, out of the ledger folded again beside it.
 */
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Database } from '../db/tx.ts'
import { nothingTouched, type Fold, type Touched } from '../fold/fold.ts'
import type { Latencies } from '../latency/latencies.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Terms } from '../terms/register.ts'
import type { Closings } from './closings.ts'
import { closedTimelines, copyOfTerms, inOrder, type LedgerState } from './ledger-state.ts'
import { Refold } from './refold.ts'
import { statementBytes } from './statement.ts'
import type { Statements } from './statements.ts'
import { proposedRevision } from './window-answers.ts'

/** Leaves go on coming while the fold is brought level with them: tried so often in one step. */
const MAX_LEVELLED = 3

export type LiveStateDeps = {
  db: Database
  nowMs: () => UnixMs
  nameOf: (agent: string) => string
  sequencer: Pick<Sequencer, 'headOf'>
  fold: Fold
  latencies: Latencies
  incidents: (contract: string) => readonly IncidentRow[]
  closings: Closings
  statements: Statements
}

export class LiveState {
  readonly #deps: LiveStateDeps
  #carried: Touched | null = null

  constructor(deps: LiveStateDeps) {
    this.#deps = deps
  }

  /** What was folded for a closing, and is still to be judged. */
  takeCarried(): Touched {
    const carried = this.#carried ?? nothingTouched()
    this.#carried = null
    return carried
  }

  /** What is folded now. The root is that of the whole tree: of these leaves while the fold is level. */
  now(terms: Terms): LedgerState | null {
    const { db, sequencer, fold, nameOf, latencies, incidents, closings, statements } = this.#deps
    const head = sequencer.headOf(terms.contract)
    if (!head) return null
    return {
      size: fold.next(head.id),
      root: head.root.toString('hex'),
      terms: copyOfTerms(terms),
      timelines: closedTimelines(fold.tracks, nameOf),
      nameOf,
      incidents: inOrder(incidents(terms.contract)),
      closings: closings.all(terms.contract),
      statements: [...statements.of(terms.contract)],
      bytesOf: (statement) => statementBytes(db, statement),
      latencies,
    }
  }

  /**
   * What all leaves say; null while they come faster than they are folded. From within a step of the line
   * only: nothing else may fold meanwhile.
   */
  async level(terms: Terms): Promise<LedgerState | null> {
    const { sequencer, fold } = this.#deps
    const head = sequencer.headOf(terms.contract)
    if (!head) return null
    for (let tries = 0; tries < MAX_LEVELLED && fold.next(head.id) < head.size; tries += 1) {
      this.#carried ??= nothingTouched()
      await fold.catchUp(head.id, head.size, this.#carried)
    }
    return fold.next(head.id) === head.size ? this.now(terms) : null
  }

  /** What the leaves below a size said. Reads the log from its first leaf on. */
  at({ log: id, contract }: Terms, size: number): Promise<LedgerState> {
    const { db, nowMs } = this.#deps
    return new Refold({ db, log: { id, contract }, nowMs }).to(size)
  }

  /** The same leaves, folded by these terms too. Reads the log from its first leaf on. */
  under(terms: Terms, proposed: ExpandedContract): Promise<LedgerState> {
    const { db, nowMs, fold } = this.#deps
    const { log: id, contract } = terms
    const extra = proposedRevision({ terms }, proposed)
    return new Refold({ db, log: { id, contract }, nowMs, extra }).to(fold.next(id))
  }
}
