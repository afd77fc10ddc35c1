/** Agent rows. */
import type { UnixMs } from '@constat/shared/time'
import type { Database, Tx } from './tx.ts'

/** Of one log, as of an instant: for how long its checks could speak before no more of the agent is taken. */
export type InHand = { log: number; inHandMs: number; atMs: UnixMs }

export type AgentRow = {
  id: string
  name: string
  publicKey: Buffer
  enrolledMs: UnixMs
  revokedMs: UnixMs | null
  version: string
  lastSeenMs: UnixMs
  silentSinceMs: UnixMs | null
  clockOffsetMs: number
  clockErrorMs: number
  spoolFrames: number
  /** How much more of it is taken, by log. */
  inHand: InHand[]
}

export function agentRows(db: Database | Tx): Promise<AgentRow[]> {
  return db<AgentRow[]>`
    select id, name, public_key as "publicKey", enrolled_ms as "enrolledMs", revoked_ms as "revokedMs", version,
      last_seen_ms as "lastSeenMs", silent_since_ms as "silentSinceMs", clock_offset_ms as "clockOffsetMs",
      clock_error_ms as "clockErrorMs", spool_frames as "spoolFrames",
      in_hand as "inHand"
    from agent order by name`
}

export async function insertAgent(tx: Tx, row: AgentRow): Promise<void> {
  await tx`insert into agent (id, name, public_key, enrolled_ms, version, last_seen_ms)
    values (${row.id}, ${row.name}, ${row.publicKey}, ${row.enrolledMs}, ${row.version}, ${row.lastSeenMs})`
}

export async function markRevoked(
  db: Database | Tx,
  { id, nowMs }: { id: string; nowMs: UnixMs },
): Promise<void> {
  await db`update agent set revoked_ms = ${nowMs} where id = ${id}`
}

export async function markSilence(
  tx: Tx,
  { id, sinceMs }: { id: string; sinceMs: UnixMs | null },
): Promise<void> {
  await tx`update agent set silent_since_ms = ${sinceMs} where id = ${id}`
}

export async function markSeen(db: Database, agents: readonly AgentRow[]): Promise<void> {
  if (agents.length === 0) return
  const rows = agents.map((a) => ({
    id: a.id,
    version: a.version,
    seen: a.lastSeenMs,
    offset: a.clockOffsetMs,
    error: a.clockErrorMs,
    spool: a.spoolFrames,
    hand: a.inHand,
  }))
  await db`update agent set version = r.version, last_seen_ms = r.seen, clock_offset_ms = r."offset",
      clock_error_ms = r.error, spool_frames = r.spool, in_hand = r.hand
    from jsonb_to_recordset(${db.json(rows)})
      as r(id text, version text, seen bigint, "offset" int, error int, spool int, hand jsonb)
    where agent.id = r.id`
}
