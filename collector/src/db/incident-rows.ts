/** Incident rows: the last state of each incident as the ledger's notices tell it. Derived. */
import type { UnixMs } from '@constat/shared/time'
import type { Database, Tx } from './tx.ts'

export type IncidentRow = {
  id: string
  contract: string
  service: string
  check: string
  cause: string
  /** In which it began, or `undetermined`. */
  zone: string
  /** The check whose failing says so; null where none failed. */
  zoneReference: string | null
  onsetMs: UnixMs
  openedMs: UnixMs
  endMs: UnixMs | null
  closedMs: UnixMs | null
  closeReason: 'recovered' | 'revised' | 'merged' | null
  mergedInto: string | null
  acknowledgedMs: UnixMs | null
  /** Role of whoever was first. */
  acknowledgedBy: 'owner' | 'viewer' | 'provider' | null
  /** The provider's own word: the only one that stops a response clock. */
  providerAcknowledgedMs: UnixMs | null
  pagedMs: UnixMs | null
  reopened: number
}

export function incidentRows(db: Database | Tx): Promise<IncidentRow[]> {
  return db<IncidentRow[]>`
    select id, contract, service, "check", cause, zone, zone_reference as "zoneReference", onset_ms as "onsetMs", opened_ms as "openedMs", end_ms as "endMs",
      closed_ms as "closedMs", close_reason as "closeReason", merged_into as "mergedInto",
      acknowledged_ms as "acknowledgedMs", acknowledged_by as "acknowledgedBy",
      provider_acknowledged_ms as "providerAcknowledgedMs", paged_ms as "pagedMs", reopened
    from incident order by onset_ms, id`
}

export async function putIncidents(tx: Tx, rows: readonly IncidentRow[]): Promise<void> {
  for (const r of rows) {
    await tx`
      insert into incident (id, contract, service, "check", cause, zone, zone_reference, onset_ms, opened_ms, end_ms,
        closed_ms, close_reason, merged_into, acknowledged_ms, acknowledged_by, provider_acknowledged_ms, paged_ms,
        reopened)
      values (${r.id}, ${r.contract}, ${r.service}, ${r.check}, ${r.cause}, ${r.zone}, ${r.zoneReference}, ${r.onsetMs},
        ${r.openedMs}, ${r.endMs}, ${r.closedMs}, ${r.closeReason}, ${r.mergedInto}, ${r.acknowledgedMs},
        ${r.acknowledgedBy}, ${r.providerAcknowledgedMs}, ${r.pagedMs}, ${r.reopened})
      on conflict (id) do update set cause = excluded.cause, zone = excluded.zone,
        zone_reference = excluded.zone_reference, onset_ms = excluded.onset_ms, end_ms = excluded.end_ms,
        closed_ms = excluded.closed_ms, close_reason = excluded.close_reason, merged_into = excluded.merged_into,
        acknowledged_ms = excluded.acknowledged_ms, acknowledged_by = excluded.acknowledged_by,
        provider_acknowledged_ms = excluded.provider_acknowledged_ms, paged_ms = excluded.paged_ms, reopened = excluded.reopened`
  }
}

export async function dropIncidents(tx: Tx): Promise<void> {
  await tx`truncate incident`
}
