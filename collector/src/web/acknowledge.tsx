/**
 * The door of a letter's link: without a session, for one incident. Only the button acts.
 */
import type { Context, Hono } from 'hono'
import type { AppDeps, Caller } from '../http/actions.ts'
import { requireSameOrigin } from '../http/caller.ts'
import { limitBody, param } from '../http/describe.ts'
import type { IncidentView } from '../view/timeline.ts'
import { AcknowledgePage, LinkRefused } from './page/acknowledge.tsx'
import { zoneOf, type Scene } from './scene.ts'
import { sceneOf } from './visit.ts'

/** Whoever has the link speaks for the customer, who wrote down where it is sent. */
const BY_LINK: Omit<Caller, 'contracts'> = { role: 'owner', token: 'link', as: 'session' }

export function addAcknowledgeDoor(site: Hono, deps: AppDeps): void {
  site.get('/acknowledge/:incident', async (c) => {
    const seal = c.req.query('key') ?? ''
    const incident = await linked(c, seal, deps)
    if (!incident) return c.html(<LinkRefused scene={sceneOf(c, deps, null)} />, 404)
    return c.html(<AcknowledgePage scene={sceneFor(c, incident, deps)} incident={incident} seal={seal} />)
  })
  site.post('/acknowledge/:incident', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    const { key } = await c.req.parseBody()
    const seal = typeof key === 'string' ? key : ''
    const incident = await linked(c, seal, deps)
    if (!incident) return c.html(<LinkRefused scene={sceneOf(c, deps, null)} />, 404)
    const by = { ...BY_LINK, contracts: [incident.contract] }
    if (incident.closedAt === null) await deps.actions.acknowledge({ incident: incident.id, by })
    return c.redirect(`/acknowledge/${encodeURIComponent(incident.id)}?key=${encodeURIComponent(seal)}`, 303)
  })
}

/** The incident that a good link is of. */
async function linked(c: Context, seal: string, { links, read }: AppDeps): Promise<IncidentView | null> {
  const incident = param(c, 'incident')
  return links.isGood({ incident, seal }) ? read.incident(incident) : null
}

/** In the contract's zone, by its names. */
function sceneFor(c: Context, { contract }: IncidentView, deps: AppDeps): Scene {
  const termsOf = (name: string) => (name === contract ? deps.read.terms(name) : null)
  return { ...sceneOf(c, deps, null), zone: zoneOf(deps.read.contract(contract)), termsOf }
}
