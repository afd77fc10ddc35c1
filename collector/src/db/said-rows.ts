/** Rows of what people said: the words that leaves hold a commitment to. They may be erased. */
import type { Database, Tx } from './tx.ts'

export type SaidRow = { digest: Buffer; salt: Buffer; text: string }

export async function insertSaid(tx: Tx, { digest, salt, text }: SaidRow): Promise<void> {
  await tx`insert into said (digest, salt, text) values (${digest}, ${salt}, ${text}) on conflict do nothing`
}

export async function saidRows(db: Database | Tx, digests: readonly Buffer[]): Promise<SaidRow[]> {
  if (digests.length === 0) return []
  return db<SaidRow[]>`select digest, salt, text from said where digest in ${db(digests)}`
}

/** The words that were there; null: none. */
export async function deleteSaid(tx: Tx, digest: Buffer): Promise<string | null> {
  const [row] = await tx<{ text: string }[]>`delete from said where digest = ${digest} returning text`
  return row?.text ?? null
}
