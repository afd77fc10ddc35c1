/**
 * Setup: agents and alerts, and the forms that change them. Every deed sends back to its page; what is shown once is
 * drawn there.
 */
import { Hono, type Context } from 'hono'
import type { AppDeps, WebhookActions } from '../http/actions.ts'
import { limitBody, missing, param, readForm } from '../http/describe.ts'
import { agentName } from '../http/routes/agents.ts'
import { wantedChanges, wantedWebhook } from '../http/routes/webhooks.ts'
import { addContractPages } from './add-contract.tsx'
import { Access } from './page/access.tsx'
import { Agents, type AgentPlace } from './page/agents.tsx'
import { Alerts, type WebhookDeliveries } from './page/alerts.tsx'
import { linkOf, wantedLink } from '../http/routes/links.ts'
import type { LinkIssued, TokenIssued } from '../view/access.ts'
import type { ReadModel } from '../view/reads.ts'
import { webhook, type AgentInvitation } from '../view/setup.ts'
import { peoplePages } from './people.tsx'
import { zoned } from './scene.ts'
import { ShownOnce } from './shown-once.ts'
import { mayGive, signedInLately, visitorMay, type VisitEnv } from './visit.ts'

type Visit = Context<VisitEnv>
/** Shown of each webhook; the API pages through them all. */
const SHOWN_DELIVERIES = 10
/** Entries of the audit; the API pages through them all. */
const SHOWN_AUDIT = 50

/** What a form has just made. */
type Fresh =
  | { invitation: AgentInvitation }
  | { secret: string }
  | { issued: Pick<TokenIssued, 'token'> }
  | { link: LinkIssued }

type Pages = { pages: Hono<VisitEnv>; once: ShownOnce<Fresh> }

export function setupPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  const once = new ShownOnce<Fresh>(() => deps.clock.nowMs())
  pages.get('/setup', (c) => c.redirect('/setup/agents', 303))
  addAgentPages({ pages, once }, deps)
  addAlertPages({ pages, once }, deps)
  addAccessPages({ pages, once }, deps)
  pages.route('/', peoplePages(deps))
  addContractPages(pages, deps)
  return pages
}

/** Sends to the page that shows it. */
function sendTo(c: Visit, { page, fresh, once }: { page: string; fresh: Fresh; once: ShownOnce<Fresh> }) {
  return c.redirect(`${page}?fresh=${once.put(c.var.caller.token, fresh)}`, 303)
}

/** What is shown this once; a notice in its place where it was shown already. */
function freshIn(c: Visit, once: ShownOnce<Fresh>): Fresh | { notice?: string } {
  const number = c.req.query('fresh')
  if (number === undefined) return {}
  return once.take(c.var.caller.token, number) ?? { notice: c.var.scene.text.access.shownOnce }
}

function addAgentPages({ pages, once }: Pages, { actions }: AppDeps): void {
  pages.get('/setup/agents', visitorMay('read-hosts'), (c) => {
    const revoked = c.req.query('done') === 'revoked'
    const more = revoked ? { notice: c.var.scene.text.agent.revoked } : freshIn(c, once)
    return c.html(
      <Agents scene={zoned(c)} agents={c.var.read.agents()} places={placesOf(c.var.read)} {...more} />,
    )
  })
  pages.post('/setup/agents/tokens', visitorMay('manage'), limitBody(), async (c) => {
    const { name } = await c.req.parseBody()
    const wanted = typeof name === 'string' && name.trim() !== '' ? readForm(agentName, name) : null
    const invitation = await actions.issueAgentToken({ name: wanted, by: c.var.caller })
    return sendTo(c, { page: '/setup/agents', fresh: { invitation }, once })
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
const NOTICES = ['tested', 'enabled', 'removed', 'replayed', 'edited', 'paused', 'resumed'] as const
type Notice = (typeof NOTICES)[number]

/** Plans drawn on the page; the command says the others. */
const SHOWN_PLANS = 10

function addAlertPages({ pages, once }: Pages, deps: AppDeps): void {
  const { actions, publicUrl } = deps
  const { webhooks } = actions
  addWebhookEdits({ pages, once }, deps)
  pages.get('/setup/alerts', visitorMay('manage'), async (c) => {
    const names = c.var.read.contracts().flatMap(({ name, endedAt }) => (endedAt === null ? [name] : []))
    const asked = names.slice(0, SHOWN_PLANS).map((name) => c.var.read.alertPlan(name))
    const plans = (await Promise.all(asked)).filter((plan) => plan !== null)
    const props = {
      plans,
      more: names.length - plans.length,
      offers: { ...webhooks, contracts: names, publicUrl },
    }
    const done = NOTICES.find((notice) => notice === c.req.query('done'))
    const said = done ? { notice: c.var.scene.text.alert[done] } : freshIn(c, once)
    const state = webhook.shape.state.options.find((one) => one === c.req.query('state')) ?? null
    return c.html(
      <Alerts
        scene={zoned(c)}
        webhooks={await withDeliveries(webhooks)}
        state={state}
        {...props}
        {...said}
      />,
    )
  })
  pages.post('/setup/alerts', visitorMay('manage'), limitBody(), async (c) => {
    const { secret } = await webhooks.create(readForm(wantedWebhook, await webhookForm(c)))
    return sendTo(c, { page: '/setup/alerts', fresh: { secret }, once })
  })
  pages.post('/setup/alerts/:webhook/secret', visitorMay('manage'), limitBody(), async (c) => {
    const renewed = await webhooks.renewSecret(param(c, 'webhook'))
    if (renewed === null) throw missing('webhook')
    return sendTo(c, { page: '/setup/alerts', fresh: { secret: renewed.secret }, once })
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

function addWebhookEdits({ pages }: Pages, { actions: { webhooks } }: AppDeps): void {
  const edit = async (c: Visit, changes: Parameters<WebhookActions['edit']>[1], done: Notice) => {
    if ((await webhooks.edit(param(c, 'webhook'), changes)) === null) throw missing('webhook')
    return c.redirect(doneHref(done), 303)
  }
  pages.post('/setup/alerts/:webhook/edit', visitorMay('manage'), limitBody(), async (c) =>
    edit(c, readForm(wantedChanges, await webhookForm(c)), 'edited'),
  )
  pages.post('/setup/alerts/:webhook/answers', visitorMay('manage'), limitBody(), async (c) => {
    const { secret } = await c.req.parseBody()
    return edit(c, readForm(wantedChanges, { answerSecret: secret === '' ? null : secret }), 'edited')
  })
  pages.post('/setup/alerts/:webhook/pause', visitorMay('manage'), limitBody(), (c) =>
    edit(c, { paused: true }, 'paused'),
  )
  pages.post('/setup/alerts/:webhook/resume', visitorMay('manage'), limitBody(), (c) =>
    edit(c, { paused: false }, 'resumed'),
  )
}

/** Nothing ticked is everything. */
async function webhookForm(c: Visit) {
  const { url, shape, types, contracts, ed25519 } = await c.req.parseBody({ all: true })
  return {
    url,
    shape,
    types: types === undefined ? ['*'] : [types].flat(),
    contracts: contracts === undefined ? null : [contracts].flat(),
    ed25519: ed25519 !== undefined,
  }
}

function addAccessPages({ pages, once }: Pages, { actions: { tokens } }: AppDeps): void {
  const page = '/setup/access'
  pages.get(page, visitorMay('manage'), async (c) => {
    const isRevoked = c.req.query('done') === 'revoked'
    const more = isRevoked ? { notice: c.var.scene.text.access.revoked } : freshIn(c, once)
    const [all, audit] = [await tokens.list(), await tokens.audit({ limit: SHOWN_AUDIT })]
    const contracts = c.var.read.contracts()
    const props = { tokens: all, audit, contracts, mayGive: mayGive(c) }
    return c.html(<Access scene={zoned(c)} {...props} {...more} />)
  })
  pages.post('/setup/access/links', visitorMay('manage'), limitBody(), async (c) => {
    const wanted = readForm(wantedLink, await c.req.parseBody())
    const link = await linkOf(wanted, { read: c.var.read, tokens, by: c.var.caller })
    return sendTo(c, { page, fresh: { link }, once })
  })
  pages.post('/setup/access/:token/revoke', visitorMay('manage'), limitBody(), async (c) => {
    if (!(await tokens.revoke(param(c, 'token'), c.var.caller))) throw missing('token')
    return c.redirect('/setup/access?done=revoked', 303)
  })
  pages.post(
    '/setup/access/:token/renew',
    visitorMay('manage'),
    signedInLately(page),
    limitBody(),
    async (c) => {
      const issued = await tokens.renew(param(c, 'token'), c.var.caller)
      if (issued === null) throw missing('token')
      return sendTo(c, { page, fresh: { issued }, once })
    },
  )
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
