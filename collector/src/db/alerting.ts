/**
 * Alerting: the documents in effect of each contract, and the endpoints they name among the webhooks. Written in
 * the transaction that keeps the documents, so that what is told next is told by them.
 */
import { jsonDigest, type Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { endpointKey, type AlertingDocument } from '@constat/sla/alerting/route'
import type { Database, Tx } from './tx.ts'

export async function alertingOf(db: Database | Tx, contract: string): Promise<AlertingDocument[]> {
  const [row] = await db<{ documents: AlertingDocument[] }[]>`
    select documents from alerting where contract = ${contract}`
  return row?.documents ?? []
}

export type AlertingRow = {
  contract: string
  documents: AlertingDocument[]
  /** `document/report` → since when it is asked for. */
  reportsSince: Record<string, UnixMs>
}

/** Of every contract that has any. */
export function allAlerting(db: Database): Promise<AlertingRow[]> {
  return db<AlertingRow[]>`
    select contract, documents, reports_since as "reportsSince" from alerting where documents <> '[]'
    order by contract`
}

/** Whether it is known of a contract what its documents say, be it nothing. */
export async function hasAlerting(db: Database, contract: string): Promise<boolean> {
  const rows = await db`select 1 from alerting where contract = ${contract}`
  return rows.length > 0
}

/** Unless its documents have said something before. */
export async function noteNoAlerting(tx: Tx, contract: string): Promise<void> {
  await tx`insert into alerting (contract, digest, documents) values (${contract}, '', '[]') on conflict do nothing`
}

export type AlertingWanted = {
  contract: string
  /** In place of those in effect. */
  documents: readonly AlertingDocument[]
  nowMs: UnixMs
}

/** Endpoints that are no longer named end; what was sent to them stays. Safe to run twice. */
export async function putAlerting(tx: Tx, { contract, documents, nowMs }: AlertingWanted): Promise<void> {
  // Parsed documents hold nothing but JSON.
  const json = documents as unknown as Json
  const digest = jsonDigest(JSON.parse(JSON.stringify(json)) as Json).toString('hex')
  const changed = await tx`
    insert into alerting (contract, digest, documents) values (${contract}, ${digest}, ${tx.json(json)})
    on conflict (contract) do update set digest = excluded.digest, documents = excluded.documents
      where alerting.digest <> excluded.digest returning 1`
  if (changed.length === 0) return
  await putReports(tx, { contract, documents, nowMs })
  const endpoints = documents.flatMap(endpointsOf)
  for (const endpoint of endpoints) await putEndpoint(tx, { ...endpoint, contract, nowMs })
  await endOthers(tx, { contract, keys: endpoints.map(({ key }) => key), nowMs })
}

/** One that is asked for already goes on; one that was at rest, or is new, begins now. */
async function putReports(tx: Tx, { contract, documents, nowMs }: AlertingWanted): Promise<void> {
  const keys = documents.flatMap(({ name, spec }) =>
    spec.paused ? [] : spec.reports.map(({ id }) => endpointKey(name, id)),
  )
  const begun = Object.fromEntries(keys.map((key) => [key, nowMs]))
  await tx`
    update alerting set reports_since = ${tx.json(begun)}::jsonb || (
      select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(reports_since)
      where key = any(${keys}::text[]))
    where contract = ${contract}`
}

type EndpointRow = {
  key: string
  url: string
  shape: string
  language: string | null
  operatedBy: string | null
  types: string[]
}

function endpointsOf({ name, spec }: AlertingDocument): EndpointRow[] {
  const { endpoints, routes, paused } = spec
  if (paused) return []
  return endpoints.map(({ id, url, email, shape, language = null, operatedBy = null }) => {
    const own = routes.filter(({ to }) => to.includes(id)).flatMap(({ types }) => types)
    return {
      key: endpointKey(name, id),
      url: url ?? `mailto:${email}`,
      shape: email === undefined ? shape : 'email',
      language,
      operatedBy,
      types: routes.length === 0 ? ['*'] : [...new Set(own)],
    }
  })
}

/** Another address is another receiver: it gets a secret of its own, and may want what the last one did not. */
async function putEndpoint(
  tx: Tx,
  endpoint: EndpointRow & { contract: string; nowMs: UnixMs },
): Promise<void> {
  const { contract, nowMs, key, url, shape, language, operatedBy, types } = endpoint
  const secret = tx`'whsec_' || encode(decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    'hex'), 'base64')`
  await tx`
    insert into webhook (id, url, types, shape, secret, created_ms, contract, endpoint, language, operated_by,
      operated_ms)
    values ('hook_' || left(replace(gen_random_uuid()::text, '-', ''), 24), ${url}, ${tx.json(types)}, ${shape},
      ${secret}, ${nowMs}, ${contract}, ${key}, ${language},
      ${operatedBy}, ${nowMs})
    on conflict (contract, endpoint) do update set types = excluded.types, shape = excluded.shape,
      language = excluded.language, operated_by = excluded.operated_by, ended_ms = null, url = excluded.url,
      operated_ms = case when webhook.url = excluded.url and webhook.operated_by is not distinct from excluded.operated_by
        then webhook.operated_ms else excluded.operated_ms end,
      secret = case when webhook.url = excluded.url then webhook.secret else excluded.secret end,
      last_secret = case when webhook.url = excluded.url then webhook.last_secret end,
      disabled_ms = case when webhook.url = excluded.url then webhook.disabled_ms end`
}

async function endOthers(
  tx: Tx,
  { contract, keys, nowMs }: { contract: string; keys: readonly string[]; nowMs: UnixMs },
): Promise<void> {
  const ended = await tx<{ id: string }[]>`
    update webhook set ended_ms = ${nowMs}
    where contract = ${contract} and ended_ms is null and endpoint <> all(${[...keys]}::text[]) returning id`
  await tx`update delivery set state = 'disabled', next_ms = null
    where webhook = any(${ended.map(({ id }) => id)}::text[]) and state in ('pending', 'gathered')`
}

/** Of endpoints in effect that have accepted a message about an incident: who runs them, by contract. */
export function acceptingOperators(db: Database): Promise<{ contract: string; operator: string }[]> {
  return db<{ contract: string; operator: string }[]>`
    select distinct w.contract, w.operated_by as operator from webhook w
    where w.contract is not null and w.operated_by is not null and w.ended_ms is null and exists (
      select from delivery d where d.webhook = w.id and d.state = 'delivered' and d.type like 'incident.%'
        and d.created_ms >= w.operated_ms)`
}
