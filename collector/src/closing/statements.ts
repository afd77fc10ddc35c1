/** Statements of all contracts, as the leaves tell them, and how one more is taken. Derived. */
import { Fault } from '@constat/shared/fault'
import { MAX_STATEMENT_CHARS } from '@constat/sla/reconciliation/provider-statement'
import { entriesOfType, keepBlob } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '../ledger/leaf.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import type { Register } from '../terms/register.ts'
import { windowGroups, type WindowGroup } from './promised.ts'
import {
  MAX_STATEMENTS,
  readStatementLeaf,
  statementDigest,
  statementIn,
  statementLeaf,
  type KeptStatement,
} from './statement.ts'

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

export type StatementWanted = {
  contract: string
  /** Key of the window it is about; null: the last one that has ended. */
  window: string | null
  bytes: Buffer
  by: KeptStatement['by']
}

export type StatementDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  register: Register
  statements: Statements
}

/** Fault `bad-request` that names the line where it cannot be read; the same bytes again are the same statement. */
export async function keepStatement(wanted: StatementWanted, deps: StatementDeps): Promise<KeptStatement> {
  const { shell, sequencer, register, statements } = deps
  const terms = register.of(wanted.contract)
  if (!terms) throw new Fault('not-found', `there is no contract ${wanted.contract}`)
  const nowMs = shell.clock.nowMs()
  const group = groupOf(windowGroups(terms, nowMs), wanted.window, nowMs)
  requireReadable(wanted.bytes, group)
  const digest = statementDigest(wanted.bytes)
  const sha256 = digest.toString('hex')
  const own = statements.of(wanted.contract)
  const newest = own.findLast(({ window }) => window === group.key)
  if (newest?.sha256 === sha256) return newest
  if (own.length >= MAX_STATEMENTS) {
    throw new Fault('too-large', `a contract takes ${MAX_STATEMENTS} statements at most`)
  }
  const kept: KeptStatement = {
    id: `stm_${shell.random.bytes(10).toString('hex')}`,
    contract: wanted.contract,
    window: group.key,
    sha256,
    bytes: wanted.bytes.length,
    by: wanted.by,
    receivedMs: nowMs,
  }
  await sequencer.append({
    log: terms.log,
    drafts: [statementLeaf(kept)],
    within: (tx) => keepBlob(tx, { digest, body: wanted.bytes }),
  })
  statements.take(kept)
  return kept
}

function groupOf(groups: readonly WindowGroup[], key: string | null, nowMs: number): WindowGroup {
  const ended = groups.findLast(({ endMs }) => endMs <= nowMs) ?? groups.at(-1)
  const found = key === null ? ended : groups.find((group) => group.key === key)
  if (found) return found
  const known = groups.slice(-3).map((group) => group.key)
  throw new Fault('bad-request', `the contract has no window ${key ?? 'yet'}`, {
    hint: known.length === 0 ? 'Its first window has not begun.' : `The newest are ${known.join(', ')}.`,
  })
}

/** Fault `bad-request` that says what is wrong with it, and on which line. */
export function requireReadable(bytes: Buffer, { promised }: WindowGroup): void {
  if (bytes.length > 4 * MAX_STATEMENT_CHARS) throw new Fault('too-large', 'the statement is too long')
  if (bytes.toString('utf8').includes('\uFFFD')) {
    throw new Fault('bad-request', 'the statement is not UTF-8 text', {
      hint: 'Save it as UTF-8 and send it again.',
    })
  }
  const terms = promised[0]?.revision.terms
  if (terms) statementIn(bytes, terms)
}
