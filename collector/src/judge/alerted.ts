/**
 * People told: the first delivery about an incident that a receiver accepted becomes a notice of its contract,
 * which response clocks and pages read. Looked for at every start and after each delivery that is accepted, in
 * the deliveries themselves: a death between an answer and its notice loses nothing. Safe to run twice.
 */
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn, type ContractState } from '@constat/sla/state/contract-state'
import { alertLeaf } from '@constat/sla/state/incident-record'
import { get } from '@constat/sla/state/persistent-map'
import type { Contracts } from '../contract/contracts.ts'
import { DELIVERIES_KEPT_MS, firstAccepted } from '../db/deliveries.ts'
import type { Database } from '../db/tx.ts'
import type { Sequencer } from '../ledger/sequencer.ts'

export type AlertedDeps = {
  db: Database
  sequencer: Sequencer
  contracts: Contracts
  nowMs: () => UnixMs
}

export class Alerted {
  readonly #deps: AlertedDeps
  /** Rises with every delivery that may be a first one. */
  #accepted = 0
  /** contract → the deliveries up to which its incidents were looked for. */
  readonly #looked = new Map<string, number>()

  constructor(deps: AlertedDeps) {
    this.#deps = deps
  }

  /** A delivery about an incident was accepted and written down. */
  accepted(): void {
    this.#accepted += 1
  }

  async advance({ contract, log }: ContractState): Promise<void> {
    const accepted = this.#accepted
    if (this.#looked.get(contract) === accepted) return
    const { db, sequencer, contracts, nowMs } = this.#deps
    await contracts.inTurn(contract, async () => {
      const state = contracts.of(contract)
      const untold = state ? untoldOf(state, nowMs() - DELIVERIES_KEPT_MS) : []
      if (untold.length === 0) return
      const found = await firstAccepted(db, untold)
      const drafts = found.map((first) => alertLeaf(first, { nowMs: nowMs() }))
      if (drafts.length > 0) await sequencer.append({ log, drafts })
    })
    this.#looked.set(contract, accepted)
  }
}

/** Incidents that people were due to be told of, no delivery of which is known to have been accepted. */
function untoldOf(state: ContractState, sinceMs: UnixMs): string[] {
  return incidentsIn(state)
    .filter(({ pagedMs, closedMs }) => pagedMs !== null && (closedMs ?? Infinity) >= sinceMs)
    .filter(({ id }) => get(state.alerted, id) === undefined)
    .map(({ id }) => id)
}
