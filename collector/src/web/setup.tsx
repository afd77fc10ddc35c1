/**
 * Setup: agents and alerts, and the forms that change them. What is shown once is drawn in the answer to
 * the form; every other deed sends back to its page.
 */
import { Hono, type Context } from 'hono'
import type { AppDeps, WebhookActions } from '../http/actions.ts'
import { limitBody, missing, param, readForm } from '../http/describe.ts'
import { agentName } from '../http/routes/agents.ts'
import { createWebhook, wantedWebhook } from '../http/routes/webhooks.ts'
import { addContractPages } from './add-contract.tsx'
import { Access } from './page/access.tsx'
import { Agents, type AgentPlace } from './page/agents.tsx'
import { Alerts, type WebhookDeliveries } from './page/alerts.tsx'
import { linkOf, wantedLink } from '../http/routes/links.ts'
import type { LinkIssued, TokenIssued } from '../view/access.ts'
import type { ReadModel } from '../view/reads.ts'
import { sharedZone, type Scene } from './scene.ts'
import { PROVIDER_PATH, visitorMay, type VisitEnv } from './visit.ts'

type Visit = Context<VisitEnv>
/** Shown of each webhook; the API pages through them all. */
const SHOWN_DELIVERIES = 10
/** Entries of the audit; the API pages through them all. */
const SHOWN_AUDIT = 50

export function setupPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/setup', (c) => c.redirect('/setup/agents', 303))
  addAgentPages(pages, deps)
  addAlertPages(pages, deps)
  addAccessPages(pages, deps)
  addContractPages(pages, deps)
  return pages
}

function zoned(c: Visit): Scene {
  return { ...c.var.scene, zone: sharedZone(c.var.read) }
}

function addAgentPages(pages: Hono<VisitEnv>, { actions }: AppDeps): void {
  pages.get('/setup/agents', visitorMay('read-hosts'), (c) => {
    const revoked = c.req.query('done') === 'revoked'
    const notice = revoked && { notice: c.var.scene.text.agent.revoked }
    return c.html(
      <Agents scene={zoned(c)} agents={c.var.read.agents()} places={placesOf(c.var.read)} {...notice} />,
    )
  })
  pages.post('/setup/agents/tokens', visitorMay('manage'), limitBody(), async (c) => {
    const { name } = await c.req.parseBody()
    const wanted = typeof name === 'string' && name.trim() !== '' ? readForm(agentName, name) : null
    const invitation = await actions.issueAgentToken({ name: wanted, by: c.var.caller })
    return c.html(
      <Agents
        scene={zoned(c)}
        agents={c.var.read.agents()}
        places={placesOf(c.var.read)}
        invitation={invitation}
      />,
      201,
    )
  })
  pages.post('/setup/agents/:agent/revoke', visitorMay('manage'), limitBody(), async (c) => {
    if (!(await actions.revokeAgent(param(c, 'agent')))) throw missing('agent')
    return c.redirect('/setup/agents?done=revoked', 303)
  })
}

/** Of each agent, the site that a contract puts it in; cut off under one contract is told for all. */
function placesOf(read: ReadModel): Map<string, AgentPlace> {
  const places = new Map<string, AgentPlace>()
  for (const contract of read.contracts()) {
    const declared = new Set(read.terms(contract.name)?.sites.map(({ id }) => id))
    for (const { id: site, displayName, agents } of contract.sites) {
      for (const { id, isolated } of agents) {
        const known = places.get(id)
        places.set(id, {
          site: known?.site ?? (declared.has(site) ? displayName : null),
          isolated: isolated || known?.isolated === true,
        })
      }
    }
  }
  return places
}

/** What a deed on the alerts page says afterwards. */
const NOTICES = ['tested', 'enabled', 'removed', 'replayed'] as const
type Notice = (typeof NOTICES)[number]

/** Plans drawn on the page; the command says the others. */
const SHOWN_PLANS = 10

function addAlertPages(pages: Hono<VisitEnv>, { actions: { webhooks } }: AppDeps): void {
  const shown = async (c: Visit, more: { secret?: string; notice?: string }) => {
    const names = c.var.read.contracts().flatMap(({ name, endedAt }) => (endedAt === null ? [name] : []))
    const asked = names.slice(0, SHOWN_PLANS).map((name) => c.var.read.alertPlan(name))
    const plans = (await Promise.all(asked)).filter((plan) => plan !== null)
    const all = await withDeliveries(webhooks)
    const props = { webhooks: all, plans, more: names.length - plans.length, offers: webhooks }
    return <Alerts scene={zoned(c)} {...props} {...more} />
  }
  pages.get('/setup/alerts', visitorMay('manage'), async (c) => {
    const done = NOTICES.find((notice) => notice === c.req.query('done'))
    return c.html(await shown(c, done ? { notice: c.var.scene.text.alert[done] } : {}))
  })
  pages.post('/setup/alerts', visitorMay('manage'), limitBody(), async (c) => {
    const form = await c.req.parseBody({ all: true })
    const types = form['types'] === undefined ? ['*'] : [form['types']].flat()
    const wanted = readForm(wantedWebhook, { url: form['url'], shape: form['shape'], types })
    const { secret } = await createWebhook(webhooks, wanted)
    return c.html(await shown(c, { secret }), 201)
  })
  pages.post('/setup/alerts/:webhook/secret', visitorMay('manage'), limitBody(), async (c) => {
    const renewed = await webhooks.renewSecret(param(c, 'webhook'))
    if (renewed === null) throw missing('webhook')
    return c.html(await shown(c, { secret: renewed.secret }), 201)
  })
  pages.post('/setup/alerts/:webhook/test', visitorMay('manage'), limitBody(), async (c) => {
    if ((await webhooks.test(param(c, 'webhook'))) === null) throw missing('webhook')
    return c.redirect(doneHref('tested'), 303)
  })
  pages.post('/setup/alerts/:webhook/enable', visitorMay('manage'), limitBody(), async (c) => {
    if ((await webhooks.enable(param(c, 'webhook'))) === null) throw missing('webhook')
    return c.redirect(doneHref('enabled'), 303)
  })
  pages.post('/setup/alerts/:webhook/remove', visitorMay('manage'), limitBody(), async (c) => {
    if (!(await webhooks.remove(param(c, 'webhook')))) throw missing('webhook')
    return c.redirect(doneHref('removed'), 303)
  })
  pages.post('/setup/alerts/deliveries/:delivery/replay', visitorMay('manage'), limitBody(), async (c) => {
    if ((await webhooks.replay(param(c, 'delivery'))) === null) throw missing('delivery')
    return c.redirect(doneHref('replayed'), 303)
  })
}

function addAccessPages(pages: Hono<VisitEnv>, { actions: { tokens }, publicUrl }: AppDeps): void {
  type More = { issued?: Pick<TokenIssued, 'token'>; invitation?: string; link?: LinkIssued; notice?: string }
  const shown = async (c: Visit, more: More) => {
    const [all, audit] = [await tokens.list(), await tokens.audit({ limit: SHOWN_AUDIT })]
    const contracts = c.var.read.contracts()
    return <Access scene={zoned(c)} tokens={all} audit={audit} contracts={contracts} {...more} />
  }
  pages.get('/setup/access', visitorMay('manage'), async (c) => {
    const notice = c.req.query('done') === 'revoked' && { notice: c.var.scene.text.access.revoked }
    return c.html(await shown(c, { ...notice }))
  })
  pages.post('/setup/access/links', visitorMay('manage'), limitBody(), async (c) => {
    const wanted = readForm(wantedLink, await c.req.parseBody())
    const link = await linkOf(wanted, { read: c.var.read, tokens, by: c.var.caller })
    return c.html(await shown(c, { link }), 201)
  })
  pages.post('/setup/access/invite', visitorMay('manage'), limitBody(), async (c) => {
    const { contract } = await c.req.parseBody()
    if (typeof contract !== 'string' || c.var.read.contract(contract) === null) throw missing('contract')
    const { token } = await tokens.issue({ role: 'provider', contract, by: c.var.caller })
    return c.html(await shown(c, { invitation: `${publicUrl}${PROVIDER_PATH}?token=${token}` }), 201)
  })
  pages.post('/setup/access/:token/revoke', visitorMay('manage'), limitBody(), async (c) => {
    if (!(await tokens.revoke(param(c, 'token'), c.var.caller))) throw missing('token')
    return c.redirect('/setup/access?done=revoked', 303)
  })
  pages.post('/setup/access/:token/renew', visitorMay('manage'), limitBody(), async (c) => {
    const issued = await tokens.renew(param(c, 'token'), c.var.caller)
    if (issued === null) throw missing('token')
    return c.html(await shown(c, { issued }), 201)
  })
}

function doneHref(notice: Notice): string {
  return `/setup/alerts?done=${notice}`
}

async function withDeliveries(webhooks: WebhookActions): Promise<WebhookDeliveries[]> {
  const all = await webhooks.list()
  return Promise.all(
    all.map(async (webhook) => ({
      webhook,
      deliveries: (await webhooks.deliveries(webhook.id, { limit: SHOWN_DELIVERIES })) ?? [],
    })),
  )
}
