/**
 * Statements: what the provider says of a window, taken as it came. The leaf holds the digest of the bytes,
 * which stand beside the ledger; nothing in it names a person.
 */
import { createHash } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import { tableOf } from '@constat/sla/calendar'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { MAX_STATEMENT_CHARS, readStatement } from '@constat/sla/reconciliation/provider-statement'
import type { ProviderStatement } from '@constat/sla/reconciliation/provider-statement'
import { windowGroups, type WindowGroup } from '@constat/sla/state/in-force'
import { statementLeaf, type KeptStatement } from '@constat/sla/state/statement-record'
import type { Contracts } from '../contract/contracts.ts'
import type { Database, Tx } from '../db/tx.ts'
import { besideBytes } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'

/** Statements on one contract at most. */
export const MAX_STATEMENTS = 10_000

export type StatementWanted = {
  contract: string
  /** Key of the window it is about; null: the last one that has ended. */
  window: string | null
  bytes: Buffer
  by: KeptStatement['by']
}

export type StatementDeps = { shell: Shell; sequencer: Sequencer; contracts: Contracts }

/** Fault `bad-request` that names the line where it cannot be read; the same bytes again are the same statement. */
export function keepStatement(wanted: StatementWanted, deps: StatementDeps): Promise<KeptStatement> {
  return deps.contracts.inTurn(wanted.contract, () => keepInTurn(wanted, deps))
}

async function keepInTurn(
  { contract, window, bytes, by }: StatementWanted,
  { shell, sequencer, contracts }: StatementDeps,
): Promise<KeptStatement> {
  const state = contracts.of(contract)
  if (!state) throw new Fault('not-found', `there is no contract ${contract}`)
  const nowMs = shell.clock.nowMs()
  const group = groupOf(windowGroups(state.life, nowMs), window, nowMs)
  requireReadable(bytes, group)
  const digest = createHash('sha256').update(bytes).digest()
  const sha256 = digest.toString('hex')
  const known = state.statements.findLast((one) => one.window === group.key)
  if (known?.sha256 === sha256) return known
  if (state.statements.length >= MAX_STATEMENTS) {
    throw new Fault('too-large', `a contract takes ${MAX_STATEMENTS} statements at most`)
  }
  const kept: KeptStatement = {
    id: `stm_${shell.random.bytes(10).toString('hex')}`,
    contract,
    window: group.key,
    sha256,
    bytes: bytes.length,
    by,
    receivedMs: nowMs,
  }
  const draft = { ...statementLeaf(kept), beside: [{ digest, body: bytes }] }
  await sequencer.append({ log: state.log, drafts: [draft] })
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

/** Fault `evidence` when what stood beside the ledger is gone, or is something else. */
export function statementBytes(db: Database | Tx, { sha256 }: KeptStatement): Promise<Buffer> {
  return besideBytes(db, Buffer.from(sha256, 'hex'))
}

/** What the bytes say, by the provider's clock that the terms name. Fault `bad-request` that names the line. */
export function statementIn(bytes: Buffer, terms: ExpandedContract): ProviderStatement {
  const { reconciliation, zoneTables } = terms
  const table = tableOf(zoneTables, reconciliation.providerClock.timeZone)
  return readStatement(bytes.toString('utf8'), { rules: reconciliation, table })
}
