/**
 * The door of a letter's link: without a session, for the incidents of one message. Only the button acts.
 */
import type { Context, Hono } from 'hono'
import { Fault } from '@constat/shared/fault'
import { incidentsIn } from '../alert/link.ts'
import { MAX_ANSWER_BYTES } from '../http/pagerduty-answer.ts'
import type { AppDeps, Caller } from '../http/actions.ts'
import { requireSameOrigin } from '../http/caller.ts'
import { limitBody, missing, param } from '../http/describe.ts'
import type { IncidentView } from '../view/timeline.ts'
import { AcknowledgePage, LinkRefused } from './page/acknowledge.tsx'
import { zoneOf, type Scene } from './scene.ts'
import { sceneOf } from './visit.ts'

/** Whoever has the link speaks for the customer, who wrote down where it is sent. */
const BY_LINK: Omit<Caller, 'contracts'> = { role: 'owner', token: 'link', as: 'session' }

export function addAcknowledgeDoor(site: Hono, deps: AppDeps): void {
  addAnswerDoor(site, deps)
  site.get('/acknowledge/:incident', async (c) => {
    const seal = c.req.query('key') ?? ''
    const incidents = await linked(c, seal, deps)
    if (!incidents) return c.html(<LinkRefused scene={sceneOf(c, deps, null)} />, 404)
    return c.html(
      <AcknowledgePage scene={sceneFor(c, incidents[0], deps)} incidents={incidents} seal={seal} />,
    )
  })
  site.post('/acknowledge/:incident', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    const { key } = await c.req.parseBody()
    const seal = typeof key === 'string' ? key : ''
    const incidents = await linked(c, seal, deps)
    if (!incidents) return c.html(<LinkRefused scene={sceneOf(c, deps, null)} />, 404)
    for (const { id: incident, contract, closedAt } of incidents) {
      if (closedAt === null)
        await deps.actions.acknowledge({ incident, by: { ...BY_LINK, contracts: [contract] } })
    }
    const named = encodeURIComponent(param(c, 'incident'))
    return c.redirect(`/acknowledge/${named}?key=${encodeURIComponent(seal)}`, 303)
  })
}

/** Where PagerDuty tells who has an incident in hand: signed with the secret that it gave its webhook. */
function addAnswerDoor(site: Hono, { actions }: AppDeps): void {
  site.post('/acknowledge/pagerduty/:webhook', limitBody(MAX_ANSWER_BYTES), async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer())
    const signature = c.req.header('x-pagerduty-signature') ?? ''
    const heard = await actions.webhooks.answer({ webhook: param(c, 'webhook'), signature, body })
    if (heard === 'unknown') throw missing('webhook')
    if (heard === 'unsigned') {
      throw new Fault('unauthorised', 'This is not signed with the secret of the webhook.', {
        hint: 'Write the signing secret that PagerDuty showed into Setup, Alerts.',
      })
    }
    return c.body(null, 204)
  })
}

/** The incidents that a good link is of; null where it is not good, or there are none. */
async function linked(
  c: Context,
  seal: string,
  { links, read }: AppDeps,
): Promise<[IncidentView, ...IncidentView[]] | null> {
  const incident = param(c, 'incident')
  if (!links.isGood({ incident, seal })) return null
  const found = await Promise.all(incidentsIn(incident).map((id) => read.incident(id)))
  const [first, ...others] = found.filter((one) => one !== null)
  return first ? [first, ...others] : null
}

/** In the contract's zone, by its names. */
function sceneFor(c: Context, { contract }: IncidentView, deps: AppDeps): Scene {
  const termsOf = (name: string) => (name === contract ? deps.read.terms(name) : null)
  return { ...sceneOf(c, deps, null), zone: zoneOf(deps.read.contract(contract)), termsOf }
}
