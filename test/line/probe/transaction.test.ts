/**
 * Transactions and http checks as they are written: every field of the contract reaches the agent as it
 * stands, mistakes are told where they stand, and what is filled in cannot break out of its place.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSpec } from '@constat/probe/kinds'
import type { Json } from '@constat/shared/canonical-json'
import type { ProbeSpec } from '@constat/shared/check'
import { HTTP_LIMITS } from '@constat/shared/http-check'
import {
  fillTemplate,
  parseTemplate,
  sampleUrl,
  secretsOf,
  transactionProblems,
} from '@constat/shared/transaction'
import { valueAt } from '@constat/shared/json-path'
import { contractJsonSchema } from '../../support/json-schemas.ts'
import { accepted, problemsOf, SMALL } from '../../support/contract-text.ts'

const HEAD = `${SMALL}---
apiVersion: constat/v1
kind: Check
metadata: {name: portal}
spec:
  service: order-portal
  interval: PT60S
  timeout: PT20S
`

const FULL_HTTP = `  http:
    url: https://portal.example/login?a=1
    method: PATCH
    headers: {Accept: text/html, X-Key: "1"}
    body: "a=1 \${not.a.variable}"
    expect:
      status: [200, 302]
      bodyContains: Sign in
      bodyLacks: Maintenance
      headers: {Content-Type: text/html}
      json: [{path: "$.items[0]['a b']", equals: up}, {path: $.n, equals: 2}, {path: $.on, equals: true}, {path: $.no, equals: null}, {path: $.empty, equals: ""}]
      within: PT2S
    redirects: 3
    maxBytes: 4096
    family: 6
    auth: {basic: {username: probe, secret: portal-password}}
    clientCertificate: {certificate: portal.crt, key: portal.key}
    authority: company-ca.pem
`
const FULL_PROXY = `  http:
    url: http://portal.example/
    auth: {bearer: {secret: portal-token}}
    proxy: http://proxy.example:3128
`
const FULL_TRANSACTION = `  transaction:
    within: PT8S
    family: 4
    auth: {bearer: {secret: portal-token}}
    clientCertificate: {certificate: portal.crt, key: portal.key}
    authority: company-ca.pem
    steps:
      - name: open
        url: https://portal.example/login
        extract:
          - {variable: csrf, between: ['name="csrf" value="', '"']}
          - {variable: next, header: X-Next}
      - name: log in
        url: https://portal.example/login?next=\${next}
        method: POST
        headers: {Content-Type: application/x-www-form-urlencoded}
        body: csrf=\${csrf}&password=\${secret.portal-password}
        expect: {status: [303], within: PT1S, headers: {Location: /home}, bodyContains: a, bodyLacks: b, json: [{path: $.a, equals: 1}]}
        redirects: 0
        maxBytes: 65536
        extract: [{variable: session, json: $.session.id}]
      - name: log out
        url: https://portal.example/session/\${session}
        method: DELETE
`

function specIn(text: string): ProbeSpec {
  const check = accepted(HEAD + text).checks.find(({ name }) => name === 'portal')
  return check!.spec.probe
}

describe('every field reaches the agent as it stands', () => {
  test('http', () => {
    const spec = specIn(FULL_HTTP)
    expect(spec).toEqual({
      kind: 'http',
      url: 'https://portal.example/login?a=1',
      method: 'PATCH',
      headers: { Accept: 'text/html', 'X-Key': '1' },
      body: 'a=1 ${not.a.variable}',
      status: [200, 302],
      bodyContains: 'Sign in',
      bodyLacks: 'Maintenance',
      headersContain: { 'Content-Type': 'text/html' },
      json: [
        { path: "$.items[0]['a b']", equals: 'up' },
        { path: '$.n', equals: 2 },
        { path: '$.on', equals: true },
        { path: '$.no', equals: null },
        { path: '$.empty', equals: '' },
      ],
      degradedOverMs: 2_000,
      redirects: 3,
      maxBytes: 4_096,
      family: 6,
      auth: { scheme: 'basic', username: 'probe', secret: 'portal-password' },
      clientCertificate: { certificate: 'portal.crt', key: 'portal.key' },
      authority: 'company-ca.pem',
    })
    expect(sentToAgent(spec)).toEqual(spec)
  })

  test('http through a proxy', () => {
    const spec = specIn(FULL_PROXY)
    expect(spec).toEqual({
      kind: 'http',
      url: 'http://portal.example/',
      auth: { scheme: 'bearer', secret: 'portal-token' },
      proxy: 'http://proxy.example:3128',
    })
    expect(sentToAgent(spec)).toEqual(spec)
  })

  test('transaction', () => {
    const spec = specIn(FULL_TRANSACTION)
    expect(spec).toMatchObject({
      kind: 'transaction',
      degradedOverMs: 8_000,
      family: 4,
      auth: { scheme: 'bearer', secret: 'portal-token' },
      clientCertificate: { certificate: 'portal.crt', key: 'portal.key' },
      authority: 'company-ca.pem',
      steps: [
        {
          name: 'open',
          extract: [
            { variable: 'csrf', between: ['name="csrf" value="', '"'] },
            { variable: 'next', header: 'X-Next' },
          ],
        },
        {
          name: 'log in',
          method: 'POST',
          body: 'csrf=${csrf}&password=${secret.portal-password}',
          status: [303],
          degradedOverMs: 1_000,
          headersContain: { Location: '/home' },
          bodyContains: 'a',
          bodyLacks: 'b',
          json: [{ path: '$.a', equals: 1 }],
          redirects: 0,
          maxBytes: 65_536,
          extract: [{ variable: 'session', json: '$.session.id' }],
        },
        { name: 'log out', url: 'https://portal.example/session/${session}', method: 'DELETE' },
      ],
    })
    expect(sentToAgent(spec)).toEqual(spec)
    const proxied = specIn(FULL_TRANSACTION.replace('family: 4', 'proxy: "http://[2001:db8::1]:80"'))
    expect(proxied).toMatchObject({ proxy: 'http://[2001:db8::1]:80' })
    expect(sentToAgent(proxied)).toEqual(proxied)
  })

  /** A field that is new in the schema has to be written into one of the texts above. */
  test.each([
    ['http', FULL_HTTP + FULL_PROXY],
    ['transaction', `${FULL_TRANSACTION}proxy: basic: username:`],
  ])('the texts above name every key of %s', (kind, text) => {
    const keys = keysOf(schemaOf(kind))
    expect(keys.length).toBeGreaterThan(20)
    expect(keys.filter((key) => !new RegExp(`(?<![\\w-])${key}:`).test(text))).toEqual([])
  })
})

test('the transaction of the guide is one that works', () => {
  const guide = readFileSync(new URL('../../../docs/agents.md', import.meta.url), 'utf8')
  const [, yaml = ''] = /```yaml\n((?:(?!```)[^])*transaction:[^]*?)```/.exec(guide) ?? []
  const [, check] = accepted(`${SMALL}---\n${yaml}`).checks
  expect(check?.spec.probe).toMatchObject({ kind: 'transaction', steps: { length: 5 } })
  expect(sentToAgent(check!.spec.probe)).toEqual(check!.spec.probe)
})

/** Through JSON, as the wire has it. */
function sentToAgent(spec: ProbeSpec): ProbeSpec | string {
  // What JSON.parse makes of an object is a map of names.
  return readSpec(JSON.parse(JSON.stringify(spec)) as Record<string, unknown>)
}

function schemaOf(kind: string): Json {
  // Generated as JSON: this only finds the place in it.
  const schema = JSON.parse(JSON.stringify(contractJsonSchema())) as { anyOf: Json[] }
  const found = schema.anyOf
    .map((one) => valueAt(['properties', 'spec', 'properties', kind], one))
    .find((one) => one !== undefined)
  return found ?? null
}

/** Names of properties at any depth. */
function keysOf(schema: Json): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const properties = valueAt(['properties'], schema)
  const own = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return [...new Set([...own, ...Object.values(schema).flatMap((member: Json) => keysOf(member))])]
}

describe('mistakes are told where they stand', () => {
  /** Lines are counted from the one that opens the probe. */
  const opening = HEAD.split('\n').length
  const told = (text: string): string[] =>
    problemsOf(HEAD + text).map((problem) =>
      problem.replace(/^c\.yaml:(\d+):\d+ spec\./, (_, line: string) => `${Number(line) - opening} `),
    )
  const http = (line: string): string => `  http:\n    url: https://a.example/\n    ${line}\n`
  const steps = (...lines: string[]): string =>
    `  transaction:\n    steps:\n${lines.map((line) => `      - {${line}}\n`).join('')}`

  test.each<[string, string]>([
    [
      'expect: {json: [{path: $..a, equals: 1}]}',
      '2 http.expect.json[0].path: should go on at character 2 with .name, [\'name\'] or [0]: a path leads to one value, not "$..a"',
    ],
    [
      'expect: {json: [{path: $.a, equals: [1]}]}',
      '2 http.expect.json[0].equals: should be text of at most 4000 characters, a number, true, false or null',
    ],
    [
      'expect: {json: [{path: $.a, equals: 9007199254740993}]}',
      '2 http.expect.json[0].equals: is an integer past 2^53 - 1, which would be rounded: write its digits in quotes',
    ],
    ['headers: {"a b": x}', '2 http.headers["a b"]: is no name of a header'],
    ['headers: {Content-Length: "1"}', '2 http.headers.Content-Length: is set by the agent: remove it'],
    ['headers: {X: "a\\nb"}', '2 http.headers.X: holds characters that no header may carry'],
    [
      'proxy: https://proxy.example:3128',
      '2 http.proxy: should be http://host:port, as http://proxy.example:3128, not "https://proxy.example:3128"',
    ],
    [
      'proxy: http://u:p@proxy.example:3128',
      '2 http.proxy: should be http://host:port, as http://proxy.example:3128, not "http://u:p@proxy.example:3128"',
    ],
    [
      'auth: {basic: {username: "a:b", secret: x}}',
      '2 http.auth.basic.username: should be a user name, without a colon, not "a:b"',
    ],
    ['auth: {}', '2 http.auth: should have exactly one of basic, bearer'],
    [
      'auth: {bearer: {secret: ../x}}',
      '2 http.auth.bearer.secret: should be the name of a file in the agent\'s secrets folder: letters, digits, ".", "_" and "-", not "../x"',
    ],
    [
      'method: TRACE',
      '2 http.method: should be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, not "TRACE"',
    ],
    [
      'clientCertificate: {certificate: x}',
      "2 http.clientCertificate.key: is missing: it should be the name of a file in the agent's secrets folder",
    ],
  ])('%s', (line, problem) => expect(told(http(line))).toEqual([problem]))

  test('fields that cannot stand beside each other', () => {
    const both = http('{}').replace(
      '    {}',
      '    family: 4\n    proxy: http://p.example:1\n    auth: {bearer: {secret: x}}\n    headers: {authorization: x}',
    )
    expect(told(both)).toEqual([
      '2 http.family: has no meaning beside proxy, which chooses the address: remove it',
      '4 http.auth: stands beside credentials in a header or in the URL: remove those',
    ])
  })

  test('between steps', () => {
    const text = steps(
      "name: one, url: 'https://a.example/', extract: [{variable: t, json: $.t}, {variable: t, json: $.u}]",
      "name: one, url: 'https://a.example/${t}', body: '${u} ${t} ${u}'",
      "name: two, url: 'https://${t}.example/', extract: [{variable: t, header: X}]",
      "name: three, url: 'https://b.example/${secret.k}', headers: {X: '${secret.k}'}",
      "name: four, url: 'https://a.example/', body: '${}'",
    )
    expect(told(text)).toEqual([
      '2 transaction.steps[0].extract[1].variable: is extracted already in step one and not used since: remove one of the two',
      '3 transaction.steps[1].name: is the name of an earlier step too',
      '3 transaction.steps[1].body: uses ${u}, which no earlier step extracts',
      '4 transaction.steps[2].url: has a variable before the path: write the host out, variables stand behind it',
      '5 transaction.steps[3].url: holds a secret, and URLs are written into logs: put it into a header or the body',
      '5 transaction.steps[3].headers.X: holds a secret, which goes to https://a.example alone: remove it',
      '6 transaction.steps[4].body: holds "${}": write ${name}, or $${ for the text ${',
    ])
  })

  test('what a step is made of', () => {
    expect(told('  transaction: {steps: []}\n')).toEqual(['0 transaction.steps: is empty: list the steps'])
    expect(told(steps("name: a, url: 'ftp://a.example/'"))).toEqual([
      '2 transaction.steps[0].url: should be an http or https URL, such as https://intranet.example/login, not "ftp://a.example/"',
    ])
    expect(
      told(
        steps(
          "name: a, url: 'https://a.example/', extract: [{variable: v, json: $.a, header: b}, {variable: 1v, json: $.a}]",
        ),
      ),
    ).toEqual([
      '2 transaction.steps[0].extract[0]: should have exactly one of json, header, between',
      '2 transaction.steps[0].extract[1].variable: should be a name of letters, digits and "_", not "1v"',
    ])
    const many = Array.from(
      { length: HTTP_LIMITS.steps + 1 },
      (_, i) => `name: s${i}, url: 'https://a.example/'`,
    )
    expect(told(steps(...many.slice(1)))).toEqual([])
    expect(told(steps(...many))).toEqual([`2 transaction.steps: has more than ${HTTP_LIMITS.steps} steps`])
  })
})

describe('the agent reads no less strictly', () => {
  const url = 'https://a.example/'
  const step = { name: 'a', url }
  test.each<[Record<string, unknown>, string]>([
    [
      { kind: 'http', url, json: [{ path: '$..a', equals: 1 }] },
      "json[0].path should go on at character 2 with .name, ['name'] or [0]: a path leads to one value",
    ],
    [
      { kind: 'http', url, json: [{ path: '$.a', equals: {} }] },
      'json[0] must have path and a plain value as equals',
    ],
    [
      { kind: 'http', url, headers: { 'Transfer-Encoding': 'chunked' } },
      'headers: "Transfer-Encoding" is set by the agent: remove it',
    ],
    [
      { kind: 'http', url, headers: { X: 'a\r\nb' } },
      'headers: "X" holds characters that no header may carry',
    ],
    [
      { kind: 'http', url, proxy: 'socks://p:1' },
      'proxy should be http://host:port, as http://proxy.example:3128',
    ],
    [
      { kind: 'http', url, family: 4, proxy: 'http://p:1' },
      'family has no meaning beside proxy, which chooses the address: remove it',
    ],
    [{ kind: 'http', url, auth: { scheme: 'digest', secret: 'x' } }, 'auth.scheme must be basic or bearer'],
    [
      { kind: 'http', url, auth: { scheme: 'basic', username: '', secret: 'x' } },
      'auth.username should be a user name, without a colon',
    ],
    [
      { kind: 'http', url, auth: { scheme: 'bearer', secret: '../x' } },
      "auth: secret must be the name of a file in the agent's secrets folder: letters, digits, '.', '_', '-', at most 64; secret is missing",
    ],
    [
      { kind: 'http', url: 'https://u:p@a.example/', auth: { scheme: 'bearer', secret: 'x' } },
      'auth stands beside credentials in a header or in the URL: remove those',
    ],
    [
      { kind: 'http', url, clientCertificate: { certificate: 'c' } },
      'clientCertificate must have certificate and key',
    ],
    [
      { kind: 'http', url, maxBytes: HTTP_LIMITS.bodyBytes + 1 },
      'maxBytes must be an integer from 1 to 16777216',
    ],
    [{ kind: 'transaction' }, 'steps is missing'],
    [{ kind: 'transaction', steps: [] }, 'steps must be a list of 1 to 20'],
    [{ kind: 'transaction', steps: [{ name: 'a' }] }, 'steps[0]: url is missing'],
    [{ kind: 'transaction', steps: [{ ...step, kind2: 1 }] }, 'steps[0]: kind2 is not known'],
    [{ kind: 'transaction', steps: [{ ...step, kind: 'http' }] }, 'steps[0]: kind is not known'],
    [{ kind: 'transaction', steps: [step, step] }, 'steps: 1.name is the name of an earlier step too'],
    [
      { kind: 'transaction', steps: [{ ...step, url: 'https://a.example/${t}' }] },
      'steps: 0.url uses ${t}, which no earlier step extracts',
    ],
    [
      { kind: 'transaction', steps: [{ ...step, extract: [{ variable: 'v', between: ['', 'x'] }] }] },
      'steps[0]: extract[0] must have one of json (a path), header (a name), between (two texts)',
    ],
  ])('%j', (fields, sentence) => expect(readSpec(fields)).toBe(sentence))
})

describe('templates', () => {
  const values = { variable: (name: string) => `<${name}>`, secret: (name: string) => `!${name}!` }
  test.each([
    ['', ''],
    ['plain $ {a} $a', 'plain $ {a} $a'],
    ['${a}', '<a>'],
    ['x${a}y${_b9}z', 'x<a>y<_b9>z'],
    ['$${a}', '${a}'],
    ['$$${a}', '$${a}'],
    ['${secret.api-key.v2}', '!api-key.v2!'],
  ])('%s', (text, filled) => {
    const template = parseTemplate(text)
    expect(typeof template === 'string' ? template : fillTemplate(template, values)).toBe(filled)
  })
  test.each([
    '${',
    '${a',
    '${}',
    '${a b}',
    '${1a}',
    '${a.b}',
    '${secret.}',
    '${secret...x}',
    '${secret.a/b}',
  ])('%s is refused', (text) => expect(parseTemplate(text)).toContain('write ${name}'))

  test('any text comes back once its marks are doubled', () => {
    const texts = fc
      .array(fc.constantFrom('$', '{', '}', 'a', '${', '$${', '${a}', ' '))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        // A dollar before a mark would double the mark by itself: such a text has no plain form.
        fc.pre(!text.includes('$${'))
        const template = parseTemplate(text.replaceAll('${', () => '$${'))
        expect(typeof template === 'string' ? template : fillTemplate(template, values)).toBe(text)
      }),
    )
  })

  test('whatever a server answers, the origin of a step stays what was written', () => {
    const urls = fc.constantFrom(
      'https://a.example/${v}',
      'https://a.example?x=${v}',
      'https://a.example/x/${v}#${v}',
    )
    fc.assert(
      fc.property(urls, fc.string({ unit: 'binary' }), (url, value) => {
        const template = parseTemplate(url)
        if (typeof template === 'string') throw new Error(template)
        const form = (): string => encodeURIComponent(Buffer.from(value).toString())
        expect(new URL(fillTemplate(template, { variable: form, secret: form })).origin).toBe(
          'https://a.example',
        )
        expect(
          transactionProblems([
            { name: 'a', url: 'https://a.example/', extract: [{ variable: 'v' }] },
            { name: 'b', url },
          ]),
        ).toEqual([])
      }),
    )
  })

  test.each([
    '${v}',
    'https://${v}/',
    'https://a${v}/',
    'https://a.example${v}/',
    'https://a.example:${v}/',
    'https://u:${v}@a.example/',
  ])('no variable may choose the origin: %s', (url) => {
    const steps = [
      { name: 'a', url: 'https://a.example/', extract: [{ variable: 'v' }] },
      { name: 'b', url },
    ]
    expect(transactionProblems(steps).map(({ message }) => message)).toEqual([
      'has a variable before the path: write the host out, variables stand behind it',
    ])
  })

  test('a URL is tried with something in place of its variables', () => {
    expect(sampleUrl('https://a.example/${v}?b=$${c}')).toBe('https://a.example/x?b=${c}')
  })

  test('secrets are found where they stand, once each', () => {
    const steps = [
      {
        name: 'a',
        url: 'https://a.example/',
        headers: { X: '${secret.k}' },
        body: '${secret.k}${secret.p}$${secret.q}',
      },
    ]
    expect(secretsOf(steps)).toEqual(['k', 'p'])
  })
})
