/**
 * Sites: the places a contract names, with the agents that stand there, and every agent that stands in
 * none as a place of its own. Who administers a host follows from its site. Pure.
 */
import { answeredByProvider, type ExpandedContract } from '../contract/expanded.ts'
import { checksOf } from '../service-tree.ts'

/** An agent as contracts name it: by name, or by id. */
export type Named = { id: string; name: string }

export type SiteVantages = {
  id: string
  displayName: string
  /** Party; null: nobody said. */
  administeredBy: string | null
  /** By id, in order. Empty: none is enrolled there yet. */
  agents: readonly string[]
  /** Named by the contract. False: one agent by itself. */
  isDeclared: boolean
}

/** Declared sites in the order of the contract, then the other agents in order of name. */
export function sitesOf(
  { sites }: Pick<ExpandedContract, 'sites'>,
  agents: readonly Named[],
): SiteVantages[] {
  const declared = sites.map(({ id, displayName, administeredBy, agents: names }) => ({
    id,
    displayName,
    administeredBy,
    agents: agents.filter((one) => isNamed(names, one)).map((one) => one.id),
    isDeclared: true,
  }))
  const placed = new Set(declared.flatMap((site) => site.agents))
  const alone = agents
    .filter(({ id }) => !placed.has(id))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id, name }) => ({
      id: name,
      displayName: name,
      administeredBy: null,
      agents: [id],
      isDeclared: false,
    }))
  return [...declared, ...alone]
}

/**
 * The places a service is promised at. A declared one to which no agent of it may run a check of the service
 * is none of them; one whose agents are not enrolled yet is.
 */
export function sitesSeeing(
  terms: ExpandedContract,
  { service, agents }: { service: string; agents: readonly Named[] },
): SiteVantages[] {
  const checks = checksOf(terms, service)
  const isMeant = (name: string): boolean =>
    checks.some(({ vantages }) => vantages === 'all' || vantages.includes(name))
  const seeing = new Set(terms.sites.filter((site) => site.agents.some(isMeant)).map(({ id }) => id))
  return sitesOf(terms, agents).filter(
    (site) => !site.isDeclared || site.agents.length > 0 || seeing.has(site.id),
  )
}

/** The declared site of an agent. */
export function siteOf({ sites }: Pick<ExpandedContract, 'sites'>, agent: Named) {
  return sites.find(({ agents }) => isNamed(agents, agent)) ?? null
}

/** Whether a contract's list of agents has this one. */
export function isNamed(names: readonly string[], { id, name }: Named): boolean {
  return names.includes(name) || names.includes(id)
}

/** Whether the provider, or somebody it answers for, administers this host. */
export function isProviderHost(contract: ExpandedContract, agent: Named): boolean {
  const administrator = siteOf(contract, agent)?.administeredBy
  return administrator != null && answeredByProvider(contract).has(administrator)
}
