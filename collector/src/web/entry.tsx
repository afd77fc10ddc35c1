/**
 * Entry: every way in and out that needs no session: the owner link, sign-in by name, code, token or an OpenID provider,
 * invitations, sign-out. Whatever is wrong is said in the same words and after the same time.
 */
import { Fault } from '@constat/shared/fault'
import type { Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { AppDeps, Entered, Proof } from '../http/actions.ts'
import { browserOf } from '../http/browser.ts'
import {
  cameAlone,
  cookieOptions,
  isGood,
  keepSession,
  requireSameOrigin,
  signIn,
  signOut,
} from '../http/caller.ts'
import { limitBody, param } from '../http/describe.ts'
import { MAX_TOKEN_CHARS } from '../http/limits.ts'
import { MAX_PASSWORD_CHARS, MAX_PERSON_CHARS, nameKey, weaknessOf } from '../view/people.ts'
import { Invitation, InvitationGone, type Refusal } from './page/invitation.tsx'
import { AskFirst, SecondStep, SignIn, type Outcome } from './page/sign-in.tsx'
import { keepLang, localPath, OWNER_PATH, sceneOf } from './visit.ts'

export function addEntry(site: Hono, deps: AppDeps): void {
  addOwnerLink(site, deps)
  addSignIn(site, deps)
  addElsewhere(site, deps)
  addInvitations(site, deps)
  site.post('/sign-out', limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    await signOut(c, deps)
    return c.redirect('/sign-in?done=signed-out', 303)
  })
}

/** Nothing was wrong: somebody is sent here. */
const SAID = ['signed-out', 'again'] as const satisfies Outcome[]

/** The page to sign in, as `outcome` leaves it. */
export function signInPage(
  c: Context,
  deps: AppDeps,
  { next = '/', ...more }: { next?: string; outcome?: Outcome; name?: string } = {},
): Response | Promise<Response> {
  const isWrong = more.outcome !== undefined && !SAID.some((one) => one === more.outcome)
  const scene = sceneOf(c, deps, null)
  const provider = deps.openId?.name ?? null
  return c.html(<SignIn scene={scene} next={next} provider={provider} {...more} />, isWrong ? 401 : 200)
}

/** The owner link of the terminal: the token stays good, it is the holder's. */
function addOwnerLink(site: Hono, deps: AppDeps): void {
  site.get(OWNER_PATH, async (c) => {
    const token = c.req.query('token') ?? ''
    if (!cameAlone(c)) {
      if (await isGood(c, token, deps))
        return c.html(<AskFirst scene={sceneOf(c, deps, null)} token={token} />)
    } else if (await signIn(c, token, deps)) return c.redirect('/', 303)
    return signInPage(c, deps, { outcome: 'wrong' })
  })
}

function addSignIn(site: Hono, deps: AppDeps): void {
  const { actions, guesses, publicUrl } = deps
  site.get('/sign-in', (c) => {
    const outcome = SAID.find((one) => one === c.req.query('done'))
    return signInPage(c, deps, { next: localPath(c.req.query('next')), ...(outcome && { outcome }) })
  })
  site.post('/sign-in', limitBody(), async (c) => {
    requireSameOrigin(c, publicUrl)
    const form = await textForm(c)
    const next = localPath(form('next'))
    const name = form('name')
    if (name === '') {
      const isIn = await signIn(c, form('token').trim(), deps)
      return isIn ? c.redirect(next, 303) : signInPage(c, deps, { next, outcome: 'wrong' })
    }
    const password = form('password')
    const isLong = name.length > MAX_PERSON_CHARS || password.length > MAX_PASSWORD_CHARS * 2
    const asked = { name, password, browser: browserOf(c) }
    const lookUp = () => (isLong ? Promise.resolve(null) : actions.entry.signIn(asked))
    const entered = await triedPassword(c, deps, { name, lookUp })
    if (entered === null) {
      return signInPage(c, deps, { next, outcome: 'wrong-name', name: name.slice(0, MAX_PERSON_CHARS) })
    }
    return enter(c, deps, { entered, next })
  })
  site.post('/sign-in/code', limitBody(), async (c) => {
    requireSameOrigin(c, publicUrl)
    const form = await textForm(c)
    const [step, next] = [form('step'), localPath(form('next'))]
    const account = step.length > MAX_TOKEN_CHARS ? null : await actions.entry.stepping(step)
    if (account === null) return signInPage(c, deps, { next, outcome: 'late' })
    const asked = { step, code: form('code').slice(0, MAX_TOKEN_CHARS), browser: browserOf(c) }
    const entered = await guesses.ofCode(c, account, () => actions.entry.answer(asked))
    if (entered !== null) return enter(c, deps, { entered, next })
    return c.html(<SecondStep scene={sceneOf(c, deps, null)} step={step} next={next} isWrong />, 401)
  })
}

/** What a browser is known by in which a password was good; it opens nothing. */
const BROWSER_COOKIE = 'constat_browser'
const BROWSER_S = 365 * 86_400

/** What `lookUp` finds of a password; wrong ones of a name are counted together, wherever they are asked for. */
export async function triedPassword<T>(
  c: Context,
  deps: AppDeps,
  { name, lookUp }: { name: string; lookUp: () => Promise<T | null> },
): Promise<T | null> {
  const browser = getCookie(c, BROWSER_COOKIE) ?? deps.actions.entry.newBrowser()
  const found = await deps.guesses.ofAccount(c, { account: `password ${nameKey(name)}`, browser }, lookUp)
  if (found !== null) setCookie(c, BROWSER_COOKIE, browser, { ...cookieOptions(deps), maxAge: BROWSER_S })
  return found
}

/** Signed in, in the language of the account; or asked for the code. */
async function enter(
  c: Context,
  deps: AppDeps,
  { entered, next }: { entered: Entered; next: string },
): Promise<Response> {
  if ('step' in entered)
    return c.html(<SecondStep scene={sceneOf(c, deps, null)} step={entered.step} next={next} />)
  await keepSession(c, entered.opened, deps)
  if (entered.lang !== null) keepLang(c, entered.lang)
  return c.redirect(next, 303)
}

/** What the browser keeps while it is at the provider: it comes back with it, or with nothing. */
type Away = { kept: string; next: string; invitation: string | null }
const AWAY_COOKIE = 'constat_elsewhere'
const AWAY_PATH = '/sign-in/elsewhere'
const AWAY_S = 600

function addElsewhere(site: Hono, deps: AppDeps): void {
  site.get(AWAY_PATH, (c) => leave(c, deps, { next: localPath(c.req.query('next')), invitation: null }))
  site.get(`${AWAY_PATH}/callback`, async (c) => {
    const away = awayOf(getCookie(c, AWAY_COOKIE))
    deleteCookie(c, AWAY_COOKIE, { ...cookieOptions(deps), path: AWAY_PATH })
    const { search } = new URL(c.req.url)
    const subject = away && (await deps.openId?.finish(search, away.kept))
    if (!away || !subject) return signInPage(c, deps, { outcome: 'elsewhere-broken' })
    const { next, invitation } = away
    if (invitation !== null) return accept(c, deps, { secret: invitation, proof: { subject } })
    const entered = await deps.actions.entry.elsewhere({ subject, browser: browserOf(c) })
    if (entered === null) return signInPage(c, deps, { next, outcome: 'elsewhere-wrong' })
    return enter(c, deps, { entered, next })
  })
}

async function leave(c: Context, deps: AppDeps, to: Omit<Away, 'kept'>): Promise<Response> {
  if (!deps.openId) throw new Fault('not-found', 'No OpenID provider is set up.')
  const { url, kept } = await deps.openId.begin(c.req.query('done') === 'again' ? { prompt: 'login' } : {})
  const away = Buffer.from(JSON.stringify({ ...to, kept } satisfies Away)).toString('base64url')
  setCookie(c, AWAY_COOKIE, away, { ...cookieOptions(deps), path: AWAY_PATH, maxAge: AWAY_S })
  return c.redirect(url, 303)
}

function awayOf(cookie: string | undefined): Away | null {
  try {
    const found: unknown = JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString())
    if (typeof found !== 'object' || found === null) return null
    const { kept, next, invitation } = found as Partial<Record<keyof Away, unknown>>
    if (typeof kept !== 'string') return null
    return { kept, next: localPath(next), invitation: typeof invitation === 'string' ? invitation : null }
  } catch {
    // Whatever else the browser had under this name.
    return null
  }
}

function addInvitations(site: Hono, deps: AppDeps): void {
  const path = '/invitation/:key'
  site.get(path, (c) => invitationPage(c, deps, { secret: param(c, 'key') }))
  site.post(path, limitBody(), async (c) => {
    requireSameOrigin(c, deps.publicUrl)
    const secret = param(c, 'key')
    const form = await textForm(c)
    const password = form('password')
    const invited = await invitedBy(c, deps, secret)
    if (invited === null) return invitationPage(c, deps, { secret })
    const refused = password === form('again') ? weaknessOf(password, invited.name) : 'differ'
    if (refused !== null) return invitationPage(c, deps, { secret, refused })
    return accept(c, deps, { secret, proof: { password } })
  })
  // A page of others cannot have somebody take an invitation under the name that they have elsewhere.
  site.get(`${path}/elsewhere`, (c) => {
    const secret = param(c, 'key')
    return cameAlone(c)
      ? leave(c, deps, { next: '/', invitation: secret })
      : invitationPage(c, deps, { secret })
  })
}

async function accept(
  c: Context,
  deps: AppDeps,
  { secret, proof }: { secret: string; proof: Proof },
): Promise<Response> {
  try {
    const entered = await deps.actions.entry.accept({ secret, proof, browser: browserOf(c) })
    if (entered !== null) return await enter(c, deps, { entered, next: '/' })
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'conflict') throw error
    return invitationPage(c, deps, { secret, refused: 'taken' })
  }
  return invitationPage(c, deps, { secret })
}

function invitedBy(c: Context, { guesses, actions }: AppDeps, secret: string) {
  if (secret.length > MAX_TOKEN_CHARS) return Promise.resolve(null)
  return guesses.of(c, secret, () => actions.entry.invited(secret))
}

async function invitationPage(
  c: Context,
  deps: AppDeps,
  { secret, refused }: { secret: string; refused?: Refusal },
): Promise<Response> {
  const invited = await invitedBy(c, deps, secret)
  const scene = { ...sceneOf(c, deps, null) }
  if (invited === null) return c.html(<InvitationGone scene={scene} />, 404)
  const props = { invited, path: `/invitation/${secret}`, provider: deps.openId?.name ?? null }
  const status = refused === undefined ? 200 : refused === 'taken' ? 409 : 422
  return c.html(<Invitation scene={scene} {...props} {...(refused && { refused })} />, status)
}

/** A field of the form as text; what is no text is empty. */
export async function textForm(c: Context): Promise<(field: string) => string> {
  const fields = await c.req.parseBody()
  return (field) => {
    const value = fields[field]
    return typeof value === 'string' ? value : ''
  }
}
