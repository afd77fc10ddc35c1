/** Guesses: wrong tokens of one address, who may go on, and what each way in answers. */
import { expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { Guesses, MAX_WRONG_TOKENS } from '@constat/collector/http/guesses'
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
