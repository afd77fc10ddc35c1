/**
 * Install: what a host that joins fetches before anybody knows it. Public and the same for everybody: no
 * secret is inside, and whoever fetches them compares the digest that came by another way.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../actions.ts'
import { problemResponse } from '../problem.ts'

export const SCRIPT_PATH = '/install.sh'
export const BUNDLE_PATH = '/agent/constat-agent.mjs'

/** A proxy in between may answer for a while; an upgrade of the collector is not to be hidden for long. */
const CACHE_CONTROL = 'public, max-age=300'

export function installRoutes({ installer }: Pick<AppDeps, 'installer'>): Hono {
  const app = new Hono()
  app.onError((error) => problemResponse(error))
  app.get(SCRIPT_PATH, async (c) => {
    const { script } = await installer()
    return c.body(script, 200, {
      'content-type': 'text/x-shellscript; charset=utf-8',
      'cache-control': CACHE_CONTROL,
    })
  })
  app.get(BUNDLE_PATH, async (c) => {
    const { bundle } = await installer()
    // A copy with a buffer of its own, as a response wants it.
    return c.body(new Uint8Array(bundle), 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': CACHE_CONTROL,
    })
  })
  return app
}
