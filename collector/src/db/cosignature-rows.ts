/** Cosignature rows: what witnesses have signed of our checkpoints, and we of those of others. */
import type { UnixMs } from '@constat/shared/time'
import type { Database } from './tx.ts'

/** `signature` as in a note, without the id of its key. */
export type CosignatureRow = {
  log: number
  size: number
  name: string
  keyId: number
  signature: Buffer
  atMs: UnixMs
}

/** The first word of a witness on a checkpoint stands. */
export async function insertCosignatures(db: Database, rows: readonly CosignatureRow[]): Promise<void> {
  for (const { log, size, name, keyId, signature, atMs } of rows) {
    await db`insert into cosignature (log, size, name, key_id, signature, at_ms)
      values (${log}, ${size}, ${name}, ${keyId}, ${signature}, ${atMs}) on conflict do nothing`
  }
}

/** Of the checkpoints of these sizes, by size and name. */
export async function cosignaturesOf(
  db: Database,
  { log, sizes }: { log: number; sizes: readonly number[] },
): Promise<CosignatureRow[]> {
  return db<CosignatureRow[]>`
    select log, size, name, key_id as "keyId", signature, at_ms as "atMs" from cosignature
    where log = ${log} and size = any(${`{${sizes.join(',')}}`}::text::int8[]) order by size, name, key_id`
}

/** Sizes of a log that somebody has cosigned, from `size` on. */
export async function cosignedSizes(
  db: Database,
  { log, size, limit }: { log: number; size: number; limit: number },
): Promise<number[]> {
  const rows = await db<{ size: number }[]>`
    select distinct size from cosignature where log = ${log} and size >= ${size} order by size limit ${limit}`
  return rows.map((row) => row.size)
}

/** The newest checkpoint that each witness has cosigned of each log. */
export async function newestCosignatures(db: Database): Promise<CosignatureRow[]> {
  return db<CosignatureRow[]>`
    select distinct on (log, name, key_id) log, size, name, key_id as "keyId", signature, at_ms as "atMs"
    from cosignature order by log, name, key_id, size desc`
}

/** The checkpoint of another's log that was cosigned last; null: none was. */
export async function witnessedNote(db: Database, origin: string): Promise<string | null> {
  const rows = await db<{ note: string }[]>`select note from witnessed where origin = ${origin}`
  return rows[0]?.note ?? null
}

export async function keepWitnessed(
  db: Database,
  { origin, note, atMs }: { origin: string; note: string; atMs: UnixMs },
): Promise<void> {
  await db`insert into witnessed (origin, note, at_ms) values (${origin}, ${note}, ${atMs})
    on conflict (origin) do update set note = excluded.note, at_ms = excluded.at_ms`
}
