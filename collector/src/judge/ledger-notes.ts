/**
 * Notices: what the collector states of incidents, as leaves. Each carries the whole state of the
 * incident after the change, so the last one of an id is that incident, and the table can be dropped.
 * Pure.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Draft } from '../ledger/leaf.ts'

/** What happened to an incident. */
export type Deed =
  | 'opened'
  | 'recorded'
  | 'told'
  | 'closed'
  | 'reopened'
  | 'moved'
  | 'merged'
  | 'revised'
  | 'acknowledged'
  | 'attributed'

type IncidentBody = { kind: 'incident'; deed: Deed; incident: IncidentRow; by?: string }

/** An acknowledgement is declared by a person; `by` is the role, never a name. */
export function incidentLeaf(
  deed: Deed,
  incident: IncidentRow,
  { nowMs, by }: { nowMs: UnixMs; by?: string },
): Draft {
  const body: IncidentBody = { kind: 'incident', deed, incident, ...(by === undefined ? {} : { by }) }
  // A row holds strings, integers and nulls.
  const bytes = Buffer.from(canonicalJson(body as unknown as Json))
  return { type: deed === 'acknowledged' ? 'declaration' : 'notice', receivedMs: nowMs, body: bytes }
}

/** The incident that a notice or a declaration states, if it states one. */
export function readIncident(body: Buffer): IncidentRow | null {
  // Our own leaf, written by `incidentLeaf` or by another kind of notice.
  const parsed = JSON.parse(body.toString()) as Partial<IncidentBody>
  if (parsed.kind !== 'incident' || !parsed.incident) return null
  // Notices from before roles were kept name none.
  return { ...NO_ROLES, ...parsed.incident }
}

const NO_ROLES = { acknowledgedBy: null, providerAcknowledgedMs: null }
