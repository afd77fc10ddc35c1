/** What an answer means, without a network: status, headers, text, JSON values, and their order. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
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
    ['a character set nobody knows', { 'content-type': 'text/html; charset=klingon' }, Buffer.from(text)],
  ])('%s is read', async (_, headers, body) => {
    expect(await judge({ bodyContains: text }, { headers, body })).toBe('ok none: status 200')
  })

  test('one that was cut off is read as far as it goes', async () => {
    const body = gzipSync(`begins ${Buffer.alloc(9_000, 'abc').toString('base64')}`).subarray(0, 60)
    const headers = { 'content-encoding': 'gzip' }
    expect(await judge({ bodyContains: 'begins' }, { headers, body, oversize: true })).toBe(
      'ok none: status 200',
    )
    expect(await judge({ bodyContains: 'begins' }, { headers, body })).toContain('cannot be read')
  })

  test.each<[string, Record<string, string>, Buffer]>([
    ['no gzip at all', { 'content-encoding': 'gzip' }, Buffer.from('Maintenance')],
    ['a coding nobody knows', { 'content-encoding': 'zstd' }, Buffer.from('x')],
    ['a bomb', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(16 * 1024 * 1024 + 1))],
  ])('%s: what is said about it does not hold, in either direction', async (_, headers, body) => {
    expect(await judge({ bodyLacks: 'Maintenance' }, { headers, body })).toContain(
      'fail assertion: the body cannot be read',
    )
    expect(await judge({}, { headers, body })).toBe('ok none: status 200')
  })
})

describe('redirects', () => {
  const moved = { status: 302, headers: { location: '/' } }
  test.each<[Omit<HttpRequestSpec, 'url'>, number, boolean]>([
    [{}, 5, true],
    [{ redirects: 0 }, 0, false],
    [{ redirects: 10 }, 10, true],
    [{ status: [200] }, 5, true],
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
    body: '{"token":"t","n":2,"on":true,"no":null,"list":[]}',
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
    ['nothing after', { variable: 'v', between: ['"list"', '<'] }, 'no v: the text after it is not there'],
  ])('%s', async (_, extraction, said) => {
    expect(await extract(extraction, given)).toBe(said)
  })

  test('a value has a longest length', async () => {
    const extraction: Extraction = { variable: 'v', between: ['<', '>'] }
    const of = (chars: number): Promise<string> => extract(extraction, { body: `<${'x'.repeat(chars)}>` })
    expect(await of(MAX_VALUE_CHARS)).toHaveLength(MAX_VALUE_CHARS)
    expect(await of(MAX_VALUE_CHARS + 1)).toBe(`v is longer than ${MAX_VALUE_CHARS} characters`)
  })
})
