/**
 * Said: words of people, which do not enter the tree. A leaf holds their salted SHA-256, so that whoever has the words
 * can prove them; words and salt stand in a table beside the log, written in the transaction of the leaf, where they
 * can be erased and the tree still holds.
 */
import { createHash } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import { insertSaid, saidRows, type SaidRow } from '../db/said-rows.ts'
import type { Database, Tx } from '../db/tx.ts'
import type { Random } from '../shell.ts'

const SALT_BYTES = 32

/** The commitment to a text, with what opens it: the salt keeps short words from being guessed out of it. */
export function sayDraft(text: string, random: Random): SaidRow {
  const salt = Buffer.from(random.bytes(SALT_BYTES))
  return { digest: digestOf({ salt, text }), salt, text }
}

/** Of words that may be left out: null for none. */
export function noteDraft(text: string, random: Random): SaidRow | null {
  return text === '' ? null : sayDraft(text, random)
}

/** Keeps the words in the transaction of their leaf. */
export async function keepSaid(tx: Tx, said: SaidRow | null): Promise<void> {
  if (said) await insertSaid(tx, said)
}

/** By digest in hex; those that were erased are not among them. Fault `evidence` where others stand in their place. */
export async function openAllSaid(
  db: Database | Tx,
  digests: readonly Buffer[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await saidRows(db, digests)
  const changed = rows.find((row) => !row.digest.equals(digestOf(row)))
  if (!changed) return new Map(rows.map(({ digest, text }) => [digest.toString('hex'), text]))
  const name = changed.digest.toString('hex').slice(0, 16)
  throw new Fault('evidence', `the words ${name}… do not give their digest`, {
    hint: 'Bring back a backup that has them: the ledger holds their commitment.',
  })
}

/** Of a note as its leaf names it: null where there is none, or it was erased. */
export async function openNote(db: Database | Tx, note: string | null): Promise<string | null> {
  if (note === null) return null
  return (await openAllSaid(db, [Buffer.from(note, 'hex')])).get(note) ?? null
}

function digestOf({ salt, text }: Pick<SaidRow, 'salt' | 'text'>): Buffer {
  return createHash('sha256').update(salt).update(text, 'utf8').digest()
}
