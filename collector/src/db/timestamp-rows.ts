/** Timestamp rows: the tokens of an authority, each beside the checkpoint that it dates. */
import type { Database } from './tx.ts'

export type TimestampRow = { log: number; size: number; note: string; token: Buffer }

/** The first token over a checkpoint stands. */
export async function keepToken(
  db: Database,
  { log, size, token }: Omit<TimestampRow, 'note'>,
): Promise<void> {
  await db`update checkpoint set token = ${token} where log = ${log} and size = ${size} and token is null`
}

/** Null: this checkpoint has none. */
export async function tokenOf(
  db: Database,
  { log, size }: { log: number; size: number },
): Promise<Buffer | null> {
  const rows = await db<{ token: Buffer | null }[]>`
    select token from checkpoint where log = ${log} and size = ${size}`
  return rows[0]?.token ?? null
}

/** Of each log that has any. */
export async function newestTokens(db: Database): Promise<TimestampRow[]> {
  return db<TimestampRow[]>`
    select distinct on (log) log, size, note, token from checkpoint
    where token is not null order by log, size desc`
}
