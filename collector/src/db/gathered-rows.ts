/**
 * Gathered rows: what waits to be told together at each endpoint, and the messages that carry it. A look at one endpoint
 * is one transaction: what was taken, what follows from it and what goes on waiting are written together.
 */
import type { UnixMs } from '@constat/shared/time'
import { NOTHING, type Gathering, type Rules } from '@constat/sla/alerting/gathered'
import { endpointKey, gatheredBy, type AlertingDocument } from '@constat/sla/alerting/route'
import { envelopeText, type EventData, type MessageType } from '../alert/types.ts'
import { enqueue } from './events.ts'
import { HELD_APART_MS } from './recipients.ts'
import type { Database, Tx } from './tx.ts'

/** Of one endpoint at a look; what is more is taken at the next. */
const MAX_NOTICES = 2_000

/** Endpoints at which something is due. */
export async function gatheringsDue(db: Database, nowMs: UnixMs): Promise<string[]> {
  const rows = await db<{ webhook: string }[]>`
    select webhook from delivery where state = 'gathered' and next_ms <= ${nowMs}
    union select webhook from gathering where due_ms <= ${nowMs}`
  return rows.map(({ webhook }) => webhook)
}

/** `newest`: what this endpoint was told of the same incident later on, as where that alone was let through quiet hours. */
export type GatheredRow = {
  id: string
  type: MessageType
  atMs: UnixMs
  data: EventData
  newest: EventData | null
}
export type Waiting = { contract: string; before: Gathering; rows: GatheredRow[]; rules: Rules }

/** Nothing more of this endpoint is taken before the transaction ends. */
export async function takeWaiting(
  tx: Tx,
  { webhook, nowMs }: { webhook: string; nowMs: UnixMs },
): Promise<Waiting> {
  const [kept] = await tx<{ state: Gathering }[]>`
    select state from gathering where webhook = ${webhook} for update`
  const rows = await tx<GatheredRow[]>`
    update delivery d set next_ms = null from (
      select id from delivery where webhook = ${webhook} and state = 'gathered' and next_ms <= ${nowMs}
      order by created_ms, place limit ${MAX_NOTICES}) as due
    where d.id = due.id
    returning d.id, d.type, d.created_ms as "atMs", d.payload::jsonb -> 'data' as data, (
      select newer.payload::jsonb -> 'data' from delivery newer
      where newer.webhook = d.webhook and newer.type like 'incident.%' and newer.created_ms > d.created_ms
        and newer.payload::jsonb #>> '{data,id}' = d.payload::jsonb #>> '{data,id}'
        and (newer.state <> 'gathered' or newer.next_ms is null)
      order by newer.created_ms desc limit 1) as newest`
  const [hook] = await tx<{ contract: string; endpoint: string; documents: AlertingDocument[] | null }[]>`
    select w.contract, w.endpoint, a.documents from webhook w left join alerting a on a.contract = w.contract
    where w.id = ${webhook}`
  const rules = hook ? rulesOf(hook.documents ?? [], hook.endpoint) : AT_ONCE
  return { contract: hook?.contract ?? '', before: kept?.state ?? NOTHING, rows, rules }
}

/** No document asks for gathering any more: what waits is told. */
const AT_ONCE: Rules = { holdMs: 0, opens: 2, withinMs: 0 }

function rulesOf(documents: readonly AlertingDocument[], endpoint: string): Rules {
  const found = documents.flatMap(({ name, spec }) =>
    spec.endpoints.filter(({ id }) => endpointKey(name, id) === endpoint).map((one) => gatheredBy(spec, one)),
  )
  return found[0] ?? AT_ONCE
}

export async function putGathering(
  tx: Tx,
  { webhook, after, dueMs }: { webhook: string; after: Gathering; dueMs: UnixMs | null },
): Promise<void> {
  const state = JSON.stringify(after)
  await tx`insert into gathering (webhook, state, due_ms) values (${webhook}, ${state}::text::jsonb, ${dueMs})
    on conflict (webhook) do update set state = excluded.state, due_ms = excluded.due_ms`
}

/** `n`: messages that this look has sent before it: they leave in order. */
type Leaving = { carries: readonly string[]; nowMs: UnixMs; n: number }

/** One of those that waited leaves as it is, and carries the others. */
export async function release(tx: Tx, id: string, { carries, nowMs, n }: Leaving): Promise<void> {
  const delayMs = n * HELD_APART_MS
  await carry(tx, id, carries)
  await tx`update delivery set state = 'pending', carrier = null, next_ms = ${nowMs + delayMs} where id = ${id}`
}

export type GatheredMessage = { type: MessageType; data: EventData }

/** A message of its own in place of those that waited. */
export async function sendGathered(
  tx: Tx,
  webhook: string,
  { type, data, carries, nowMs, n }: Leaving & GatheredMessage,
): Promise<void> {
  const to = [{ webhook, delayMs: n * HELD_APART_MS, isGathered: false }]
  const payload = envelopeText({ type, atMs: nowMs, data })
  const [id] = await enqueue(tx, [{ type, payload, atMs: nowMs, to }])
  if (id !== undefined) await carry(tx, id, carries)
}

async function carry(tx: Tx, carrier: string, carries: readonly string[]): Promise<void> {
  await tx`update delivery set carrier = ${carrier} where id = any(${[...carries]}::text[]) and state = 'gathered'`
}
