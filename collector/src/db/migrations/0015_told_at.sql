DROP VIEW "report"."incident";--> statement-breakpoint
CREATE VIEW "report"."incident" AS (
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
  ) as told on told.log = newest.log and told.incident = one ->> 'id');