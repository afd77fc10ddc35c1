/**
 * The log of a contract as C2SP tlog-tiles, for its readers, or for everybody where its owner has opened it: the newest
 * checkpoint, tiles and entries, what stands beside them, and the result of a window to hold against them. What lies
 * below a checkpoint never changes, so whoever has it need not ask again.
 */
import { Hono, type Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { AppDeps, Caller } from '../actions.ts'
import { allow, askerOf, identify, type Env } from '../caller.ts'
import { missing } from '../describe.ts'
import { knownFault, problemResponse } from '../problem.ts'
import { within } from '../scope.ts'

/** Readers have tokens: a cache that others share keeps nothing, but of a log that is open to all. */
const NEVER_CHANGES = 'max-age=31536000, immutable'

export function logRoutes(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.onError((error) => {
    if (!knownFault(error)) deps.log.error('a route of the log failed', { error })
    return problemResponse(error)
  })
  app.use('/log/:contract/*', openOr(deps))
  app.get('/log/:contract/checkpoint', allow('read'), async (c) => {
    const note = await c.var.read.checkpoint(c.req.param('contract'))
    if (note === null) throw missing('checkpoint')
    return c.body(note, 200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  })
  app.get('/log/:contract/tile/:rest{.+}', allow('read'), async (c) => {
    const path = `tile/${c.req.param('rest')}`
    return fixed(c, deps, await c.var.read.tile(c.req.param('contract'), path), 'tile')
  })
  app.get('/log/:contract/beside/:digest', allow('read'), async (c) => {
    const { contract, digest } = c.req.param()
    return fixed(c, deps, await c.var.read.beside(contract, digest), 'body beside the log')
  })
  app.get('/log/:contract/result/:window', allow('read'), async (c) => {
    const { contract, window } = c.req.param()
    const text = await c.var.read.result(contract, window, askerOf(c.var.caller))
    if (text === null) throw missing('window')
    return c.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  })
  return app
}

/** Whoever reads a log that is open to everybody; one of them at a time has something worked out. */
const ANYBODY: Omit<Caller, 'contracts'> = { role: 'viewer', token: 'anybody', as: 'api' }

/** Lets everybody in where the log is open, and else whoever has a token. */
function openOr(deps: AppDeps) {
  const known = identify(deps)
  return createMiddleware<Env>(async (c, next) => {
    const contract = c.req.param('contract') ?? ''
    if (!deps.read.isPublished(contract)) return known(c, next)
    const caller = { ...ANYBODY, contracts: [contract] }
    c.set('caller', caller)
    c.set('read', within(deps.read, caller))
    return next()
  })
}

function fixed(
  c: Context<Env>,
  { read }: Pick<AppDeps, 'read'>,
  bytes: Buffer | null,
  what: 'tile' | 'body beside the log',
): Response {
  if (bytes === null) throw missing(what)
  const whose = read.isPublished(c.req.param('contract') ?? '') ? 'public' : 'private'
  const headers = {
    'content-type': 'application/octet-stream',
    'cache-control': `${whose}, ${NEVER_CHANGES}`,
  }
  return c.body(new Uint8Array(bytes), 200, headers)
}
