/** Latency rows: packed latencies of chunks that have ended. Derived. */
import type { UnixMs } from '@constat/shared/time'
import type { Database } from './tx.ts'

export type LatencyRow = {
  log: number
  check: string
  agent: string
  startMs: UnixMs
  /** Readings the fold had of the chunk when this was made: other than now, and it is out of date. */
  samples: number
  body: Buffer
}

/** Packed chunks that start in [fromMs, untilMs). */
export function latencyRows(
  db: Database,
  key: { log: number; check: string; agent: string; fromMs: UnixMs; untilMs: UnixMs },
): Promise<LatencyRow[]> {
  return db<LatencyRow[]>`
    select log, "check", agent, start_ms as "startMs", samples, body from latency
    where log = ${key.log} and "check" = ${key.check} and agent = ${key.agent}
      and start_ms >= ${key.fromMs} and start_ms < ${key.untilMs}`
}

/** Rows of one statement: PostgreSQL takes 65,534 parameters. */
const MAX_ROWS_PER_INSERT = 5_000

export async function putLatencies(db: Database, rows: readonly LatencyRow[]): Promise<void> {
  const columns = rows.map(({ startMs, ...row }) => ({ ...row, start_ms: startMs }))
  for (let at = 0; at < columns.length; at += MAX_ROWS_PER_INSERT) {
    await db`insert into latency ${db(columns.slice(at, at + MAX_ROWS_PER_INSERT))}
      on conflict (log, "check", agent, start_ms)
      do update set samples = excluded.samples, body = excluded.body`
  }
}
