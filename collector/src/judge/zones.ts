/**
 * Zones: which one an incident is put down to, by the references of those who see it, under the terms in
 * force at its onset. While its first hold is not over the answer may change; late data may revise it.
 */
import type { UnixMs } from '@constat/shared/time'
import { answeredByProvider } from '@constat/sla/contract/parties'
import { quorumFor, type ExpandedContract } from '@constat/sla/contract/expanded'
import { isDown, where } from '@constat/sla/timeline'
import { attribute } from '@constat/sla/zone-attribution'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import type { Timelines } from './timelines.ts'

export const UNDETERMINED = 'undetermined'

/** As it stands in the row: a zone or `undetermined`, and the reference that failed. */
export type RowZone = Pick<IncidentRecord, 'zone' | 'zoneReference'>

type Place = Pick<IncidentRecord, 'service' | 'check' | 'onsetMs'>

export function zoneOfIncident(
  timelines: Timelines,
  state: ContractState,
  { incident, revision, nowMs }: { incident: Place; revision: Revision; nowMs: UnixMs },
): RowZone {
  const { zones, checks, measurement, services } = revision.terms
  const check = checks.find(({ name }) => name === incident.check)
  const isThere = services.some(({ name }) => name === incident.service)
  if (!check || !isThere || zones.length === 0) return { zone: UNDETERMINED, zoneReference: null }
  const startMs = incident.onsetMs
  const span = { startMs, endMs: Math.min(startMs + check.fold.holdMs, nowMs + 1) }
  const seeing = timelines
    .vantages(state, revision, incident.service)
    .filter(({ timeline }) => where(timeline, span, isDown).length > 0)
  const agents = new Set(seeing.map(({ agent }) => agent))
  const names = [...new Set(zones.flatMap(({ references }) => references))]
  const references = names.map((name) => {
    const own = timelines.tracksOf(state, revision, name).filter(({ key }) => agents.has(key.agent))
    return [name, own.map((track) => track.timeline())] as const
  })
  const attribution = attribute({
    zones,
    ownZone: check.zone,
    span,
    references: new Map(references),
    quorum: quorumFor(measurement.quorum, agents.size),
  })
  if (attribution.kind === 'undetermined') return { zone: UNDETERMINED, zoneReference: null }
  const zoneReference = attribution.kind === 'reference-failed' ? attribution.reference : null
  return { zone: attribution.zone, zoneReference }
}

/** Who owns the zone, and who answers to the customer for it: the provider for its subcontractors. */
export function ownerOf(contract: ExpandedContract, zone: string): { owner: string; answeredBy: string } {
  const owner = contract.zones.find(({ id }) => id === zone)?.owner
  if (owner === undefined) return { owner: UNDETERMINED, answeredBy: UNDETERMINED }
  return { owner, answeredBy: answeredByProvider(contract).has(owner) ? contract.provider : owner }
}

/** Whether an incident can be put down otherwise when `check` moves. */
export function isZoneReference({ zones }: ExpandedContract, check: string): boolean {
  return zones.some(({ references }) => references.includes(check))
}
