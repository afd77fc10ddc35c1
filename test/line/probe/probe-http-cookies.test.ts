/** Cookies: what a jar keeps and what it sends, after RFC 6265. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createJar, MAX_COOKIE_CHARS, MAX_COOKIES, parseCookieDate } from '@constat/probe/cookies'

const NOW_MS = Date.parse('2026-10-05T08:00:00Z')

/** What is sent to `to` after `from` has set these cookies. */
function sent(from: string, setCookies: readonly string[], to: string, nowMs = NOW_MS): string | undefined {
  const jar = createJar()
  jar.store(new URL(from), setCookies, NOW_MS)
  return jar.header(new URL(to), nowMs)
}

const SHOP = 'https://shop.example/a/b'

test.each<[string, string, string, string, string | undefined]>([
  ['goes back where it came from', SHOP, 'sid=1', 'https://shop.example/a/c', 'sid=1'],
  ['default path is the folder', SHOP, 'sid=1', 'https://shop.example/other', undefined],
  ['default path of a page in the root', 'https://shop.example/x', 'sid=1', SHOP, 'sid=1'],
  ['a path that is none', SHOP, 'sid=1; Path=a', 'https://shop.example/a/', 'sid=1'],
  ['path of all', SHOP, 'sid=1; Path=/', 'https://shop.example/', 'sid=1'],
  ['path below', SHOP, 'sid=1; Path=/a', 'https://shop.example/a/z', 'sid=1'],
  ['path that only begins so', SHOP, 'sid=1; Path=/a', 'https://shop.example/ab', undefined],
  ['another host', SHOP, 'sid=1; Path=/', 'https://else.example/', undefined],
  ['host alone', SHOP, 'sid=1; Path=/', 'https://www.shop.example/', undefined],
  ['domain below', SHOP, 'sid=1; Path=/; Domain=shop.example', 'https://www.shop.example/', 'sid=1'],
  ['domain with a dot', SHOP, 'sid=1; Path=/; Domain=.SHOP.example', 'https://www.shop.example/', 'sid=1'],
  ['domain above', 'https://a.shop.example/', 'sid=1; Domain=shop.example', 'https://shop.example/', 'sid=1'],
  ['domain of another', SHOP, 'sid=1; Domain=else.example', SHOP, undefined],
  ['domain that only ends so', 'https://myshop.example/', 'sid=1; Domain=shop.example', SHOP, undefined],
  ['domain of one label', SHOP, 'sid=1; Domain=example', SHOP, undefined],
  ['domain of a host of one label', 'http://shop/', 'sid=1; Domain=shop', 'http://shop/', 'sid=1'],
  [
    'an address has nothing below it',
    'http://127.0.0.1/',
    'sid=1; Domain=0.0.1',
    'http://127.0.0.1/',
    undefined,
  ],
  ['an address by its name', 'http://127.0.0.1/', 'sid=1; Domain=127.0.0.1', 'http://127.0.0.1/', 'sid=1'],
  ['another port is the same host', 'http://a.example:81/', 'sid=1', 'http://a.example:82/', 'sid=1'],
  ['secure, in the clear', SHOP, 'sid=1; Path=/; Secure', 'http://shop.example/', undefined],
  ['secure, over TLS', SHOP, 'sid=1; Path=/; Secure', 'https://shop.example/', 'sid=1'],
  ['secure, set in the clear', 'http://shop.example/', 'sid=1; Secure', 'https://shop.example/', undefined],
  ['__Host- as it must be', SHOP, '__Host-s=1; Path=/; Secure', SHOP, '__Host-s=1'],
  ['__Host- with a domain', SHOP, '__Host-s=1; Path=/; Secure; Domain=shop.example', SHOP, undefined],
  ['__Secure- that is not', SHOP, '__Secure-s=1; Path=/', SHOP, undefined],
  ['attributes that say nothing here', SHOP, 'sid=1; HttpOnly; SameSite=Lax; Priority=High', SHOP, 'sid=1'],
  [
    'blanks and an equals sign in the value',
    SHOP,
    '  sid = a=b ; path = /',
    'https://shop.example/',
    'sid=a=b',
  ],
  ['a value in quotes keeps them', SHOP, 'sid="a b"', SHOP, 'sid="a b"'],
  ['secure, to this host', 'http://127.0.0.1/', 'sid=1; Secure', 'http://127.0.0.1/', 'sid=1'],
  ['secure, to this host by name', 'http://a.localhost/', 'sid=1; Secure', 'http://a.localhost/', 'sid=1'],
  ['for all sites', SHOP, 'sid=1; SameSite=None; Secure', SHOP, 'sid=1'],
  ['for all sites, in the clear', SHOP, 'sid=1; SameSite=None', SHOP, undefined],
  ['parted by site, in the clear', SHOP, 'sid=1; Partitioned', SHOP, undefined],
  ['no name, and an equals sign', SHOP, '=sid=1', SHOP, undefined],
  ['a tab within', SHOP, 'sid=a\tb', SHOP, undefined],
  ['a long attribute', SHOP, `sid=1; Path=/${'x'.repeat(5_000)}`, SHOP, 'sid=1'],
  ['no name', SHOP, '=v', SHOP, 'v'],
  ['nothing', SHOP, '; Path=/', SHOP, undefined],
  ['a control', SHOP, 'sid=a\u0000b', SHOP, undefined],
  ['Max-Age over', SHOP, 'sid=1; Max-Age=0', SHOP, undefined],
  ['Max-Age negative', SHOP, 'sid=1; Max-Age=-1', SHOP, undefined],
  ['Max-Age wins', SHOP, 'sid=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', SHOP, 'sid=1'],
  ['Expires over', SHOP, 'sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', SHOP, undefined],
  ['Expires to come', SHOP, 'sid=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', SHOP, 'sid=1'],
  ['Expires that is none', SHOP, 'sid=1; Expires=soon', SHOP, 'sid=1'],
  ['Max-Age that is none', SHOP, 'sid=1; Max-Age=1.5', SHOP, 'sid=1'],
])('%s', (_, from, setCookie, to, cookie) => expect(sent(from, [setCookie], to)).toBe(cookie))

describe('a jar', () => {
  test('ends cookies on the clock that it is given', () => {
    const last = NOW_MS + 60_000
    expect(sent(SHOP, ['sid=1; Max-Age=60'], SHOP, last - 1)).toBe('sid=1')
    expect(sent(SHOP, ['sid=1; Max-Age=60'], SHOP, last)).toBeUndefined()
  })

  test('replaces, deletes, and sends longer paths and older cookies first', () => {
    const jar = createJar()
    const url = new URL('https://shop.example/a/b')
    jar.store(url, ['one=1; Path=/', 'two=2; Path=/', 'deep=3; Path=/a'], NOW_MS)
    jar.store(url, ['one=4; Path=/'], NOW_MS)
    expect(jar.header(url, NOW_MS)).toBe('deep=3; one=4; two=2')
    jar.store(url, ['two=; Path=/; Max-Age=0'], NOW_MS)
    expect(jar.header(url, NOW_MS)).toBe('deep=3; one=4')
  })

  test('is bounded: cookies, and characters of each', () => {
    const jar = createJar()
    const url = new URL(SHOP)
    for (let i = 0; i <= MAX_COOKIES; i += 1) jar.store(url, [`c${i}=1`], NOW_MS)
    const names = jar.header(url, NOW_MS)?.split('; ') ?? []
    expect([names.length, names[0]]).toEqual([MAX_COOKIES, 'c1=1'])
    const longest = `v=${'x'.repeat(MAX_COOKIE_CHARS - 1)}`
    expect(sent(SHOP, [longest], SHOP)).toBe(longest)
    expect(sent(SHOP, [`${longest}x`], SHOP)).toBeUndefined()
    const many = Array.from({ length: MAX_COOKIES + 1 }, (_, i) => `c${i}=1`)
    expect(sent(SHOP, many, SHOP)?.split('; ')).toHaveLength(MAX_COOKIES)
  })
})

describe('dates', () => {
  test('of all three forms of HTTP', () => {
    const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
    const years = { min: new Date(0), max: new Date('2069-12-31T23:59:59Z'), noInvalidDate: true }
    fc.assert(
      fc.property(fc.date(years), (date) => {
        const seconds = Math.floor(date.getTime() / 1_000) * 1_000
        const now = new Date(seconds)
        const [, day, month, year, time] = now.toUTCString().split(/[ ,]+/)
        const short = `${days[now.getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${time} GMT`
        const asctime = `Mon ${month} ${Number(day)} ${time} ${year}`
        for (const text of [now.toUTCString(), short, asctime]) expect(parseCookieDate(text)).toBe(seconds)
      }),
    )
  })
  test.each([
    '',
    'Wed, 31 Feb 2026 00:00:00 GMT',
    '01 Jan 1600 00:00:00',
    '01 Jan 2026 24:00:00',
    '01 Jan 2026',
    '2026-01-01T00:00:00Z',
  ])('%j is none', (text) => expect(parseCookieDate(text)).toBeUndefined())
})
