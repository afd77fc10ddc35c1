/** Timestamp rows: the tokens of an authority over our checkpoints. */
import type { UnixMs } from '@constat/shared/time'
import type { Database } from './tx.ts'

export type TimestampRow = { log: number; size: number; token: Buffer; atMs: UnixMs }

/** The first token over a checkpoint stands. */
export async function insertTimestamp(db: Database, { log, size, token, atMs }: TimestampRow): Promise<void> {
  await db`insert into timestamp (log, size, token, at_ms)
    values (${log}, ${size}, ${token}, ${atMs}) on conflict do nothing`
}

/** Null: this checkpoint has none. */
export async function tokenOf(
  db: Database,
  { log, size }: { log: number; size: number },
): Promise<Buffer | null> {
  const rows = await db<{ token: Buffer }[]>`
    select token from timestamp where log = ${log} and size = ${size}`
  return rows[0]?.token ?? null
}

/** Of each log that has any. */
export async function newestTimestamps(db: Database): Promise<TimestampRow[]> {
  return db<TimestampRow[]>`
    select distinct on (log) log, size, token, at_ms as "atMs" from timestamp order by log, size desc`
}
