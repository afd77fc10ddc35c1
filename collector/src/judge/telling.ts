/**
 * Telling: what is told of a contract beside the changes of its incidents, in order. Each of them is safe to run at
 * every step of the line, and repeats nothing after a start.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { ContractState } from '@constat/sla/state/contract-state'
import type { Contracts } from '../contract/contracts.ts'
import type { Database } from '../db/tx.ts'
import type { Committed, Sequencer } from '../ledger/sequencer.ts'
import { AlertPaths } from './alert-paths.ts'
import { Alerted } from './alerted.ts'
import { Certificates } from './certificates.ts'
import { Deadlines } from './deadlines.ts'
import { Escalations } from './escalations.ts'
import type { Judge } from './judge.ts'
import { liveJudgement } from './live.ts'
import { Objectives } from './objectives.ts'
import type { SlotJudge } from './slot-judge.ts'

export type TellingDeps = {
  db: Database
  sequencer: Sequencer
  contracts: Contracts
  nowMs: () => UnixMs
  publicUrl: string
  judge: Judge
  timelines: Timelines
  slots: SlotJudge
  /** Events were written outside of the ledger's own transactions. */
  told: () => void
}

export class Telling {
  readonly #deps: TellingDeps
  readonly #alerted: Alerted
  /** Who runs what takes the messages. */
  readonly paths: AlertPaths
  readonly #escalations: Escalations
  readonly #objectives: Objectives
  readonly #certificates: Certificates
  readonly #deadlines: Deadlines

  constructor(deps: TellingDeps) {
    const { judge, timelines, slots } = deps
    this.#deps = deps
    this.#alerted = new Alerted(deps)
    this.paths = new AlertPaths(deps.db, deps.nowMs)
    this.#escalations = new Escalations({ ...deps, factOf: judge.escalated })
    this.#certificates = new Certificates(deps)
    this.#deadlines = new Deadlines(deps)
    this.#objectives = new Objectives({
      ...deps,
      judge: (asked) => liveJudgement(asked, { timelines, slots }),
    })
  }

  /** What was committed just now. */
  heard(committed: readonly Committed[]): void {
    for (const one of committed) this.#certificates.heard(one)
  }

  /** A delivery about an incident was accepted and written down. */
  accepted(): void {
    this.#alerted.accepted()
    this.paths.accepted()
  }

  async advance(state: ContractState): Promise<void> {
    const { contracts, told } = this.#deps
    await this.paths.advance()
    await this.#alerted.advance(state)
    if (await this.#escalations.advance(state)) told()
    if (await this.#certificates.advance(state)) told()
    if (await this.#deadlines.advance(state)) told()
    await this.#objectives.advance(contracts.of(state.contract) ?? state)
  }
}
