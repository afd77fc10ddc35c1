/**
 * Sites: the places a contract names, with the agents that stand there, and every agent that stands in
 * none as a place of its own. Who administers a host follows from its site. Pure.
 */
import { answeredByProvider } from '@constat/sla/contract/parties'
import type { ExpandedContract } from '@constat/sla/contract/expanded'

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
    agents: agents.filter((one) => names.includes(one.name) || names.includes(one.id)).map((one) => one.id),
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

/** The declared site of an agent. */
export function siteOf({ sites }: Pick<ExpandedContract, 'sites'>, { id, name }: Named) {
  return sites.find(({ agents }) => agents.includes(name) || agents.includes(id)) ?? null
}

/** Whether the provider, or somebody it answers for, administers this host. */
export function isProviderHost(contract: ExpandedContract, agent: Named): boolean {
  const administrator = siteOf(contract, agent)?.administeredBy
  return administrator != null && answeredByProvider(contract).has(administrator)
}
