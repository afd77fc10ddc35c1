/**
 * Views for other people's programs: what was judged and told, as tables that a role may be let read and nothing else.
 * docs/integrations.md says what each column is. Words that people wrote, secrets and addresses are in none of them.
 */
import { sql } from 'drizzle-orm'
import { pgSchema } from 'drizzle-orm/pg-core'

export const report = pgSchema('report')

/** Every version of every closed window. A body beside the log is found by the digest that its leaf holds. */
export const closing = report.view('closing', {}).as(sql`
  select
    body ->> 'contract' as contract,
    body ->> 'window' as "window",
    (body ->> 'version')::int as version,
    (body ->> 'version')::int = max((body ->> 'version')::int)
      over (partition by body ->> 'contract', body ->> 'window') as is_newest,
    to_timestamp((body ->> 'startMs')::bigint / 1000.0) as starts_at,
    to_timestamp((body ->> 'endMs')::bigint / 1000.0) as ends_at,
    to_timestamp(received_ms / 1000.0) as closed_at,
    to_timestamp((body ->> 'amendableUntilMs')::bigint / 1000.0) as amendable_until,
    (body ->> 'revision')::int as revision,
    (body ->> 'semantics')::int as semantics,
    body ->> 'digest' as digest,
    (body #>> '{results,credit,total}')::numeric as credit,
    body #>> '{results,credit,currency}' as currency,
    body -> 'results' as results
  from (
    select e.received_ms, convert_from(coalesce(b.body, e.body), 'UTF8')::jsonb as body
    from public.entry e
    left join public.blob b on b.digest =
      case when length(e.body) = 77 and convert_from(e.body, 'UTF8') like '{"sha256":"%'
        then decode(substr(convert_from(e.body, 'UTF8'), 12, 64), 'hex') end
    where e.type = 11 and e.type <> 1
  ) as leaf`)

/** Each guarantee in them. */
export const guarantee = report.view('guarantee', {}).as(sql`
  select
    c.contract,
    c."window",
    c.version,
    c.is_newest,
    c.starts_at,
    c.ends_at,
    one #>> '{result,guarantee}' as guarantee,
    one #>> '{result,service}' as service,
    one #>> '{result,clause}' as clause,
    one #>> '{result,metric}' as metric,
    one #>> '{result,target}' as target,
    one #>> '{result,verdict}' as verdict,
    (one #>> '{result,insufficientEvidence}')::boolean as insufficient_evidence,
    (one #>> '{result,coverage}')::numeric as coverage,
    (one #>> '{result,committedMs}')::bigint as committed_ms,
    (one #>> '{result,knownMs}')::bigint as known_ms,
    (one #>> '{result,excludedMs}')::bigint as excluded_ms,
    (one #>> '{result,measure,downMs,provable}')::bigint as down_ms_provable,
    (one #>> '{result,measure,downMs,point}')::bigint as down_ms_point,
    (one #>> '{result,measure,downMs,pessimistic}')::bigint as down_ms_pessimistic,
    (c.results #>> array['credit', 'byGuarantee', one #>> '{result,guarantee}'])::numeric as credit,
    c.currency
  from report.closing c, jsonb_array_elements(c.results -> 'guarantees') as one`)

/** Incidents as the ledger last states each, and when a receiver first took a message about it. */
export const incident = report.view('incident', {}).as(sql`
  select
    one ->> 'contract' as contract,
    one ->> 'id' as id,
    one ->> 'service' as service,
    one ->> 'cause' as cause,
    one ->> 'zone' as zone,
    to_timestamp((one ->> 'onsetMs')::bigint / 1000.0) as onset_at,
    to_timestamp((one ->> 'openedMs')::bigint / 1000.0) as opened_at,
    to_timestamp((one ->> 'endMs')::bigint / 1000.0) as ended_at,
    to_timestamp((one ->> 'closedMs')::bigint / 1000.0) as closed_at,
    one ->> 'closeReason' as close_reason,
    to_timestamp((one ->> 'pagedMs')::bigint / 1000.0) as due_at,
    to_timestamp(told.accepted_ms / 1000.0) as told_at,
    to_timestamp((one ->> 'acknowledgedMs')::bigint / 1000.0) as acknowledged_at,
    one ->> 'acknowledgedBy' as acknowledged_by,
    to_timestamp((one ->> 'providerAcknowledgedMs')::bigint / 1000.0) as provider_acknowledged_at,
    (one ->> 'reopened')::int as reopened
  from (
    select distinct on (log, body #>> '{incident,id}') log, body -> 'incident' as one
    from (
      select e.log, e.index, convert_from(e.body, 'UTF8')::jsonb as body
      from public.entry e where e.type in (9, 13) and e.type <> 1
    ) as leaf
    where body ->> 'kind' = 'incident'
    order by log, body #>> '{incident,id}', index desc
  ) as newest
  left join (
    select distinct on (log, body ->> 'incident') log, body ->> 'incident' as incident,
      (body ->> 'acceptedMs')::bigint as accepted_ms
    from (
      select e.log, e.index, convert_from(e.body, 'UTF8')::jsonb as body
      from public.entry e where e.type = 13 and e.type <> 1
    ) as leaf
    where body ->> 'kind' = 'alert'
    order by log, body ->> 'incident', index
  ) as told on told.log = newest.log and told.incident = one ->> 'id'`)

export const agent = report.view('agent', {}).as(sql`
  select
    id,
    name,
    version,
    to_timestamp(enrolled_ms / 1000.0) as enrolled_at,
    to_timestamp(revoked_ms / 1000.0) as revoked_at,
    to_timestamp(last_seen_ms / 1000.0) as last_seen_at,
    to_timestamp(silent_since_ms / 1000.0) as silent_since,
    clock_offset_ms,
    clock_error_ms,
    spool_frames
  from public.agent`)

export const ledger = report.view('ledger', {}).as(sql`
  select
    l.contract,
    l.origin,
    l.size as leaves,
    encode(l.root, 'hex') as root,
    to_timestamp(l.created_ms / 1000.0) as created_at,
    (select to_timestamp(max(c.signed_ms) / 1000.0) from public.checkpoint c where c.log = l.id) as signed_at
  from public.log l`)

/** Facts as they were told; what each says is in the API. */
export const event = report.view('event', {}).as(sql`
  select id, type, contract, to_timestamp(at_ms / 1000.0) as at from public.event`)

export const delivery = report.view('delivery', {}).as(sql`
  select
    id,
    webhook,
    type,
    state,
    attempts,
    last_status,
    to_timestamp(created_ms / 1000.0) as created_at,
    to_timestamp(delivered_ms / 1000.0) as delivered_at
  from public.delivery`)
