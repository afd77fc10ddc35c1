/**
 * Tokens: what a session may do, what ends it and the streams of it, and what is told of who gave and took.
 * The collector behind the pages is the real one.
 */
import { afterAll, describe, expect, it } from 'vitest'
import type { AuditView, TokenIssued, TokenView } from '@constat/collector/view/access'
import { MAX_SESSIONS } from '@constat/collector/access'
import { openSeeded } from '../support/seeded.ts'
import { HOSTING } from '../support/seed-terms.ts'
import { until } from '../support/program.ts'

const seeded = await openSeeded()
const { ask, world } = seeded
const sql = world.database.sql
afterAll(() => seeded.close())

type List<T> = { items: T[] }
const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://collector.example' }

async function made(wanted: object = { role: 'viewer' }): Promise<TokenIssued> {
  const answer = await ask('/api/v1/tokens', { method: 'POST', as: 'owner-token', body: wanted })
  expect(answer.status).toBe(201)
  // The route answers this shape.
  return (await answer.json()) as TokenIssued
}

async function listed(): Promise<TokenView[]> {
  return ((await (await ask('/api/v1/tokens', { as: 'owner-token' })).json()) as List<TokenView>).items
}

async function audited(token: string): Promise<Partial<AuditView>[]> {
  const { items } = (await (await ask('/api/v1/audit', { as: 'owner-token' })).json()) as List<AuditView>
  return items.filter((entry) => entry.token === token)
}

function signIn(token: string): Promise<Response> {
  return ask('/sign-in', { method: 'POST', body: `token=${token}`, headers: form })
}

async function cookieOf(token: string): Promise<string> {
  return (await signIn(token)).headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function reads(cookie: string): Promise<number[]> {
  const paths = ['/api/v1/contracts', '/incidents']
  return Promise.all(paths.map(async (path) => (await ask(path, { headers: { cookie } })).status))
}

/** Whether the stream of this caller is over. */
async function stream(headers: Record<string, string>): Promise<() => boolean> {
  const answer = await ask('/api/v1/events', { headers })
  expect(answer.status).toBe(200)
  let isOver = false
  // A body that is read to its end says when that is.
  void answer.text().then(() => (isOver = true))
  return () => isOver
}

const over = (ends: (() => boolean)[]) =>
  until(() => ends.every((end) => end()), { withinMs: 15_000, what: 'the end of the streams' })

describe('a session', () => {
  it('opens no other session, and is no bearer token', async () => {
    const cookie = await cookieOf((await made()).token)
    const session = cookie.replace('constat_session=', '')
    expect(session).toMatch(/^ses_/)
    const again = await signIn(session)
    expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null])
    expect((await ask('/api/v1/contracts', { as: session })).status).toBe(401)
    expect(await reads(cookie)).toEqual([200, 200])
  })

  it('is not what an API token is sent as, either', async () => {
    const { token } = await made()
    expect(await reads(`constat_session=${token}`)).toEqual([401, 303])
  })

  it.each<[string, (token: TokenIssued) => Promise<unknown>]>([
    ['is revoked', ({ id }) => ask(`/api/v1/tokens/${id}`, { method: 'DELETE', as: 'owner-token' })],
    ['is renewed', ({ id }) => ask(`/api/v1/tokens/${id}/renew`, { method: 'POST', as: 'owner-token' })],
    ['is deleted in the database', ({ id }) => sql`delete from token where id = ${id}`],
    ['ends', ({ id }) => sql`update token set expires_ms = 1 where id = ${id}`],
  ])('ends with its token, and its streams too, when that %s', async (_how, end) => {
    const token = await made()
    const cookie = await cookieOf(token.token)
    const streams = [await stream({ cookie }), await stream({ authorization: `Bearer ${token.token}` })]
    const other = await stream({ authorization: `Bearer ${seeded.tokens['viewer-token']}` })
    expect(await reads(cookie)).toEqual([200, 200])
    await end(token)
    expect(await reads(cookie)).toEqual([401, 303])
    expect((await ask('/api/v1/contracts', { as: token.token })).status).toBe(401)
    await over(streams)
    expect(other()).toBe(false)
    expect(await listed()).not.toContainEqual(expect.objectContaining({ id: token.id }))
  })

  it('ends its stream when it signs out, and leaves its token', async () => {
    const { token } = await made()
    const cookie = await cookieOf(token)
    const ended = await stream({ cookie })
    await ask('/sign-out', { method: 'POST', headers: { cookie, ...form } })
    await over([ended])
    expect((await ask('/api/v1/contracts', { as: token })).status).toBe(200)
  })

  it('never outlives its token, and makes room for newer ones', async () => {
    const token = await made({ role: 'viewer', expires: 'P1D' })
    const first = await cookieOf(token.token)
    const [row] = await sql<{ ms: number }[]>`
      select s.expires_ms - t.expires_ms as ms from token s join token t on t.id = s.parent where t.id = ${token.id}`
    expect(row?.ms).toBe(0)
    for (let i = 0; i < MAX_SESSIONS; i += 1) await signIn(token.token)
    expect((await listed()).find(({ id }) => id === token.id)?.sessions).toBe(MAX_SESSIONS)
    // The clock of this world stands still, so which of the first is gone is left open.
    expect(first).not.toBe('')
  })
})

describe('tokens', () => {
  it('are listed without what they are, expire as asked or as usual, and are told of', async () => {
    const nowMs = world.clock.nowMs()
    const day = (expiresAt: string | null) => expiresAt && (Date.parse(expiresAt) - nowMs) / 86_400_000
    const provider = await made({ role: 'provider', contract: HOSTING })
    const asked = await made({ role: 'viewer', expires: 'P90D' })
    const never = await made({ role: 'viewer', expires: 'never' })
    const owner = await made({ role: 'owner' })
    expect([provider, asked, never, owner].map(({ expiresAt }) => day(expiresAt))).toEqual([
      365,
      90,
      null,
      null,
    ])
    const all = JSON.stringify(await listed())
    for (const { id, token } of [provider, asked, never, owner]) {
      expect(all).toContain(id)
      expect(all).not.toContain(token)
    }
    const by = (await listed()).find(({ sessions, role }) => role === 'owner' && sessions === 0)
    expect(by).toBeDefined()
    const [entry] = await audited(provider.id)
    expect(entry).toMatchObject({ deed: 'issued', role: 'provider', contracts: [HOSTING], kind: 'api' })
    expect(entry?.by).toMatch(/^tok_/)
  })

  it.each([
    [{ role: 'provider' }, 400],
    [{ role: 'viewer', expires: 'P0D' }, 400],
    [{ role: 'viewer', expires: 'soon' }, 400],
    [{ role: 'viewer', contract: 'no-such' }, 404],
  ])('%j is refused', async (body, status) => {
    expect((await ask('/api/v1/tokens', { method: 'POST', as: 'owner-token', body })).status).toBe(status)
  })

  it('are renewed: same rights, the old one ends', async () => {
    const old = await made({ role: 'provider', contract: HOSTING })
    const renewed = await ask(`/api/v1/tokens/${old.id}/renew`, { method: 'POST', as: 'owner-token' })
    const fresh = (await renewed.json()) as TokenIssued
    expect(fresh).toMatchObject({ role: 'provider', contract: HOSTING })
    const statuses = [old, fresh].map(
      async ({ token }) => (await ask('/api/v1/contracts', { as: token })).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 200])
    expect(await audited(old.id)).toMatchObject([{ deed: 'revoked' }, { deed: 'issued' }])
  })

  it('that let an agent in are listed and taken like others, and not renewed', async () => {
    await ask('/api/v1/agents/tokens', { method: 'POST', as: 'owner-token', body: { name: 'paris-9' } })
    const join = (await listed()).find(({ kind, name }) => kind === 'agent' && name === 'paris-9')
    const path = `/api/v1/tokens/${join?.id}`
    expect((await ask(`${path}/renew`, { method: 'POST', as: 'owner-token' })).status).toBe(400)
    expect((await ask(path, { method: 'DELETE', as: 'owner-token' })).status).toBe(204)
    expect((await ask(path, { method: 'DELETE', as: 'owner-token' })).status).toBe(404)
    expect(await audited(join?.id ?? '')).toMatchObject([
      { deed: 'revoked', name: 'paris-9' },
      { deed: 'issued' },
    ])
  })

  it('have a page for owners, in both languages, with its deeds', async () => {
    const token = await made()
    const cookie = await cookieOf(seeded.tokens['owner-token'] ?? '')
    const page = await (await ask('/setup/access', { headers: { cookie } })).text()
    expect(page).toContain(token.id)
    expect(page).not.toContain(token.token)
    expect(await (await ask('/setup/access?lang=fr', { headers: { cookie } })).text()).toContain(
      'Qui peut entrer',
    )
    const path = `/setup/access/${token.id}`
    const before = new Set((await listed()).map(({ id }) => id))
    const renewed = await ask(`${path}/renew`, { method: 'POST', headers: { cookie, ...form } })
    expect(renewed.status).toBe(303)
    const shown = await ask(renewed.headers.get('location') ?? '', { headers: { cookie } })
    const [, fresh = ''] = /<code>(cst_[\w-]+)</.exec(await shown.text()) ?? []
    expect((await ask('/api/v1/contracts', { as: fresh })).status).toBe(200)
    const id = (await listed()).find((one) => !before.has(one.id))?.id ?? ''
    const revoked = await ask(`/setup/access/${id}/revoke`, { method: 'POST', headers: { cookie, ...form } })
    expect(revoked.status).toBe(303)
    for (const as of ['viewer-token', 'provider-token'])
      expect((await ask('/setup/access', { as })).status).toBe(403)
  })
})
