/**
 * Sessions: the owner link, sign-in and sign-out, what a cookie may do and what a foreign page may not; the
 * headers that every answer carries, and the health routes.
 */
import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import type { Trouble } from '@constat/collector/view/health'
import { localPath } from '@constat/collector/web/visit'
import { asker } from '../support/ask.ts'
import { openSeeded } from '../support/seeded.ts'

const seeded = await openSeeded()
const { ask, deps, tokens, portal } = seeded
afterAll(() => seeded.close())

const OWNER = tokens['owner-token']
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const home = { origin: 'http://collector.example' }
/** As a browser that was given the address by its user. */
const alone = { 'sec-fetch-site': 'none' }

/** The cookie of a session that an owner link has opened. */
async function signedIn(): Promise<string> {
  const answer = await ask(`/owner?token=${OWNER}`, { headers: alone })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

describe('the owner link', () => {
  it('opens a session and goes to the overview; the link stays good', async () => {
    for (const _time of [1, 2]) {
      const answer = await ask(`/owner?token=${OWNER}`, { headers: alone })
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).toBe('/')
      const cookie = answer.headers.get('set-cookie') ?? ''
      expect(cookie).toMatch(/^constat_session=ses_[\w-]+; /)
      for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Expires=']) expect(cookie).toContain(part)
      expect(cookie).not.toContain('Secure')
      expect(cookie).not.toContain(OWNER)
    }
  })

  it('marks the cookie Secure where people come by https', async () => {
    const secure = asker({ deps: { ...deps, publicUrl: 'https://collector.example' } })
    const answer = await secure(`/owner?token=${OWNER}`, { headers: alone })
    expect(answer.headers.get('set-cookie')).toContain('Secure')
  })

  it.each(['', '?token=', '?token=wrong-one', `?token=${'x'.repeat(257)}`])(
    'says what to do about %j, and repeats nothing of it',
    async (query) => {
      const answer = await ask(`/owner${query}`, { headers: alone })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('set-cookie')).toBeNull()
      const page = await answer.text()
      expect(page).toContain('This token opens nothing')
      expect(page).toContain('constat token owner')
      expect(page).not.toMatch(/wrong-one|xxxx/)
    },
  )

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a site beside', { 'sec-fetch-site': 'same-site' }],
    ['who knows where', {}],
  ])('that comes from %s asks before it signs in', async (_from, headers) => {
    const asked = await ask(`/owner?token=${OWNER}`, { headers })
    expect([asked.status, asked.headers.get('set-cookie')]).toEqual([200, null])
    const page = await asked.text()
    expect(page).toContain('Sign in with this link?')
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(page) ?? []
    const body = `token=${token}`
    const yes = await ask('/sign-in', { method: 'POST', body, headers: { ...form, ...home } })
    expect([yes.status, yes.headers.get('location')]).toEqual([303, '/'])
    const wrong = await ask('/owner?token=wrong-one', { headers })
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).not.toContain('wrong-one')
  })
})

describe('sign-in', () => {
  it('stands in place of the overview, and shows nothing else', async () => {
    const answer = await ask('/')
    expect(answer.status).toBe(200)
    const page = await answer.text()
    expect(page).toContain('name="token"')
    expect(page).not.toContain('order-portal')
  })

  it('sends other pages to itself and back', async () => {
    const answer = await ask('/incidents?cursor=x')
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/sign-in?next=%2Fincidents%3Fcursor%3Dx')
  })

  it.each([
    ['/incidents?token=wrong-one&cursor=x', '/incidents?cursor=x'],
    [`/incidents?cursor=cst_${'a'.repeat(43)}`, '/'],
    [`/contracts/ses_${'a'.repeat(43)}`, '/'],
  ])('carries no token of %s', async (path, next) => {
    const answer = await ask(path)
    expect(answer.headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent(next)}`)
    expect(await (await ask(`/sign-in?next=${encodeURIComponent(path)}`)).text()).not.toMatch(
      /wrong-one|aaaa/,
    )
  })

  it('takes a pasted token', async () => {
    const body = `token=+${OWNER}+&next=%2Fincidents`
    const answer = await ask('/sign-in', { method: 'POST', body, headers: { ...form, ...home } })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/incidents')
    expect(answer.headers.get('set-cookie')).toContain('constat_session=')
  })

  it('is not for other sites to post to', async () => {
    const headers = { ...form, origin: 'https://evil.example' }
    const answer = await ask('/sign-in', { method: 'POST', body: `token=${OWNER}`, headers })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it.each([
    ['/incidents', '/incidents'],
    ['/?range=day', '/?range=day'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/a/..//evil.example/b', '/'],
    ['/%2e//evil.example', '/'],
    ['/a/%2E%2e//evil.example', '/'],
    ['/.\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['/sign-in?next=/.//evil.example', '/sign-in'],
    ['/a\r\nset-cookie: x=1', '/'],
    ['javascript:alert(1)', '/'],
    [undefined, '/'],
  ])('goes on from %j to %s', (next, path) => {
    expect(localPath(next)).toBe(path)
  })

  it('goes on to no path longer than an address may be', () => {
    expect(localPath(`/${'?next=/'.repeat(20_000)}`)).toBe('/')
    expect(localPath(`/a?next=${'/?next='.repeat(250)}/b`)).toBe('/a')
  })

  it('leads nowhere else, whoever made the link', async () => {
    const body = `token=${OWNER}&next=%2F.%2F%2Fevil.example`
    const answer = await ask('/sign-in', { method: 'POST', body, headers: { ...form, ...home } })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
  })

  it('ends at sign-out', async () => {
    const cookie = await signedIn()
    const before = await ask('/incidents', { headers: { cookie } })
    const out = await ask('/sign-out', { method: 'POST', headers: { cookie, ...home } })
    const after = await ask('/incidents', { headers: { cookie } })
    expect([before.status, out.status, after.status]).toEqual([200, 303, 303])
    expect(out.headers.get('set-cookie')).toMatch(/^constat_session=; /)
  })
})

describe('a cookie', () => {
  const path = `/api/v1/incidents/${portal}/acknowledge`
  it.each<[string, Record<string, string>, number]>([
    ['nothing said', {}, 403],
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['same-site only', { 'sec-fetch-site': 'same-site', ...home }, 403],
    ['cross-site', { 'sec-fetch-site': 'cross-site', ...home }, 403],
    ['our origin', home, 200],
    ['same-origin', { 'sec-fetch-site': 'same-origin' }, 200],
  ])('with %s: a change answers', async (_what, headers, status) => {
    const cookie = await signedIn()
    const answer = await ask(path, { method: 'POST', headers: { cookie, ...headers } })
    expect(answer.status).toBe(status)
    const incident = await deps.read.incident(portal)
    expect(incident?.acknowledgedAt === null).toBe(status === 403)
  })

  it.each<[string, Record<string, string>, number]>([
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['cross-site', { 'sec-fetch-site': 'cross-site', ...home }, 403],
    ['our origin', home, 303],
  ])('with %s: the form that archives answers', async (_what, headers, status) => {
    const cookie = await signedIn()
    const archive = '/contracts/archive/archive'
    const answer = await ask(archive, { method: 'POST', headers: { cookie, ...headers } })
    expect(answer.status).toBe(status)
    expect(deps.read.contract('archive')?.endedAt === null).toBe(status === 403)
  })

  it('is enough to read, from anywhere', async () => {
    const cookie = await signedIn()
    const headers = { cookie, 'sec-fetch-site': 'cross-site' }
    expect((await ask('/api/v1/contracts', { headers })).status).toBe(200)
  })

  it('does not make up for a wrong bearer token', async () => {
    const cookie = await signedIn()
    expect((await ask('/api/v1/contracts', { as: 'wrong', headers: { cookie } })).status).toBe(401)
  })

  it('is not needed with a bearer token, nor is an origin', async () => {
    expect((await ask(path, { method: 'POST', as: 'owner-token' })).status).toBe(200)
  })
})

describe('headers', () => {
  it.each(['/', '/sign-in', '/no/such/page', '/static/app.css', '/api/v1/contracts', '/livez'])(
    '%s is guarded',
    async (path) => {
      const { headers } = await ask(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toMatch(/unsafe|nonce|\*/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('strict-transport-security')).toBeNull()
    },
  )

  it.each(['/', '/incidents', '/api/v1/contracts'])('%s is not kept by caches', async (path) => {
    const answer = await ask(path, { as: 'owner-token' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('an asset is fetched once', async () => {
    const first = await ask('/static/app.js')
    const etag = first.headers.get('etag') ?? ''
    expect(first.headers.get('content-type')).toContain('text/javascript')
    expect((await ask('/static/app.js', { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await ask('/static/..%2fassets.ts')).status).toBe(404)
    expect((await ask('/static/toString')).status).toBe(404)
  })
})

describe('health', () => {
  it('is open to all', async () => {
    expect((await ask('/livez')).status).toBe(200)
    expect(await (await ask('/readyz')).json()).toEqual({ ok: true, reasons: [] })
    const metrics = await ask('/metrics')
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4')
    expect(await metrics.text()).toContain('constat_')
  })

  it('has figures that Prometheus takes, and finds nothing to mend in', async () => {
    const input = await (await ask('/metrics')).text()
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    })
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' })
  })

  it('says why it is not ready', async () => {
    const troubles: Trouble[] = [{ kind: 'database', reason: 'no answer within 3 s' }]
    const health = { ...deps.health, look: () => Promise.resolve(troubles) }
    const answer = await asker({ deps: { ...deps, health } })('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({
      ok: false,
      reasons: ['the database is away: no answer within 3 s'],
    })
  })
})
