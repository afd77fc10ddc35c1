/**
 * Events: a fact, its SSE row, its deliveries and their jobs enter in the transaction of the fact, so
 * either all of them exist or none. Ids follow the order of the commits, which the replay relies on.
 */
import { Fault } from '@constat/shared/fault'
import { visible } from '@constat/shared/visible'
import { envelopeText, MAX_PAYLOAD_BYTES, NOTICE_FLAG, payloadBytes, TEST_TYPE } from '../alert/types.ts'
import type { Event, EventData, EventType, Fact, MessageType } from '../alert/types.ts'
import type { UnixMs } from '@constat/shared/time'
import { DATABASE_LOCKS } from './lock.ts'
import { recipientsOf, type Addressed, type Recipient } from './recipients.ts'
import type { Database, Tx } from './tx.ts'

/** At most this many events in one answer of `eventsSince`. */
export const MAX_EVENTS_PER_READ = 1_000
/** The graphile-worker task that sends one delivery. */
export const DELIVER_TASK = 'deliver'
/** Jobs of less come first: those of incidents have none. */
const NOTICE_PRIORITY = 10
/** Tries of one job, not of one delivery: a crash in mid-send uses one up. */
export const MAX_JOB_RUNS = 1_000

type EventRow = { id: number; type: EventType; contract: string | null; atMs: UnixMs; data: EventData }

/**
 * Writes the event of `fact` inside `tx`; call it last, for it holds a lock until the commit. Wake the bus after.
 * `to`: endpoints of a contract's document that are told, in place of those that its routes would name.
 * Throws `too-large` for a payload of 20 kB or more; the builders of alert/facts.ts stay below.
 */
export async function writeEvent(tx: Tx, fact: Fact, to: Addressed | null = null): Promise<Event> {
  const data = storable(fact.data)
  const payload = envelopeText({ type: fact.type, atMs: fact.atMs, data })
  if (payloadBytes(payload) >= MAX_PAYLOAD_BYTES) {
    throw new Fault('too-large', `${fact.type}: the payload has ${payloadBytes(payload)} bytes`)
  }
  // Held to the commit: events become visible in the order of their ids.
  await tx`select pg_advisory_xact_lock(${DATABASE_LOCKS.space}::int, ${DATABASE_LOCKS.events}::int)`
  const [row] = await tx<{ id: number }[]>`
    insert into event (type, contract, at_ms, data)
    values (${fact.type}, ${fact.contract}, ${fact.atMs}, ${JSON.stringify(data)}::text::jsonb) returning id`
  if (!row) throw new Fault('database', 'an event was not written')
  const { type, contract, atMs } = fact
  await enqueue(tx, { type, payload, atMs, to: await recipientsOf(tx, { ...fact, data }, to) })
  return { type, contract, atMs, data, id: row.id }
}

/** A `webhook.test` message to one webhook: no event, the same queue. The id of its delivery. */
export async function writeTestMessage(
  tx: Tx,
  { webhook, atMs }: { webhook: string; atMs: UnixMs },
): Promise<string | null> {
  const data = { message: 'A test message of Constat.', webhook }
  const payload = envelopeText({ type: TEST_TYPE, atMs, data })
  const known =
    await tx`select 1 from webhook where id = ${webhook} and disabled_ms is null and ended_ms is null`
  const to = known.map(() => ({ webhook, delayMs: 0, isGathered: false }))
  const [id] = await enqueue(tx, { type: TEST_TYPE, payload, atMs, to })
  return id ?? null
}

export type Message = { type: MessageType; payload: string; atMs: UnixMs; to: readonly Recipient[] }

/** One delivery for each recipient, and a job where nothing gathers it; all of them carry one message id. */
export async function enqueue(tx: Tx, { type, payload, atMs, to }: Message): Promise<string[]> {
  if (to.length === 0) return []
  const rows = await tx<{ id: string }[]>`
    with message as materialized (select 'msg_' || replace(gen_random_uuid()::text, '-', '') as id),
    added as (
      insert into delivery (id, webhook, message_id, type, payload, state, created_ms, next_ms)
      select 'dlv_' || replace(gen_random_uuid()::text, '-', ''), own.webhook, message.id, ${type}, ${payload},
        own.state, ${atMs}, ${atMs}::int8 + own.delay_ms
      from message, unnest(${to.map(({ webhook }) => webhook)}::text[],
        ${to.map(({ delayMs }) => delayMs)}::int8[], 
        ${to.map(({ isGathered }) => (isGathered ? 'gathered' : 'pending'))}::text[]) as own (webhook, delay_ms, state)
      returning id, webhook, type, attempts, state, next_ms - created_ms as delay_ms)
    select id, case when state = 'pending' then (${addJob(tx)}).id end as job from added`
  return rows.map((row) => row.id)
}

/**
 * SQL of the job that sends a delivery; columns id, webhook, type, attempts and delay_ms are in scope. The key
 * leaves one job a delivery; flags let workers pass over a webhook that has its share in flight. Incidents come
 * before everything else that is told.
 * Delays count on the database's clock, which is the one the workers compare with.
 */
export function addJob(sql: Tx | Database) {
  const isNotice = sql`(type not like 'incident.%' and type <> 'site.unreachable')`
  return sql`graphile_worker.add_job(${DELIVER_TASK},
    json_build_object('delivery', id, 'webhook', webhook, 'attempt', attempts, 'isNotice', ${isNotice}),
    run_at => now() + delay_ms * interval '1 millisecond', max_attempts => ${MAX_JOB_RUNS}::int,
    job_key => id,
    priority => case when ${isNotice} then ${NOTICE_PRIORITY}::int else 0 end,
    flags => case when ${isNotice} then array[webhook, webhook || ${NOTICE_FLAG}] else array[webhook] end)`
}

/** Events after `id`, oldest first; of one contract, or of all where `contract` is null. */
export function eventsSince(
  db: Database | Tx,
  { id, limit, contract }: { id: number; limit: number; contract: string | null },
): Promise<Event[]> {
  const most = Math.min(limit, MAX_EVENTS_PER_READ)
  return db<EventRow[]>`
    select id, type, contract, at_ms as "atMs", data from event
    where id > ${id} ${contract === null ? db`` : db`and contract = ${contract}`}
    order by id limit ${most}`
}

/** The id of the newest event, 0 before the first. */
export async function newestEventId(db: Database | Tx): Promise<number> {
  const [row] = await db<{ id: number }[]>`select coalesce(max(id), 0)::int8 as id from event`
  return row?.id ?? 0
}

/** As it is shown to people; PostgreSQL's jsonb takes no lone surrogate either, and a probe's error text may hold one. */
function storable(data: EventData): EventData {
  const text = JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? visible(value.replace(/\p{Surrogate}/gu, '\uFFFD')) : value,
  )
  // What was EventData before the replacement of characters is EventData after it.
  return JSON.parse(text) as EventData
}

/** Of events whose message is in somebody's own words. */
const IN_OWN_WORDS: readonly EventType[] = [
  'terms.agreed',
  'terms.objected',
  'penalty.notified',
  'penalty.answered',
]

/** Takes the words out of what a contract told at an instant, and out of its deliveries; what was sent is sent. */
export async function eraseMessages(
  tx: Tx,
  { contract, atMs }: { contract: string; atMs: UnixMs },
): Promise<void> {
  await tx`update event set data = data || '{"message": ""}'::jsonb
    where contract = ${contract} and at_ms = ${atMs} and type in ${tx(IN_OWN_WORDS)} and data ? 'message'`
  await tx`update delivery set payload = jsonb_set(payload::jsonb, '{data,message}', '""')::text
    where created_ms = ${atMs} and type in ${tx(IN_OWN_WORDS)} and payload::jsonb #>> '{data,contract}' = ${contract}`
}
