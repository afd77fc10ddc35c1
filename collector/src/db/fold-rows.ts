/** Fold rows: the chunks of every track and how far each log is folded. Derived: see `rebuild`. */
import type { ChunkRow } from '@constat/sla/fold/tracks'
import type { Database, Tx } from './tx.ts'

export function chunkRows(db: Database): Promise<ChunkRow[]> {
  return db<ChunkRow[]>`
    select log, "check", agent, rules, start_ms as "startMs", body from chunk
    order by log, "check", agent, rules, start_ms`
}

export async function foldedUntil(db: Database): Promise<Map<number, number>> {
  const rows = await db<{ log: number; next: number }[]>`select log, next from folded`
  return new Map(rows.map(({ log, next }) => [log, next]))
}

/** Rows of one statement: PostgreSQL takes 65,534 parameters. */
const MAX_CHUNKS_PER_INSERT = 5_000

export async function saveFold(
  tx: Tx,
  { chunks, next }: { chunks: readonly ChunkRow[]; next: ReadonlyMap<number, number> },
): Promise<void> {
  const rows = chunks.map((c) => ({
    log: c.log,
    check: c.check,
    agent: c.agent,
    rules: c.rules,
    start_ms: c.startMs,
    body: c.body,
  }))
  for (let at = 0; at < rows.length; at += MAX_CHUNKS_PER_INSERT) {
    await tx`insert into chunk ${tx(rows.slice(at, at + MAX_CHUNKS_PER_INSERT))}
      on conflict (log, "check", agent, rules, start_ms) do update set body = excluded.body`
  }
  for (const [log, index] of next) {
    await tx`insert into folded (log, next) values (${log}, ${index})
      on conflict (log) do update set next = excluded.next`
  }
}

/** Drops what the fold derived, and the latencies packed after it. The ledger is not touched. */
export async function dropFold(tx: Tx): Promise<void> {
  await tx`truncate chunk, folded, latency`
}
