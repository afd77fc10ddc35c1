/**
 * One's own account, for whoever is signed in. Every deed sends back to the page; a password that does not fit is said
 * on the page itself.
 */
import { Hono, type Context } from 'hono'
import { encode } from 'uqr'
import type { AppDeps } from '../http/actions.ts'
import { sentWith } from '../http/caller.ts'
import { limitBody, missing, param } from '../http/describe.ts'
import { weaknessOf, type AccountView } from '../view/people.ts'
import { textForm, triedPassword } from './entry.tsx'
import { Account, ACCOUNT_PATH, FactorSetUp } from './page/account.tsx'
import { refusalText } from './page/invitation.tsx'
import { zoned } from './scene.ts'
import { ShownOnce } from './shown-once.ts'
import { LANGS } from './text/words.ts'
import { keepLang, type VisitEnv } from './visit.ts'

type Visit = Context<VisitEnv>
/** What the last deed has come to, told on the page that it sends to. */
const DONE = {
  saved: 'saved',
  ended: 'ended',
  password: 'passwordChanged',
  off: 'turnedOff',
} as const

type Own = { pages: Hono<VisitEnv>; once: ShownOnce<string[]>; deps: AppDeps }

/** Whoever is signed in, whatever they may see. */
export function accountPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  const once = new ShownOnce<string[]>(() => deps.clock.nowMs())
  const { account, sessions } = deps.actions
  pages.get(ACCOUNT_PATH, async (c) => {
    const { scene, caller } = c.var
    const done = Object.entries(DONE).find(([key]) => key === c.req.query('done'))
    const codes = once.take(caller.token, c.req.query('fresh'))
    return accountPage(c, deps, {
      ...(done && { notice: scene.text.account[done[1]] }),
      ...(codes && { codes }),
    })
  })
  pages.post(`${ACCOUNT_PATH}/settings`, limitBody(), async (c) => {
    await ownAccount(c, deps)
    const form = await textForm(c)
    const lang = LANGS.find((one) => one === form('lang')) ?? null
    const zone = zonesOf().find((one) => one === form('zone')) ?? null
    await account.changeSettings({ by: c.var.caller, lang, zone })
    if (lang !== null) keepLang(c, lang)
    return c.redirect(`${ACCOUNT_PATH}?done=saved`, 303)
  })
  pages.post(`${ACCOUNT_PATH}/sessions/end`, limitBody(), async (c) => {
    await sessions.end(ownSession(c), null)
    return c.redirect(`${ACCOUNT_PATH}?done=ended`, 303)
  })
  pages.post(`${ACCOUNT_PATH}/sessions/:session/end`, limitBody(), async (c) => {
    if ((await sessions.end(ownSession(c), param(c, 'session'))) === 0) throw missing('session')
    return c.redirect(`${ACCOUNT_PATH}?done=ended`, 303)
  })
  addPassword({ pages, once, deps })
  addFactor({ pages, once, deps })
  return pages
}

function addPassword({ pages, deps }: Own): void {
  pages.post(`${ACCOUNT_PATH}/password`, limitBody(), async (c) => {
    const { name } = await ownAccount(c, deps)
    const form = await textForm(c)
    const wanted = form('password')
    const refused = wanted === form('again') ? weaknessOf(wanted, name) : 'differ'
    if (refused !== null) return accountPage(c, deps, { problem: refusalText(refused, c.var.scene) })
    const asked = { by: c.var.caller, password: form('old'), wanted, secret: ownSession(c).secret }
    const isDone = await proved(c, deps, name, async () =>
      (await deps.actions.account.changePassword(asked)) ? true : null,
    )
    return isDone ? c.redirect(`${ACCOUNT_PATH}?done=password`, 303) : wrongPassword(c, deps)
  })
}

function addFactor({ pages, once, deps }: Own): void {
  const { account } = deps.actions
  const codesShown = (c: Visit, codes: string[]) =>
    c.redirect(`${ACCOUNT_PATH}?fresh=${once.put(c.var.caller.token, codes)}`, 303)
  type SetUp = { own: AccountView; factor: string; uri: string; wrong?: 'code' | 'password' }
  const setUp = (c: Visit, { own, factor, uri, wrong }: SetUp) => {
    const props = { account: own, factor, qr: encode(uri, { border: 4 }).data, ...(wrong && { wrong }) }
    return c.html(<FactorSetUp scene={c.var.scene} {...props} />, wrong ? 422 : 200)
  }
  pages.get(`${ACCOUNT_PATH}/factor`, async (c) => {
    const own = await ownAccount(c, deps)
    if (own.hasFactor || !own.hasPassword) return c.redirect(ACCOUNT_PATH, 303)
    return setUp(c, { own, ...account.newFactor(c.var.caller) })
  })
  pages.post(`${ACCOUNT_PATH}/factor`, limitBody(), async (c) => {
    const own = await ownAccount(c, deps)
    if (own.hasFactor || !own.hasPassword) return c.redirect(ACCOUNT_PATH, 303)
    const form = await textForm(c)
    const factor = form('factor')
    if (!/^[A-Z2-7]{32}$/.test(factor)) return c.redirect(`${ACCOUNT_PATH}/factor`, 303)
    const asked = { by: c.var.caller, password: form('password'), factor, code: form('code') }
    const codes = await proved(c, deps, own.name, () => account.turnFactorOn(asked))
    if (codes !== null && codes !== 'wrong-code') return codesShown(c, codes)
    const uri = account.factorUri(c.var.caller, factor)
    return setUp(c, { own, factor, uri, wrong: codes === null ? 'password' : 'code' })
  })
  pages.post(`${ACCOUNT_PATH}/factor/off`, limitBody(), async (c) => {
    const { name } = await ownAccount(c, deps)
    const asked = { by: c.var.caller, password: (await textForm(c))('password') }
    const isOff = await proved(c, deps, name, async () =>
      (await account.turnFactorOff(asked)) ? true : null,
    )
    return isOff ? c.redirect(`${ACCOUNT_PATH}?done=off`, 303) : wrongPassword(c, deps)
  })
  pages.post(`${ACCOUNT_PATH}/factor/codes`, limitBody(), async (c) => {
    const { name } = await ownAccount(c, deps)
    const asked = { by: c.var.caller, password: (await textForm(c))('password') }
    const codes = await proved(c, deps, name, () => account.renewCodes(asked))
    return codes ? codesShown(c, codes) : wrongPassword(c, deps)
  })
}

/** Wrong passwords are counted as at the door: a session that somebody found is no way to try them all. */
function proved<T>(c: Visit, deps: AppDeps, name: string, work: () => Promise<T | null>) {
  return triedPassword(c, deps, { name, lookUp: work })
}

function wrongPassword(c: Visit, deps: AppDeps): Promise<Response> {
  return accountPage(c, deps, { problem: c.var.scene.text.account.wrongPassword })
}

async function accountPage(
  c: Visit,
  deps: AppDeps,
  more: { notice?: string; problem?: string; codes?: string[] },
): Promise<Response> {
  const props = {
    account: await deps.actions.account.read(c.var.caller),
    sessions: await deps.actions.sessions.list(ownSession(c)),
    zones: zonesOf(),
    provider: deps.openId?.name ?? null,
  }
  const status = more.problem === undefined ? 200 : 422
  return c.html(<Account scene={zoned(c)} {...props} {...more} />, status)
}

function ownSession(c: Visit) {
  return { by: c.var.caller, secret: sentWith(c)?.secret ?? '' }
}

/** Fault `not-found`: whoever asks has a token and no account. */
async function ownAccount(c: Visit, { actions }: AppDeps): Promise<AccountView> {
  const found = await actions.account.read(c.var.caller)
  if (found === null) throw missing('account')
  return found
}

function zonesOf(): string[] {
  return [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])]
}
