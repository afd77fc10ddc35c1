/**
 * Visit: what a page learns from the request: who looks, in which language, at what time.
 */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { callerOf, isFresh } from '../http/caller.ts'
import type { AppDeps, Caller } from '../http/actions.ts'
import { missing, param } from '../http/describe.ts'
import { MAX_QUERY_CHARS } from '../http/limits.ts'
import { demand, within, type Deed } from '../http/scope.ts'
import type { ContractView } from '../view/contract.ts'
import type { ReadModel } from '../view/reads.ts'
import { againHref } from './page/sign-in.tsx'
import type { Scene } from './scene.ts'
import type { Lang } from './text/format.ts'
import { acceptedLang, isLang, TEXTS } from './text/words.ts'

export type VisitEnv = { Variables: { scene: Scene; caller: Caller; read: ReadModel } }

const LANG_COOKIE = 'constat_lang'
const YEAR_S = 365 * 86_400
/** Sent by app.js: it wants the content alone. */
const FRAGMENT_HEADER = 'constat-fragment'

/** The scene of a request whose visitor may be nobody. */
export function sceneOf(c: Context, deps: AppDeps, caller: Caller | null): Scene {
  const url = new URL(c.req.url)
  const lang = langOf(c, deps.language)
  const own = caller?.person
  return {
    lang,
    text: TEXTS[lang],
    nowMs: deps.clock.nowMs(),
    zone: own?.zone ?? 'UTC',
    ...(own?.zone && { ownZone: own.zone }),
    caller,
    termsOf: () => null,
    address: addressOf(url),
    version: deps.version,
    troubles: caller?.role === 'owner' ? deps.health.known() : [],
    isDemonstration: deps.isDemonstration ?? false,
    fragment: c.req.header(FRAGMENT_HEADER) !== undefined,
  }
}

/** Asked for by this address, chosen before, preferred by the browser, or the collector's own. */
function langOf(c: Context, fallback: Lang): Lang {
  const asked = c.req.query('lang')
  if (isLang(asked)) {
    keepLang(c, asked)
    return asked
  }
  const chosen = getCookie(c, LANG_COOKIE)
  return isLang(chosen) ? chosen : (acceptedLang(c.req.header('accept-language')) ?? fallback)
}

export function keepLang(c: Context, lang: Lang): void {
  setCookie(c, LANG_COOKIE, lang, { path: '/', maxAge: YEAR_S, sameSite: 'Lax', httpOnly: true })
}

/** Lets visitors in; `turnAway` answers those without a session. */
export function receive(deps: AppDeps, turnAway: (c: Context, scene: Scene) => Response | Promise<Response>) {
  return createMiddleware<VisitEnv>(async (c, next) => {
    const caller = await callerOf(c, deps)
    const scene = sceneOf(c, deps, caller)
    if (caller === null) return turnAway(c, scene)
    c.set('caller', caller)
    c.set('read', within(deps.read, caller))
    c.set('scene', { ...scene, down: c.var.read.down(), termsOf: (contract) => c.var.read.terms(contract) })
    await next()
  })
}

/** First in the chain of every page that not everybody may see. */
export function visitorMay(deed: Deed) {
  return createMiddleware<VisitEnv>(async (c, next) => {
    demand(c.var.caller, deed)
    await next()
  })
}

/** Somebody types for so long into a form that a page has shown. */
const TYPING_MS = 10 * 60_000

/** Whether a form that gives others a way in, shown now, will still be taken. */
export function mayGive(c: Visit): boolean {
  return isFresh(c.var.caller, c.var.scene.nowMs + TYPING_MS)
}

/** After `visitorMay`, of forms that give others a way in: whoever signed in long ago does so again, and comes back. */
export function signedInLately(page: string) {
  return createMiddleware<VisitEnv>(async (c, next) => {
    if (!isFresh(c.var.caller, c.var.scene.nowMs)) return c.redirect(againHref(page), 303)
    await next()
  })
}

/** Path and query as a page may show them and come back to them: without a token, good or wrong. */
function addressOf(url: URL): string {
  url.searchParams.delete('token')
  const next = url.searchParams.get('next')
  if (next !== null) url.searchParams.set('next', localPath(next))
  const address = url.pathname + url.search
  return !OWN_PATH.test(address) || url.pathname === OWNER_PATH || SECRET.test(address) ? '/' : address
}

/** Where the owner link leads. */
export const OWNER_PATH = '/owner'
/** What our secrets look like, wherever in an address one was pasted. */
const SECRET = /\b(cst|ses|join|inv|step)_[\w-]{20}/

/** Of one slash: browsers take two, or a backslash for one of them, for the name of another host. */
const OWN_PATH = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/

/**
 * A path of our own to go to after sign-in; anything else becomes the overview. It is judged again once its dots are
 * resolved: `/.//host` is `//host` (URL Standard, path state).
 */
export function localPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > MAX_QUERY_CHARS || !OWN_PATH.test(text)) return '/'
  const url = new URL(text, 'http://page')
  // One place to go on to is enough, and a chain of them would grow as it is escaped.
  url.searchParams.delete('next')
  return addressOf(url)
}

export type Visit = Context<VisitEnv>

/** The contract of the address. Faults: `not-found`, also where the caller may not know of it. */
export function knownContract(c: Visit): ContractView {
  const found = c.var.read.contract(param(c, 'contract'))
  if (found === null) throw missing('contract')
  return found
}
