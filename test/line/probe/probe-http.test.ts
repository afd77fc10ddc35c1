/**
 * The http probe against a real server that fails in every way it should tell apart, and tcp and tls
 * beside it where they share the connection.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSpec, runProbe, specOfUrl } from '@constat/probe/kinds'
import type { ProbeContext, ProbeResult } from '@constat/probe/probe'
import type { Resolver } from '@constat/probe/resolution'
import { createResolver } from '@constat/probe/resolver'
import { secureContextSource } from '@constat/probe/tls-context'
import type { ProbeSpec } from '@constat/shared/check'
import { PHASES, type Cause, type Outcome } from '@constat/shared/sample'
import { CA, EXPIRED_LEAF, GOOD_LEAF, LEAF_KEY, SELF_SIGNED } from '../../support/certificates.ts'
import {
  refusingPort,
  startFaultServer,
  startRawServer,
  startTlsServer,
  type FaultServer,
} from '../../support/fault-server.ts'
import { startOddServer } from '../../support/odd-server.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { OPEN_POLICY } from '../../support/probing.ts'

const TIMEOUT_MS = 400
/** By how much a busy machine may miss the deadline. */
const LATE_MS = 5_000

let web: FaultServer
let other: FaultServer
let mute: FaultServer
let good: FaultServer
let expired: FaultServer
let selfSigned: FaultServer
let refusing: number

beforeAll(async () => {
  web = await startFaultServer()
  other = await startFaultServer()
  mute = await startRawServer(null)
  good = await startTlsServer({ key: LEAF_KEY, cert: GOOD_LEAF })
  expired = await startTlsServer({ key: LEAF_KEY, cert: EXPIRED_LEAF })
  selfSigned = await startTlsServer({ key: LEAF_KEY, cert: SELF_SIGNED })
  refusing = await refusingPort()
})

afterAll(async () => {
  for (const server of [web, other, mute, good, expired, selfSigned]) await server.close()
})

/** Answers from a table, with the codes of c-ares; `silent.test` never answers. */
const tableResolver: Resolver = {
  resolve(host, { signal }) {
    const codes: Record<string, string> = {
      'missing.test': 'ENOTFOUND',
      'empty.test': 'ENODATA',
      'broken.test': 'ESERVFAIL',
      'lost.test': 'ETIMEOUT',
      'no-server.test': 'ECONNREFUSED',
    }
    const addresses: Record<string, string> = { 'metadata.test': '169.254.169.254' }
    const code = codes[host]
    if (code !== undefined) return Promise.reject(Object.assign(new Error(`query ${code}`), { code }))
    if (host === 'silent.test') {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () =>
          reject(Object.assign(new Error('cancelled'), { code: 'ECANCELLED' })),
        )
      })
    }
    return Promise.resolve({ address: addresses[host] ?? '127.0.0.1', family: 4 as const })
  },
}

const context: ProbeContext = {
  timeoutMs: TIMEOUT_MS,
  clock: REAL_CLOCK,
  resolver: tableResolver,
  denied: OPEN_POLICY,
  secureContext: secureContextSource({ ca: CA }),
  secret: (name) => Promise.resolve(`the secret ${name} is missing`),
}

/** For answers that do come, on a machine that does something else as well. */
const unhurried: ProbeContext = { ...context, timeoutMs: 20_000 }

function http(path: string, options: Partial<Extract<ProbeSpec, { kind: 'http' }>> = {}): ProbeSpec {
  return {
    kind: 'http',
    url: path.startsWith('http') ? path : `http://web.test:${web.port}${path}`,
    ...options,
  }
}

type Row = { name: string; spec: () => ProbeSpec; says: [Outcome, Cause, number] }

const ROWS: Row[] = [
  { name: '200', spec: () => http('/'), says: ['ok', 'none', 200] },
  { name: '204', spec: () => http('/status/204'), says: ['ok', 'none', 204] },
  { name: '503', spec: () => http('/status/503'), says: ['fail', 'status', 503] },
  { name: '404', spec: () => http('/status/404'), says: ['fail', 'status', 404] },
  { name: '404, wanted', spec: () => http('/status/404', { status: [404] }), says: ['ok', 'none', 404] },
  { name: '200, not wanted', spec: () => http('/', { status: [204] }), says: ['fail', 'status', 200] },
  {
    name: '401 that asks for credentials',
    spec: () => http('/status/401?www-authenticate=Negotiate'),
    says: ['ok', 'none', 401],
  },
  { name: '401 that asks for none', spec: () => http('/status/401'), says: ['fail', 'status', 401] },
  { name: '403 on a bare URL', spec: () => http('/status/403'), says: ['blocked', 'blocked', 403] },
  {
    name: '403 against a list',
    spec: () => http('/status/403', { status: [200] }),
    says: ['fail', 'status', 403],
  },
  { name: '429', spec: () => http('/status/429?retry-after=60'), says: ['blocked', 'blocked', 429] },
  {
    name: '429 against a list',
    spec: () => http('/status/429', { status: [200] }),
    says: ['blocked', 'blocked', 429],
  },
  {
    name: 'challenge page',
    spec: () => http('/status/403?cf-mitigated=challenge'),
    says: ['blocked', 'blocked', 403],
  },
  {
    name: 'the mark of a challenge, and none',
    spec: () => http('/status/503?cf-mitigated=challenge'),
    says: ['fail', 'status', 503],
  },
  { name: 'refused', spec: () => http(`http://web.test:${refusing}/`), says: ['fail', 'connect', 0] },
  { name: 'hang before headers', spec: () => http('/hang'), says: ['fail', 'timeout', 0] },
  { name: 'hang in the body', spec: () => http('/hang-in-body'), says: ['fail', 'timeout', 0] },
  {
    name: 'accepts and says nothing',
    spec: () => http(`http://web.test:${mute.port}/`),
    says: ['fail', 'timeout', 0],
  },
  { name: 'reset', spec: () => http('/reset'), says: ['fail', 'reset', 0] },
  { name: 'cut in the body', spec: () => http('/cut-body'), says: ['fail', 'reset', 0] },
  { name: 'garbage', spec: () => http('/garbage'), says: ['fail', 'protocol', 0] },
  { name: 'redirect loop', spec: () => http('/loop'), says: ['fail', 'redirect', 302] },
  {
    name: 'redirect to another host',
    spec: () => http(`/to/302?url=http://other.test:${other.port}/`),
    says: ['ok', 'none', 200],
  },
  { name: 'redirect to a path', spec: () => http('/to/301?url=/status/503'), says: ['fail', 'status', 503] },
  {
    name: 'redirect, none followed',
    spec: () => http('/to/302?url=/', { redirects: 0 }),
    says: ['fail', 'redirect', 302],
  },
  {
    name: 'redirect, wanted',
    spec: () => http('/to/302?url=/', { status: [302] }),
    says: ['ok', 'none', 302],
  },
  {
    name: 'redirect to nowhere',
    spec: () => http('/to/302?url=ftp://other.test/'),
    says: ['fail', 'redirect', 302],
  },
  {
    name: 'body at the stated cap',
    spec: () => http('/bytes/1000', { maxBytes: 1000 }),
    says: ['ok', 'none', 200],
  },
  {
    name: 'body one past it',
    spec: () => http('/bytes/1001', { maxBytes: 1000 }),
    says: ['fail', 'size', 200],
  },
  { name: 'body past the default cap', spec: () => http('/bytes/1100000'), says: ['ok', 'none', 200] },
  { name: 'text found', spec: () => http('/', { bodyContains: 'hell' }), says: ['ok', 'none', 200] },
  {
    name: 'wrong body',
    spec: () => http('/', { bodyContains: 'welcome' }),
    says: ['fail', 'assertion', 200],
  },
  { name: 'slow', spec: () => http('/slow/120', { degradedOverMs: 100 }), says: ['degraded', 'slow', 200] },
  { name: 'quick enough', spec: () => http('/', { degradedOverMs: 300 }), says: ['ok', 'none', 200] },
  { name: 'TLS', spec: () => http(`https://localhost:${good.port}/`), says: ['ok', 'none', 200] },
  {
    name: 'self-signed',
    spec: () => http(`https://localhost:${selfSigned.port}/`),
    says: ['fail', 'certificate', 0],
  },
  {
    name: 'expired',
    spec: () => http(`https://localhost:${expired.port}/`),
    says: ['fail', 'certificate', 0],
  },
  {
    name: 'wrong name',
    spec: () => http(`https://else.test:${good.port}/`),
    says: ['fail', 'certificate', 0],
  },
  { name: 'no TLS there', spec: () => http(`https://localhost:${web.port}/`), says: ['fail', 'tls', 0] },
  { name: 'NXDOMAIN', spec: () => http('http://missing.test/'), says: ['fail', 'name', 0] },
  { name: 'no address', spec: () => http('http://empty.test/'), says: ['fail', 'name', 0] },
  { name: 'SERVFAIL', spec: () => http('http://broken.test/'), says: ['fail', 'dns', 0] },
  { name: 'resolver silent', spec: () => http('http://lost.test/'), says: ['fail', 'dns', 0] },
  { name: 'resolver absent', spec: () => http('http://no-server.test/'), says: ['fail', 'dns', 0] },
  { name: 'resolver past the deadline', spec: () => http('http://silent.test/'), says: ['fail', 'dns', 0] },
  { name: 'metadata address', spec: () => http('http://metadata.test/'), says: ['unknown', 'denied', 0] },
  {
    name: 'redirect to metadata',
    spec: () => http('/to/302?url=http://metadata.test/'),
    says: ['unknown', 'denied', 0],
  },
  { name: 'tcp', spec: () => ({ kind: 'tcp', host: 'web.test', port: mute.port }), says: ['ok', 'none', 0] },
  {
    name: 'tcp refused',
    spec: () => ({ kind: 'tcp', host: 'web.test', port: refusing }),
    says: ['fail', 'connect', 0],
  },
  {
    name: 'tls mute',
    spec: () => ({ kind: 'tls', host: 'localhost', port: mute.port }),
    says: ['fail', 'timeout', 0],
  },
]

describe('each fault has its own name', () => {
  test.each(ROWS)('$name', async ({ spec, says }) => {
    const waits = says[1] === 'timeout' || says[1] === 'dns'
    const within = waits ? context : unhurried
    const result = await runProbe(spec(), within)
    expect([result.outcome, result.cause, result.value]).toEqual(says)
    expectSoundTiming(result, within)
  })
})

function expectSoundTiming(result: ProbeResult, { timeoutMs }: ProbeContext): void {
  const phases = PHASES.map((phase) => result.phases[phase])
  for (const us of [result.latencyUs, ...phases]) expect(Number.isInteger(us) && us >= 0).toBe(true)
  const sumUs = phases.reduce((sum, us) => sum + us, 0)
  // Each phase is rounded by itself, by half a µs at most.
  expect(sumUs).toBeLessThanOrEqual(result.latencyUs + PHASES.length)
  expect(result.latencyUs).toBeLessThan((timeoutMs + LATE_MS) * 1_000)
}

test('a wait of the server lands in the phase it belongs to, and nowhere else', async () => {
  const result = await runProbe(http('/slow/150'), context)
  expect(result.phases.ttfbUs).toBeGreaterThan(145_000)
  expect(result.latencyUs - result.phases.ttfbUs).toBeLessThan(100_000)
  expect(result.phases.tlsUs).toBe(0)
})

test('a reset that comes with the last bytes is no end of them', async () => {
  const odd = { bytes: Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}\r\n\r\nbody`) }
  const server = await startOddServer([
    { ...odd, method: 'GET', cuts: [], end: 'reset', token: 'body', isPage: false, oddities: [] },
  ])
  // About one in twenty is told as an end.
  const tries = Array.from({ length: 100 }, () => runProbe(http(`${server.origin}/a/0`), unhurried))
  for (const { outcome, cause } of await Promise.all(tries))
    expect([outcome, cause]).toEqual(['fail', 'reset'])
  await server.close()
})

test('a hang counts up to the deadline, in the phase that hung', async () => {
  const result = await runProbe(http('/hang'), context)
  expect(result.latencyUs).toBeGreaterThanOrEqual((TIMEOUT_MS - 2) * 1_000)
  expect(result.phases.ttfbUs).toBeGreaterThan((TIMEOUT_MS - 50) * 1_000)
})

test('credentials do not follow a redirect to another origin', async () => {
  const headers = { authorization: 'Bearer s3cret', 'x-key': 's3cret', accept: 'text/html' }
  const from = other.seen.length
  await runProbe(http(`/to/307?url=http://other.test:${other.port}/next`, { headers }), context)
  await runProbe(http('/to/307?url=/next', { headers }), context)
  expect(other.seen.slice(from)).toHaveLength(1)
  expect(JSON.stringify(other.seen.slice(from))).not.toContain('s3cret')
  expect(other.seen.at(-1)).toMatchObject({ ':path': '/next', accept: 'text/html' })
  expect(web.seen.at(-1)).toMatchObject({ ':path': '/next', authorization: 'Bearer s3cret' })
})

test('a question mark with nothing behind it is asked, followed and told', async () => {
  const { hops = [] } = await runProbe(http('/to/302?url=/next?'), context)
  expect(web.seen.at(-1)).toMatchObject({ ':path': '/next?' })
  expect(hops.map(({ url }) => url?.replace(/^.*:\d+/, ''))).toEqual(['/to/302?url=/next?', '/next?'])
})

test('POST keeps its method over 307 and becomes GET over 303', async () => {
  const options = { method: 'POST', body: 'a=1' } as const
  await runProbe(http('/to/307?url=/kept', options), context)
  expect(web.seen.at(-1)).toMatchObject({ ':path': '/kept', ':method': 'POST', 'content-length': '3' })
  await runProbe(http('/to/303?url=/changed', options), context)
  expect(web.seen.at(-1)).toMatchObject({ ':path': '/changed', ':method': 'GET' })
})

test('every request comes on a connection of its own and asks to close it', async () => {
  await runProbe(http('/'), context)
  expect(web.seen.at(-1)).toMatchObject({ connection: 'close', host: `web.test:${web.port}` })
})

describe('tls', () => {
  const tls = (server: () => FaultServer): ProbeSpec => ({
    kind: 'tls',
    host: 'localhost',
    port: server().port,
  })

  test('counts the days left', async () => {
    const result = await runProbe(
      tls(() => good),
      context,
    )
    const daysLeft = Math.floor((Date.UTC(2125, 0, 1) - Date.now()) / 86_400_000)
    expect(result).toMatchObject({ outcome: 'ok', cause: 'none', value: daysLeft })
  })
  test('an ended certificate fails and still says since when', async () => {
    const result = await runProbe(
      tls(() => expired),
      context,
    )
    expect(result).toMatchObject({ outcome: 'fail', cause: 'certificate' })
    expect(result.value).toBeLessThan(-1_000)
  })
  test('an unknown issuer fails', async () => {
    expect(
      await runProbe(
        tls(() => selfSigned),
        context,
      ),
    ).toMatchObject({ outcome: 'fail', cause: 'certificate' })
  })
})

test('the real resolver knows localhost and the hosts file without asking anybody', async () => {
  const resolver = createResolver(
    {
      hostsFile: '/etc/hosts',
      resolvConf: '/nonexistent',
      // Nothing listens there: any query would fail.
      servers: [`127.0.0.1:${refusing}`],
    },
    REAL_CLOCK,
  )
  const signal = new AbortController().signal
  expect(await resolver.resolve('LOCALHOST', { family: 4, signal })).toEqual({
    address: '127.0.0.1',
    family: 4,
  })
  expect(await resolver.resolve('a.localhost', { family: 6, signal })).toEqual({ address: '::1', family: 6 })
  expect(await resolver.resolve('192.0.2.7', { family: undefined, signal })).toEqual({
    address: '192.0.2.7',
    family: 4,
  })
  await expect(resolver.resolve('some.test', { family: undefined, signal })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })
})

describe('URLs and configurations', () => {
  test.each([
    ['https://intranet.example/a?b', { kind: 'http', url: 'https://intranet.example/a?b' }],
    ['tcp://db.example:5432', { kind: 'tcp', host: 'db.example', port: 5432 }],
    ['tls://mail.example', { kind: 'tls', host: 'mail.example', port: 443 }],
    ['tls://[2001:db8::1]:8443', { kind: 'tls', host: '2001:db8::1', port: 8443 }],
    ['dns://intranet.example', { kind: 'dns', name: 'intranet.example', type: 'A' }],
    [
      'dns://192.0.2.53:5353/intranet.example?type=mx',
      { kind: 'dns', name: 'intranet.example', type: 'MX', server: '192.0.2.53:5353' },
    ],
    ['icmp://10.0.0.1', { kind: 'icmp', host: '10.0.0.1', packets: 1 }],
  ])('%s', (url, spec) => expect(specOfUrl(url)).toEqual(spec))

  test.each(['intranet', 'ftp://a.example', 'tcp://db.example', 'dns://', 'dns://a.example?type=ANY'])(
    '%s is refused with a sentence',
    (url) => expect(typeof specOfUrl(url)).toBe('string'),
  )

  test.each([
    [{ kind: 'http' }, 'url is missing'],
    [{ kind: 'http', url: 'ftp://x' }, 'url must be http or https'],
    [{ kind: 'http', url: 'http://x', redirects: 21 }, 'redirects must be an integer from 0 to 20'],
    [{ kind: 'http', url: 'http://x', exec: 'rm' }, 'exec is not known'],
    [
      { kind: 'tcp', host: 'a b', port: 0 },
      'host must be a host name or an address; port must be an integer from 1 to 65535',
    ],
    [{ kind: 'browser' }, 'kind "browser" is not known to this agent'],
  ])('%j: %s', (fields, problem) => expect(readSpec(fields)).toBe(problem))
})
