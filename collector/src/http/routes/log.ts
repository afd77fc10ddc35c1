/**
 * The log of a contract as C2SP tlog-tiles, for its readers: the newest checkpoint, tiles and entries. What lies
 * below a checkpoint never changes, so whoever has it need not ask again.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../actions.ts'
import { allow, identify, type Env } from '../caller.ts'
import { missing } from '../describe.ts'
import { knownFault, problemResponse } from '../problem.ts'

/** Readers have tokens: a cache that others share keeps nothing. */
const NEVER_CHANGES = 'private, max-age=31536000, immutable'

export function logRoutes(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.onError((error) => {
    if (!knownFault(error)) deps.log.error('a route of the log failed', { error })
    return problemResponse(error)
  })
  app.use('/log/*', identify(deps))
  app.get('/log/:contract/checkpoint', allow('read'), async (c) => {
    const note = await c.var.read.checkpoint(c.req.param('contract'))
    if (note === null) throw missing('checkpoint')
    return c.body(note, 200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  })
  app.get('/log/:contract/tile/:rest{.+}', allow('read'), async (c) => {
    const path = `tile/${c.req.param('rest')}`
    const bytes = await c.var.read.tile(c.req.param('contract'), path)
    if (bytes === null) throw missing('tile')
    const headers = { 'content-type': 'application/octet-stream', 'cache-control': NEVER_CHANGES }
    return c.body(new Uint8Array(bytes), 200, headers)
  })
  return app
}
