/**
 * Bodies of leaves that are JSON. What passes the limit of an entry is stored beside the log, and the
 * leaf holds its digest: the tree covers it all the same.
 */
import { createHash } from 'node:crypto'
import { sealedBody, sealedDigest } from '@constat/evidence/leaf'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import { readStatement } from '@constat/sla/state/statement-record'
import { blobBody } from '../db/ledger-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Draft } from './draft.ts'

/** Above this a body stands beside the log. */
export const MAX_INLINE_BYTES = 60_000

/** A leaf that holds the RFC 8785 form of `value`, or its digest. */
export function jsonDraft(value: Json, { type, receivedMs }: Pick<Draft, 'type' | 'receivedMs'>): Draft {
  const text = canonicalJson(value)
  const body = Buffer.from(text)
  if (body.length <= MAX_INLINE_BYTES) return { type, receivedMs, body }
  const digest = createHash('sha256').update(body).digest()
  return { type, receivedMs, body: sealedBody(digest), beside: [{ digest, body }], text }
}

/** The digest of what stands beside the log for a leaf, where anything does. */
export function digestBeside({ type, body }: Pick<Draft, 'type' | 'body'>): Buffer | null {
  const sealed = sealedDigest(body)
  if (sealed || type !== 'statement') return sealed
  const { sha256 } = readStatement(JSON.parse(body.toString()))
  return Buffer.from(sha256, 'hex')
}

/** The bytes that `jsonDraft` was given. Fault `evidence` when what stood beside is gone. */
export async function openBody(db: Database | Tx, body: Buffer): Promise<Buffer> {
  const digest = sealedDigest(body)
  return digest ? besideBytes(db, digest) : body
}

/** Bytes that stand beside the ledger. Fault `evidence` when they are gone, or are others. */
export async function besideBytes(db: Database | Tx, digest: Buffer): Promise<Buffer> {
  const bytes = await blobBody(db, digest)
  const hint = 'Bring back a backup that has them: the ledger holds their digest.'
  const name = `the bytes ${digest.toString('hex').slice(0, 16)}… beside the ledger`
  if (!bytes) throw new Fault('evidence', `${name} are missing`, { hint })
  if (digest.equals(createHash('sha256').update(bytes).digest())) return bytes
  throw new Fault('evidence', `${name} do not give their digest`, { hint })
}
