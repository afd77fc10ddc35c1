/**
 * Incidents in the ledger: each notice carries the whole state of the incident after the change, so the last
 * one of an id is that incident. Pure.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { Phases } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'

export type CloseReason =
  | 'recovered'
  /** Late data left nothing of it. */
  | 'revised'
  | 'merged'
  /** Nothing measures it any more: the terms that it began under have run out. */
  | 'ended'

/** The sample that it began with. `code`: what was said; `value` and times as they were signed. */
export type FirstFailure = {
  agent: string
  atMs: UnixMs
  code: string | null
  value: number
  latencyUs: number
  phases: Phases
}

export type IncidentRecord = {
  id: string
  contract: string
  service: string
  check: string
  cause: string
  /** Null where no sample says: silence that counts as down, notices from before it was kept. */
  failure: FirstFailure | null
  /** In which it began, or `undetermined`. */
  zone: string
  /** The check whose failing says so; null where none failed. */
  zoneReference: string | null
  onsetMs: UnixMs
  openedMs: UnixMs
  endMs: UnixMs | null
  closedMs: UnixMs | null
  closeReason: CloseReason | null
  mergedInto: string | null
  acknowledgedMs: UnixMs | null
  /** Role of whoever was first. */
  acknowledgedBy: 'owner' | 'viewer' | 'provider' | null
  /** The provider's own word: the only one that stops a response clock. */
  providerAcknowledgedMs: UnixMs | null
  /** When people were due to be told; whether anybody was is another fact: see `alerted`. */
  pagedMs: UnixMs | null
  /** Since when people wait for an answer, told of it or of its reopening; null: nobody does. */
  unansweredSinceMs: UnixMs | null
  reopened: number
}

/** What happens to an incident. */
export const INCIDENT_CHANGES = [
  'opened',
  'recorded',
  'told',
  'closed',
  'reopened',
  'moved',
  'merged',
  'revised',
  'acknowledged',
  'attributed',
] as const
export type IncidentChange = (typeof INCIDENT_CHANGES)[number]

/** One change of an incident, with what was known of it then. */
export type IncidentStep = Pick<IncidentRecord, 'onsetMs' | 'endMs' | 'zone'> & {
  change: IncidentChange
  atMs: UnixMs
}

type IncidentBody = { kind: 'incident'; deed: IncidentChange; incident: IncidentRecord; by?: string }
type AlertBody = { kind: 'alert'; incident: string; acceptedMs: UnixMs }

/** An acknowledgement is declared by a person; `by` is the role, never a name. */
export function incidentLeaf(
  deed: IncidentChange,
  incident: IncidentRecord,
  { nowMs, by }: { nowMs: UnixMs; by?: string },
): { type: 'notice' | 'declaration'; receivedMs: UnixMs; body: Buffer } {
  const body: IncidentBody = { kind: 'incident', deed, incident, ...(by === undefined ? {} : { by }) }
  // A record holds strings, integers and nulls.
  const bytes = Buffer.from(canonicalJson(body as unknown as Json))
  return { type: deed === 'acknowledged' ? 'declaration' : 'notice', receivedMs: nowMs, body: bytes }
}

/** The first delivery about an incident that somebody's system accepted. */
export function alertLeaf(
  { incident, acceptedMs }: { incident: string; acceptedMs: UnixMs },
  { nowMs }: { nowMs: UnixMs },
): { type: 'notice'; receivedMs: UnixMs; body: Buffer } {
  const body: AlertBody = { kind: 'alert', incident, acceptedMs }
  return { type: 'notice', receivedMs: nowMs, body: Buffer.from(canonicalJson(body)) }
}

/** The incident that a parsed notice or declaration states after a change, if it states one. */
export function readIncident(parsed: object): { change: IncidentChange; incident: IncidentRecord } | null {
  // Our own leaf, written by `incidentLeaf` or by another kind of notice.
  const { kind, deed, incident } = parsed as { kind?: string; deed?: IncidentChange; incident?: Kept }
  if (kind !== 'incident' || !deed || !incident) return null
  const { closedMs, pagedMs, acknowledgedMs } = incident
  const unansweredSinceMs = closedMs === null && acknowledgedMs === null ? pagedMs : null
  return { change: deed, incident: { ...NOT_KEPT, unansweredSinceMs, ...incident } }
}

export function readAlert(parsed: object): { incident: string; acceptedMs: UnixMs } | null {
  // As above.
  const { kind, incident, acceptedMs } = parsed as Partial<AlertBody>
  if (kind !== 'alert' || incident === undefined || acceptedMs === undefined) return null
  return { incident, acceptedMs }
}

/** Not merged into another, not revised away. */
export function isStanding({ closeReason }: Pick<IncidentRecord, 'closeReason'>): boolean {
  return closeReason !== 'merged' && closeReason !== 'revised'
}

/** A record as any notice has it: the older ones do not say who waits for an answer. */
type Kept = Omit<IncidentRecord, 'unansweredSinceMs'> & Partial<IncidentRecord>

/** Of notices from before these were kept. */
const NOT_KEPT = { acknowledgedBy: null, providerAcknowledgedMs: null, failure: null }
