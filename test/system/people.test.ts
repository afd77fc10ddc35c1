/**
 * People: invited by a link, signed in by name and password and by the code of a phone, confined to contracts, changed
 * and removed by an owner; what each sees, what ends when, and what is told of it. The collector behind is the real one.
 */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_WRONG_OF_ACCOUNT } from '@constat/collector/http/guesses'
import type { AuditView, TokenView } from '@constat/collector/view/access'
import type { InvitationIssued, PersonView } from '@constat/collector/view/people'
import { CALLBACK_PATH, openOpenId } from '../../collector/src/openid.ts'
import { asker } from '../support/ask.ts'
import { startOpenIdProvider, type OpenIdProvider } from '../support/openid-provider.mjs'
import { openSeeded } from '../support/seeded.ts'
import { HOSTING } from '../support/seed-terms.ts'
import { until } from '../support/program.ts'

const seeded = await openSeeded()
const { ask, world } = seeded
const sql = world.database.sql
afterAll(() => seeded.close())

type List<T> = { items: T[] }
const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://collector.example' }
const PASSWORD = 'four quiet herons walk'

/** What a form sends and its page answers; `from` is the address that it comes from. */
async function post(
  path: string,
  fields: Record<string, string>,
  { cookie = '', from }: { cookie?: string; from?: string } = {},
): Promise<Response> {
  const env = from === undefined ? {} : { incoming: { socket: { remoteAddress: from } } }
  const init = { method: 'POST', headers: { ...form, cookie }, body: new URLSearchParams(fields).toString() }
  return ask.app.request(path, init, env)
}

const cookieOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .find((one) => one.startsWith('constat_session='))
    ?.split(';')[0] ?? ''

async function invited(wanted: object): Promise<InvitationIssued & { path: string }> {
  const answer = await ask('/api/v1/people', { method: 'POST', as: 'owner-token', body: wanted })
  expect(answer.status).toBe(201)
  // The route answers this shape.
  const made = (await answer.json()) as InvitationIssued
  return { ...made, path: new URL(made.url).pathname }
}

/** Somebody new, signed in: the cookie of it. */
async function joined(name: string, wanted: object = { role: 'viewer' }): Promise<string> {
  const { path } = await invited({ name, ...wanted })
  const answer = await post(path, { password: PASSWORD, again: PASSWORD })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
  return cookieOf(answer)
}

const signIn = (name: string, password = PASSWORD, from?: string) =>
  post('/sign-in', { name, password, next: '/claims' }, from === undefined ? {} : { from })

async function people(): Promise<PersonView[]> {
  return ((await (await ask('/api/v1/people', { as: 'owner-token' })).json()) as List<PersonView>).items
}

async function personOf(name: string): Promise<PersonView> {
  return (await people()).find((one) => one.name === name)!
}

async function audited(id: string): Promise<AuditView[]> {
  const { items } = (await (
    await ask('/api/v1/audit?limit=500', { as: 'owner-token' })
  ).json()) as List<AuditView>
  return items.filter(({ token }) => token === id)
}

const contractsOf = async (cookie: string): Promise<string[]> => {
  const answer = await ask('/api/v1/contracts', { headers: { cookie } })
  if (answer.status !== 200) return [String(answer.status)]
  return ((await answer.json()) as List<{ name: string }>).items.map(({ name }) => name).toSorted()
}

describe('an invitation', () => {
  it('lets one account in, once, under the rights that the owner chose', async () => {
    const { path, url } = await invited({ name: 'Ada Byron', role: 'viewer', contracts: ['intranet'] })
    const page = await ask(path)
    expect(page.status).toBe(200)
    const text = await page.text()
    for (const part of ['Ada Byron', 'autocomplete="username"', 'autocomplete="new-password"'])
      expect(text).toContain(part)
    expect(text).toContain('You are invited to this collector as: Viewer')
    const answer = await post(path, { password: PASSWORD, again: PASSWORD })
    const cookie = cookieOf(answer)
    expect(cookie).toMatch(/^constat_session=ses_/)
    expect(await contractsOf(cookie)).toEqual(['intranet'])
    expect((await ask('/setup/people', { headers: { cookie } })).status).toBe(403)
    for (const again of [await ask(path), await post(path, { password: PASSWORD, again: PASSWORD })]) {
      expect([again.status, again.headers.get('set-cookie')]).toEqual([404, null])
    }
    const { id } = await personOf('Ada Byron')
    expect(await audited(id)).toMatchObject([
      { deed: 'signed-in', by: id, byName: 'Ada Byron' },
      { deed: 'joined', by: id, kind: 'person', role: 'viewer', contracts: ['intranet'] },
    ])
    const kept = JSON.stringify(await sql`select * from token t left join person p on p.id = t.id`)
    for (const secret of [PASSWORD, url.split('/').at(-1) ?? '']) expect(kept).not.toContain(secret)
  })

  it.each([
    ['short', 'eleven char', 'eleven char', 'shorter than 12'],
    ['of one letter', 'aaaaaaaaaaaaaa', 'aaaaaaaaaaaaaa', 'first that anybody'],
    ['tried first', 'Password-2026', 'Password-2026', 'first that anybody'],
    ['the name', 'Grace Hopper 1', 'Grace Hopper 1', 'little more than the name'],
    ['typed otherwise', PASSWORD, `${PASSWORD}s`, 'differ'],
  ])('keeps no password that is %s, and stays good', async (_what, password, again, said) => {
    const { path, id } = await invited({ name: 'Grace Hopper', role: 'owner' })
    const answer = await post(path, { password, again })
    expect(answer.status).toBe(422)
    const text = await answer.text()
    expect(text).toContain(said)
    expect(text).not.toContain(password === 'Grace Hopper 1' ? 'value="Grace Hopper 1"' : password)
    expect((await ask(path)).status).toBe(200)
    expect((await ask(`/api/v1/tokens/${id}`, { method: 'DELETE', as: 'owner-token' })).status).toBe(204)
    expect((await ask(path)).status).toBe(404)
  })

  it('ends after a week, and is not for other sites to post to', async () => {
    const { path, id, expiresAt } = await invited({ name: 'late', role: 'viewer' })
    expect((Date.parse(expiresAt) - world.clock.nowMs()) / 86_400_000).toBe(7)
    const headers = { ...form, origin: 'https://evil.example' }
    const body = new URLSearchParams({ password: PASSWORD, again: PASSWORD }).toString()
    expect((await ask(path, { method: 'POST', headers, body })).status).toBe(403)
    await sql`update token set expires_ms = ${world.clock.nowMs()} where id = ${id}`
    expect((await ask(path)).status).toBe(404)
  })

  it('is refused for a name that is there, however it is written; of two the first has it', async () => {
    const [one, two] = [
      await invited({ name: 'Twin', role: 'viewer' }),
      await invited({ name: 'twin', role: 'owner' }),
    ]
    expect((await post(one.path, { password: PASSWORD, again: PASSWORD })).status).toBe(303)
    const second = await post(two.path, { password: PASSWORD, again: PASSWORD })
    expect([second.status, second.headers.get('set-cookie')]).toEqual([409, null])
    for (const name of ['Twin', ' TWIN ', 'Ｔｗｉｎ']) {
      const answer = await ask('/api/v1/people', {
        method: 'POST',
        as: 'owner-token',
        body: { name, role: 'viewer' },
      })
      expect(answer.status).toBe(409)
    }
  })

  it.each([
    [{ name: 'x', role: 'provider' }, 400],
    [{ name: 'x', role: 'provider', contracts: [] }, 400],
    [{ name: 'x', role: 'viewer', contracts: ['no-such'] }, 404],
    [{ name: '', role: 'viewer' }, 400],
    [{ name: 'a\u202eb', role: 'viewer' }, 400],
    [{ name: 'x'.repeat(65), role: 'viewer' }, 400],
    [{ name: 'x', role: 'king' }, 400],
  ])('%j is refused', async (body, status) => {
    expect((await ask('/api/v1/people', { method: 'POST', as: 'owner-token', body })).status).toBe(status)
  })
})

describe('several contracts', () => {
  it('are what somebody sees, and no other', async () => {
    const both = [HOSTING, 'intranet'].toSorted()
    const cookie = await joined('Nia', { role: 'viewer', contracts: both })
    const read = async (path: string) => (await ask(`/api/v1${path}`, { headers: { cookie } })).status
    expect(await contractsOf(cookie)).toEqual(both)
    expect([await read(`/contracts/${HOSTING}`), await read('/contracts/archive')]).toEqual([200, 404])
    expect(await read('/services/branch-vpn/timeline')).toBe(200)
    expect(await read('/agents')).toBe(403)
    const incidents = (await (
      await ask('/api/v1/incidents?limit=500', { headers: { cookie } })
    ).json()) as List<{
      contract: string
    }>
    expect([...new Set(incidents.items.map(({ contract }) => contract))].toSorted()).toEqual(both)
    const others = await ask('/api/v1/incidents?contract=archive', { headers: { cookie } })
    expect(await others.json()).toMatchObject({ items: [] })
    for (const path of ['/', '/incidents', '/claims', '/status']) {
      expect((await ask(path, { headers: { cookie } })).status).toBe(200)
    }
  })

  it('are told to a provider by sites alone', async () => {
    const cookie = await joined('Otto', { role: 'provider', contracts: [HOSTING, 'intranet'] })
    const answer = await ask('/api/v1/checks/branch-vpn-echo/latency?agent=agent-nantes', {
      headers: { cookie },
    })
    expect(answer.status).toBe(404)
    const text = await (await ask(`/api/v1/services/branch-vpn/timeline`, { headers: { cookie } })).text()
    expect(text).not.toContain('agent-nantes')
  })
})

describe('signing in', () => {
  beforeAll(() => joined('Zoé'))

  it('goes where one came from; the case of the name is no matter', async () => {
    for (const name of ['Zoé', 'ZOÉ ', 'zoe\u0301']) {
      const answer = await signIn(name)
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/claims'])
      expect(answer.headers.get('set-cookie')).toMatch(/constat_session=ses_.*HttpOnly/)
    }
  })

  it('says the same of a wrong password and of a name that nobody has', async () => {
    const [known, unknown] = [await signIn('Zoé', 'not this one'), await signIn('Nobody', 'not this one')]
    expect([known.status, unknown.status]).toEqual([401, 401])
    const [one, two] = [await known.text(), await unknown.text()]
    expect(one).toContain('The name or the password is wrong')
    expect(two.replace('Nobody', 'Zoé')).toBe(one)
    expect(one).not.toContain('not this one')
    expect(known.headers.get('set-cookie')).toBeNull()
  })

  it('is tried so often for one account, wherever from, but in a browser where it was good', async () => {
    await joined('Tried')
    const good = await signIn('Tried', PASSWORD, '192.0.2.1')
    const browser = good.headers.getSetCookie().find((one) => one.startsWith('constat_browser=')) ?? ''
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Max-Age=31536000']) expect(browser).toContain(part)
    const statuses: number[] = []
    for (let n = 0; n <= MAX_WRONG_OF_ACCOUNT; n += 1)
      statuses.push((await signIn('Tried', 'not this one', `198.51.100.${n}`)).status)
    expect(statuses).toEqual([...Array<number>(MAX_WRONG_OF_ACCOUNT).fill(401), 429])
    // Also behind the proxy that it was good from.
    const late = await signIn('Tried', PASSWORD, '192.0.2.1')
    expect([late.status, Number(late.headers.get('retry-after')) > 0]).toEqual([429, true])
    const cookie = browser.split(';')[0] ?? ''
    const again = await post(
      '/sign-in',
      { name: 'Tried', password: PASSWORD },
      { cookie, from: '203.0.113.9' },
    )
    expect(again.status).toBe(303)
  })

  it('with a password that is being changed waits for that, and is refused', async () => {
    await joined('Race')
    let commit = () => {}
    const held = new Promise<void>((resolve) => (commit = resolve))
    let changing: Promise<unknown> = held
    await new Promise<void>((begun) => {
      changing = sql.begin(async (tx) => {
        await tx`update person set password = 'another' where key = 'race'`
        begun()
        await held
      })
    })
    const signing = signIn('Race')
    const waits = async () =>
      (await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'`).length > 0
    await Promise.race([signing, until(waits, { withinMs: 15_000, what: 'a sign-in that waits' })])
    commit()
    await changing
    const answer = await signing
    expect([answer.status, cookieOf(answer)]).toEqual([401, ''])
  })

  it('is not for other sites to post to', async () => {
    const headers = { ...form, origin: 'https://evil.example' }
    const body = new URLSearchParams({ name: 'Zoé', password: PASSWORD }).toString()
    const answer = await ask('/sign-in', { method: 'POST', headers, body })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
  })
})

/** Of base32, by RFC 4648. */
function bytesOf(secret: string): Buffer {
  const bits = Array.from(secret, (c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  )
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** The code of a phone, by RFC 4226 and 6238 as they are written. */
function codeAt(secret: string, atMs: number): string {
  const key = bytesOf(secret)
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[19]! & 15
  return String((mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0')
}

describe('a second factor', () => {
  const now = () => world.clock.nowMs()
  let secret = ''
  let codes: string[] = []
  const step = async (): Promise<string> => {
    const answer = await signIn('Theo')
    expect([answer.status, cookieOf(answer)]).toEqual([200, ''])
    return /name="step" value="([^"]+)"/.exec(await answer.text())?.[1] ?? ''
  }

  it('is turned on by a code of the phone, and gives codes for when it is lost, once', async () => {
    const cookie = await joined('Theo')
    const page = await (await ask('/account/factor', { headers: { cookie } })).text()
    secret = /name="factor" value="([A-Z2-7]{32})"/.exec(page)?.[1] ?? ''
    expect(page).toContain(secret.slice(0, 4))
    expect(page).toContain('autocomplete="one-time-code"')
    const code = codeAt(secret, now())
    for (const [proof, said] of [
      [{ code: '000000', password: PASSWORD }, 'This code does not fit'],
      [{ code, password: 'not this one' }, 'The current password is wrong'],
      [{ code }, 'The current password is wrong'],
    ] as const) {
      const wrong = await post('/account/factor', { factor: secret, ...proof }, { cookie })
      expect(wrong.status).toBe(422)
      const text = await wrong.text()
      for (const part of [secret, said]) expect(text).toContain(part)
    }
    const on = await post('/account/factor', { factor: secret, code, password: PASSWORD }, { cookie })
    expect(on.status).toBe(303)
    const shown = await ask(on.headers.get('location') ?? '', { headers: { cookie } })
    codes = (await shown.text()).match(/[a-z2-7]{4}(-[a-z2-7]{4}){3}/g) ?? []
    expect(new Set(codes).size).toBe(10)
    const [row] = await sql<{ totp: Buffer }[]>`select totp from person where key = 'theo'`
    expect(row!.totp.includes(bytesOf(secret))).toBe(false)
    const later = await (await ask(on.headers.get('location') ?? '', { headers: { cookie } })).text()
    expect(later).not.toContain(codes[0])
    expect(later).toContain('10 recovery codes are left')
    expect(await personOf('Theo')).toMatchObject({ hasFactor: true })
  })

  it('is asked for after the password; a code is good once, and no older one after it', async () => {
    const first = await step()
    // The code that turned it on is used up.
    for (const code of ['123456', codeAt(secret, now()), codeAt(secret, now() - 30_000), ''])
      expect((await post('/sign-in/code', { step: first, code })).status).toBe(401)
    const code = codeAt(secret, now() + 30_000)
    const opened = await post('/sign-in/code', { step: first, code, next: '/claims' })
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/claims'])
    expect(cookieOf(opened)).toMatch(/ses_/)
    expect((await post('/sign-in/code', { step: first, code: codes[9]! })).status).toBe(401)
    expect((await post('/sign-in/code', { step: await step(), code })).status).toBe(401)
  })

  it('gives way to a code that was written down, once', async () => {
    const spent = codes[0]!.toUpperCase().replaceAll('-', ' ')
    const [one, two] = [await step(), await step()]
    expect((await post('/sign-in/code', { step: one, code: spent })).status).toBe(303)
    expect((await post('/sign-in/code', { step: two, code: spent })).status).toBe(401)
    const { id } = await personOf('Theo')
    expect((await audited(id)).map(({ deed }) => deed).slice(0, 2)).toEqual(['signed-in', 'code-used'])
  })

  it('of one account is of no use in the row of another', async () => {
    await joined('Thief')
    const [own] = await sql`select totp from person where key = 'theo'`
    await sql`update person set totp = ${own!['totp']} where key = 'thief'`
    const asked = await (await signIn('Thief')).text()
    const half = /name="step" value="([^"]+)"/.exec(asked)?.[1] ?? ''
    for (const ms of [-30_000, 0, 30_000])
      expect((await post('/sign-in/code', { step: half, code: codeAt(secret, now() + ms) })).status).toBe(401)
  })

  it('is waited for so long', async () => {
    const late = await step()
    await sql`update token set expires_ms = ${now()} where kind = 'step'`
    const answer = await post('/sign-in/code', { step: late, code: codes[1]! })
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('more than five minutes')
  })

  it('half a sign-in ends with the password that it was begun with', async () => {
    const cookie = cookieOf(await post('/sign-in/code', { step: await step(), code: codes[3]! }))
    const half = await step()
    const again = { password: PASSWORD, again: PASSWORD }
    const changed = await post('/account/password', { old: PASSWORD, ...again }, { cookie })
    expect(changed.headers.get('location')).toBe('/account?done=password')
    const answer = await post('/sign-in/code', { step: half, code: codes[4]! })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null])
  })

  it('a code is tried so often, also from where it was good', async () => {
    const from = '192.0.2.7'
    const cookie = await joined('Uma')
    const page = await (await ask('/account/factor', { headers: { cookie } })).text()
    const factor = /name="factor" value="([A-Z2-7]{32})"/.exec(page)?.[1] ?? ''
    await post(
      '/account/factor',
      { factor, code: codeAt(factor, now() - 30_000), password: PASSWORD },
      { cookie },
    )
    const half = async () =>
      /name="step" value="([^"]+)"/.exec(await (await signIn('Uma', PASSWORD, from)).text())?.[1] ?? ''
    const good = await post('/sign-in/code', { step: await half(), code: codeAt(factor, now()) }, { from })
    expect(good.status).toBe(303)
    const one = await half()
    const statuses: number[] = []
    for (let n = 0; n <= MAX_WRONG_OF_ACCOUNT; n += 1)
      statuses.push((await post('/sign-in/code', { step: one, code: `00000${n % 10}` }, { from })).status)
    expect(statuses.at(-1)).toBe(429)
    expect(statuses.filter((status) => status === 401)).toHaveLength(MAX_WRONG_OF_ACCOUNT)
  })

  it('a step opens nothing by itself', async () => {
    const half = await step()
    expect(await contractsOf(`constat_session=${half}`)).toEqual(['401'])
    expect((await ask('/api/v1/contracts', { as: half })).status).toBe(401)
  })

  it('is turned off by its owner with the password, or by an owner of the collector', async () => {
    const cookie = cookieOf(await post('/sign-in/code', { step: await step(), code: codes[2]! }))
    expect((await post('/account/factor/off', { password: 'not this one' }, { cookie })).status).toBe(422)
    const { id } = await personOf('Theo')
    const path = `/api/v1/people/${id}/factor`
    expect((await ask(path, { method: 'DELETE', as: 'owner-token' })).status).toBe(204)
    expect((await ask(path, { method: 'DELETE', as: 'owner-token' })).status).toBe(404)
    expect((await signIn('Theo')).status).toBe(303)
    const left = await sql`select 1 from token where parent = ${id} and kind in ('recovery', 'step')`
    expect(left.length).toBe(0)
  })
})

describe('one’s own account', () => {
  it('lists where one is signed in, and ends one or all others', async () => {
    const here = await joined('Ines')
    const headers = {
      ...form,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    }
    const body = new URLSearchParams({ name: 'Ines', password: PASSWORD }).toString()
    const there = [1, 2].map(async () => cookieOf(await ask('/sign-in', { method: 'POST', headers, body })))
    const [one = '', two = ''] = await Promise.all(there)
    const page = await (await ask('/account', { headers: { cookie: here } })).text()
    expect(page.match(/Firefox · Linux/g)?.length).toBeGreaterThanOrEqual(2)
    const list = async (cookie: string) =>
      (
        (await (await ask('/api/v1/sessions', { headers: { cookie } })).json()) as List<{
          id: string
          isThis: boolean
        }>
      ).items
    expect((await list(one)).length).toBe(3)
    const own = (await list(two)).find(({ isThis }) => isThis)
    await post(`/account/sessions/${own?.id}/end`, {}, { cookie: here })
    expect(await contractsOf(two)).toEqual(['401'])
    await post('/account/sessions/end', {}, { cookie: here })
    expect([await contractsOf(one), (await contractsOf(here)).length > 0]).toEqual([['401'], true])
    const other = await joined('Ivan')
    const [mine] = await list(here)
    const stolen = await post(`/account/sessions/${mine?.id}/end`, {}, { cookie: other })
    expect(stolen.status).toBe(404)
  })

  it('has another password for the old one; other browsers are out', async () => {
    const here = await joined('Pavel')
    const there = cookieOf(await signIn('Pavel'))
    const next = 'five loud storks stand'
    const change = (old: string, password = next, again = next) =>
      post('/account/password', { old, password, again }, { cookie: here })
    expect((await change('not this one')).status).toBe(422)
    expect((await change(PASSWORD, 'short', 'short')).status).toBe(422)
    expect((await change(PASSWORD)).headers.get('location')).toBe('/account?done=password')
    expect([await contractsOf(there), (await contractsOf(here))[0] === '401']).toEqual([['401'], false])
    expect([(await signIn('Pavel')).status, (await signIn('Pavel', next)).status]).toEqual([401, 303])
  })

  it('speaks its language from the next sign-in, and tells the time in its zone', async () => {
    const cookie = await joined('Léa')
    const answer = await post('/account/settings', { lang: 'fr', zone: 'Asia/Tokyo' }, { cookie })
    expect(answer.headers.get('set-cookie')).toContain('constat_lang=fr')
    const again = await signIn('Léa')
    const cookies = again.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ')
    const page = await (await ask('/account', { headers: { cookie: cookies } })).text()
    expect(page).toContain('Où vous êtes connecté')
    expect(page).toMatch(/<time [^>]*>[^<]*UTC\+9/)
    const service = await (await ask('/contracts/intranet', { headers: { cookie: cookies } })).text()
    expect(service).toMatch(/title="[^"]*UTC\+1 · [^"]*UTC\+9"/)
    await post('/account/settings', { lang: 'xx', zone: 'Mars/Olympus' }, { cookie })
    const [row] = await sql`select lang, zone from person where key = 'léa'`
    expect(row).toEqual({ lang: null, zone: null })
  })

  it('is none of a token', async () => {
    const cookie = cookieOf(await post('/sign-in', { token: seeded.tokens['viewer-token'] ?? '' }))
    expect(await (await ask('/account', { headers: { cookie } })).text()).toContain('signed in with a token')
    expect(
      (await post('/account/password', { password: PASSWORD, again: PASSWORD, old: 'x' }, { cookie })).status,
    ).toBe(404)
  })
})

describe('an owner', () => {
  const deed = async (name: string, what: string, fields: Record<string, string> = {}) => {
    const cookie = cookieOf(await post('/sign-in', { token: seeded.tokens['owner-token'] ?? '' }))
    const answer = await post(`/setup/people/${(await personOf(name)).id}/${what}`, fields, { cookie })
    expect(answer.status).toBe(303)
    return (await ask(answer.headers.get('location') ?? '', { headers: { cookie } })).text()
  }

  it('changes what somebody may see: sessions and streams of before end', async () => {
    const cookie = await joined('Mona')
    const stream = await ask('/api/v1/events', { headers: { cookie } })
    let isOver = false
    void stream.text().then(() => (isOver = true))
    await deed('Mona', 'change', { role: 'provider', contracts: HOSTING })
    expect(await contractsOf(cookie)).toEqual(['401'])
    await until(() => isOver, { withinMs: 15_000, what: 'the end of the stream' })
    expect(await contractsOf(cookieOf(await signIn('Mona')))).toEqual([HOSTING])
    expect((await audited((await personOf('Mona')).id))[1]).toMatchObject({
      deed: 'changed',
      role: 'provider',
      contracts: [HOSTING],
    })
  })

  it('makes a link for a new password, which leaves the second factor on', async () => {
    const before = await joined('Rosa')
    await sql`update person set totp = ${Buffer.alloc(20, 1)} where key = 'rosa'`
    const page = await deed('Rosa', 'link')
    const path = new URL(/<code>(http[^<]+)<\/code>/.exec(page)?.[1] ?? '').pathname
    expect(await (await ask(path)).text()).toContain('A new password')
    const next = 'six slow cranes drink'
    const set = await post(path, { password: next, again: next })
    expect([set.status, cookieOf(set)]).toEqual([200, ''])
    expect(await set.text()).toContain('The code of your phone')
    expect(await contractsOf(before)).toEqual(['401'])
    expect([(await signIn('Rosa')).status, (await signIn('Rosa', next)).status]).toEqual([401, 200])
  })

  it('takes the links of before with a new password', async () => {
    await joined('Sven')
    const links: string[] = []
    for (const _time of [1, 2])
      links.push(new URL(/<code>(http[^<]+)<\/code>/.exec(await deed('Sven', 'link'))?.[1] ?? '').pathname)
    const next = { password: 'seven odd gulls sing', again: 'seven odd gulls sing' }
    expect((await post(links[1]!, next)).status).toBe(303)
    expect((await post(links[0]!, next)).status).toBe(404)
  })

  it.each(['change', 'remove'])('%s: the invitations that somebody made end too', async (what) => {
    const cookie = await joined('Boss', { role: 'owner' })
    const made = await ask('/api/v1/people', {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', origin: 'http://collector.example' },
      body: JSON.stringify({ name: `Heir ${what}`, role: 'owner' }),
    })
    const { id, url } = (await made.json()) as InvitationIssued
    const { id: boss } = await personOf('Boss')
    const token = await ask('/api/v1/tokens', {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', origin: 'http://collector.example' },
      body: JSON.stringify({ role: 'viewer' }),
    })
    const { id: left } = (await token.json()) as TokenView
    const { pathname } = new URL(url)
    expect((await ask(pathname)).status).toBe(200)
    await deed('Boss', what, { role: 'viewer' })
    expect((await ask(pathname)).status).toBe(404)
    expect((await audited(id)).map((one) => one.deed)).toEqual(['revoked', 'issued'])
    // Programs may use what they made: whose it is stands beside it, also when they are gone.
    const page = async () => (await ask('/setup/access', { as: 'owner-token' })).text()
    const tokens = (await (
      await ask('/api/v1/tokens?limit=500', { as: 'owner-token' })
    ).json()) as List<TokenView>
    expect(tokens.items.find((one) => one.id === left)).toMatchObject({ by: boss, byName: 'Boss' })
    expect(await page()).toMatch(new RegExp(`${left}[^]*?<small>Boss</small>`))
    if (what === 'change') await deed('Boss', 'remove')
  })

  it('removes somebody: nothing of them lets in, and what they did is still told', async () => {
    const cookie = await joined('Gone')
    const { id } = await personOf('Gone')
    const renewal = await ask(`/api/v1/people/${id}/link`, { method: 'POST', as: 'owner-token' })
    const { url } = (await renewal.json()) as InvitationIssued
    await deed('Gone', 'remove')
    expect(await contractsOf(cookie)).toEqual(['401'])
    expect((await signIn('Gone')).status).toBe(401)
    expect((await ask(new URL(url).pathname)).status).toBe(404)
    expect((await sql`select 1 from token where parent = ${id} or id = ${id}`).length).toBe(0)
    expect(await audited(id)).toMatchObject([
      { deed: 'revoked', name: 'Gone' },
      { deed: 'signed-in', byName: 'Gone' },
      { deed: 'joined', byName: 'Gone' },
    ])
    await joined('Gone')
  })
})

describe('giving others a way in', () => {
  const HALF_HOUR_MS = 30 * 60_000
  const json = { 'content-type': 'application/json', origin: 'http://collector.example' }
  /** The session is that much older. */
  const aged = (ms: number) =>
    sql`update token set created_ms = created_ms - ${ms} where kind = 'session'
      and parent = (select id from person where key = 'gina')`
  let cookie = ''
  let other = ''
  beforeAll(async () => {
    cookie = await joined('Gina', { role: 'owner' })
    await joined('Otis')
    other = (await personOf('Otis')).id
  })
  const deeds = () =>
    [
      ['POST', '/tokens', { role: 'viewer' }, 201],
      ['POST', '/people', { name: 'Olga', role: 'owner' }, 201],
      ['POST', `/people/${other}/link`, {}, 201],
      ['PATCH', `/people/${other}`, { role: 'owner' }, 204],
      ['DELETE', `/people/${other}/factor`, {}, 404],
    ] as const
  const statuses = async () => {
    const found: [string, number][] = []
    for (const [method, path, body] of deeds()) {
      const init = { method, headers: { ...json, cookie }, body: JSON.stringify(body) }
      found.push([path, (await ask(`/api/v1${path}`, init)).status])
    }
    return found
  }

  it('is for a session of the last half hour, by the API too', async () => {
    expect(await statuses()).toEqual(deeds().map(([, path, , good]) => [path, good]))
    await aged(HALF_HOUR_MS)
    expect(await statuses()).toEqual(deeds().map(([, path]) => [path, 403]))
    expect((await ask('/api/v1/people', { headers: { cookie } })).status).toBe(200)
  })

  it('shows no form that would be refused, and sends those that come to sign in and back', async () => {
    const page = await (await ask('/setup/people?contract=intranet', { headers: { cookie } })).text()
    expect(page).not.toContain('/setup/people/invite')
    const [, again = ''] = /href="(\/sign-in\?done=again[^"]+)"/.exec(page) ?? []
    const asked = await ask(again.replaceAll('&amp;', '&'), { headers: { cookie } })
    expect([asked.status, asked.headers.get('set-cookie')]).toEqual([200, null])
    expect(await asked.text()).toContain('Sign in again to go on')
    expect(await (await ask('/setup/access', { headers: { cookie } })).text()).toContain('Sign in again')
    for (const [path, fields] of [
      ['/setup/people/invite', { name: 'Olaf', role: 'owner' }],
      [`/setup/people/${other}/link`, {}],
      [`/setup/people/${other}/change`, { role: 'owner' }],
      [`/setup/people/${other}/factor`, {}],
      ['/setup/access/some/renew', {}],
    ] as const) {
      const answer = await post(path, { ...fields }, { cookie })
      const page = path.startsWith('/setup/access') ? '/setup/access' : '/setup/people'
      expect(answer.headers.get('location')).toBe(`/sign-in?done=again&next=${encodeURIComponent(page)}`)
    }
  })

  it('goes on once somebody has signed in again; the session of before is over', async () => {
    const old = cookie
    const next = '/setup/people?contract=intranet'
    const answer = await post('/sign-in', { name: 'Gina', password: PASSWORD, next }, { cookie })
    expect(answer.headers.get('location')).toBe(next)
    cookie = cookieOf(answer)
    expect(await contractsOf(old)).toEqual(['401'])
    const page = await (await ask(next, { headers: { cookie } })).text()
    expect(page).toMatch(/<option value="provider" selected/)
    const drawn = await post('/setup/people/invite', { name: 'Olaf', role: 'viewer' }, { cookie })
    expect(drawn.headers.get('location')).toMatch(/^\/setup\/people\?fresh=/)
  })

  it('leaves time to fill in a form that was shown', async () => {
    await aged(HALF_HOUR_MS - 60_000)
    expect(await (await ask('/setup/people', { headers: { cookie } })).text()).not.toContain('/people/invite')
    const sent = await post('/setup/people/invite', { name: 'Orla', role: 'viewer' }, { cookie })
    expect(sent.headers.get('location')).toMatch(/fresh=/)
  })
})

describe('an OpenID provider', () => {
  const home = 'http://collector.example'
  const client = { clientId: 'constat', clientSecret: 'of-the-test', redirectUri: home + CALLBACK_PATH }
  let provider: OpenIdProvider
  let away: ReturnType<typeof asker>
  beforeAll(async () => {
    provider = await startOpenIdProvider(client)
    const settings = { issuer: provider.issuer, name: 'Acme Login', ...client }
    const { shell } = world
    const openId = openOpenId(settings, { publicUrl: home, nowMs: () => shell.clock.nowMs(), log: shell.log })
    away = asker({ deps: { ...seeded.deps, openId } })
  })
  afterAll(() => provider.close())

  /** Leaves from a page of ours, signs in there, and comes back: with the cookie of the way, or another one. */
  async function round(from: string, login: string, kept?: string): Promise<Response> {
    const left = await away(from, { headers: { 'sec-fetch-site': 'same-origin' } })
    expect(left.status).toBe(303)
    const cookie = kept ?? left.headers.get('set-cookie')?.split(';')[0] ?? ''
    const back = await provider.signIn(left.headers.get('location') ?? '', login)
    return away(back.slice(home.length), { headers: { cookie } })
  }

  it('is offered at the door, and signs in whom an invitation has tied to it', async () => {
    expect(await (await away('/sign-in')).text()).toContain('Sign in with Acme Login')
    const stranger = await round('/sign-in/elsewhere', 'noor@acme.example')
    expect([stranger.status, cookieOf(stranger)]).toEqual([401, ''])
    expect(await stranger.text()).toContain('no account here is tied')
    const { path } = await invited({ name: 'Noor', role: 'viewer', contracts: ['intranet'] })
    expect(await (await away(path)).text()).toContain(`href="${path}/elsewhere"`)
    const joining = await round(`${path}/elsewhere`, 'noor@acme.example')
    expect([joining.status, await contractsOf(cookieOf(joining))]).toEqual([303, ['intranet']])
    const again = await round('/sign-in/elsewhere?next=/claims', 'noor@acme.example')
    expect([again.status, again.headers.get('location')]).toEqual([303, '/claims'])
    expect(await personOf('Noor')).toMatchObject({ isElsewhere: true, hasPassword: false, sessions: 2 })
    expect((await signIn('Noor', '')).status).toBe(401)
    // Somebody else there is nobody here.
    expect((await round('/sign-in/elsewhere', 'eve@acme.example')).status).toBe(401)
  })

  it('ties nobody twice, and is not begun by a page of others', async () => {
    const { path } = await invited({ name: 'Second Noor', role: 'owner' })
    const twice = await round(`${path}/elsewhere`, 'noor@acme.example')
    expect([twice.status, cookieOf(twice)]).toEqual([409, ''])
    const led = await away(`${path}/elsewhere`, { headers: { 'sec-fetch-site': 'cross-site' } })
    expect([led.status, led.headers.get('set-cookie')]).toEqual([200, null])
  })

  it('does not take the place of a second factor that was turned on here', async () => {
    const cookie = await joined('Kai')
    const page = await (await ask('/account/factor', { headers: { cookie } })).text()
    const factor = /name="factor" value="([A-Z2-7]{32})"/.exec(page)?.[1] ?? ''
    const code = codeAt(factor, world.clock.nowMs() - 30_000)
    await post('/account/factor', { factor, code, password: PASSWORD }, { cookie })
    const { id } = await personOf('Kai')
    const renewal = await ask(`/api/v1/people/${id}/link`, { method: 'POST', as: 'owner-token' })
    const { pathname } = new URL(((await renewal.json()) as InvitationIssued).url)
    for (const from of [`${pathname}/elsewhere`, '/sign-in/elsewhere']) {
      const came = await round(from, 'kai@acme.example')
      expect([came.status, cookieOf(came)]).toEqual([200, ''])
      expect(await came.text()).toContain('The code of your phone')
    }
  })

  it('is asked to sign in anew whoever has to', async () => {
    const page = await (await away('/sign-in?done=again&next=/setup/people')).text()
    const [, href = ''] = /href="(\/sign-in\/elsewhere[^"]+)"/.exec(page) ?? []
    const left = await away(href.replaceAll('&amp;', '&'))
    expect(new URL(left.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login')
    const usual = await away('/sign-in/elsewhere?next=/setup/people')
    expect(new URL(usual.headers.get('location') ?? '').searchParams.has('prompt')).toBe(false)
  })

  it('answers to what this browser has begun, and to nothing else', async () => {
    const other = await away('/sign-in/elsewhere')
    const kept = other.headers.get('set-cookie')?.split(';')[0] ?? ''
    for (const cookie of [kept, '', 'constat_elsewhere=bm9uc2Vuc2U']) {
      const answer = await round('/sign-in/elsewhere', 'noor@acme.example', cookie)
      expect([answer.status, cookieOf(answer)]).toEqual([401, ''])
      expect(await answer.text()).toContain('The sign-in was not finished')
    }
    const denied = await away(`${CALLBACK_PATH}?error=access_denied&state=x`, { headers: { cookie: kept } })
    expect([denied.status, cookieOf(denied)]).toEqual([401, ''])
  })

  it('that is not set up is not there, and one that is away says so', async () => {
    expect((await ask('/sign-in/elsewhere')).status).toBe(404)
    const { shell } = world
    const settings = { issuer: 'http://127.0.0.1:9', name: 'Nowhere', ...client }
    const openId = openOpenId(settings, { publicUrl: home, nowMs: () => shell.clock.nowMs(), log: shell.log })
    const lost = asker({ deps: { ...seeded.deps, openId } })
    expect((await lost('/sign-in/elsewhere')).status).toBe(503)
    expect((await lost('/sign-in')).status).toBe(200)
  })
})
