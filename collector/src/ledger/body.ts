/**
 * Bodies of leaves that are JSON. What passes the limit of an entry is stored beside the log, and the
 * leaf holds its digest: the tree covers it all the same.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import { blobBody, keepBlob } from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'

/** Above this a body stands beside the log. */
export const MAX_INLINE_BYTES = 60_000
const BESIDE = Buffer.from('{"sha256":"')

export type SealedBody = { body: Buffer; beside: { digest: Buffer; body: Buffer } | null }

/** RFC 8785 bytes of `value` as a leaf holds them. */
export function sealBody(value: Json): SealedBody {
  const text = Buffer.from(canonicalJson(value))
  if (text.length <= MAX_INLINE_BYTES) return { body: text, beside: null }
  const digest = createHash('sha256').update(text).digest()
  return { body: Buffer.from(`{"sha256":"${digest.toString('hex')}"}`), beside: { digest, body: text } }
}

export async function keepBeside(tx: Tx, sealed: readonly SealedBody[]): Promise<void> {
  for (const { beside } of sealed) if (beside) await keepBlob(tx, beside)
}

/** The bytes that `sealBody` was given. Fault `evidence` when what stood beside is gone. */
export async function openBody(db: Database | Tx, body: Buffer): Promise<Buffer> {
  const isDigest = body.length === BESIDE.length + 66 && body.subarray(0, BESIDE.length).equals(BESIDE)
  if (!isDigest) return body
  const digest = Buffer.from(body.subarray(BESIDE.length, -2).toString('latin1'), 'hex')
  const beside = await blobBody(db, digest)
  if (!beside) throw new Fault('evidence', `the body ${digest.toString('hex')} beside the ledger is missing`)
  return beside
}
