/** Guesses: wrong tokens of one address, who may go on, and what each way in answers. */
import { expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { Guesses, MAX_WRONG_OF_ACCOUNT, MAX_WRONG_TOKENS } from '@constat/collector/http/guesses'
import { plainDeps } from '../../support/plain-deps.ts'

function opened() {
  let ms = 0
  const open = ({ token }: { token: string }) =>
    Promise.resolve(token === 'viewer-token' ? { session: 'ses', expiresMs: 1e12 } : null)
  const { deps } = plainDeps()
  deps.guesses = new Guesses(() => ms)
  deps.actions.sessions.open = open
  const app = createApp(deps)
  const form = (token: string, from: string) => ({
    method: 'POST',
    path: '/sign-in',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${token}`,
    from,
  })
  const ask = async ({ path, from, ...init }: { path: string; from: string } & RequestInit) =>
    app.request(path, init, { incoming: { socket: { remoteAddress: from } } })
  const bearer = async (token: string, from: string) =>
    ask({ path: '/api/v1/contracts', from, headers: { authorization: `Bearer ${token}` } })
  return {
    bearer,
    signIn: (token: string, from: string) => ask(form(token, from)),
    link: (token: string, from: string) => ask({ path: `/owner?token=${token}`, from }),
    cookie: (from: string) => ask({ path: '/contracts', from, headers: { cookie: 'constat_session=old' } }),
    pass: (more: number) => void (ms += more),
  }
}

const [HERE, THERE] = ['192.0.2.1', '2001:db8::1']

it.each(['bearer', 'signIn', 'link'] as const)(
  '%s: after so many, 429 and when to come back',
  async (way) => {
    const world = opened()
    const guess = world[way]
    for (let n = 0; n < MAX_WRONG_TOKENS; n += 1) expect((await guess(`wrong-${n}`, HERE)).status).toBe(401)
    const refused = await guess('wrong', HERE)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3'])
    expect(await refused.text()).not.toContain('wrong"')
    // Every way in counts together; another address is another matter.
    expect((await world.bearer('wrong', HERE)).status).toBe(429)
    expect((await world.bearer('wrong', THERE)).status).toBe(401)
    // A page without a token, or with an old cookie, is no guess.
    expect((await world.cookie(HERE)).status).toBe(303)
    world.pass(3_000)
    expect((await guess('wrong', HERE)).status).toBe(401)
    expect((await guess('wrong', HERE)).status).toBe(429)
  },
)

it('right ones do not count, and those that were right before go on', async () => {
  const { bearer } = opened()
  for (let n = 0; n < 3 * MAX_WRONG_TOKENS; n += 1)
    expect((await bearer('owner-token', HERE)).status).toBe(200)
  // All at once, none of them answered yet.
  const many = await Promise.all(Array.from({ length: 100 }, (_, n) => bearer(`wrong-${n}`, HERE)))
  expect(many.filter(({ status }) => status === 401)).toHaveLength(MAX_WRONG_TOKENS)
  expect((await bearer('owner-token', HERE)).status).toBe(200)
  expect((await bearer('viewer-token', HERE)).status).toBe(429)
  expect((await bearer('viewer-token', THERE)).status).toBe(200)
})

it('an account is tried so often, from wherever, whether anybody has it or not; half an hour gives it back', async () => {
  const { guesses, from, pass } = accounts()
  const wrong = () => Promise.resolve(null)
  for (const account of ['password ada', 'password nobody']) {
    for (let n = 0; n < MAX_WRONG_OF_ACCOUNT; n += 1)
      expect(
        await guesses.ofAccount(from(`198.51.100.${n}`), { account, browser: `other ${n}` }, wrong),
      ).toBeNull()
    await expect(
      guesses.ofAccount(from('203.0.113.1'), { account, browser: 'new' }, wrong),
    ).rejects.toMatchObject({ code: 'rate-limited', retryAfterS: 180 })
  }
  // Codes are counted apart, and what could not be looked up is no guess.
  const away = () => Promise.reject(new Error('the database is away'))
  for (let n = 0; n <= MAX_WRONG_OF_ACCOUNT; n += 1)
    await expect(guesses.ofCode(from('203.0.113.1'), 'ada', away)).rejects.toThrow('away')
  pass(3 * 60_000)
  const again = { account: 'password ada', browser: 'new' }
  expect(await guesses.ofAccount(from('203.0.113.1'), again, () => Promise.resolve('in'))).toBe('in')
})

it('a browser in which an account was good goes on with it, as often as others, and with no other account', async () => {
  const { guesses, from } = accounts()
  const right = () => Promise.resolve('in')
  const wrong = () => Promise.resolve(null)
  // Behind a proxy everybody has one address: nothing is known by it.
  const [own, proxy] = ['own', (n: number) => from(`192.0.2.${n}`)]
  await guesses.ofAccount(proxy(1), { account: 'password ada', browser: own }, right)
  for (const account of ['password ada', 'password bob'])
    for (let n = 0; n < MAX_WRONG_OF_ACCOUNT; n += 1)
      await guesses.ofAccount(proxy(n), { account, browser: 'theirs' }, wrong)
  expect(await guesses.ofAccount(proxy(1), { account: 'password ada', browser: own }, right)).toBe('in')
  const refused = { code: 'rate-limited' }
  for (const [browser, account] of [
    [own, 'password bob'],
    ['theirs', 'password ada'],
  ] as const)
    await expect(guesses.ofAccount(proxy(1), { account, browser }, right)).rejects.toMatchObject(refused)
  for (let n = 0; n < MAX_WRONG_OF_ACCOUNT; n += 1)
    await guesses.ofAccount(proxy(n), { account: 'password ada', browser: own }, wrong)
  await expect(
    guesses.ofAccount(proxy(50), { account: 'password ada', browser: own }, right),
  ).rejects.toMatchObject(refused)
})

function accounts() {
  let ms = 0
  const guesses = new Guesses(() => ms)
  const pass = (more: number) => (ms += more)
  // All that is asked of a request is where it comes from.
  const from = (remoteAddress: string) =>
    ({ env: { incoming: { socket: { remoteAddress } } } }) as unknown as Parameters<Guesses['ofAccount']>[0]
  return { guesses, from, pass }
}
