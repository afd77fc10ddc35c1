/**
 * Caller: who is behind a request, by bearer token or by session cookie. A cookie is sent by the browser
 * whoever wrote the page, so with it a change must come from our own origin.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { Asker } from '../view/parts.ts'
import type { ReadModel } from '../view/reads.ts'
import { browserOf } from './browser.ts'
import type { AppDeps, Caller, Opened, Sent } from './actions.ts'
import { MAX_TOKEN_CHARS } from './limits.ts'
import { demand, within, type Deed } from './scope.ts'

/** What every route and page finds in its context. `read` is what this caller may see. */
export type Env = { Variables: { caller: Caller; read: ReadModel } }

const COOKIE = 'constat_session'
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i
/** RFC 7617: `name:password` in base64. */
const BASIC = /^Basic +([A-Za-z0-9+/=]+) *$/i
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The caller, or null for nobody. */
export async function callerOf(c: Context, { actions, publicUrl, guesses }: AppDeps): Promise<Caller | null> {
  const sent = sentWith(c)
  if (sent === null || sent.secret.length > MAX_TOKEN_CHARS) return null
  const lookUp = () => actions.sessions.authenticate(sent)
  // A browser that comes back with an old cookie guesses nothing.
  const caller = sent.as === 'api' ? await guesses.of(c, sent.secret, lookUp) : await lookUp()
  if (caller !== null && sent.as === 'session' && !SAFE_METHODS.has(c.req.method))
    requireSameOrigin(c, publicUrl)
  return caller
}

/** Whose work it is on the threads of the callers. */
export function askerOf({ role, token }: Caller): Asker {
  return { key: token, role }
}

/** What a request is known by. A bearer token that is wrong is not forgiven for a good cookie. */
export function sentWith(c: Context): Sent | null {
  const header = c.req.header('authorization')
  if (header !== undefined) {
    return { secret: BEARER.exec(header)?.[1] ?? passwordOf(c.req.method, header) ?? '', as: 'api' }
  }
  const session = getCookie(c, COOKIE)
  return session === undefined ? null : { secret: session, as: 'session' }
}

/**
 * Calendar programs know a name and a password only: any name, and a token as the password. For reading, as a browser
 * sends it by itself once it was typed in.
 */
function passwordOf(method: string, header: string): string | null {
  const sent = SAFE_METHODS.has(method) ? BASIC.exec(header)?.[1] : undefined
  if (sent === undefined) return null
  const text = Buffer.from(sent, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

/** hono/csrf looks at form posts alone; here every change with a cookie must come from our pages. */
export function requireSameOrigin(c: Context, publicUrl: string): void {
  const site = c.req.header('sec-fetch-site')
  if (site === 'same-origin') return
  const origin = c.req.header('origin')
  const ours = [new URL(publicUrl).origin, new URL(c.req.url).origin]
  if (site === undefined && origin !== undefined && ours.includes(origin)) return
  throw new Fault('forbidden', 'This request did not come from a page of this collector.', {
    hint: 'Open the page again, or use a bearer token.',
  })
}

/** Lets in whoever has a token, with their own view of the facts. */
export function identify(deps: AppDeps): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    const caller = await callerOf(c, deps)
    if (caller === null) {
      throw new Fault('unauthorised', 'A token is needed.', {
        hint: 'Send it as "Authorization: Bearer …"; `constat token api` makes one.',
      })
    }
    c.set('caller', caller)
    c.set('read', within(deps.read, caller))
    await next()
  })
}

/** Giving others a way in asks for a sign-in of so long ago: a browser that was left open, or a cookie alone, is not enough. */
const FRESH_MS = 30 * 60_000

/** Whether the secret itself has come, or a session of somebody who has signed in lately. */
export function isFresh({ as, sinceMs }: Caller, nowMs: UnixMs): boolean {
  return as === 'api' || (sinceMs !== undefined && nowMs - sinceMs < FRESH_MS)
}

/** After `allow`, of routes that give others a way in. */
export function fresh({ clock }: Pick<AppDeps, 'clock'>): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    if (!isFresh(c.var.caller, clock.nowMs())) {
      throw new Fault('forbidden', 'This session is too old to give others a way in.', {
        hint: 'Sign in again, or use a bearer token.',
      })
    }
    await next()
  })
}

/** First in the chain of every route. */
export function allow(deed: Deed): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    demand(c.var.caller, deed)
    await next()
  })
}

/** A person has opened the address, by hand or out of a terminal: no page has sent them. */
export function cameAlone(c: Context): boolean {
  return ['none', 'same-origin'].includes(c.req.header('sec-fetch-site') ?? '')
}

/** Whether an API token opens anything. */
export async function isGood(c: Context, token: string, { actions, guesses }: AppDeps): Promise<boolean> {
  if (token === '' || token.length > MAX_TOKEN_CHARS) return false
  const lookUp = () => actions.sessions.authenticate({ secret: token, as: 'api' })
  return (await guesses.of(c, token, lookUp)) !== null
}

/** Opens a session for a token; false when the token is nobody's. */
export async function signIn(c: Context, token: string, deps: AppDeps): Promise<boolean> {
  if (token === '' || token.length > MAX_TOKEN_CHARS) return false
  const browser = browserOf(c)
  const opened = await deps.guesses.of(c, token, () => deps.actions.sessions.open({ token, browser }))
  if (opened === null) return false
  await keepSession(c, opened, deps)
  return true
}

/** In place of the session that the browser came with, which ends. */
export async function keepSession(c: Context, { session, expiresMs }: Opened, deps: AppDeps): Promise<void> {
  const before = getCookie(c, COOKIE)
  if (before !== undefined) await deps.actions.sessions.close(before)
  setCookie(c, COOKIE, session, { ...cookieOptions(deps), expires: new Date(expiresMs) })
}

export async function signOut(c: Context, deps: AppDeps): Promise<void> {
  const session = getCookie(c, COOKIE)
  if (session !== undefined) await deps.actions.sessions.close(session)
  deleteCookie(c, COOKIE, cookieOptions(deps))
}

export function cookieOptions({ publicUrl }: AppDeps) {
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure: publicUrl.startsWith('https:') } as const
}
