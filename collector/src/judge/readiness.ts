/** Readiness facts of a contract: what of a claim's ground is there today. Pure. */
import { mayRun } from '@constat/sla/assembly/observed'
import { answeredByProvider, type ExpandedContract } from '@constat/sla/contract/expanded'
import type { ReadinessFacts } from '@constat/sla/readiness'
import type { KnownAgent } from '../intake/agents.ts'
import { newest, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { termsStanding } from '@constat/sla/state/terms-answer'
import { membersNow } from './silences.ts'
import { siteOf, sitesOf } from '@constat/sla/assembly/sites'

/** What stands beside the state of a contract. */
export type Grounds = {
  /** Whether others than this collector have lately signed what its log says. */
  isWitnessed: boolean
  /** Parties that run what has taken messages about its incidents. */
  alertOperators: ReadonlySet<string>
}

/** `judgedBy`: the revisions in force in what is looked at; none: the newest. All of them have to be agreed to. */
export function readinessFacts(
  state: ContractState,
  agents: readonly KnownAgent[],
  { isWitnessed, alertOperators }: Grounds,
  judgedBy: readonly Revision[] = [],
): ReadinessFacts {
  const { terms: contract } = newest(state)
  const measuring = membersNow(state, agents)
  const bound = contract.measurement.maxClockErrorMs
  return {
    // One that is silent measures nothing: its site is none until it is back.
    sites: sitesOf(
      contract,
      measuring.filter(({ silentSinceMs }) => silentSinceMs === null),
    ).filter((site) => site.agents.length > 0).length,
    providerFreeReferences: freeReferences(contract, measuring),
    administratorsDeclared:
      measuring.length > 0 && measuring.every((agent) => siteOf(contract, agent)?.administeredBy != null),
    termsAgreed: (judgedBy.length > 0 ? judgedBy : [newest(state)]).every(
      (revision) => termsStanding(state, revision) === 'agreed',
    ),
    clocksWithinBound: measuring.length > 0 && measuring.every(({ clockErrorMs }) => clockErrorMs <= bound),
    timestampsOrWitness: isWitnessed,
    alertPath: alertPath(state, alertOperators),
  }
}

/** The ledger has the first delivery that was accepted about each incident; documents say who runs which endpoint. */
function alertPath(state: ContractState, operators: ReadonlySet<string>): ReadinessFacts['alertPath'] {
  if (state.alerted.size === 0) return 'none'
  const provider = answeredByProvider(newest(state).terms)
  return [...operators].some((party) => !provider.has(party)) ? 'independent' : 'owner-unknown'
}

/** References, of isolation or of a zone, that the provider does not answer for and that somebody runs. */
function freeReferences(contract: ExpandedContract, measuring: readonly KnownAgent[]): number {
  const { zones, measurement, checks } = contract
  const provider = answeredByProvider(contract)
  const owned = new Set(
    zones.filter(({ owner }) => provider.has(owner)).flatMap(({ references }) => references),
  )
  const { isolation } = measurement
  const isolating = isolation.rule === 'all-references-failed' ? isolation.references : []
  const names = new Set([...isolating, ...zones.flatMap(({ references }) => references)])
  return checks.filter(({ name, vantages }) => {
    const isRun = measuring.some((agent) => mayRun({ vantages }, agent))
    return names.has(name) && !owned.has(name) && isRun
  }).length
}
