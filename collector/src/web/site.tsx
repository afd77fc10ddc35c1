/**
 * The site: every page of the web view and the forms on them. A page is one line here and one file beside.
 */
import { Fault } from '@constat/shared/fault'
import { visible } from '@constat/shared/visible'
import { Hono, type Context } from 'hono'
import { compress } from 'hono/compress'
import type { AppDeps } from '../http/actions.ts'
import { cameAlone, isGood, requireSameOrigin, signIn, signOut } from '../http/caller.ts'
import { limitBody } from '../http/describe.ts'
import { MAX_QUERY_CHARS } from '../http/limits.ts'
import { knownFault, problemOf, retryAfter } from '../http/problem.ts'
import { AskFirst, SignIn } from './page/sign-in.tsx'
import { Trouble } from './page/trouble.tsx'
import { addAcknowledgeDoor } from './acknowledge.tsx'
import { may } from '../http/scope.ts'
import { createMiddleware } from 'hono/factory'
import { linkPages, statusPages } from './link-pages.tsx'
import { claimPages } from './claims.tsx'
import { contractPages } from './contracts.tsx'
import { readingPages } from './reading.tsx'
import { setupPages } from './setup.tsx'
import { windowPages } from './windows.tsx'
import { LINK_PATHS, localPath, receive, sceneOf, visitorMay, type VisitEnv } from './visit.ts'

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
  addDoor(site, deps)
  site.route('/', linkPages(deps))
  const inside = new Hono<VisitEnv>()
  inside.use(receive(deps, (c, scene) => turnAway(c, scene)))
  inside.route('/', statusPages(deps))
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
function turnAway(c: Context, scene: Parameters<typeof SignIn>[0]['scene']): Response | Promise<Response> {
  if (c.req.path === '/') return c.html(<SignIn scene={scene} next="/" />)
  if (c.req.method !== 'GET') throw new Fault('unauthorised', 'Sign in first.')
  return c.redirect(`/sign-in?next=${encodeURIComponent(scene.address)}`, 303)
}

function addDoor(site: Hono, deps: AppDeps): void {
  // The owner link of the terminal, and that of an invitation: the token stays good, it is the holder's.
  for (const path of LINK_PATHS) {
    site.get(path, async (c) => {
      const token = c.req.query('token') ?? ''
      const scene = sceneOf(c, deps, null)
      if (!cameAlone(c)) {
        if (await isGood(c, token, deps)) return c.html(<AskFirst scene={scene} token={token} />)
      } else if (await signIn(c, token, deps)) return c.redirect('/', 303)
      return c.html(<SignIn scene={scene} next="/" outcome="wrong" />, 401)
    })
  }
  site.get('/sign-in', (c) => {
    const outcome = c.req.query('done') === 'signed-out' && { outcome: 'signed-out' as const }
    return c.html(
      <SignIn scene={sceneOf(c, deps, null)} next={localPath(c.req.query('next'))} {...outcome} />,
    )
  })
  site.post('/sign-in', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    const { token, next } = await c.req.parseBody()
    const to = localPath(next)
    if (await signIn(c, typeof token === 'string' ? token.trim() : '', deps)) return c.redirect(to, 303)
    return c.html(<SignIn scene={sceneOf(c, deps, null)} next={to} outcome="wrong" />, 401)
  })
  addAcknowledgeDoor(site, deps)
  site.post('/sign-out', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    await signOut(c, deps)
    return c.redirect('/sign-in?done=signed-out', 303)
  })
}
