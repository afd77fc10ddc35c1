/**
 * What is said in free words beside a leaf. The leaf holds a salted SHA-256 commitment, so that whoever has the
 * words can prove them; the words stand in a table of their own, where they can be erased and the tree still holds.
 */
import { createHash } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import { insertSaid, saidRow, type SaidRow } from '../db/said-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Random } from '../shell.ts'

const SALT_BYTES = 32

/** The commitment to a text, with what opens it. */
export function sayDraft(text: string, random: Random): SaidRow {
  const salt = random.bytes(SALT_BYTES)
  return { digest: digestOf(salt, text), salt, text }
}

/** Of words that may be left out: null for none. */
export function noteDraft(text: string, random: Random): SaidRow | null {
  return text === '' ? null : sayDraft(text, random)
}

/** Keeps the words in the transaction of their leaf. */
export async function keepSaid(tx: Tx, said: SaidRow | null): Promise<void> {
  if (said) await insertSaid(tx, said)
}

/** The words; null where they were erased. Fault `evidence` where others stand in their place. */
export async function openSaid(db: Database | Tx, digest: Buffer): Promise<string | null> {
  const row = await saidRow(db, digest)
  if (!row) return null
  if (digestOf(row.salt, row.text).equals(digest)) return row.text
  throw new Fault('evidence', `the words ${digest.toString('hex').slice(0, 16)}… do not give their digest`, {
    hint: 'Bring back a backup that has them: the ledger holds their commitment.',
  })
}

/** Of a note as its leaf names it: null where there is none, or it was erased. */
export async function openNote(db: Database | Tx, note: string | null): Promise<string | null> {
  return note === null ? null : openSaid(db, Buffer.from(note, 'hex'))
}

function digestOf(salt: Buffer, text: string): Buffer {
  return createHash('sha256').update(salt).update(text, 'utf8').digest()
}
