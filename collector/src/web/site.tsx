/**
 * The site: every page of the web view and the forms on them. A page is one line here and one file beside.
 */
import { Fault } from '@constat/shared/fault'
import { visible } from '@constat/shared/visible'
import { Hono, type Context } from 'hono'
import { compress } from 'hono/compress'
import type { AppDeps } from '../http/actions.ts'
import { MAX_QUERY_CHARS } from '../http/limits.ts'
import { knownFault, problemOf, retryAfter } from '../http/problem.ts'
import { Trouble } from './page/trouble.tsx'
import { accountPages } from './account.tsx'
import { addAcknowledgeDoor } from './acknowledge.tsx'
import { addEntry, signInPage } from './entry.tsx'
import { may } from '../http/scope.ts'
import { createMiddleware } from 'hono/factory'
import { linkPages, statusPages } from './link-pages.tsx'
import { claimPages } from './claims.tsx'
import { contractPages } from './contracts.tsx'
import { readingPages } from './reading.tsx'
import { setupPages } from './setup.tsx'
import { windowPages } from './windows.tsx'
import type { Scene } from './scene.ts'
import { receive, sceneOf, visitorMay, type VisitEnv } from './visit.ts'

export function createSite(deps: AppDeps): Hono {
  const site = new Hono()
  site.use(compress())
  site.use(async (c, next) => {
    await next()
    // Whatever a page shows, whoever has written it: none of our own words needs such characters.
    if (c.res.headers.get('content-type')?.startsWith('text/html'))
      c.res = new Response(visible(await c.res.text()), c.res)
  })
  site.use(async (c, next) => {
    if (new URL(c.req.url).search.length > MAX_QUERY_CHARS) {
      throw new Fault('too-large', `The query is longer than ${MAX_QUERY_CHARS} characters.`)
    }
    await next()
    c.header('cache-control', 'no-store')
    c.header('vary', 'cookie, accept-language, constat-fragment', { append: true })
  })
  addEntry(site, deps)
  addAcknowledgeDoor(site, deps)
  site.route('/', linkPages(deps))
  const inside = new Hono<VisitEnv>()
  inside.use(receive(deps, (c, scene) => turnAway(c, scene, deps)))
  inside.route('/', statusPages(deps))
  inside.route('/', accountPages(deps))
  inside.use(readersOnly)
  inside.route('/', readingPages(deps))
  inside.route('/', contractPages(deps))
  inside.route('/', claimPages(deps))
  inside.route('/', windowPages(deps))
  inside.route('/', setupPages(deps))
  site.route('/', inside)
  site.onError((error, c) => tellTrouble(c, error, deps))
  return site
}

/** A person's view of a problem. */
export function tellTrouble(c: Context, error: unknown, deps: AppDeps): Response | Promise<Response> {
  const problem = problemOf(error)
  if (!knownFault(error)) deps.log.error('a page failed', { error })
  return c.html(
    <Trouble scene={{ ...sceneOf(c, deps, null), fragment: false }} problem={problem} />,
    problem.status,
    retryAfter(error),
  )
}

/** Every page but the status is for those who may read; the others are shown what there is for them. */
const readersOnly = createMiddleware<VisitEnv>(async (c, next) => {
  if (may(c.var.caller, 'read')) return next()
  if (c.req.method === 'GET' && c.req.path === '/') return c.redirect('/status', 303)
  return visitorMay('read')(c, next)
})

/** The overview is the door itself; any other page sends to it and back. */
function turnAway(c: Context, scene: Scene, deps: AppDeps): Response | Promise<Response> {
  if (c.req.path === '/') return signInPage(c, deps)
  if (c.req.method !== 'GET') throw new Fault('unauthorised', 'Sign in first.')
  return c.redirect(`/sign-in?next=${encodeURIComponent(scene.address)}`, 303)
}
