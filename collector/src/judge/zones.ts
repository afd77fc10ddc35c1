/**
 * Zones: which one an incident is put down to, under the terms in force at its onset. While its first hold is
 * not over the answer may change; late data may revise it.
 */
import type { UnixMs } from '@constat/shared/time'
import { UNDETERMINED, zoneNamed, zoneOf } from '@constat/sla/assembly/zone'
import { answeredByProvider, type ExpandedContract } from '@constat/sla/contract/expanded'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import type { Timelines } from '@constat/sla/fold/timelines'

/** As it stands in the row: a zone or `undetermined`, and the reference that failed. */
export type RowZone = Pick<IncidentRecord, 'zone' | 'zoneReference'>

type Place = Pick<IncidentRecord, 'service' | 'onsetMs'>

/** `revision`: in force at the onset. */
export function zoneOfIncident(
  timelines: Timelines,
  state: ContractState,
  { incident, revision, nowMs }: { incident: Place; revision: Revision; nowMs: UnixMs },
): RowZone {
  const { service, onsetMs } = incident
  const attribution = zoneOf(timelines.observed(state, revision), { service, onsetMs, untilMs: nowMs + 1 })
  if (!attribution) return { zone: UNDETERMINED, zoneReference: null }
  const zoneReference = attribution.kind === 'reference-failed' ? attribution.reference : null
  return { zone: zoneNamed(attribution), zoneReference }
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
