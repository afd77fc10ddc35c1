/** Bundle rows: what of a log goes into a bundle beside its leaves. */
import type { UnixMs } from '@constat/shared/time'
import type { Database } from './tx.ts'

export type SignedNote = { size: number; note: string }

/** The first checkpoint of at least `size` leaves; null while there is none. */
export async function checkpointOver(db: Database, { log, size }: { log: number; size: number }) {
  const rows = await db<SignedNote[]>`
    select size, note from checkpoint where log = ${log} and size >= ${size} order by size limit 1`
  return rows[0] ?? null
}

/** Of checkpoints of fewer than `size` leaves the last one of each UTC day, of dated and of cosigned ones where there are any, by size. */
export function dailyCheckpoints(
  db: Database,
  { log, size }: { log: number; size: number },
): Promise<SignedNote[]> {
  return db<SignedNote[]>`
    select size, note from (
      select distinct on (signed_ms / 86400000) size, note from checkpoint c
      where log = ${log} and size < ${size}
      order by signed_ms / 86400000,
        token is not null desc,
        exists (select from cosignature where log = c.log and size = c.size) desc, size desc) as daily
    order by size`
}

/** The last checkpoint that the log of a contract signed in [fromMs, toMs), as it was signed; null: it did not grow. */
export async function lastCheckpointWithin(
  db: Database,
  { contract, fromMs, toMs }: { contract: string; fromMs: UnixMs; toMs: UnixMs },
): Promise<string | null> {
  const rows = await db<{ note: string }[]>`
    select note from checkpoint join log on log.id = checkpoint.log
    where contract = ${contract} and signed_ms >= ${fromMs} and signed_ms < ${toMs}
    order by checkpoint.size desc limit 1`
  return rows[0]?.note ?? null
}

/** Whether a leaf that is no frame names bytes beside the log by this digest, in hex, as `"sha256":"…"`. */
export async function isNamedBeside(
  db: Database,
  { log, digest }: { log: number; digest: string },
): Promise<boolean> {
  const named = Buffer.from(`"sha256":"${digest}"`)
  const rows = await db`
    select from entry where log = ${log} and type <> 1 and position(${named}::bytea in body) > 0 limit 1`
  return rows.length > 0
}

/** Bytes of the bodies of the leaves below `size`. */
export async function bodyBytes(db: Database, { log, size }: { log: number; size: number }): Promise<number> {
  const rows = await db<{ bytes: number }[]>`
    select coalesce(sum(length(body)), 0)::int8 as bytes from entry where log = ${log} and index < ${size}`
  return rows[0]!.bytes
}
