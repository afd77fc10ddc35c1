/**
 * Audit rows: what the audit asks of the ledger beside its leaves. Each answer is of one statement, so that it
 * is of one instant while the log grows.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'
import type { Database } from './tx.ts'

export type CheckpointRow = { size: number; note: string; signedMs: UnixMs }

/** Checkpoints of more than `above` leaves and at most `upTo`, by size. */
export function checkpointsWithin(
  db: Database,
  { log, above, upTo }: { log: number; above: number; upTo: number },
): Promise<CheckpointRow[]> {
  return db<CheckpointRow[]>`select size, note, signed_ms as "signedMs" from checkpoint
    where log = ${log} and size > ${above} and size <= ${upTo} order by size`
}

/** The frame admitted before `seq` in a session; null at its beginning. */
export async function frameBefore(
  db: Database,
  { agent, session, seq }: { agent: Buffer; session: Buffer; seq: number },
): Promise<{ seq: number; body: Buffer } | null> {
  const rows = await db<{ seq: number; body: Buffer }[]>`
    select seq, body from entry
    where session = ${session} and seq < ${seq} and agent = ${agent} and type = 1
    order by seq desc limit 1`
  return rows[0] ?? null
}

/** What stands in the tables and does not belong to the log as long as it says it is. */
export async function strayRows(
  db: Database,
  log: number,
): Promise<{ size: number; leaf: number | null; checkpoint: number | null; tiles: number; cursors: number }> {
  const [row] = await db<
    { size: number; leaf: number | null; checkpoint: number | null; tiles: number; cursors: number }[]
  >`select size,
      (select min(index) from entry where entry.log = log.id and index >= log.size)::int8 as leaf,
      (select min(size) from checkpoint where checkpoint.log = log.id and checkpoint.size > log.size)::int8
        as checkpoint,
      (select count(*) from tile where tile.log = log.id)::int8 as tiles,
      (select count(*) from cursor where cursor.log = log.id)::int8 as cursors
    from log where id = ${log}`
  return row!
}

/** A session whose cursor is not at its last frame, with the leaf of that frame; null when all are. */
export async function strayCursor(
  db: Database,
  log: number,
): Promise<{ session: Buffer; index: number | null } | null> {
  const rows = await db<{ session: Buffer; index: number | null }[]>`
    select cursor.session, last.index from cursor left join lateral (
      select index, seq, sha256(body) as digest from entry
      where entry.session = cursor.session and entry.agent = cursor.agent and entry.type = 1
      order by seq desc limit 1) as last on true
    where cursor.log = ${log}
      and (last.seq is distinct from cursor.seq or last.digest is distinct from cursor.digest)
    limit 1`
  return rows[0] ?? null
}

/** Whether an event like this one, with the same id in its data, was written before. */
export async function isTold(db: Database, { type, data }: Pick<Fact, 'type' | 'data'>): Promise<boolean> {
  const [row] = await db<{ told: boolean }[]>`select exists (
    select 1 from event
    where type = ${type} and data ->> 'id' = (${JSON.stringify(data)}::text::jsonb ->> 'id')) as told`
  return row!.told
}

/** Whether something that this witness holds against the log was told from `sinceMs` on. */
export async function witnessWasHeard(
  db: Database,
  { contract, witness, sinceMs }: { contract: string; witness: string; sinceMs: UnixMs },
): Promise<boolean> {
  const [row] = await db<{ heard: boolean }[]>`select exists (
    select 1 from event
    where type = 'evidence.anomaly' and contract = ${contract} and at_ms >= ${sinceMs}
      and data ->> 'kind' = 'witness' and data ->> 'witness' = ${witness}) as heard`
  return row!.heard
}

/** Where lies were told, ever: the contract and the first leaf. */
export function toldLies(db: Database): Promise<{ contract: string; index: number }[]> {
  return db<{ contract: string; index: number }[]>`
    select contract, min((data ->> 'index')::int8)::int8 as index from event
    where type = 'evidence.anomaly' and data ->> 'kind' = 'lie' group by contract`
}
