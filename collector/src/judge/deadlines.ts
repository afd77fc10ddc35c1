/**
 * Deadlines: the time to claim for a window that was not met is told of a week and a day before it ends, once each.
 * Safe to run at every step; it looks once a minute.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { CLAIM_DAYS, markPassed } from '@constat/sla/alerting/days-left'
import type { ClosingHead } from '@constat/sla/state/closing'
import { closedWindows, type ContractState } from '@constat/sla/state/contract-state'
import { deadlineFact } from '../alert/facts.ts'
import { penaltyOf } from '../contract/penalties.ts'
import { remind } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'

const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000

export type DeadlineDeps = { db: Database; nowMs: () => UnixMs; publicUrl: string }

export class Deadlines {
  readonly #deps: DeadlineDeps
  readonly #lookedMs = new Map<string, UnixMs>()
  /** Told, as far as this process knows: the database has the last word. */
  readonly #told = new Set<string>()

  constructor(deps: DeadlineDeps) {
    this.#deps = deps
  }

  /** True: something was told. */
  async advance(state: ContractState): Promise<boolean> {
    const nowMs = this.#deps.nowMs()
    if (Math.abs(nowMs - (this.#lookedMs.get(state.contract) ?? -Infinity)) < LOOK_EVERY_MS) return false
    let isTold = false
    for (const head of closedWindows(state)) {
      const deadlineMs = deadlineOf(state, head, nowMs)
      const mark = deadlineMs === null ? null : markPassed(CLAIM_DAYS, deadlineMs - nowMs)
      if (deadlineMs === null || mark === null) continue
      isTold = (await this.#tell(state, { head, deadlineMs, mark, nowMs })) || isTold
    }
    this.#lookedMs.set(state.contract, nowMs)
    return isTold
  }

  async #tell(
    { contract }: ContractState,
    due: { head: ClosingHead; deadlineMs: UnixMs; mark: number; nowMs: UnixMs },
  ): Promise<boolean> {
    const { head, deadlineMs, mark, nowMs } = due
    const subject = `claim/${contract}/${head.window}`
    if (this.#told.has(`${subject}/${mark}`)) return false
    const fact = deadlineFact({
      contract,
      claim: {
        window: head.window,
        deadlineAt: formatInstant(deadlineMs),
        daysLeft: Math.ceil((deadlineMs - nowMs) / DAY_MS),
        credit: head.credit && { amount: head.credit.total, currency: head.credit.currency },
      },
      atMs: nowMs,
      publicUrl: this.#deps.publicUrl,
    })
    const isNew = await remind(this.#deps.db, { subject, step: String(mark), fact })
    this.#told.add(`${subject}/${mark}`)
    return isNew
  }
}

/** Null where there is nothing to claim for, it was claimed, there is no term, or no time is left. */
function deadlineOf(state: ContractState, head: ClosingHead, nowMs: UnixMs): UnixMs | null {
  if (head.guarantees.every(({ verdict }) => verdict !== 'not_met')) return null
  const next = penaltyOf(state, head.window, nowMs)?.standing.next
  return next?.what === 'claim' ? next.atMs : null
}
