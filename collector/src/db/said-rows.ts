/** What people wrote beside a leaf: the text that a salted commitment in the ledger is of. It may be erased. */
import type { Database, Tx } from './tx.ts'

export type SaidRow = { digest: Buffer; salt: Buffer; text: string }

export async function insertSaid(tx: Tx, { digest, salt, text }: SaidRow): Promise<void> {
  await tx`insert into said (digest, salt, text) values (${digest}, ${salt}, ${text}) on conflict do nothing`
}

export async function saidRow(db: Database | Tx, digest: Buffer): Promise<SaidRow | null> {
  const rows = await db<SaidRow[]>`select digest, salt, text from said where digest = ${digest}`
  return rows[0] ?? null
}
