/** A provider's statement in the ledger: the leaf holds the digest of its bytes, which stand beside the log. Pure. */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'

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
  /** How it was read when it was handed in, and is for ever: absent, whole or not at all; 2, line by line. */
  reader?: typeof LINE_READER
}

export const LINE_READER = 2

type StatementBody = { kind: 'statement'; statement: KeptStatement }

export function statementLeaf(statement: KeptStatement) {
  const body: StatementBody = { kind: 'statement', statement }
  return {
    type: 'statement' as const,
    receivedMs: statement.receivedMs,
    body: Buffer.from(canonicalJson(body)),
  }
}

/** Our own leaf, written by `statementLeaf`. */
export function readStatement(parsed: object): KeptStatement {
  // Its shape is what was written.
  return (parsed as StatementBody).statement
}
