/**
 * Install: what a host that joins fetches before anybody knows it, and the program that checks a bundle. Public
 * and the same for everybody: no secret is inside, and whoever fetches them compares the digest that came by
 * another way.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../actions.ts'
import { problemResponse } from '../problem.ts'
import { VERIFIER_PATH } from '../../view/verifier.ts'
import { answerShared } from '../shared-body.ts'

export const SCRIPT_PATH = '/install.sh'
export const BUNDLE_PATH = '/agent/constat-agent.mjs'

/** A proxy in between may answer for a while; an upgrade of the collector is not to be hidden for long. */
const CACHE_CONTROL = 'public, max-age=300'

export function installRoutes({ installer, verifier }: Pick<AppDeps, 'installer' | 'verifier'>): Hono {
  const app = new Hono()
  app.onError((error) => problemResponse(error))
  app.get(SCRIPT_PATH, async (c) => {
    const { script } = await installer()
    return answerShared(c, script, { type: 'text/x-shellscript; charset=utf-8', cacheControl: CACHE_CONTROL })
  })
  app.get(BUNDLE_PATH, async (c) => {
    const { bundle } = await installer()
    return answerShared(c, bundle, { type: 'text/javascript; charset=utf-8', cacheControl: CACHE_CONTROL })
  })
  app.get(VERIFIER_PATH, async (c) => {
    const { program } = await verifier()
    return answerShared(c, program, { type: 'text/javascript; charset=utf-8', cacheControl: CACHE_CONTROL })
  })
  return app
}
