/**
 * Pages for whoever has a link, or may see no more than states: the status of services with its one button, and one
 * shared incident. A link opens one page: it is no session, and its secret opens nothing else.
 */
import { Fault } from '@constat/shared/fault'
import { Hono, type Context } from 'hono'
import type { AppDeps, Caller } from '../http/actions.ts'
import { requireSameOrigin } from '../http/caller.ts'
import { limitBody, missing, param, readForm } from '../http/describe.ts'
import { MAX_TOKEN_CHARS } from '../http/limits.ts'
import { reportRate } from '../http/report-rate.ts'
import { report, wantedReport } from '../http/routes/remarks.ts'
import { may, within } from '../http/scope.ts'
import type { ContractView } from '../view/contract.ts'
import type { ReadModel } from '../view/reads.ts'
import { badgeOf } from './badge.tsx'
import { incidentPage } from './reading.tsx'
import { Status } from './page/status.tsx'
import { sharedZone, zoneOf, type Scene } from './scene.ts'
import { sceneOf, visitorMay, type VisitEnv } from './visit.ts'

/** What a link lets its holder see. */
type Guest = { caller: Caller; contract: string; incident: string | null; read: ReadModel; scene: Scene }

/** Without an account: the secret in the address is what lets in. */
export function linkPages(deps: AppDeps): Hono {
  const pages = new Hono()
  const rate = reportRate(deps.clock)
  pages.get('/status/:key', async (c) => {
    const { read, scene } = await guestOf(c, deps, 'status')
    return c.html(<Status scene={scene} {...shownOf(c, read)} reportTo={`${c.req.path}/report`} />)
  })
  pages.get('/status/:key/badge.svg', async (c) => {
    const { read, scene, contract } = await guestOf(c, deps, 'status')
    // It stands on pages of other sites.
    c.header('cross-origin-resource-policy', 'cross-origin')
    return badge(c, { found: read.contract(contract), scene })
  })
  pages.post('/status/:key/report', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    const { read, caller } = await guestOf(c, deps, 'status')
    rate(c)
    return c.redirect(await noted(c, { read, caller, deps, page: `/status/${param(c, 'key')}` }), 303)
  })
  pages.get('/shared/:key', async (c) => {
    const { read, scene, incident } = await guestOf(c, deps, 'incident')
    const found = incident === null ? null : await read.incident(incident)
    if (found === null) throw missing('incident')
    return c.html(incidentPage(found, { read, scene, isAddressed: true, losses: [] }))
  })
  return pages
}

/** With an account, whatever else it may see. */
export function statusPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  const rate = reportRate(deps.clock)
  pages.get('/status', visitorMay('read-status'), (c) => {
    const { read, caller, scene } = c.var
    const reportTo = may(caller, 'report') ? '/status/report' : null
    return c.html(
      <Status
        scene={{ ...scene, zone: sharedZone(read, scene.zone) }}
        {...shownOf(c, read)}
        reportTo={reportTo}
      />,
    )
  })
  pages.get('/contracts/:contract/badge.svg', visitorMay('read-status'), (c) => {
    const { read, scene } = c.var
    return badge(c, { found: read.contract(param(c, 'contract')), scene })
  })
  pages.post('/status/report', visitorMay('report'), limitBody(), async (c) => {
    rate(c)
    const { read, caller } = c.var
    return c.redirect(await noted(c, { read, caller, deps, page: '/status' }), 303)
  })
  return pages
}

function badge(c: Context, { found, scene }: { found: ContractView | null; scene: Scene }): Response {
  if (found === null) throw missing('contract')
  return c.body(badgeOf(found, scene.text), 200, { 'content-type': 'image/svg+xml' })
}

/** Faults: `not-found` for a link that leads nowhere, `rate-limited` where too many were wrong. */
async function guestOf(c: Context, deps: AppDeps, wanted: 'status' | 'incident'): Promise<Guest> {
  const key = param(c, 'key')
  const isLong = key.length > MAX_TOKEN_CHARS
  const found = isLong ? null : await deps.guesses.of(c, key, () => deps.actions.tokens.openLink(key))
  if (found === null || (found.incident === null) !== (wanted === 'status')) {
    throw new Fault('not-found', 'This link leads nowhere any more.', {
      hint: 'Ask whoever gave it to you for another.',
    })
  }
  const { id, contract, incident } = found
  const caller: Caller = { role: 'internal', contracts: [contract], token: id, as: 'session' }
  const read = within(deps.read, caller)
  const zone = zoneOf(read.contract(contract))
  const scene = { ...sceneOf(c, deps, null), zone, termsOf: (name: string) => read.terms(name) }
  return { caller, contract, incident, read, scene }
}

function shownOf(c: Context, read: Pick<ReadModel, 'status'>) {
  const { service, contract, at } = c.req.query()
  const atMs = Number(at)
  const isNoted = service !== undefined && contract !== undefined && Number.isSafeInteger(atMs) && atMs > 0
  return { services: read.status(), noted: isNoted ? { service, contract, atMs } : null }
}

type Noting = { read: ReadModel; caller: Caller; deps: AppDeps; page: string }

/** Says that it fails, and where to go then: a reload says it no second time. */
async function noted(c: Context, { read, caller, deps, page }: Noting): Promise<string> {
  const { service, contract, text } = await c.req.parseBody()
  const wanted = readForm(wantedReport, { service, contract, text: text ?? '' })
  const made = await report(wanted, { caller, read, actions: deps.actions })
  const said = new URLSearchParams({
    service: made.service,
    contract: made.contract,
    at: String(Date.parse(made.at)),
  })
  return `${page}?${said.toString()}`
}
