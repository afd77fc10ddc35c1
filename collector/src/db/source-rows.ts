/**
 * Source rows: the documents of each revision as their author wrote them. They stand beside the ledger and
 * never in it: a file may hold a private loss model, or the contract of another provider.
 */
import type { Database, Tx } from './tx.ts'

export type SourceFile = { name: string; text: string }

export async function keepSource(
  tx: Tx,
  { contract, revision, files }: { contract: string; revision: number; files: readonly SourceFile[] },
): Promise<void> {
  await tx`insert into source (contract, revision, files) values (${contract}, ${revision}, ${tx.json([...files])})
    on conflict (contract, revision) do update set files = excluded.files`
}

export async function sourceOf(
  db: Database,
  { contract, revision }: { contract: string; revision: number },
): Promise<SourceFile[] | null> {
  const rows = await db<{ files: SourceFile[] }[]>`
    select files from source where contract = ${contract} and revision = ${revision}`
  return rows[0]?.files ?? null
}
