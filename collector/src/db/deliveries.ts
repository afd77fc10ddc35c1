/**
 * Deliveries: the queries of the sender. A delivery's row is the truth about it; its graphile-worker job
 * only says when to look at it again. Row and job change in one transaction.
 */
import type { UnixMs } from '@constat/shared/time'
import type { ShapeName } from '../alert/shapes/table.ts'
import type { MessageType } from '../alert/types.ts'
import { addJob, MAX_JOB_RUNS } from './events.ts'
import type { Database, Tx } from './tx.ts'

export type DeliveryState = 'pending' | 'gathered' | 'delivered' | 'failed' | 'disabled'
export type Try = { atMs: UnixMs; status: number | null; error: string | null; tookMs: number }

/** Delivered, failed and disabled ones are kept for 90 days, tries and all. */
export const DELIVERIES_KEPT_MS = 90 * 24 * 3_600_000

/** What a paused webhook is told waits this long. */
export const PAUSED_KEPT_MS = 7 * 24 * 3_600_000

export type DueDelivery = {
  id: string
  messageId: string
  type: MessageType
  payload: string
  state: DeliveryState
  attempts: number
  webhook: string
  /** All null once the webhook has been removed. */
  url: string | null
  shape: ShapeName | null
  secret: string | null
  /** The secret before it, as long as that signs too. */
  lastSecret: string | null
  lastSecretUntilMs: UnixMs | null
  /** Ed25519: signs beside it; null: nothing does. */
  signingSeed: Buffer | null
  /** Put to rest by a person: nothing is sent before it goes on. */
  pausedMs: UnixMs | null
  language: 'en' | 'fr' | null
  /** The party that runs the endpoint, as its document says. */
  operatedBy: string | null
  /** No more is sent: disabled, or ended. */
  disabledMs: UnixMs | null
}

export async function findDelivery(sql: Database, id: string): Promise<DueDelivery | null> {
  const [row] = await sql<DueDelivery[]>`
    select d.id, d.message_id as "messageId", d.type, d.payload, d.state, d.attempts, d.webhook,
      w.url, w.shape, w.secret, w.last_secret as "lastSecret", w.last_secret_until_ms as "lastSecretUntilMs",
      w.signing_seed as "signingSeed", w.paused_ms as "pausedMs", w.language, w.operated_by as "operatedBy", coalesce(w.disabled_ms, w.ended_ms) as "disabledMs"
    from delivery d left join webhook w on w.id = d.webhook where d.id = ${id}`
  return row ?? null
}

/**
 * Whether the newest of what this webhook is sent about the incident of a delivery says that it is over.
 * Deliveries pass each other, and a try may come hours after its message was written.
 */
export async function isIncidentOver(sql: Database, id: string): Promise<boolean> {
  const [row] = await sql<{ isOver: boolean }[]>`
    select newer.payload::jsonb #>> '{data,closedAt}' is not null as "isOver"
    from delivery d join delivery newer on newer.webhook = d.webhook
      and newer.created_ms >= extract(epoch from (d.payload::jsonb ->> 'timestamp')::timestamptz) * 1000
      and newer.type like 'incident.%'
      and newer.payload::jsonb #>> '{data,id}' = d.payload::jsonb #>> '{data,id}'
    where d.id = ${id} and d.type like 'incident.%'
    order by newer.payload::jsonb ->> 'timestamp' desc limit 1`
  return row?.isOver ?? false
}

/** Of those of these incidents that a receiver accepted a message about: when the first one was. */
export function firstAccepted(
  sql: Database,
  incidents: readonly string[],
): Promise<{ incident: string; acceptedMs: UnixMs }[]> {
  return sql<{ incident: string; acceptedMs: UnixMs }[]>`
    select payload::jsonb #>> '{data,id}' as incident, min(delivered_ms) as "acceptedMs" from delivery
    where type like 'incident.%' and delivered_ms is not null
      and payload::jsonb #>> '{data,id}' = any(${[...incidents]}::text[])
    group by incident order by "acceptedMs", incident`
}

export type Attempted = {
  id: string
  /** Attempts before this one: whoever records first wins. */
  attemptsBefore: number
  made: Try
  body: string | null
  next: { state: 'delivered' | 'failed' | 'disabled' } | { state: 'pending'; delayMs: number }
}

/** Writes down one attempt and what follows from it. False: it had been written down already. */
export function recordAttempt(sql: Database, attempted: Attempted): Promise<boolean> {
  return sql.begin(async (tx) => {
    const { id, attemptsBefore, made, body, next } = attempted
    const doneMs = made.atMs + made.tookMs
    const changed = await tx<{ webhook: string }[]>`
      update delivery set state = ${next.state}, attempts = attempts + 1, last_status = ${made.status},
        last_error = ${made.error}, last_body = ${body},
        tries = tries || ${JSON.stringify([made])}::text::jsonb,
        next_ms = ${next.state === 'pending' ? doneMs + next.delayMs : null},
        delivered_ms = ${next.state === 'delivered' ? doneMs : null}
      where id = ${id} and attempts = ${attemptsBefore} and state = 'pending' returning webhook`
    const [row] = changed
    if (!row) return false
    if (next.state !== 'pending') {
      await tx`update delivery set state = ${next.state}, last_status = ${made.status}, last_error = ${made.error},
        delivered_ms = ${next.state === 'delivered' ? doneMs : null} where carrier = ${id} and state = 'gathered'`
    }
    if (next.state === 'pending') await schedule(tx, { id, delayMs: next.delayMs })
    if (next.state === 'disabled') await disable(tx, { webhook: row.webhook, atMs: doneMs })
    return true
  })
}

/** Looks at the delivery again after `delayMs`, without counting an attempt. */
export async function schedule(
  sql: Database | Tx,
  { id, delayMs }: { id: string; delayMs: number },
): Promise<void> {
  await sql`select (${addJob(sql)}).id from (
    select id, webhook, type, attempts, ${delayMs}::float8 as delay_ms from delivery
    where id = ${id} and state = 'pending') as due`
}

/** For a webhook that is paused: waits until that goes on, which gives it a job again. */
export async function holdDelivery(sql: Database, id: string): Promise<void> {
  await sql`update delivery set next_ms = null where id = ${id} and state = 'pending'`
}

/** For a webhook that is disabled or removed: nothing more is sent to it. */
export async function dropDelivery(sql: Database, id: string): Promise<void> {
  await sql`update delivery set state = 'disabled', next_ms = null
    where (id = ${id} or carrier = ${id}) and state in ('pending', 'gathered')`
}

async function disable(tx: Tx, { webhook, atMs }: { webhook: string; atMs: UnixMs }): Promise<void> {
  await tx`update webhook set disabled_ms = ${atMs} where id = ${webhook} and disabled_ms is null`
  await tx`update delivery set state = 'disabled', next_ms = null
    where webhook = ${webhook} and state in ('pending', 'gathered')`
}

/**
 * Frees the jobs that the named workers, or the workers of an earlier process, held when they died. A job
 * that had made its own successor by then has no runs left and goes.
 */
export async function freeJobs(sql: Database, workers: readonly string[] | 'all'): Promise<void> {
  const ids =
    workers === 'all'
      ? sql`array(select distinct locked_by from graphile_worker.jobs where locked_by is not null)`
      : sql`${[...workers]}::text[]`
  await sql`select graphile_worker.force_unlock_workers(${ids})`
  await sql`delete from graphile_worker._private_jobs where locked_at is null and attempts >= max_attempts`
}

/** Gives a job to every pending delivery that has none, as after a restore without the job tables. */
export async function restoreJobs(sql: Database, nowMs: UnixMs): Promise<number> {
  const restored = await sql`
    select (${addJob(sql)}).id from (
      select id, webhook, type, attempts, greatest(0, coalesce(next_ms, 0) - ${nowMs}::int8)::float8 as delay_ms
      from delivery d where state = 'pending' and not exists (
        select 1 from graphile_worker.jobs j where j.key = d.id and j.attempts < ${MAX_JOB_RUNS}::int)) as lost`
  return restored.count
}

export async function cleanDeliveries(sql: Database, nowMs: UnixMs): Promise<number> {
  await sql`
    update delivery d set state = 'disabled', next_ms = null, last_error = 'the webhook was paused for too long'
    from webhook w where w.id = d.webhook and w.paused_ms is not null and d.state in ('pending', 'gathered')
      and d.created_ms < ${nowMs - PAUSED_KEPT_MS}`
  const gone = await sql`
    delete from delivery where state not in ('pending', 'gathered') and created_ms < ${nowMs - DELIVERIES_KEPT_MS}`
  // An endpoint that ended is kept as long as something tells what was sent to it.
  await sql`delete from webhook w where ended_ms < ${nowMs - DELIVERIES_KEPT_MS}
    and not exists (select 1 from delivery d where d.webhook = w.id)`
  return gone.count
}
