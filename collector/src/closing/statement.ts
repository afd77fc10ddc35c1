/**
 * Statements: what the provider says of a window, kept as it came. The leaf holds the digest of the bytes,
 * which stand beside the ledger; nothing in it names a person. Pure, but for reading the bytes back.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { tableOf } from '@constat/sla/calendar'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { readStatement, type ProviderStatement } from '@constat/sla/reconciliation/provider-statement'
import { blobBody } from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Draft } from '../ledger/leaf.ts'

/** Statements on one contract at most. */
export const MAX_STATEMENTS = 10_000

export type KeptStatement = {
  id: string
  contract: string
  /** Key of the window that it is about. */
  window: string
  /** SHA-256 of the bytes, hex. */
  sha256: string
  bytes: number
  /** Role of whoever handed it in. */
  by: 'owner' | 'viewer' | 'provider'
  receivedMs: UnixMs
}

type StatementBody = { kind: 'statement'; statement: KeptStatement }

export function statementDigest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

export function statementLeaf(statement: KeptStatement): Draft {
  const body: StatementBody = { kind: 'statement', statement }
  return {
    type: 'statement',
    receivedMs: statement.receivedMs,
    body: Buffer.from(canonicalJson(body)),
  }
}

/** Our own leaf, written by `statementLeaf`. */
export function readStatementLeaf(body: Buffer): KeptStatement {
  // Its shape is what was written.
  return (JSON.parse(body.toString()) as StatementBody).statement
}

/** Fault `evidence` when what stood beside the ledger is gone. */
export async function statementBytes(db: Database | Tx, { id, sha256 }: KeptStatement): Promise<Buffer> {
  const bytes = await blobBody(db, Buffer.from(sha256, 'hex'))
  if (bytes) return bytes
  throw new Fault('evidence', `the text of statement ${id} beside the ledger is missing`, {
    hint: 'Bring back a backup that has it: the ledger holds its digest.',
  })
}

/** What the bytes say, by the provider's clock that the terms name. Fault `bad-request` that names the line. */
export function statementIn(bytes: Buffer, terms: ExpandedContract): ProviderStatement {
  const { reconciliation, zoneTables } = terms
  const table = tableOf(zoneTables, reconciliation.providerClock.timeZone)
  return readStatement(bytes.toString('utf8'), { rules: reconciliation, table })
}
