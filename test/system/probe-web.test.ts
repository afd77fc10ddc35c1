/**
 * The http and transaction probes against servers that are not ours: nginx, tinyproxy, TLS with an
 * authority in between; and against raw sockets for what those are too well behaved to do.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProbe } from '@constat/probe/kinds'
import type { ProbeContext } from '@constat/probe/probe'
import type { Resolver } from '@constat/probe/resolution'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import { HTTP_METHODS, type ProbeSpec, type TransactionSpec } from '@constat/shared/check'
import { faultOwner, PHASES, type Cause, type FaultOwner, type Outcome } from '@constat/shared/sample'
import { canonicalJson } from '@constat/shared/canonical-json'
import { agentIdOf, privateKeyOf, rawPublicKey, signBytes } from '@constat/shared/signature'
import { probeOnce } from '../../agent/src/cli/probe.ts'
import type { Format } from '../../agent/src/cli/terminal.ts'
import { saveIdentity, type Way } from '../../agent/src/state.ts'
import { startFaultServer, startRawServer, type FaultServer } from '../support/fault-server.ts'
import { OPEN_POLICY } from '../support/probing.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { PASSWORD, startShop, type Mood, type Shop } from '../support/shop.ts'
import {
  freePorts,
  makeCertificates,
  makeFolder,
  removeFolder,
  startNginx,
  startTinyproxy,
  type Daemon,
} from '../support/web-world.ts'

/** Long enough for a busy machine, short enough to wait for. */
const TIMEOUT_MS = 2_000
const BIG_BYTES = 200_000

type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>
type PortName =
  | 'web'
  | 'tls'
  | 'bare'
  | 'mutual'
  | 'asking'
  | 'refusing'
  | 'open'
  | 'locked'
  | 'filtering'
  | 'absent'

let port: Record<PortName, number>
let folder: string
let shop: Shop
let other: FaultServer
const daemons: Daemon[] = []
const raw: FaultServer[] = []
const secrets = new Map<string, Buffer>()

beforeAll(async () => {
  folder = await makeFolder()
  const read = makeCertificates(folder)
  for (const name of ['root.crt', 'client.crt', 'client.key', 'stranger.crt', 'stranger.key'])
    secrets.set(name, read(name))
  const texts = { password: 'right', wrong: 'left', token: 'abc123', 'shop-password': PASSWORD, torn: 'a\nb' }
  for (const [name, text] of Object.entries(texts)) secrets.set(name, Buffer.from(`${text}\n`))
  port = await freePorts(
    'web',
    'tls',
    'bare',
    'mutual',
    'asking',
    'refusing',
    'open',
    'locked',
    'filtering',
    'absent',
  )
  shop = await startShop()
  other = await startFaultServer()
  writeFiles()
  const { web, tls, bare, mutual, asking } = port
  daemons.push(await startNginx(folder, { ports: [web, tls, bare, mutual, asking], servers: servers() }))
  daemons.push(await startTinyproxy(folder, { port: port.open }))
  daemons.push(await startTinyproxy(folder, { port: port.locked, lines: ['BasicAuth someone else'] }))
  daemons.push(
    await startTinyproxy(folder, {
      port: port.filtering,
      lines: [`Filter "${folder}/filter"`, 'ConnectPort 1'],
    }),
  )
})

afterAll(async () => {
  for (const daemon of daemons) await daemon.stop()
  for (const server of [...raw, shop, other]) await server?.close()
  if (folder) removeFolder(folder)
})

function writeFiles(): void {
  for (const name of ['private', 'limited', 'gzip', 'trickle'])
    mkdirSync(join(folder, 'www', name), { recursive: true })
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  for (const name of ['private', 'limited']) write(`www/${name}/page.txt`, 'Behind the door')
  write('www/gzip/page.txt', 'Welcome, compressed. '.repeat(500))
  write('www/trickle/page.txt', 'x'.repeat(BIG_BYTES))
  write('www/chunked.txt', 'Welcome <!--# echo var="request_method" -->')
  write('www/big.txt', 'x'.repeat(BIG_BYTES))
  write('htpasswd', 'probe:{PLAIN}right\n')
  write('filter', 'localhost\n')
}

function servers(): string {
  const tls = (name: 'tls' | 'bare' | 'mutual' | 'asking', lines: string): string =>
    `server { listen 127.0.0.1:${port[name]} ssl; ssl_certificate_key ${folder}/leaf.key; ${lines} }`
  const chain = `ssl_certificate ${folder}/chain.crt;`
  const health = '{"state":"up","queue":{"length":3},"nodes":[{"name":"a"},{"name":"b"}]}'
  return `
  server {
    listen 127.0.0.1:${port.web};
    location = / { return 200 "Welcome"; }
    location = /health { default_type application/json; return 200 '${health}'; }
    location = /maintenance { return 200 "Scheduled maintenance"; }
    location = /maintenance-503 { return 503 "Scheduled maintenance"; }
    location = /no-content { return 204; }
    location = /not-modified { return 304; }
    location = /forbidden { return 403; }
    location = /gone { return 410; }
    location = /close { return 444; }
    location = /moved { return 302 /; }
    location = /moved-tls { return 301 https://localhost:${port.tls}/; }
    location = /moved-dead { return 301 http://localhost:${port.refusing}/; }
    location = /loop { return 302 /loop; }
    location = /away { return 307 http://127.0.0.1:${other.port}/next; }
    location = /round { return 307 http://127.0.0.1:${other.port}/to/307?url=http://localhost:${port.web}/seen; }
    location = /seen { return 200 "authorization=$http_authorization"; }
    location = /method { return 200 "$request_method $content_length"; }
    location = /door { if ($cookie_seen = "") { add_header Set-Cookie "seen=1; Path=/"; return 302 /door; } return 200 "in"; }
    location /private/ { auth_basic "private"; auth_basic_user_file ${folder}/htpasswd; }
    location /limited/ { limit_req zone=one; }
    location /gzip/ { gzip on; gzip_types text/plain; gzip_min_length 1; }
    location = /chunked.txt { ssi on; ssi_types text/plain; }
    location /trickle/ { limit_rate 1k; }
    location /upstream/ { proxy_pass http://127.0.0.1:${port.refusing}; }
    location /shop/ { proxy_pass http://127.0.0.1:${shop.port}; }
  }
  ${tls('tls', `${chain} return 200 "Welcome over TLS";`)}
  ${tls('bare', `ssl_certificate ${folder}/leaf.crt; return 200 "Welcome";`)}
  ${tls(
    'mutual',
    `${chain} ssl_client_certificate ${folder}/root.crt; ssl_verify_client on;
    location = /away { return 302 https://localhost:${port.asking}/; }
    location = / { return 200 "subject=$ssl_client_s_dn"; }`,
  )}
  ${tls('asking', `${chain} ssl_verify_client optional_no_ca; return 200 "verify=$ssl_client_verify";`)}`
}

function contextOf(more: Partial<ProbeContext> = {}): ProbeContext {
  return {
    timeoutMs: TIMEOUT_MS,
    clock: REAL_CLOCK,
    resolver: createResolver(SYSTEM_RESOLVER, REAL_CLOCK),
    denied: OPEN_POLICY,
    secureContext: secureContextSource(),
    secret: (name) => Promise.resolve(secrets.get(name) ?? `the secret ${name} is missing`),
    ...more,
  }
}

/** A path on the web server, or a whole address. */
function http(path: string, options: Partial<HttpSpec> = {}): HttpSpec {
  return {
    kind: 'http',
    url: path.startsWith('http') ? path : `http://localhost:${port.web}${path}`,
    ...options,
  }
}

function https(name: 'tls' | 'bare' | 'mutual' | 'asking', options: Partial<HttpSpec> = {}): HttpSpec {
  return http(`https://localhost:${port[name]}/`, { authority: 'root.crt', ...options })
}

const proxied = (name: 'open' | 'locked' | 'filtering' | 'absent'): { proxy: string } => ({
  proxy: `http://127.0.0.1:${port[name]}`,
})

const basic = (secret: string): Partial<HttpSpec> => ({
  auth: { scheme: 'basic', username: 'probe', secret },
})
const CLIENT = { certificate: 'client.crt', key: 'client.key' }
const STRANGER = { certificate: 'stranger.crt', key: 'stranger.key' }

type Row = [name: string, spec: () => ProbeSpec, says: [Outcome, Cause, number, FaultOwner], detail?: string]

const OK: Row[2] = ['ok', 'none', 200, 'none']

const ROWS: Row[] = [
  ['a page', () => http('/'), OK],
  ['204', () => http('/no-content'), ['ok', 'none', 204, 'none']],
  ['304, wanted', () => http('/not-modified', { status: [304] }), ['ok', 'none', 304, 'none']],
  ['410', () => http('/gone'), ['fail', 'status', 410, 'target']],
  ['403', () => http('/forbidden'), ['blocked', 'blocked', 403, 'target']],
  ['a maintenance page of 503', () => http('/maintenance-503'), ['fail', 'status', 503, 'target']],
  ['a maintenance page of 200, unnoticed', () => http('/maintenance'), OK],
  [
    'a maintenance page of 200, by what it says',
    () => http('/maintenance', { bodyLacks: 'maintenance' }),
    ['fail', 'assertion', 200, 'target'],
  ],
  [
    'a maintenance page of 200, by what it lacks',
    () => http('/maintenance', { bodyContains: 'Welcome' }),
    ['fail', 'assertion', 200, 'target'],
  ],
  [
    'JSON as it should be',
    () =>
      http('/health', {
        json: [
          { path: '$.state', equals: 'up' },
          { path: '$.queue.length', equals: 3 },
          { path: '$.nodes[-1].name', equals: 'b' },
        ],
      }),
    OK,
  ],
  [
    'JSON otherwise',
    () => http('/health', { json: [{ path: '$.queue.length', equals: 0 }] }),
    ['fail', 'assertion', 200, 'target'],
    '$.queue.length is 3, not 0',
  ],
  ['a header', () => http('/health', { headersContain: { 'Content-Type': 'json' } }), OK],
  [
    'a header that is missing',
    () => http('/health', { headersContain: { ETag: '' } }),
    ['fail', 'assertion', 200, 'target'],
  ],
  [
    'gzip, asked for',
    () =>
      http('/gzip/page.txt', {
        headers: { 'Accept-Encoding': 'gzip' },
        headersContain: { 'Content-Encoding': 'gzip' },
        bodyContains: 'Welcome',
      }),
    OK,
  ],
  [
    'gzip, not asked for',
    () => http('/gzip/page.txt', { headersContain: { 'Content-Encoding': 'gzip' } }),
    ['fail', 'assertion', 200, 'target'],
  ],
  [
    'chunks',
    () =>
      http('/chunked.txt', {
        headersContain: { 'Transfer-Encoding': 'chunked' },
        bodyContains: 'Welcome GET',
      }),
    OK,
  ],
  ['at the cap', () => http('/big.txt', { maxBytes: BIG_BYTES }), OK],
  ['one past the cap', () => http('/big.txt', { maxBytes: BIG_BYTES - 1 }), ['fail', 'size', 200, 'target']],
  [
    'HEAD of more than the cap',
    () =>
      http('/big.txt', { method: 'HEAD', maxBytes: 1, headersContain: { 'Content-Length': `${BIG_BYTES}` } }),
    OK,
  ],
  ['a trickle', () => http('/trickle/page.txt', { maxBytes: BIG_BYTES }), ['fail', 'timeout', 0, 'target']],
  ['closed without a word', () => http('/close'), ['fail', 'reset', 0, 'target']],
  ['nothing behind the server', () => http('/upstream/'), ['fail', 'status', 502, 'target']],
  ['refused', () => http(`http://localhost:${port.refusing}/`), ['fail', 'connect', 0, 'target']],
  ['redirect', () => http('/moved', { bodyContains: 'Welcome' }), OK],
  ['redirect, none followed', () => http('/moved', { redirects: 0 }), ['fail', 'redirect', 302, 'target']],
  ['redirect to TLS', () => http('/moved-tls', { authority: 'root.crt', bodyContains: 'over TLS' }), OK],
  ['redirect to TLS nobody trusts', () => http('/moved-tls'), ['fail', 'certificate', 0, 'target']],
  ['redirect to nothing', () => http('/moved-dead'), ['fail', 'connect', 0, 'target']],
  [
    'redirect loop',
    () => http('/loop', { redirects: 10 }),
    ['fail', 'redirect', 302, 'target'],
    'more than 10 redirects',
  ],
  ['a door that wants its cookie back', () => http('/door', { bodyContains: 'in' }), OK],
  ['sign-on page', () => http('/private/page.txt'), ['ok', 'none', 401, 'none']],
  ['right password', () => http('/private/page.txt', { ...basic('password'), bodyContains: 'Behind' }), OK],
  ['wrong password', () => http('/private/page.txt', basic('wrong')), ['fail', 'status', 401, 'target']],
  [
    'password that is missing',
    () => http('/private/page.txt', basic('nowhere')),
    ['unknown', 'unsupported', 0, 'agent'],
    'the secret nowhere is missing',
  ],
  [
    'bearer',
    () =>
      http('/seen', {
        auth: { scheme: 'bearer', secret: 'token' },
        bodyContains: 'authorization=Bearer abc123',
      }),
    OK,
  ],
  [
    'a token that no header may carry',
    () => http('/seen', { auth: { scheme: 'bearer', secret: 'torn' } }),
    ['unknown', 'unsupported', 0, 'agent'],
  ],
  ['TLS by our authority', () => https('tls'), OK],
  [
    'TLS by the public ones',
    () => http(`https://localhost:${port.tls}/`),
    ['fail', 'certificate', 0, 'target'],
  ],
  [
    'TLS by another authority',
    () => https('tls', { authority: 'stranger.crt' }),
    ['fail', 'certificate', 0, 'target'],
  ],
  ['TLS whose chain has a hole', () => https('bare'), ['fail', 'certificate', 0, 'target']],
  [
    'an authority that is no PEM',
    () => https('tls', { authority: 'token' }),
    ['unknown', 'unsupported', 0, 'agent'],
  ],
  ['no client certificate', () => https('mutual'), ['fail', 'status', 400, 'target']],
  [
    'our client certificate',
    () => https('mutual', { clientCertificate: CLIENT, bodyContains: 'subject=CN=client' }),
    OK,
  ],
  [
    'a client certificate nobody knows',
    () => https('mutual', { clientCertificate: STRANGER }),
    ['fail', 'status', 400, 'target'],
  ],
  [
    'key and certificate that do not fit',
    () => https('mutual', { clientCertificate: { certificate: 'client.crt', key: 'stranger.key' } }),
    ['unknown', 'unsupported', 0, 'agent'],
  ],
  ['proxy', () => http('/', { ...proxied('open'), bodyContains: 'Welcome' }), OK],
  ['proxy to TLS', () => https('tls', { ...proxied('open'), bodyContains: 'over TLS' }), OK],
  [
    'proxy to TLS with a client certificate',
    () => https('mutual', { ...proxied('open'), clientCertificate: CLIENT }),
    OK,
  ],
  [
    'proxy, redirect to TLS',
    () => http('/moved-tls', { ...proxied('open'), authority: 'root.crt', bodyContains: 'over TLS' }),
    OK,
  ],
  [
    'proxy to TLS nobody trusts',
    () => http(`https://localhost:${port.tls}/`, proxied('open')),
    ['fail', 'certificate', 0, 'target'],
  ],
  [
    'proxy, and no TLS behind it',
    () => http(`https://localhost:${port.refusing}/`, proxied('open')),
    ['fail', 'connect', 0, 'target'],
    'cannot reach localhost:',
  ],
  ['proxy that wants a password', () => http('/', proxied('locked')), ['blocked', 'blocked', 407, 'target']],
  [
    'proxy that wants a password, TLS',
    () => https('tls', proxied('locked')),
    ['blocked', 'blocked', 0, 'target'],
    'turned the agent away: status 407',
  ],
  ['proxy that forbids', () => http('/', proxied('filtering')), ['blocked', 'blocked', 403, 'target']],
  [
    'proxy that forbids, TLS',
    () => https('tls', proxied('filtering')),
    ['blocked', 'blocked', 0, 'target'],
    'turned the agent away: status 403',
  ],
  [
    'proxy that is not there',
    () => http('/', proxied('absent')),
    ['unknown', 'network', 0, 'agent'],
    'cannot be reached',
  ],
  [
    'proxy that has no name',
    () => http('/', { proxy: 'http://proxy.invalid:3128' }),
    ['unknown', 'network', 0, 'agent'],
    'the proxy proxy.invalid:3128',
  ],
  [
    'proxy to a denied address',
    () => http('http://169.254.169.254/', proxied('open')),
    ['unknown', 'denied', 0, 'agent'],
  ],
]

describe('each fault has its own name, and its owner', () => {
  test.each(ROWS)('%s', async (_, spec, says, detail = '') => {
    const result = await runProbe(spec(), contextOf())
    expect([result.outcome, result.cause, result.value, faultOwner(result.cause), result.detail]).toEqual([
      ...says,
      expect.stringContaining(detail),
    ])
    const sumUs = PHASES.reduce((sum, phase) => sum + result.phases[phase], 0)
    expect(sumUs).toBeLessThanOrEqual(result.latencyUs + PHASES.length)
  })

  test('a proxy is asked for the whole address, which it resolves itself', async () => {
    const at = 'http://service.invalid:81/a?b=1'
    const spec = http(at, { proxy: `http://127.0.0.1:${other.port}`, ...basic('password') })
    expect(await runProbe(spec, contextOf())).toMatchObject({ outcome: 'ok', value: 200 })
    const { ':path': path, host, authorization } = other.seen.at(-1) ?? {}
    expect([path, host, authorization]).toEqual([at, 'service.invalid:81', expect.stringContaining('Basic ')])
  })

  test('429, by the second request', async () => {
    expect(await runProbe(http('/limited/page.txt'), contextOf())).toMatchObject({ outcome: 'ok' })
    for (const status of [undefined, [200]] as const) {
      const spec = http('/limited/page.txt', status ? { status: [...status] } : {})
      expect(await runProbe(spec, contextOf())).toMatchObject({
        outcome: 'blocked',
        cause: 'blocked',
        value: 429,
      })
    }
  })

  test('proxy, and nothing behind it: what it answers is its own affair, but no success', async () => {
    const spec = http(`http://localhost:${port.refusing}/`, proxied('open'))
    const { outcome, cause, value } = await runProbe(spec, contextOf())
    expect([outcome, cause]).toEqual(['fail', 'status'])
    expect(value).toBeGreaterThanOrEqual(500)
  })

  test.each(HTTP_METHODS)('%s arrives with its body and the length of it', async (method) => {
    const bodyContains = method === 'HEAD' ? '' : `${method} 5`
    expect(
      await runProbe(http('/method', { method, body: 'héll', bodyContains }), contextOf()),
    ).toMatchObject({
      outcome: 'ok',
      value: 200,
    })
  })

  test('a trickle is slow in the transfer, not before it', async () => {
    const { phases } = await runProbe(http('/trickle/page.txt', { maxBytes: BIG_BYTES }), contextOf())
    expect(phases.transferUs).toBeGreaterThan(phases.ttfbUs)
  })

  test('the family is asked of the resolver', async () => {
    const asked: unknown[] = []
    const resolver: Resolver = {
      resolve: (_, { family }) => {
        asked.push(family)
        return Promise.resolve(
          family === 6 ? { address: '::1', family: 6 } : { address: '127.0.0.1', family: 4 },
        )
      },
    }
    for (const options of [{}, { family: 4 }, { family: 6 }] as const)
      await runProbe(http('/moved', options), contextOf({ resolver }))
    // One look for each hop; over IPv6 nothing listens.
    expect(asked).toEqual([undefined, undefined, 4, 4, 6])
  })
})

/** Answers every connection once it has been asked, with these bytes, and closes it. */
const RAW: [name: string, bytes: string, more: Partial<HttpSpec>, says: [Outcome, Cause, number]][] = [
  [
    'chunks cut off',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    {},
    ['fail', 'reset', 0],
  ],
  [
    'a chunk that is none',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello',
    {},
    ['fail', 'protocol', 0],
  ],
  ['a body shorter than said', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', {}, ['fail', 'reset', 0]],
  [
    'a body that ends with the connection',
    'HTTP/1.1 200 OK\r\n\r\nhello',
    { bodyContains: 'hello' },
    ['ok', 'none', 200],
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    {},
    ['fail', 'protocol', 0],
  ],
  ['many headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, {}, ['ok', 'none', 200]],
  ['too many headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(270_000)}\r\n\r\n`, {}, ['fail', 'protocol', 0]],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', {}, ['fail', 'protocol', 0]],
  [
    'a protocol nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    {},
    ['fail', 'protocol', 0],
  ],
  [
    'early hints',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    {},
    ['ok', 'none', 200],
  ],
  [
    'no gzip under that name',
    'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello',
    { bodyLacks: 'x' },
    ['fail', 'unreadable', 200],
  ],
  [
    'a control in a header',
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=\x01\r\nContent-Length: 2\r\n\r\nok',
    {},
    ['ok', 'none', 200],
  ],
  [
    'a redirect without a place',
    'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n',
    {},
    ['fail', 'status', 302],
  ],
]

describe('raw servers', () => {
  const startRaw = async (bytes: string | null): Promise<number> => {
    const server = await startRawServer(null, bytes === null ? {} : { answer: bytes })
    raw.push(server)
    return server.port
  }

  test.each(RAW)('%s', async (_, bytes, more, says) => {
    const at = await startRaw(bytes)
    const { outcome, cause, value } = await runProbe(http(`http://127.0.0.1:${at}/`, more), contextOf())
    expect([outcome, cause, value]).toEqual(says)
  })

  test.each<[string, string | null, [Outcome, Cause]]>([
    ['speaks no HTTP', 'hello\r\n\r\n', ['unknown', 'network']],
    ['closes', '', ['unknown', 'network']],
    ['goes on after its answer', 'HTTP/1.1 200 OK\r\n\r\nhello', ['fail', 'protocol']],
    ['says nothing', null, ['fail', 'timeout']],
  ])('a proxy that %s', async (_, bytes, says) => {
    const proxy = `http://127.0.0.1:${await startRaw(bytes)}`
    const { outcome, cause } = await runProbe(
      http('https://localhost:1/', { proxy }),
      contextOf({ timeoutMs: 500 }),
    )
    expect([outcome, cause]).toEqual(says)
  })
})

describe('what is secret stays at home', () => {
  test.each(['basic', 'bearer'] as const)('%s does not follow to another origin', async (scheme) => {
    const auth = scheme === 'basic' ? basic('password').auth! : { scheme, secret: 'token' }
    const from = other.seen.length
    expect(await runProbe(http('/away', { auth }), contextOf())).toMatchObject({ outcome: 'ok', value: 200 })
    expect(other.seen.slice(from)).toEqual([
      expect.not.objectContaining({ authorization: expect.anything() }),
    ])
  })

  test('and is not picked up again on the way back', async () => {
    const options = { ...basic('password'), bodyContains: 'authorization=' }
    expect(
      await runProbe(http('/seen', { ...options, bodyContains: 'authorization=Basic' }), contextOf()),
    ).toMatchObject({ outcome: 'ok' })
    expect(await runProbe(http('/round', { ...options, bodyLacks: 'Basic' }), contextOf())).toMatchObject({
      outcome: 'ok',
    })
  })

  test('a client certificate is shown to the origin of the check alone', async () => {
    const direct = https('asking', { clientCertificate: CLIENT, bodyContains: 'verify=SUCCESS' })
    // nginx was given no authority there, and says so of a certificate that it was shown.
    const { detail } = await runProbe({ ...direct, bodyContains: 'verify=', bodyLacks: 'NONE' }, contextOf())
    expect(detail).toBe('status 200')
    const url = `https://localhost:${port.mutual}/away`
    const away = http(url, { authority: 'root.crt', clientCertificate: CLIENT, bodyContains: 'verify=NONE' })
    expect(await runProbe(away, contextOf())).toMatchObject({ outcome: 'ok', value: 200 })
  })
})

describe('transaction', () => {
  beforeEach(() => {
    Object.assign(shop, {
      mood: 'well',
      loggedIn: 0,
      loggedOut: 0,
      away: `http://127.0.0.1:${other.port}/stolen`,
    })
  })

  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const at = (path: string): string => `http://localhost:${port.web}/shop${path}`
  const business = (password = 'shop-password'): TransactionSpec => ({
    kind: 'transaction',
    steps: [
      { name: 'open', url: at('/login'), extract: [{ variable: 'csrf', between: ['value="', '"'] }] },
      {
        name: 'log in',
        url: at('/login'),
        method: 'POST',
        headers: form,
        body: `csrf=\${csrf}&password=\${secret.${password}}`,
        bodyLacks: 'Wrong password',
        extract: [{ variable: 'who', between: ['<b>', '</b>'] }],
      },
      {
        name: 'search',
        url: at('/search'),
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"by":"${who}"}',
        json: [{ path: '$.hits[0].id', equals: '17/4' }],
        extract: [{ variable: 'id', json: '$.hits[0].id' }],
      },
      { name: 'item', url: at('/items/${id}'), bodyContains: 'Item 17/4' },
      { name: 'log out', url: at('/logout'), method: 'POST' },
      { name: 'is out', url: at('/home'), redirects: 0, status: [302] },
    ],
  })

  test('log in, search, look, log out: one sample, with the time of each step', async () => {
    const result = await runProbe(business(), contextOf())
    expect(result).toMatchObject({ outcome: 'ok', cause: 'none', value: 6, detail: 'all 6 steps' })
    expect([shop.loggedIn, shop.loggedOut]).toEqual([1, 1])
    const steps = result.steps ?? []
    expect(steps.map(({ name }) => name)).toEqual(['open', 'log in', 'search', 'item', 'log out', 'is out'])
    expect(result.latencyUs).toBe(steps.reduce((sum, { latencyUs }) => sum + latencyUs, 0))
    for (const phase of PHASES)
      expect(result.phases[phase]).toBe(steps.reduce((sum, { phases }) => sum + phases[phase], 0))
    for (const { phases } of steps) expect(phases.connectUs).toBeGreaterThan(0)
  })

  test('every run begins with nothing: no cookie of the last one', async () => {
    const alone: TransactionSpec = {
      kind: 'transaction',
      steps: [{ name: 'home', url: at('/home'), redirects: 0 }],
    }
    await runProbe(business(), contextOf())
    expect(await runProbe(alone, contextOf())).toMatchObject({ outcome: 'fail', cause: 'redirect', value: 0 })
  })

  test.each<[Mood, [Outcome, Cause, number, FaultOwner], string]>([
    ['no-token', ['fail', 'assertion', 0, 'target'], 'step open: no csrf: the text before it is not there'],
    ['search-down', ['fail', 'status', 2, 'target'], 'step search: status 503'],
    [
      'search-limited',
      ['blocked', 'blocked', 2, 'target'],
      'step search: status 429: turned away before the service',
    ],
    ['search-hangs', ['fail', 'timeout', 2, 'target'], 'step search: no answer in time: no first byte'],
    [
      'log-in-away',
      ['fail', 'redirect', 1, 'target'],
      'step log in: a redirect that would take a secret to ',
    ],
  ])('%s', async (mood, says, detail) => {
    shop.mood = mood
    const from = other.seen.length
    const result = await runProbe(business(), contextOf())
    expect([result.outcome, result.cause, result.value, faultOwner(result.cause)]).toEqual(says)
    expect(result.detail).toContain(detail)
    expect(result.steps).toHaveLength(says[2] + 1)
    expect(other.seen).toHaveLength(from)
    expect(result.latencyUs).toBeLessThan((TIMEOUT_MS + 500) * 1_000)
    if (mood === 'search-hangs') expect(result.phases.ttfbUs).toBeGreaterThan((TIMEOUT_MS / 2) * 1_000)
  })

  test('a wrong password is the failure of the log-in, though it is answered with 200', async () => {
    const result = await runProbe(business('wrong'), contextOf())
    expect(result).toMatchObject({ outcome: 'fail', cause: 'assertion', value: 1 })
    expect(result.detail).toBe('step log in: the body holds the text that must not be there')
  })

  test('a password that this host does not have: unknown, and nothing is sent', async () => {
    const result = await runProbe(business('nowhere'), contextOf())
    expect(result).toMatchObject({ outcome: 'unknown', cause: 'unsupported', value: 0, latencyUs: 0 })
    expect(result.detail).toBe('the secret nowhere is missing')
  })

  test('slow in one step, or as a whole: degraded, and done', async () => {
    shop.mood = 'search-slow'
    const { steps } = business()
    const strict = steps.map((step) => (step.name === 'search' ? { ...step, degradedOverMs: 100 } : step))
    expect(await runProbe({ kind: 'transaction', steps: strict }, contextOf())).toMatchObject({
      outcome: 'degraded',
      cause: 'slow',
      value: 6,
      detail: 'step search: slower than 100 ms',
    })
    expect(await runProbe({ ...business(), degradedOverMs: 250 }, contextOf())).toMatchObject({
      outcome: 'degraded',
      cause: 'slow',
      value: 6,
      detail: 'all 6 steps, slower than 250 ms',
    })
    expect(shop.loggedOut).toBe(2)
  })

  test('credentials are for the origin of the first step, and a sign-on page is a failure', async () => {
    const away = `http://127.0.0.1:${other.port}`
    const spec: TransactionSpec = {
      kind: 'transaction',
      auth: { scheme: 'basic', username: 'probe', secret: 'password' },
      steps: [
        { name: 'in', url: `http://localhost:${port.web}/private/page.txt` },
        { name: 'elsewhere', url: `${away}/plain` },
        { name: 'asked there', url: `${away}/status/401?www-authenticate=Basic` },
      ],
    }
    const from = other.seen.length
    const result = await runProbe(spec, contextOf())
    expect(result).toMatchObject({
      outcome: 'fail',
      cause: 'status',
      value: 2,
      detail: 'step asked there: status 401',
    })
    expect(other.seen.slice(from).map(({ authorization }) => authorization)).toEqual([undefined, undefined])
  })

  test('through a proxy and over TLS', async () => {
    const steps = [
      { name: 'tls', url: `https://localhost:${port.tls}/`, bodyContains: 'over TLS' },
      { name: 'plain', url: `http://localhost:${port.web}/`, bodyContains: 'Welcome' },
    ]
    const spec: TransactionSpec = { kind: 'transaction', steps, authority: 'root.crt', ...proxied('open') }
    expect(await runProbe(spec, contextOf())).toMatchObject({ outcome: 'ok', value: 2 })
    const gone = await runProbe({ ...spec, ...proxied('absent') }, contextOf())
    expect(gone).toMatchObject({ outcome: 'unknown', cause: 'network', value: 0 })
  })

  test('what a server answers cannot break out of a header', async () => {
    const at = await startRawServer(null, { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\nb;' })
    raw.push(at)
    const url = `http://127.0.0.1:${at.port}/`
    const spec: TransactionSpec = {
      kind: 'transaction',
      steps: [
        { name: 'one', url, extract: [{ variable: 'v', between: ['a', ';'] }] },
        { name: 'two', url, headers: { 'X-V': '${v}' } },
      ],
    }
    const result = await runProbe(spec, contextOf())
    expect(result).toMatchObject({ outcome: 'fail', cause: 'assertion', value: 1 })
    expect(result.detail).toBe('step two: the header X-V would hold characters that no header may carry')
  })
})

describe('constat-agent probe', () => {
  /** An agent that was given one configuration, and its secrets. */
  async function makeAgent(spec: ProbeSpec): Promise<string> {
    const dir = join(folder, `agent-${randomBytes(4).toString('hex')}`)
    const [key, collector] = [privateKeyOf(randomBytes(32)), privateKeyOf(randomBytes(32))]
    const way: Way = { urls: ['https://constat.example'], tlsPin: null, proxy: null, plain: 'refused' }
    const collectorKey = rawPublicKey(collector)
    await saveIdentity(dir, { key, id: agentIdOf(rawPublicKey(key)), name: 'here', collectorKey, ...way })
    const check = { name: 'portal', intervalMs: 60_000, timeoutMs: TIMEOUT_MS, reprobeMs: 2_000 }
    const checks = [{ ...check, confirm: { down: 2, up: 1 }, probe: spec }]
    const json = canonicalJson({ origin: 'test', version: 1, checks })
    const signature = signBytes('config', Buffer.from(json), collector).toString('base64')
    for (const name of ['config', 'secrets']) mkdirSync(join(dir, name))
    writeFileSync(join(dir, 'config/test.json'), JSON.stringify({ json, signature, mine: [0] }))
    writeFileSync(join(dir, 'secrets/password'), 'right')
    return dir
  }

  async function probe(
    dir: string,
    url: string,
    format: Format = 'text',
  ): Promise<{ code: number; out: string }> {
    let out = ''
    const code = await probeOnce(
      { url, format },
      {
        clock: REAL_CLOCK,
        random: { bytes: randomBytes },
        env: { CONSTAT_AGENT_DIR: dir },
        program: 'main.ts',
        out: (text) => (out += text),
        err: (text) => (out += text),
        stopped: () => new Promise(() => undefined),
      },
    )
    return { code, out }
  }

  test('runs a check by its name, with the secrets of the agent, and prints its steps', async () => {
    const at = (path: string): string => `http://localhost:${port.web}${path}`
    const dir = await makeAgent({
      kind: 'transaction',
      auth: { scheme: 'basic', username: 'probe', secret: 'password' },
      steps: [
        { name: 'door', url: at('/private/page.txt'), bodyContains: 'Behind' },
        { name: 'closed', url: at('/gone') },
      ],
    })
    expect((await probe(dir, 'portal')).out).toContain('the secret password may not go to')
    writeFileSync(join(dir, 'policy.json'), JSON.stringify({ secrets: { password: [at('')] } }))
    const { code, out } = await probe(dir, 'portal')
    expect(code).toBe(1)
    const lines = out.split('\n').map((line) => line.replace(/ +\d+\.\d{3} ms$/, ''))
    const phases = ['dns', 'connect', 'ttfb', 'transfer', 'total'].map((name) => `    ${name}`.trimEnd())
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'fail (status)  value 1  step closed: status 410',
      '  door',
      ...phases,
      '  closed',
      ...phases,
      '  all steps',
      ...phases,
      '',
    ])
    const json = await probe(dir, 'portal', 'json')
    expect(JSON.parse(json.out)).toMatchObject({
      outcome: 'fail',
      steps: [{ name: 'door' }, { name: 'closed' }],
    })
  })

  test('names the checks that there are, where it is asked for another', async () => {
    const dir = await makeAgent(http('/'))
    expect(await probe(dir, 'portal')).toMatchObject({ code: 0 })
    await expect(probe(dir, 'porter')).rejects.toMatchObject({
      code: 'usage',
      message: 'porter: not an address; write it as https://host/path',
      hint: 'or name a check: portal',
    })
  })
})
