/**
 * Said: words of people, which do not enter the tree. A leaf holds their salted SHA-256; the words and the salt stand
 * in a table beside the log, written in the transaction of the leaf, and can be erased without breaking it.
 */
import { createHash } from 'node:crypto'
import { keepSaid, saidRows, type SaidRow } from '../db/said-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Random } from '../shell.ts'

const SALT_BYTES = 16

export type SaidDraft = SaidRow

/** The salt keeps short words from being guessed out of their digest. */
export function sayDraft(text: string, random: Random): SaidDraft {
  const salt = Buffer.from(random.bytes(SALT_BYTES))
  return { digest: digestOf(salt, text), salt, text }
}

/** Within the transaction of the leaf. */
export function say(tx: Tx, draft: SaidDraft): Promise<void> {
  return keepSaid(tx, draft)
}

/** By digest in hex; those that were erased are not among them. */
export async function openAllSaid(
  db: Database | Tx,
  digests: readonly Buffer[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await saidRows(db, digests)
  const whole = rows.filter(({ digest, salt, text }) => digest.equals(digestOf(salt, text)))
  return new Map(whole.map(({ digest, text }) => [digest.toString('hex'), text]))
}

function digestOf(salt: Buffer, text: string): Buffer {
  return createHash('sha256').update(salt).update(text).digest()
}
