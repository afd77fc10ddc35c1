/**
 * Bodies of leaves that are JSON. What passes the limit of an entry is stored beside the log, and the
 * leaf holds its digest: the tree covers it all the same.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import { blobBody } from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Draft } from './leaf.ts'

/** Above this a body stands beside the log. */
export const MAX_INLINE_BYTES = 60_000
const BESIDE = Buffer.from('{"sha256":"')

/** A leaf that holds the RFC 8785 form of `value`, or its digest. */
export function jsonDraft(value: Json, { type, receivedMs }: Pick<Draft, 'type' | 'receivedMs'>): Draft {
  const text = canonicalJson(value)
  const body = Buffer.from(text)
  if (body.length <= MAX_INLINE_BYTES) return { type, receivedMs, body }
  const digest = createHash('sha256').update(body).digest()
  const sealed = Buffer.from(`{"sha256":"${digest.toString('hex')}"}`)
  return { type, receivedMs, body: sealed, beside: [{ digest, body }], text }
}

/** The bytes that `jsonDraft` was given. Fault `evidence` when what stood beside is gone. */
export async function openBody(db: Database | Tx, body: Buffer): Promise<Buffer> {
  const isDigest = body.length === BESIDE.length + 66 && body.subarray(0, BESIDE.length).equals(BESIDE)
  if (!isDigest) return body
  const digest = Buffer.from(body.subarray(BESIDE.length, -2).toString('latin1'), 'hex')
  const beside = await blobBody(db, digest)
  if (!beside) throw new Fault('evidence', `the body ${digest.toString('hex')} beside the ledger is missing`)
  return beside
}
