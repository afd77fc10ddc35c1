/**
 * Telling: what is told of a contract beside the changes of its incidents, in order. Each of them is safe to run at
 * every step of the line, and repeats nothing after a start.
 */
import type { Timelines } from '@constat/sla/fold/timelines'
import type { ContractState } from '@constat/sla/state/contract-state'
import type { Contracts } from '../contract/contracts.ts'
import type { Database } from '../db/tx.ts'
import type { Committed, Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { AlertPaths } from './alert-paths.ts'
import { Alerted } from './alerted.ts'
import { Certificates } from './certificates.ts'
import { Deadlines } from './deadlines.ts'
import { Escalations } from './escalations.ts'
import { Gatherings } from './gatherings.ts'
import type { Judge } from './judge.ts'
import { liveJudgement } from './live.ts'
import { Objectives } from './objectives.ts'
import type { SlotJudge } from './slot-judge.ts'

export type TellingDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  contracts: Contracts
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
  readonly #gatherings: Gatherings
  readonly #objectives: Objectives
  readonly #certificates: Certificates
  readonly #deadlines: Deadlines

  constructor(given: TellingDeps) {
    const { judge, timelines, slots, shell } = given
    const deps = { ...given, log: shell.log, nowMs: () => shell.clock.nowMs() }
    this.#deps = deps
    this.#alerted = new Alerted(deps)
    this.paths = new AlertPaths(deps.db, deps.nowMs)
    this.#escalations = new Escalations({ ...deps, factOf: judge.escalated })
    this.#gatherings = new Gatherings(deps)
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

  /** After every contract has advanced: what is told to people together. */
  gather(): Promise<void> {
    return this.#gatherings.advance()
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
