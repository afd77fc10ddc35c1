/** Sites as people see them: who is there, who is heard, and whether the place is cut off. Pure. */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { KnownAgent } from '../intake/agents.ts'
import { sitesOf } from '@constat/sla/assembly/sites'
import type { SiteAgent, SiteState, SiteView } from '../view/contract.ts'

/** `agents`: vantages of the contract now; `isIsolated` by agent id, now. */
export function siteViews(
  contract: ExpandedContract,
  agents: readonly KnownAgent[],
  isIsolated: (agent: string) => boolean,
): SiteView[] {
  return sitesOf(contract, agents).map(({ id, displayName, administeredBy, agents: ids }) => {
    const here = agents
      .filter((agent) => ids.includes(agent.id))
      .map((agent) => ({
        id: agent.id,
        name: agent.name,
        connected: agent.connections > 0,
        silent: agent.silentSinceMs !== null,
        isolated: isIsolated(agent.id),
        clockOffsetMs: agent.clockOffsetMs,
      }))
    return { id, displayName, administeredBy, agents: here, state: siteState(here) }
  })
}

export function siteState(agents: readonly SiteAgent[]): SiteState {
  if (agents.length === 0) return 'unknown'
  const heard = agents.filter(({ silent }) => !silent)
  if (heard.length === 0) return 'unreachable'
  if (heard.every(({ isolated }) => isolated)) return 'isolated'
  // Not connected, and not silent for long enough to say so: it may come back any moment.
  return heard.some(({ connected }) => connected) ? 'reachable' : 'unknown'
}
