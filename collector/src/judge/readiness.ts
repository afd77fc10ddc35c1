/** Readiness facts of a contract: what of a claim's ground is there today. Pure. */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ReadinessFacts } from '@constat/sla/readiness'
import type { KnownAgent } from '../intake/registry.ts'
import { newest, type Terms } from '../terms/register.ts'

export function readinessFacts(terms: Terms, agents: readonly KnownAgent[]): ReadinessFacts {
  const { terms: contract } = newest(terms)
  const members = new Set(terms.members.filter(({ toMs }) => toMs === null).map(({ agent }) => agent))
  const measuring = agents.filter(({ id }) => members.has(id))
  const bound = contract.measurement.maxClockErrorMs
  return {
    sites: siteCount(contract, measuring),
    providerFreeReferences: freeReferences(contract),
    administratorsDeclared:
      contract.sites.length > 0 && contract.sites.every(({ administeredBy }) => administeredBy !== null),
    // An agreement is a leaf of its own; no door for the provider to make one stands open yet.
    termsAgreed: false,
    clocksWithinBound: measuring.length > 0 && measuring.every(({ clockErrorMs }) => clockErrorMs <= bound),
    timestampsOrWitness: false,
    independentAlertPath: false,
  }
}

/** Sites of the contract that measure; where it names none, each agent counts as one. */
function siteCount({ sites }: ExpandedContract, measuring: readonly KnownAgent[]): number {
  if (sites.length === 0) return measuring.length
  const names = new Set(measuring.flatMap(({ id, name }) => [id, name]))
  return sites.filter(({ agents }) => agents.some((agent) => names.has(agent))).length
}

/** Reference checks that stand in no zone of the provider or of its subcontractors. */
function freeReferences({ measurement, zones, parties, provider }: ExpandedContract): number {
  if (measurement.isolation.rule !== 'all-references-failed') return 0
  const answers = new Set(
    parties.filter(({ id, of }) => id === provider || of === provider).map(({ id }) => id),
  )
  const owned = new Set(
    zones.filter(({ owner }) => answers.has(owner)).flatMap(({ references }) => references),
  )
  return measurement.isolation.references.filter((check) => !owned.has(check)).length
}
