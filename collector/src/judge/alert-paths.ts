/**
 * Alert paths: which parties run what has taken messages about incidents of a contract. Read anew when a delivery was
 * accepted, and when documents were applied. Derived: the deliveries say it.
 */
import type { UnixMs } from '@constat/shared/time'
import { acceptingOperators } from '../db/alerting.ts'
import type { Database } from '../db/tx.ts'

/** Documents change who runs what without a delivery. */
const READ_EVERY_MS = 10_000
const NOBODY: ReadonlySet<string> = new Set()

export class AlertPaths {
  readonly #db: Database
  readonly #nowMs: () => UnixMs
  #byContract = new Map<string, Set<string>>()
  #readMs = -Infinity

  constructor(db: Database, nowMs: () => UnixMs) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** The next look reads them again. */
  accepted(): void {
    this.#readMs = -Infinity
  }

  async advance(): Promise<void> {
    const nowMs = this.#nowMs()
    if (nowMs - this.#readMs < READ_EVERY_MS) return
    this.#readMs = nowMs
    const found = new Map<string, Set<string>>()
    for (const { contract, operator } of await acceptingOperators(this.#db)) {
      found.set(contract, (found.get(contract) ?? new Set()).add(operator))
    }
    this.#byContract = found
  }

  /** Ids of parties. */
  operatorsOf(contract: string): ReadonlySet<string> {
    return this.#byContract.get(contract) ?? NOBODY
  }
}
