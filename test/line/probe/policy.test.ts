/**
 * The policy of a host: the first rule that fits decides, about the address that is reached, whatever name, redirect,
 * proxy or notation leads there; and a secret goes to the origins that its owner named.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProbe } from '@constat/probe/kinds'
import { createPolicy, type Act, type Rule } from '@constat/probe/policy'
import type { ProbeContext } from '@constat/probe/probe'
import type { ProbeSpec } from '@constat/shared/check'
import { probingContext } from '../../support/probing.ts'
import { startTalker, type Talker } from '../../support/talker.ts'

const NO_SECRETS = new Map<string, string[]>()
const get = (address: string, more: Partial<Act> = {}): Act => ({
  kind: 'http',
  host: 'orders.example',
  address,
  port: 443,
  method: 'GET',
  ...more,
})
const refusal = (act: Act, ...rules: Omit<Rule, 'why'>[]): string | undefined =>
  createPolicy({ rules: rules.map((rule) => ({ ...rule, why: 'the owner' })), secrets: NO_SECRETS }).refusal(
    act,
  )

describe('without a rule', () => {
  test.each([
    '169.254.169.254',
    '169.254.1.1',
    '100.100.100.200',
    '168.63.129.16',
    '::ffff:169.254.169.254',
    '::ffff:0:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
  ])('%s is refused', (address) =>
    expect(refusal(get(address))).toMatch(/^refused by this host: metadata services and link-local/),
  )

  test.each(['10.0.0.1', '192.0.2.1', '2001:db8::1', '64:ff9b::808:808', '::ffff:10.0.0.1'])(
    '%s is not, whatever is done there',
    (address) => expect(refusal(get(address, { method: 'POST', send: true }))).toBeUndefined(),
  )

  const LOOPBACK = [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '0.0.0.0',
    '::',
  ]
  test.each(LOOPBACK)('%s takes GET, HEAD and plain connects', (address) => {
    for (const method of ['GET', 'HEAD', 'CONNECT']) expect(refusal(get(address, { method }))).toBeUndefined()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect(refusal(get(address, { method }))).toContain('GET and HEAD alone')
    expect(refusal(get(address, { send: true }))).toContain('nothing is sent')
    const { method: _, ...tcp } = get(address, { kind: 'tcp' })
    expect(refusal(tcp)).toBeUndefined()
    expect(refusal({ ...tcp, send: true })).toContain('nothing is sent')
  })
})

describe('rules', () => {
  const allow = (match: Rule['match']): Omit<Rule, 'why'> => ({ verdict: 'allow', match })
  const deny = (match: Rule['match']): Omit<Rule, 'why'> => ({ verdict: 'deny', match })

  test.each<[string, Act, Omit<Rule, 'why'>[], 'may' | 'may not']>([
    [
      'the first that fits decides',
      get('10.1.1.1'),
      [allow({ addresses: ['10.1.0.0/16'] }), deny({})],
      'may',
    ],
    ['and the others do not', get('10.2.1.1'), [allow({ addresses: ['10.1.0.0/16'] }), deny({})], 'may not'],
    [
      'a name alone leads to no guarded address',
      get('169.254.169.254'),
      [allow({ domains: ['orders.example'] })],
      'may not',
    ],
    ['nor to loopback', get('127.0.0.1', { method: 'POST' }), [allow({})], 'may not'],
    [
      'an address does',
      get('127.0.0.1', { method: 'POST', port: 8080 }),
      [allow({ addresses: ['loopback'], ports: [{ from: 8080, to: 8090 }] })],
      'may',
    ],
    [
      'at its ports',
      get('127.0.0.1', { method: 'POST', port: 8091 }),
      [allow({ addresses: ['loopback'], ports: [{ from: 8080, to: 8090 }] })],
      'may not',
    ],
    ['denied inside another form', get('::ffff:10.0.0.1'), [deny({ addresses: ['10.0.0.0/8'] })], 'may not'],
    ['denied by the other form', get('64:ff9b::808:808'), [deny({ addresses: ['64:ff9b::/96'] })], 'may not'],
    ['allowed by another form', get('2002:a9fe:a9fe::1'), [allow({ addresses: ['2002::/16'] })], 'may not'],
    [
      'a domain and all below',
      get('10.0.0.1', { host: 'A.Bank.Example.' }),
      [deny({ domains: ['*.bank.example'] })],
      'may not',
    ],
    [
      'but not beside',
      get('10.0.0.1', { host: 'abank.example' }),
      [deny({ domains: ['*.bank.example'] })],
      'may',
    ],
    ['a kind', get('10.0.0.1', { kind: 'icmp' }), [deny({ kinds: ['icmp'] })], 'may not'],
    ['a method', get('10.0.0.1', { method: 'DELETE' }), [deny({ methods: ['DELETE'] })], 'may not'],
    ['another method', get('10.0.0.1'), [deny({ methods: ['DELETE'] })], 'may'],
    [
      'no method at all',
      { kind: 'tcp', host: 'a', address: '10.0.0.1', port: 1 },
      [deny({ methods: ['GET'] })],
      'may',
    ],
    ['a send', get('10.0.0.1', { send: true }), [deny({ send: true })], 'may not'],
    [
      'a name that a proxy looks up',
      { ...get('x'), address: null },
      [deny({ domains: ['orders.example'] })],
      'may not',
    ],
  ])('%s', (_, act, rules, says) =>
    expect(refusal(act, ...rules) === undefined ? 'may' : 'may not').toBe(says),
  )
})

describe('on the way', () => {
  let talker: Talker
  const heard: string[] = []
  beforeAll(async () => {
    talker = await startTalker((socket) => {
      socket.on('data', (bytes) => {
        heard.push(bytes.toString())
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
    })
  })
  afterAll(() => talker.close())

  const policy = createPolicy({
    rules: [],
    secrets: new Map([['token', ['https://orders.example', 'http://127.0.0.1:1']]]),
  })
  const context = (): ProbeContext =>
    probingContext({ timeoutMs: 5_000, policy, secrets: { token: 's3cret' } })
  const here = (path = '/'): string => `http://127.0.0.1:${talker.port}${path}`
  const proxied = (url: string): ProbeSpec => ({
    kind: 'http',
    url,
    proxy: `http://127.0.0.1:${talker.port}`,
  })
  const bearer = { scheme: 'bearer', secret: 'token' } as const

  test.each<[string, () => ProbeSpec]>([
    ['DELETE on loopback', () => ({ kind: 'http', url: here(), method: 'DELETE' })],
    ['GET with a body there', () => ({ kind: 'http', url: here(), body: 'CONFIG SET dir /tmp' })],
    [
      'send there',
      () => ({ kind: 'tcp', host: '127.0.0.1', port: talker.port, send: 'CONFIG SET dir /tmp' }),
    ],
    ['by a mapped address', () => ({ kind: 'tcp', host: '::ffff:127.0.0.1', port: talker.port, send: 'x' })],
    ['POST to a proxy there', () => ({ ...proxied('http://192.0.2.1/'), method: 'POST' }) as ProbeSpec],
    ['metadata through a proxy', () => proxied('http://169.254.169.254/')],
    ['by a mapped address', () => proxied('http://[::ffff:169.254.169.254]/')],
    [
      'a step of a transaction',
      () => ({ kind: 'transaction', steps: [{ name: 'a', url: here(), method: 'PUT' }] }),
    ],
    ['a secret to another origin', () => ({ kind: 'http', url: here(), auth: bearer })],
    [
      'a secret past a proxy in the clear',
      () => ({ ...proxied('http://127.0.0.1:1/'), auth: bearer }) as ProbeSpec,
    ],
    [
      'a secret in a header',
      () => ({
        kind: 'transaction',
        steps: [{ name: 'a', url: here(), headers: { 'X-A': '${secret.token}' } }],
      }),
    ],
    [
      'a client certificate',
      () => ({ kind: 'http', url: here(), clientCertificate: { certificate: 'token', key: 'token' } }),
    ],
  ])('%s is refused before a byte is said', async (_, spec) => {
    heard.length = 0
    const result = await runProbe(spec(), context())
    expect(result).toMatchObject({ outcome: 'unknown', cause: 'denied' })
    expect(result.detail).toContain('refused by this host')
    expect(heard).toEqual([])
  })

  test('a name that a proxy of this host looks up is looked up here, too', async () => {
    heard.length = 0
    const led = {
      ...context(),
      resolver: {
        resolve: async (host: string) => ({
          address: host === 'led.example' ? '169.254.169.254' : host,
          family: 4 as const,
        }),
      },
    }
    expect(await runProbe(proxied('http://led.example/'), led)).toMatchObject({ cause: 'denied' })
    expect(heard).toEqual([])
    expect(await runProbe(proxied('http://192.0.2.1/'), led)).toMatchObject({ outcome: 'ok' })
  })

  test('what is allowed is asked', async () => {
    heard.length = 0
    expect(await runProbe({ kind: 'http', url: here() }, context())).toMatchObject({ outcome: 'ok' })
    expect(heard).toHaveLength(1)
  })
})
