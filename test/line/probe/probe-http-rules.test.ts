/** What an answer means, without a network: status, headers, text, JSON values, and their order. */
import * as zlib from 'node:zlib'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MAX_VALUE_CHARS } from '@constat/probe/body-inspect'
import {
  judgeAnswer,
  redirectLimit,
  wantsRedirect,
  type HttpAnswer,
  type SignOn,
} from '@constat/probe/http-rules'
import type { Extraction, HttpRequestSpec } from '@constat/shared/check'

type Given = {
  status?: number
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  oversize?: boolean
}

function answerOf({ status = 200, headers = {}, body = '', oversize = false }: Given): HttpAnswer {
  return { status, headers, oversize, body: Buffer.from(body) }
}

async function judge(
  options: Omit<HttpRequestSpec, 'url'>,
  given: Given,
  { latencyUs = 1_000, signOn = 'expected' }: { latencyUs?: number; signOn?: SignOn } = {},
): Promise<string> {
  const spec = { url: 'http://a.example/', ...options }
  const { judgement } = await judgeAnswer(spec, answerOf(given), { latencyUs, signOn })
  const { outcome, cause, detail } = judgement
  return `${outcome} ${cause}: ${detail}`
}

/** What is taken out of an answer, or why it is not. */
async function extract(extraction: Extraction, given: Given): Promise<string> {
  const spec = { url: 'http://a.example/', extract: [extraction] }
  const { judgement, values } = await judgeAnswer(spec, answerOf(given), { latencyUs: 1, signOn: 'failed' })
  return values.get(extraction.variable) ?? judgement.detail
}

const JSON_BODY = '{"state":"up","n":2,"on":true,"no":null,"list":[{"a":1}]}'
const asksSignOn = { status: 401, headers: { 'www-authenticate': 'Basic' } }

test.each<[string, Omit<HttpRequestSpec, 'url'>, Given, string]>([
  ['299', {}, { status: 299 }, 'ok none: status 299'],
  ['300', {}, { status: 300 }, 'fail status: status 300'],
  ['407', {}, { status: 407 }, 'blocked blocked: status 407: the proxy asks for credentials'],
  [
    '407 against a list',
    { status: [200] },
    { status: 407 },
    'blocked blocked: status 407: the proxy asks for credentials',
  ],
  ['407, wanted', { status: [407] }, { status: 407 }, 'ok none: status 407'],
  [
    'a firewall',
    {},
    { status: 405, headers: { 'x-amzn-waf-action': 'captcha' } },
    'blocked blocked: status 405: turned away before the service',
  ],
  [
    'header there',
    { headersContain: { 'X-App': 'v2' } },
    { headers: { 'x-app': 'shop v2.1' } },
    'ok none: status 200',
  ],
  [
    'header other',
    { headersContain: { 'X-App': 'v2' } },
    { headers: { 'x-app': 'v1' } },
    'fail assertion: the header X-App does not hold the expected text',
  ],
  ['header absent', { headersContain: { 'X-App': 'v2' } }, {}, 'fail assertion: there is no header X-App'],
  [
    'header twice',
    { headersContain: { 'set-cookie': 'b=' } },
    { headers: { 'set-cookie': ['a=1', 'b=2'] } },
    'ok none: status 200',
  ],
  ['text lacking, as it should', { bodyLacks: 'Maintenance' }, { body: 'Welcome' }, 'ok none: status 200'],
  [
    'text that must not be there',
    { bodyLacks: 'Maintenance' },
    { body: 'Maintenance' },
    'fail assertion: the body holds the text that must not be there',
  ],
  [
    'text past the default cap',
    { bodyContains: 'x' },
    { body: 'a', oversize: true },
    'fail assertion: the body does not hold the expected text in its first 1048576 bytes',
  ],
  [
    'size goes before text',
    { maxBytes: 1, bodyContains: 'x' },
    { body: 'a', oversize: true },
    'fail size: the body passes 1 bytes',
  ],
  ['status goes before text', { bodyContains: 'x' }, { status: 500 }, 'fail status: status 500'],
  [
    'JSON values',
    {
      json: [
        { path: '$.state', equals: 'up' },
        { path: '$.n', equals: 2 },
        { path: '$.on', equals: true },
        { path: '$.no', equals: null },
        { path: '$.list[-1].a', equals: 1 },
      ],
    },
    { body: JSON_BODY },
    'ok none: status 200',
  ],
  [
    'JSON value of another type',
    { json: [{ path: '$.n', equals: '2' }] },
    { body: JSON_BODY },
    'fail assertion: $.n is 2, not "2"',
  ],
  [
    'JSON value absent',
    { json: [{ path: '$.m', equals: null }] },
    { body: JSON_BODY },
    'fail assertion: there is nothing at $.m',
  ],
  [
    'JSON value that is a list',
    { json: [{ path: '$.list', equals: 1 }] },
    { body: JSON_BODY },
    'fail assertion: $.list is [{"a":1}], not 1',
  ],
  [
    'no JSON',
    { json: [{ path: '$', equals: 1 }] },
    { body: '<html>' },
    'fail assertion: the body cannot be read as JSON: not JSON',
  ],
  [
    'JSON cut off',
    { json: [{ path: '$', equals: 1 }] },
    { body: '[1', oversize: true },
    'fail assertion: the body cannot be read as JSON: not JSON',
  ],
  [
    'JSON too long',
    { json: [{ path: '$', equals: 1 }] },
    { body: `"${'x'.repeat(4 * 1024 * 1024)}"` },
    'fail assertion: the body cannot be read as JSON: more than 4194304 characters, too long to read as JSON',
  ],
  [
    'half a million quotes that open nothing',
    { json: [{ path: '$', equals: 1 }] },
    { body: `${'"\\'.repeat(2 ** 19)}${'1'.repeat(16)}` },
    'fail assertion: the body cannot be read as JSON: not JSON',
  ],
  ['as slow as it may be', { degradedOverMs: 1 }, {}, 'ok none: status 200'],
])('%s', async (_, options, given, said) => expect(await judge(options, given)).toBe(said))

test('slower than the limit is degraded, one µs more is enough', async () => {
  expect(await judge({ degradedOverMs: 1 }, {}, { latencyUs: 1_001 })).toBe('degraded slow: slower than 1 ms')
})

test('a sign-on page is a service at work, unless we had credentials or a business to do', async () => {
  expect(await judge({}, asksSignOn)).toBe('ok none: status 401')
  expect(await judge({}, asksSignOn, { signOn: 'failed' })).toBe('fail status: status 401')
  expect(await judge({ status: [200] }, asksSignOn)).toBe('fail status: status 401')
})

describe('bodies', () => {
  const text = 'état: prêt'
  test.each<[string, Record<string, string>, Buffer]>([
    ['gzip', { 'content-encoding': 'gzip' }, gzipSync(text)],
    ['GZIP', { 'content-encoding': 'GZIP' }, gzipSync(text)],
    ['deflate', { 'content-encoding': 'deflate' }, deflateSync(text)],
    ['br', { 'content-encoding': 'br' }, brotliCompressSync(text)],
    ['identity', { 'content-encoding': 'identity' }, Buffer.from(text)],
    ['latin1', { 'content-type': 'text/html; charset=ISO-8859-1' }, Buffer.from(text, 'latin1')],
    ['latin1 in quotes', { 'content-type': 'text/html; charset="iso-8859-1"' }, Buffer.from(text, 'latin1')],
    [
      'past a parameter in quotes',
      { 'content-type': 'text/html; x="a;charset=utf-8"; charset=iso-8859-1' },
      Buffer.from(text, 'latin1'),
    ],
    ['a character set nobody knows', { 'content-type': 'text/html; charset=klingon' }, Buffer.from(text)],
  ])('%s is read', async (_, headers, body) => {
    expect(await judge({ bodyContains: text }, { headers, body })).toBe('ok none: status 200')
  })

  test('one that was cut off is read as far as it goes', async () => {
    const body = gzipSync(`begins ${Buffer.alloc(9_000, 'abc').toString('base64')}`).subarray(0, 40)
    const headers = { 'content-encoding': 'gzip' }
    expect(await judge({ bodyContains: 'begins' }, { headers, body, oversize: true })).toBe(
      'ok none: status 200',
    )
    // Browsers and curl show as much as there is; it proves what is in it, and not what is not.
    expect(await judge({ bodyContains: 'begins' }, { headers, body })).toBe('ok none: status 200')
    for (const asked of [
      { bodyContains: 'ends' },
      { bodyLacks: 'ends' },
      { json: [{ path: '$', equals: 1 }] },
    ]) {
      expect(await judge(asked, { headers, body })).toContain('fail unreadable: the body cannot be read')
    }
  })

  test.each<[string, string, Buffer, alone: string]>([
    ['no gzip at all', 'gzip', Buffer.from('Maintenance'), 'fail unreadable: the body cannot be read'],
    ['nor under two', 'gzip, br', gzipSync('Maintenance'), 'fail unreadable: the body cannot be read'],
    [
      'a broken one',
      'deflate',
      broken(deflateSync('Maintenance')),
      'fail unreadable: the body cannot be read',
    ],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(16 * 1024 * 1024 + 1)), 'ok none: status 200'],
    [
      'too many codings',
      Array.from({ length: 9 }, () => 'br').join(),
      Buffer.from('x'),
      'ok none: status 200',
    ],
  ])('%s: what is said about it does not hold, in either direction', async (_, coding, body, alone) => {
    const headers = { 'content-encoding': coding }
    for (const asked of [{ bodyLacks: 'Maintenance' }, { bodyContains: 'Maintenance' }]) {
      expect(await judge(asked, { headers, body })).toContain('fail unreadable: the body cannot be read')
    }
    // Where nothing is asked it fails as well, if no client could have read it.
    expect(await judge({}, { headers, body })).toContain(alone)
  })

  test.each<[string, string, Buffer]>([
    ['nothing', '', Buffer.from(text)],
    ['a word that is none', 'none', Buffer.from(text)],
    ['a character set', 'UTF-8', Buffer.from(text)],
    ['two codings', 'gzip, br', brotliCompressSync(gzipSync(text))],
    ['a word that is none, and gzip', 'aws-chunked,gzip', gzipSync(text)],
    ['identity and gzip', 'identity, x-gzip', gzipSync(text)],
    ['a word that is none, and no gzip', 'aws-chunked,gzip', Buffer.from(text)],
    ['deflate without its frame', 'deflate', deflateRawSync(text)],
    ['gzip with a wrong checksum', 'gzip', broken(gzipSync(text), 8)],
    ['gzip with a name and more', 'gzip', fullGzip(text)],
    ['gzip, and bytes after it', 'gzip', Buffer.concat([gzipSync(text), Buffer.from('x'.repeat(99))])],
  ])('coded as %s it is read', async (_, coding, body) => {
    const headers = { 'content-encoding': coding }
    expect(await judge({ bodyContains: text }, { headers, body })).toBe('ok none: status 200')
  })

  test('zstd is read where Node.js can', async () => {
    // `zstd -c` of "prêt", with its checksum.
    const body = Buffer.from('28b52ffd04582900007072c3aa746041050c', 'hex')
    const asked = judge({ bodyContains: 'prêt' }, { headers: { 'content-encoding': 'zstd' }, body })
    expect(await asked).toContain('zstdDecompressSync' in zlib ? 'ok none' : 'Node.js reads from 22.15 on')
  })

  test.each<[string, string, Buffer]>([
    ['a mark before everything', 'text/html; charset=iso-8859-1', Buffer.from(`\ufeff${text}`)],
    ['UTF-16', 'text/html; charset=utf-8', Buffer.from(`\ufeff${text}`, 'utf16le')],
    [
      'the header before the document',
      'text/html; charset=utf-8',
      Buffer.from(`<meta charset=koi8-r>${text}`),
    ],
    ['meta', 'text/html', Buffer.from(`<META\nCharset = 'latin1'>${text}`, 'latin1')],
    ['past a comment', 'text/html', Buffer.from(`<!--<meta charset=koi8-r>--><meta charset=utf8>${text}`)],
    ['past a script', 'text/html', Buffer.from(`<script>"<meta charset=koi8-r>"</script>${text}`)],
    ['past an attribute', 'text/html', Buffer.from(`<p title="<meta charset=koi8-r>">${text}`)],
    [
      'the first that is known',
      'text/html; charset=x',
      Buffer.from(`<meta charset=y><meta charset=utf8>${text}`),
    ],
    [
      'http-equiv',
      'text/html',
      Buffer.from(`<meta content="text/html; charset=latin1" http-equiv=Content-Type>${text}`, 'latin1'),
    ],
    [
      'XML',
      'application/xml',
      Buffer.from(`<?xml version='1.0' encoding='latin1'?><a>${text}</a>`, 'latin1'),
    ],
    [
      'XHTML',
      'application/xhtml+xml',
      Buffer.from(`<?xml version="1.0" encoding="latin1"?>${text}`, 'latin1'),
    ],
    ['nothing at all', 'text/plain', Buffer.from(text, 'latin1')],
    ['UTF-16 that ASCII says', 'text/html', Buffer.from(`<meta charset=utf-16>${text}`)],
  ])('the character set: %s', async (_, type, body) => {
    expect(await judge({ bodyContains: text }, { headers: { 'content-type': type }, body })).toBe(
      'ok none: status 200',
    )
  })

  test('windows-1252 has quotes where Latin-1 has controls', async () => {
    const body = Buffer.from([0x93, 0xe9, 0x94, 0x80])
    const headers = { 'content-type': 'text/html; charset=iso-8859-1' }
    expect(await judge({ bodyContains: '“é”€' }, { headers, body })).toBe('ok none: status 200')
  })

  test.each<[string, string, string | number, string]>([
    [
      'one more',
      '{"id":9007199254740993}',
      2 ** 53,
      'fail assertion: $.id is 9007199254740993, not 9007199254740992',
    ],
    ['the same', '{"id":9007199254740992}', 2 ** 53, 'ok none: status 200'],
    [
      'its digits',
      '{"a":"1\\"1234567890123456789","id":-12345678901234567890}',
      '-12345678901234567890',
      'ok none: status 200',
    ],
    ['no integer', '{"id":0.1234567890123456789}', 0.12345678901234568, 'ok none: status 200'],
    ['safe', '{"id":1234567890123456}', 1234567890123456, 'ok none: status 200'],
    ['no JSON', '{"id":012345678901234567}', 1, 'fail assertion: the body cannot be read as JSON: not JSON'],
  ])('an integer that JavaScript would round: %s', async (_, body, equals, said) => {
    expect(await judge({ json: [{ path: '$.id', equals }] }, { body })).toBe(said)
  })

  test.each<[string, string, string]>([
    ['not JSON, and deep', '['.repeat(200_000), 'fail assertion: the body cannot be read as JSON: not JSON'],
    ['deep', `{"a":${'['.repeat(7_000)}${']'.repeat(7_000)}}`, 'fail assertion: $.a is '],
    [
      'one long text',
      `{"a":"${'x'.repeat(3_000_000)}","b":12345678901234567890}`,
      'fail assertion: $.a is "xxx',
    ],
  ])('a body made to be hard is a failure, and holds nobody up: %s', async (_, hard, said) => {
    const asked = { json: [{ path: '$.a', equals: 1 }] }
    const [first, second] = await Promise.all([
      judge(asked, { body: hard }),
      judge(asked, { body: `{"a":1,"b":"${'x'.repeat(20_000)}"}` }),
    ])
    expect(first).toContain(said)
    expect(second).toBe('ok none: status 200')
  })

  test('a body that takes too long to search is given up, and the next one is read', async () => {
    // The worst case of the search in V8: some 4 s for this.
    const bodyContains = `${'a'.repeat(1_500)}b${'a'.repeat(1_500)}`
    const [first, second] = await Promise.all([
      judge({ bodyContains }, { body: 'a'.repeat(16 * 1024 * 1024) }),
      judge({ bodyContains: 'end' }, { body: `${'a'.repeat(20_000)}end` }),
    ])
    // A machine that is too busy to have spent that on it says so instead, and blames nobody.
    expect(first).toMatch(
      /^fail unreadable: the body cannot be read: reading it takes more than 2000 ms|^unknown resources: this host has no time/,
    )
    expect(second).toBe('ok none: status 200')
  }, 20_000)
})

function broken(bytes: Buffer, fromEnd = 1): Buffer {
  const other = Buffer.from(bytes)
  other[other.length - fromEnd]! ^= 0xff
  return other
}

/** RFC 1952 with every field it knows. */
function fullGzip(text: string): Buffer {
  const frame = [0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 65, 66, 110, 0, 99, 0, 0, 0]
  return Buffer.concat([Buffer.from(frame), deflateRawSync(text), gzipSync(text).subarray(-8)])
}

describe('a firewall is no shelter', () => {
  const cloudflare = { 'cf-mitigated': 'challenge' }
  const aws = { 'x-amzn-waf-action': 'challenge' }
  const page = '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate"></script>'
  test.each<[string, Given, string]>([
    ['403', { status: 403 }, 'blocked'],
    ['403, marked', { status: 403, headers: cloudflare }, 'blocked'],
    ['429', { status: 429 }, 'blocked'],
    ['503, and its page', { status: 503, headers: cloudflare, body: page }, 'blocked'],
    ['503, and another page', { status: 503, headers: cloudflare, body: 'Down for maintenance' }, 'fail'],
    ['503, and its page without a mark', { status: 503, body: page }, 'fail'],
    ['500, marked', { status: 500, headers: aws }, 'fail'],
    ['502, marked', { status: 502, headers: cloudflare, body: page }, 'fail'],
    ['404, marked', { status: 404, headers: cloudflare }, 'fail'],
    ['202 of AWS, which is no answer of the service', { status: 202, headers: aws }, 'blocked'],
    ['200, marked', { status: 200, headers: aws }, 'ok'],
  ])('%s', async (_, given, outcome) => expect(await judge({}, given)).toMatch(new RegExp(`^${outcome} `)))
})

describe('redirects', () => {
  const moved = { status: 302, headers: { location: '/' } }
  test.each<[Omit<HttpRequestSpec, 'url'>, number, boolean]>([
    [{}, 20, true],
    [{ redirects: 0 }, 0, false],
    [{ redirects: 10 }, 10, true],
    [{ status: [200] }, 20, true],
    [{ status: [200, 301] }, 0, false],
    [{ status: [302], redirects: 3 }, 3, false],
    [{ status: [301], redirects: 3 }, 3, true],
  ])('%j', (options, limit, follows) => {
    const spec = { url: 'http://a.example/', ...options }
    expect([redirectLimit(spec), wantsRedirect(spec, moved)]).toEqual([limit, follows])
  })
  test.each([304, 305, 300])('%i is none', (status) => {
    expect(wantsRedirect({ url: 'http://a.example/' }, { ...moved, status })).toBe(false)
  })
})

describe('extraction', () => {
  const given: Given = {
    headers: { location: '/orders/17' },
    body: '{"token":"t","n":2,"on":true,"no":null,"list":[],"big":12345678901234567890}',
  }
  test.each<[string, Extraction, string]>([
    ['a text', { variable: 'v', json: '$.token' }, 't'],
    ['a number', { variable: 'v', json: '$.n' }, '2'],
    ['a boolean', { variable: 'v', json: '$.on' }, 'true'],
    ['null', { variable: 'v', json: '$.no' }, 'no v: $.no is no text, number or boolean'],
    ['a list', { variable: 'v', json: '$.list' }, 'no v: $.list is no text, number or boolean'],
    ['nothing', { variable: 'v', json: '$.m' }, 'no v: there is nothing at $.m'],
    ['a header', { variable: 'v', header: 'Location' }, '/orders/17'],
    ['no header', { variable: 'v', header: 'ETag' }, 'no v: there is no header ETag'],
    ['between', { variable: 'v', between: ['"token":"', '"'] }, 't'],
    ['between, empty', { variable: 'v', between: ['"list":[', ']'] }, ''],
    ['nothing before', { variable: 'v', between: ['csrf', '"'] }, 'no v: the text before it is not there'],
    ['a long integer', { variable: 'v', json: '$.big' }, '12345678901234567890'],
    ['nothing after', { variable: 'v', between: ['"list"', '<'] }, 'no v: the text after it is not there'],
  ])('%s', async (_, extraction, said) => {
    expect(await extract(extraction, given)).toBe(said)
  })

  test.each<[string, string, string, string]>([
    ['an attribute', 'text/html', '<input value="a&amp;b&#x3a;c&#47;d&#61;&lt=&eacute">', 'a&b:c/d=&lt=é'],
    [
      'text',
      'text/html; charset=utf-8',
      '<p value="">a&ltb &CounterClockwiseContourIntegral;</p>value="',
      'a<b ∳</p>value=',
    ],
    ['XHTML', 'application/xhtml+xml', '<input value="a&amp;b&apos;"/>', "a&b'"],
    ['a script', 'text/html', '<script>var value="a&amp;b"</script>', 'a&amp;b'],
    ['after a script', 'text/html', '<script src="x"></script><i value="a&amp;b">', 'a&b'],
    ['no type, but a page', '', '<!doctype html><i value="a&amp;b">', 'a&b'],
    ['plain text', 'text/plain', 'value="a&amp;b"', 'a&amp;b'],
    ['JSON', 'application/json', '{value="a&amp;b"}', 'a&amp;b'],
  ])('character references stand for characters in %s', async (name, type, body, said) => {
    const ends: [string, string] = name === 'text' ? ['<p value="">', '"'] : ['value="', '"']
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
    expect(await extract({ variable: 'v', between: ends }, { headers, body })).toBe(said)
  })

  test('a value has a longest length', async () => {
    const extraction: Extraction = { variable: 'v', between: ['<', '>'] }
    const of = (chars: number): Promise<string> => extract(extraction, { body: `<${'x'.repeat(chars)}>` })
    expect(await of(MAX_VALUE_CHARS)).toHaveLength(MAX_VALUE_CHARS)
    expect(await of(MAX_VALUE_CHARS + 1)).toBe(`v is longer than ${MAX_VALUE_CHARS} characters`)
  })
})
