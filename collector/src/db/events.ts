/**
 * Events: a fact, its SSE row and its deliveries enter in the transaction of the fact, so either all of
 * them exist or none. Ids follow the order of the commits, which the replay relies on.
 */
import { Fault } from '@constat/shared/fault'
import { visible } from '@constat/shared/visible'
import { envelopeText, MAX_PAYLOAD_BYTES, payloadBytes, TEST_TYPE } from '../alert/types.ts'
import type { Event, EventData, EventType, Fact, MessageType } from '../alert/types.ts'
import type { UnixMs } from '@constat/shared/time'
import { DATABASE_LOCKS } from './lock.ts'
import { Recipients, type Addressed, type Recipient } from './recipients.ts'
import type { Database, Tx } from './tx.ts'

/** At most this many events in one answer of `eventsSince`. */
export const MAX_EVENTS_PER_READ = 1_000
type EventRow = { id: number; type: EventType; contract: string | null; atMs: UnixMs; data: EventData }

/** The event of one fact. */
export async function writeEvent(tx: Tx, fact: Fact, to: Addressed | null = null): Promise<Event> {
  const [event] = await writeEvents(tx, [fact], to)
  if (!event) throw new Fault('database', 'an event was not written')
  return event
}

/**
 * Writes the events of `facts` inside `tx`; call it last, for it holds a lock until the commit. Wake the bus after.
 * `to`: endpoints of a contract's document that are told, in place of those that its routes would name.
 * Throws `too-large` for a payload of 20 kB or more; the builders of alert/facts.ts stay below.
 */
export async function writeEvents(
  tx: Tx,
  facts: readonly Fact[],
  to: Addressed | null = null,
): Promise<Event[]> {
  if (facts.length === 0) return []
  const written = facts.map((fact) => {
    const data = storable(fact.data)
    return { ...fact, data, payload: payloadOf({ ...fact, data }) }
  })
  // Held to the commit: events become visible in the order of their ids.
  await tx`select pg_advisory_xact_lock(${DATABASE_LOCKS.space}::int, ${DATABASE_LOCKS.events}::int)`
  const rows = await tx<{ id: number }[]>`
    insert into event (type, contract, at_ms, data)
    select type, contract, at_ms, data::jsonb from unnest(
      ${written.map(({ type }) => type)}::text[], ${written.map(({ contract }) => contract)}::text[],
      ${written.map(({ atMs }) => atMs)}::int8[], ${written.map(({ data }) => JSON.stringify(data))}::text[])
      as fact (type, contract, at_ms, data) returning id`
  const messages: Message[] = []
  const flush = async (): Promise<void> => void (await enqueue(tx, messages.splice(0)))
  const recipients = new Recipients(tx, { to, flush })
  for (const fact of written) messages.push({ ...fact, to: await recipients.of(fact) })
  await flush()
  return written.map(({ type, contract, atMs, data }, i) => ({ type, contract, atMs, data, id: rows[i]!.id }))
}

function payloadOf(fact: Fact): string {
  const payload = envelopeText(fact)
  const bytes = payloadBytes(payload)
  if (bytes < MAX_PAYLOAD_BYTES) return payload
  throw new Fault('too-large', `${fact.type}: the payload has ${bytes} bytes`)
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
  const [id] = await enqueue(tx, [{ type: TEST_TYPE, payload, atMs, to }])
  return id ?? null
}

export type Message = { type: MessageType; payload: string; atMs: UnixMs; to: readonly Recipient[] }

/** One delivery for each recipient, in the order of the messages; all of one message carry one message id. */
export async function enqueue(tx: Tx, messages: readonly Message[]): Promise<string[]> {
  const own = messages.flatMap(({ to }, n) => to.map((recipient) => ({ ...recipient, n })))
  if (own.length === 0) return []
  const rows = await tx<{ id: string }[]>`
    with message as materialized (
      select n - 1 as n, 'msg_' || replace(gen_random_uuid()::text, '-', '') as id, type, payload, at_ms
      from unnest(${messages.map(({ type }) => type)}::text[], ${messages.map(({ payload }) => payload)}::text[],
        ${messages.map(({ atMs }) => atMs)}::int8[]) with ordinality as message (type, payload, at_ms, n))
    insert into delivery (id, webhook, message_id, type, payload, state, created_ms, next_ms)
    select 'dlv_' || replace(gen_random_uuid()::text, '-', ''), own.webhook, message.id, type, payload,
      own.state, at_ms, at_ms + own.delay_ms
    from unnest(${own.map(({ n }) => n)}::int8[], ${own.map(({ webhook }) => webhook)}::text[],
      ${own.map(({ delayMs }) => delayMs)}::int8[],
      ${own.map(({ isGathered }) => (isGathered ? 'gathered' : 'pending'))}::text[])
      with ordinality as own (n, webhook, delay_ms, state, place)
    join message using (n) order by own.place
    returning id`
  return rows.map((row) => row.id)
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

/** Events that tell somebody's own words, and where in their data. */
const OWN_WORDS: Readonly<Partial<Record<EventType, 'message' | 'reason'>>> = {
  'terms.agreed': 'message',
  'terms.objected': 'message',
  'penalty.notified': 'message',
  'penalty.answered': 'message',
  'exclusion.proposed': 'reason',
}

/** Takes the words out of what a contract told at an instant, and out of its deliveries; what was sent is sent. */
export async function eraseMessages(
  tx: Tx,
  { contract, atMs }: { contract: string; atMs: UnixMs },
): Promise<void> {
  for (const [type, key] of Object.entries(OWN_WORDS)) {
    await tx`update event set data = jsonb_set(data, ${[key]}::text[], '""', false)
      where contract = ${contract} and at_ms = ${atMs} and type = ${type}`
    await tx`update delivery set payload = jsonb_set(payload::jsonb, ${['data', key]}::text[], '""', false)::text
      where created_ms = ${atMs} and type = ${type} and payload::jsonb #>> '{data,contract}' = ${contract}`
  }
}
