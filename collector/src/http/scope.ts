/**
 * Scope: the read model as one caller may see it. Routes and pages only ever hold a scoped one, so none
 * of them can forget to ask. Pure over the model it wraps.
 */
import { Fault } from '@constat/shared/fault'
import type { Event } from '../alert/types.ts'
import type { ReadModel } from '../judge/view.ts'
import type { Caller, Role } from './actions.ts'

/** What a route or a page asks for; who may is this table and nothing else. */
export type Deed = 'read' | 'read-hosts' | 'acknowledge' | 'manage'

const MAY = {
  read: ['owner', 'viewer', 'provider'],
  /** Agents and their hosts: not the provider's business. */
  'read-hosts': ['owner', 'viewer'],
  acknowledge: ['owner', 'provider'],
  /** Contracts, agents, webhooks: their addresses can hold secrets, so even reading them is the owner's. */
  manage: ['owner'],
} as const satisfies Record<Deed, readonly Role[]>

export function may(caller: Caller, deed: Deed): boolean {
  const roles: readonly Role[] = MAY[deed]
  if (!roles.includes(caller.role)) return false
  // Agents and webhooks serve all contracts: whoever is confined to one may not touch or list them.
  return caller.contract === null || deed === 'read' || deed === 'acknowledge'
}

export function demand(caller: Caller, deed: Deed): void {
  if (may(caller, deed)) return
  throw new Fault('forbidden', 'This token may not do that.', { hint: 'Ask the owner to do it.' })
}

export function sees(caller: Caller, fact: { contract: string | null }): boolean {
  return caller.contract === null || caller.contract === fact.contract
}

/** Facts of no contract speak of hosts. */
export function hears(caller: Caller, event: Event): boolean {
  return event.contract === null ? may(caller, 'read-hosts') : sees(caller, event)
}

export function within(read: ReadModel, caller: Caller): ReadModel {
  const scope = caller.contract
  if (scope === null) return read
  const mine = (contract: string): boolean => contract === scope
  return {
    contracts: () => [read.contract(scope)].filter((c) => c !== null),
    contract: (name) => (mine(name) ? read.contract(name) : null),
    windowKeys: (name) => (mine(name) ? read.windowKeys(name) : []),
    window: async (name, key) => (mine(name) ? read.window(name, key) : null),
    revisions: async (name) => (mine(name) ? read.revisions(name) : []),
    terms: (name) => (mine(name) ? read.terms(name) : null),
    timeline: (service, span) => read.timeline(service, span, scope),
    latency: (check, span, { agent }) => read.latency(check, span, { agent, contract: scope }),
    incidents: async (filter) =>
      filter.contract !== undefined && !mine(filter.contract)
        ? []
        : read.incidents({ ...filter, contract: scope }),
    incident: async (id) => {
      const incident = await read.incident(id)
      return incident !== null && mine(incident.contract) ? incident : null
    },
    agents: () => [],
  }
}
