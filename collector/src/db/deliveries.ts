/**
 * Deliveries: the queries of the sender. A delivery's row says all there is: whether it waits, from when on it may
 * be sent, and what came of it.
 */
import type { UnixMs } from '@constat/shared/time'
import type { ShapeName } from '../alert/shapes/table.ts'
import type { MessageType } from '../alert/types.ts'
import type { Database } from './tx.ts'

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
  /** Not before. */
  nextMs: UnixMs | null
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

/** One that may be sent now. */
export type Due = { id: string; webhook: string; isNotice: boolean }

/** Everything that is no incident goes behind those that are. The text is that of the index. */
const IS_NOTICE = `(type not like 'incident.%' and type <> 'site.unreachable')`

/**
 * What is due at each webhook that is not paused: incidents first, then the earliest; `most` of each, without those
 * that are in flight.
 */
export function dueDeliveries(
  sql: Database,
  { nowMs, most, inFlight }: { nowMs: UnixMs; most: number; inFlight: readonly string[] },
): Promise<Due[]> {
  return sql<Due[]>`
    select due.id, w.id as webhook, due.notice as "isNotice" from webhook w cross join lateral (
      select id, ${sql.unsafe(IS_NOTICE)} as notice from delivery
      where webhook = w.id and state = 'pending' and next_ms <= ${nowMs} and id <> all(${[...inFlight]}::text[])
      order by ${sql.unsafe(IS_NOTICE)}, next_ms, place limit ${most}) as due
    where w.paused_ms is null`
}

export async function findDelivery(sql: Database, id: string): Promise<DueDelivery | null> {
  const [row] = await sql<DueDelivery[]>`
    select d.id, d.message_id as "messageId", d.type, d.payload, d.state, d.next_ms as "nextMs", d.attempts, d.webhook,
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
    select asked.id as incident, accepted.ms as "acceptedMs"
    from unnest(${[...incidents]}::text[]) as asked (id) cross join lateral (
      select min(delivered_ms) as ms from delivery
      where type like 'incident.%' and payload::jsonb #>> '{data,id}' = asked.id and delivered_ms is not null) as accepted
    where accepted.ms is not null order by accepted.ms, asked.id`
}

export type Attempted = {
  id: string
  /** Attempts before this one: whoever records first wins. */
  attemptsBefore: number
  made: Try
  body: string | null
  next: { state: 'delivered' | 'failed' | 'disabled' } | { state: 'pending'; delayMs: number }
}

/** Writes down one attempt and what follows from it, all at once. False: it had been written down already. */
export async function recordAttempt(sql: Database, attempted: Attempted): Promise<boolean> {
  const { id, attemptsBefore, made, body, next } = attempted
  const doneMs = made.atMs + made.tookMs
  const isOver = next.state !== 'pending'
  const deliveredMs = next.state === 'delivered' ? doneMs : null
  const rows = await sql`
    with recorded as (
      update delivery set state = ${next.state}, attempts = attempts + 1, last_status = ${made.status},
        last_error = ${made.error}, last_body = ${body}, tries = tries || ${JSON.stringify([made])}::text::jsonb,
        next_ms = ${next.state === 'pending' ? doneMs + next.delayMs : null}, delivered_ms = ${deliveredMs}
      where id = ${id} and attempts = ${attemptsBefore} and state = 'pending' returning id, webhook),
    carried as (
      update delivery set state = ${next.state}, last_status = ${made.status}, last_error = ${made.error},
        delivered_ms = ${deliveredMs}
      where ${isOver} and carrier in (select id from recorded) and state = 'gathered'),
    disabled as (
      update webhook set disabled_ms = ${doneMs}
      where ${next.state === 'disabled'} and id in (select webhook from recorded) and disabled_ms is null),
    dropped as (
      update delivery set state = 'disabled', next_ms = null
      where ${next.state === 'disabled'} and webhook in (select webhook from recorded)
        and id not in (select id from recorded) and carrier is distinct from ${id}
        and state in ('pending', 'gathered'))
    select from recorded`
  return rows.count === 1
}

/** For a webhook that is disabled or removed: nothing more is sent to it. */
export async function dropDelivery(sql: Database, id: string): Promise<void> {
  await sql`update delivery set state = 'disabled', next_ms = null
    where (id = ${id} or carrier = ${id}) and state in ('pending', 'gathered')`
}

export async function cleanDeliveries(sql: Database, nowMs: UnixMs): Promise<number> {
  await sql`
    update delivery d set state = 'disabled', next_ms = null, last_error = 'the webhook was paused for too long'
    from webhook w where w.id = d.webhook and w.paused_ms is not null and d.state in ('pending', 'gathered')
      and d.created_ms < ${nowMs - PAUSED_KEPT_MS}`
  // Told while its webhook was being removed.
  await sql`
    update delivery d set state = 'disabled', next_ms = null
    where d.state in ('pending', 'gathered') and not exists (select from webhook w where w.id = d.webhook)`
  const gone = await sql`
    delete from delivery where state not in ('pending', 'gathered') and created_ms < ${nowMs - DELIVERIES_KEPT_MS}`
  // An endpoint that ended is kept as long as something tells what was sent to it.
  await sql`delete from webhook w where ended_ms < ${nowMs - DELIVERIES_KEPT_MS}
    and not exists (select 1 from delivery d where d.webhook = w.id)`
  return gone.count
}
