/**
 * Set aside: what fails for one contract stops no other. A contract whose step fails is left out until a pause
 * is over, longer after each failure, and said to be so wherever its state is shown. Everything of it that was
 * committed is still there: the next step begins from the ledger.
 */
import { Fault, messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { Log } from './shell.ts'

const FIRST_PAUSE_MS = 1_000
export const MAX_PAUSE_MS = 60_000

export type Trouble = { contract: string; reason: string; sinceMs: UnixMs }

type Kept = Trouble & { pauseMs: number; untilMs: UnixMs }

export class SetAside {
  readonly #byContract = new Map<string, Kept>()
  readonly #nowMs: () => UnixMs
  readonly #log: Log

  constructor({ nowMs, log }: { nowMs: () => UnixMs; log: Log }) {
    this.#nowMs = nowMs
    this.#log = log
  }

  all(): Trouble[] {
    return [...this.#byContract.values()].map(({ contract, reason, sinceMs }) => ({
      contract,
      reason,
      sinceMs,
    }))
  }

  of(contract: string): Trouble | null {
    return this.#byContract.get(contract) ?? null
  }

  /** Whether a contract is left out of the step that begins now. */
  isPaused(contract: string): boolean {
    return this.#nowMs() < (this.#byContract.get(contract)?.untilMs ?? -Infinity)
  }

  /** The contract went through a whole step. */
  passed(contract: string): void {
    this.#byContract.delete(contract)
  }

  /** What `read` answers of a contract, or `otherwise` where it fails: readers of others do not notice. */
  reading<T>(contract: string, read: () => T, otherwise: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#failedReading(contract, error)
      return otherwise()
    }
  }

  /** The same of what has nothing to say otherwise: fault `unavailable`, or the fault that it is. */
  async whole<T>(contract: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (error instanceof Fault) throw error
      this.#failedReading(contract, error)
      const reason = messageOf(error)
      throw new Fault('unavailable', `The contract is set aside: ${reason}; it is tried again.`)
    }
  }

  /** Said once, not at each reading. */
  #failedReading(contract: string, error: unknown): void {
    if (this.of(contract)?.reason !== messageOf(error)) this.failed(contract, error)
  }

  /** What does not pass by itself: said now and then as long as it lasts. */
  standing(contract: string, error: unknown): void {
    if (!this.isPaused(contract)) this.failed(contract, error)
  }

  failed(contract: string, error: unknown): void {
    const nowMs = this.#nowMs()
    const known = this.#byContract.get(contract)
    const pauseMs = known ? Math.min(MAX_PAUSE_MS, known.pauseMs * 2) : FIRST_PAUSE_MS
    const reason = messageOf(error)
    const sinceMs = known?.sinceMs ?? nowMs
    this.#byContract.set(contract, { contract, reason, sinceMs, pauseMs, untilMs: nowMs + pauseMs })
    this.#log.error('a contract is set aside; the others go on, and it is tried again', {
      contract,
      reason,
      stack: error instanceof Error ? (error.stack ?? null) : null,
      againInMs: pauseMs,
    })
  }
}
