/** Statements of all contracts, as the leaves tell them. Derived. */
import { entriesOfType } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '../ledger/leaf.ts'
import { readStatementLeaf, type KeptStatement } from './statement.ts'

export class Statements {
  readonly #byContract = new Map<string, KeptStatement[]>()

  async open(db: Database, logs: readonly { id: number }[]): Promise<void> {
    this.#byContract.clear()
    for (const { id } of logs) {
      for (const row of await entriesOfType(db, { log: id, type: leafCode('statement') })) {
        this.take(readStatementLeaf(await openBody(db, row.body)))
      }
    }
  }

  take(statement: KeptStatement): void {
    const own = this.#byContract.get(statement.contract) ?? []
    this.#byContract.set(statement.contract, [...own.filter(({ id }) => id !== statement.id), statement])
  }

  /** In the order in which they came. */
  of(contract: string): readonly KeptStatement[] {
    return this.#byContract.get(contract) ?? []
  }
}
