/** Passwords: how they are kept and proved, what that takes, and which are taken. */
import { randomBytes, scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MAX_WAITING_PASSWORDS, Passwords } from '@constat/collector/people/password'
import { nameKey, weaknessOf } from '@constat/collector/view/people'

const random = { bytes: (count: number) => randomBytes(count) }
const cheap = new Passwords(random, { ln: 4, r: 8, p: 1 })

describe('a password', () => {
  it('is kept as scrypt at the cost of OWASP, salted, and proved in its other Unicode form too', async () => {
    const passwords = new Passwords(random)
    const [one, two] = [
      await passwords.hash('caf\u00e9 noir et grand'),
      await cheap.hash('caf\u00e9 noir et grand'),
    ]
    const [, salt = '', key = ''] = /^\$scrypt\$ln=15,r=8,p=3\$([\w+/]+)\$([\w+/]+)$/.exec(one) ?? []
    const wanted = scryptSync('caf\u00e9 noir et grand', Buffer.from(salt, 'base64'), 32, {
      N: 32_768,
      r: 8,
      p: 3,
      maxmem: 2 ** 27,
    })
    expect(key).toBe(wanted.toString('base64').replaceAll('=', ''))
    // Whatever it cost when it was made.
    for (const stored of [one, two]) {
      expect(await passwords.isRight('cafe\u0301 noir et grand', stored)).toBe(true)
      expect(await passwords.isRight('cafe noir et grand', stored)).toBe(false)
    }
    expect(await cheap.hash('same')).not.toBe(await cheap.hash('same'))
  })

  it('that is kept by nobody, or not as ours are, is wrong after as much work', async () => {
    const passwords = new Passwords(random, { ln: 14, r: 8, p: 1 })
    const stored = await passwords.hash('x')
    const took = async (kept: string | null): Promise<number> => {
      const beganMs = performance.now()
      expect(await passwords.isRight('y', kept)).toBe(false)
      return performance.now() - beganMs
    }
    const times = { known: Infinity, unknown: Infinity }
    for (let n = 0; n < 5; n += 1) {
      times.known = Math.min(times.known, await took(stored))
      times.unknown = Math.min(times.unknown, await took(null))
    }
    expect(times.unknown).toBeGreaterThan(times.known / 2)
    expect(times.unknown).toBeLessThan(times.known * 2)
  })

  it('waits for its turn; where too many do, they come again', async () => {
    const asked = Array.from({ length: MAX_WAITING_PASSWORDS + 3 }, () => cheap.hash('x'))
    const said = await Promise.allSettled(asked)
    expect(said.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'rate-limited' } },
    ])
    expect(await cheap.hash('x')).toMatch(/^\$scrypt/)
  })
})

it.each([
  ['eleven char', 'short'],
  ['twelve chars', null],
  [
    '\u{1F99A}\u{1F99C}\u{1F9A9}\u{1F9A2}\u{1F986}\u{1F985}\u{1F9A4}\u{1F413}\u{1F414}\u{1F423}\u{1F424}\u{1F425}',
    'plain',
  ],
  ['long '.repeat(40), null],
  [`${'long '.repeat(40)}!`, 'long'],
  ['abababababab', 'plain'],
  ['123456789012', 'plain'],
  ['Password-2026', 'plain'],
  ['motdepasse2026', 'plain'],
  ['Ada Lovelace 12', 'name'],
  ['Ada Lovelace reads', null],
] as const)('%j is %j', (password, weakness) => {
  expect(weaknessOf(password, 'Ada Lovelace')).toBe(weakness)
})

it.each([
  ['Ada', ' ADA '],
  ['Zo\u00e9', 'Zoe\u0301'],
  ['Ada  Byron', 'ada byron'],
  ['\uff21da', 'ada'],
])('%j and %j are one name', (one, other) => {
  expect(nameKey(one)).toBe(nameKey(other))
})
