/**
 * The way to a collector: TLS with a pin or an authority, a proxy, several addresses. Against a small
 * collector end of the wire behind a real TLS server.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTls } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { pinOf } from '@constat/shared/pin'
import { Addresses } from '../../../agent/src/addresses.ts'
import { answers, proxyFor, routesOf, type ProxyChoice } from '../../../agent/src/dial.ts'
import { enroll, type Enrolment } from '../../../agent/src/enroll.ts'
import { checkNode, placeOf } from '../../../agent/src/installation.ts'
import { readSettings } from '../../../agent/src/settings.ts'
import { loadIdentity } from '../../../agent/src/state.ts'
import { unitText } from '../../../agent/src/unit.ts'
import { addressProblems } from '../../../agent/src/url.ts'
import { EXPIRED_LEAF, GOOD_LEAF, LEAF_KEY, SELF_SIGNED } from '../../support/certificates.ts'
import { startConnectProxy } from '../../support/connect-proxy.ts'
import { startWireServer, type WireServer } from '../../support/wire-server.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'constat-enroll-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const PIN = pinOf(new X509Certificate(SELF_SIGNED))
const OTHER_PIN = `sha256/${Buffer.alloc(32).toString('base64')}`

type Tls = { url: string; port: number; wire: WireServer; bytes: () => number }

/** TLS in front of the wire server; counts what is said inside it. */
async function serveTls({ cert = SELF_SIGNED, host = '127.0.0.1' } = {}): Promise<Tls> {
  const wire = await startWireServer()
  let heard = 0
  const open = new Set<Socket>()
  const server = createTls({ cert, key: LEAF_KEY }, (socket) => {
    const upstream = connectTcp(wire.port, '127.0.0.1')
    socket.on('data', (chunk: Buffer) => (heard += chunk.length))
    for (const one of [socket, upstream]) {
      open.add(one)
      one.on('error', () => one.destroy())
      one.once('close', () => open.delete(one))
    }
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  closers.push(async () => {
    for (const one of open) one.destroy()
    await new Promise((resolve) => server.close(resolve))
    await wire.close()
  })
  // A TLS server that listens has an address of this form.
  const { port } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return { url: `https://${name}:${port}`, port, wire, bytes: () => heard }
}

const random = { bytes: (count: number): Buffer => Buffer.alloc(count, 77) }
let made = 0
const enrolmentTo = (urls: string[], changes: Partial<Enrolment> = {}): Enrolment => ({
  dir: join(FOLDER, `agent-${(made += 1)}`),
  urls,
  token: 'join-me',
  name: 'site',
  collectorKey: null,
  tlsPin: null,
  proxy: null,
  plain: 'refused',
  env: {},
  ...changes,
})

describe('TLS', () => {
  it.each(['127.0.0.1', '::1'])(
    'on %s: the pinned key is taken, whoever signed it, and kept',
    async (host) => {
      const { url, wire } = await serveTls({ host })
      const enrolment = enrolmentTo([url], { tlsPin: PIN })
      const identity = await enroll(enrolment, { random })
      expect(identity).toMatchObject({ tlsPin: PIN, urls: [url], collectorKey: wire.publicKey })
      expect(await loadIdentity(enrolment.dir)).toMatchObject({ tlsPin: PIN, urls: [url], plain: 'refused' })
    },
  )
  it('the pinned key is taken in a certificate that is over, or has another name', async () => {
    const { url } = await serveTls({ cert: EXPIRED_LEAF })
    await expect(enroll(enrolmentTo([url], { tlsPin: PIN }), { random })).resolves.toBeDefined()
  })
  it('another key is refused, and nothing was said to it', async () => {
    const { url, wire, bytes } = await serveTls({ cert: GOOD_LEAF })
    const refused = enroll(enrolmentTo([url], { tlsPin: OTHER_PIN }), { random })
    await expect(refused).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('another key'),
    })
    expect(bytes()).toBe(0)
    expect(wire.hellos).toEqual([])
  })
  it.each([
    ['self-signed', SELF_SIGNED],
    ['of an authority nobody knows', GOOD_LEAF],
  ])('without a pin a certificate %s is refused, with what to do', async (_, cert) => {
    const { url, bytes } = await serveTls({ cert })
    const refused = enroll(enrolmentTo([url]), { random })
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('give --pin') })
    expect(bytes()).toBe(0)
  })
  it('a server that speaks no TLS is named so', async () => {
    const wire = await startWireServer()
    closers.push(() => wire.close())
    const refused = enroll(enrolmentTo([wire.url.replace('http', 'https')], { tlsPin: PIN }), { random })
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining('no TLS is spoken there'),
    })
  })
})

describe('a proxy', () => {
  const through = (proxy: string, changes: Partial<Enrolment> = {}) => ({ tlsPin: PIN, proxy, ...changes })

  it.each(['127.0.0.1', '::1'])('to %s carries all of it, and is kept with its password', async (host) => {
    const { url, port } = await serveTls({ host })
    const proxy = await startConnectProxy({ credentials: 'me:s3cret' })
    closers.push(() => proxy.close())
    const address = `http://me:s3cret@127.0.0.1:${proxy.port}`
    const enrolment = enrolmentTo([url], through(address))
    await enroll(enrolment, { random })
    expect(proxy.asked).toEqual([`${host.includes(':') ? `[${host}]` : host}:${port}`])
    expect(await loadIdentity(enrolment.dir)).toMatchObject({ proxy: address })
  })
  it('cannot put itself in the place of the collector', async () => {
    const { url } = await serveTls()
    const proxy = await startConnectProxy()
    closers.push(() => proxy.close())
    const enrolment = enrolmentTo([url], through(`http://127.0.0.1:${proxy.port}`, { tlsPin: OTHER_PIN }))
    await expect(enroll(enrolment, { random })).rejects.toMatchObject({
      message: expect.stringContaining('another key'),
    })
  })
  it.each([
    ['wants a password', 'a:b', 'wants a name and a password (407)'],
    ['does not reach the collector', null, 'could not reach the collector itself (502)'],
  ])('that %s is told so, without its password', async (_, credentials, sentence) => {
    const proxy = await startConnectProxy({ credentials })
    closers.push(() => proxy.close())
    const enrolment = enrolmentTo(['https://127.0.0.1:1'], through(`http://x:hidden@127.0.0.1:${proxy.port}`))
    const fault = await enroll(enrolment, { random }).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'network', message: expect.stringContaining(sentence) })
    expect(String(fault)).not.toContain('hidden')
  })
  it('that is not there is named', async () => {
    const enrolment = enrolmentTo(['https://127.0.0.1:1'], through('http://127.0.0.1:1'))
    await expect(enroll(enrolment, { random })).rejects.toMatchObject({
      message: expect.stringContaining('the proxy 127.0.0.1:1 cannot be used'),
    })
  })

  const env = {
    HTTPS_PROXY: 'http://p:1',
    no_proxy: 'localhost,.corp.example,10.0.0.0/8,fd00::/8,x.example:8420',
  }
  const CHOICES: [string, string, Partial<ProxyChoice>, string | null][] = [
    ['the environment', 'wss://c.example/', { env }, 'http://p:1'],
    ['small letters first', 'wss://c.example/', { env: { ...env, https_proxy: 'http://q:2' } }, 'http://q:2'],
    ['no scheme', 'wss://c.example/', { env: { HTTPS_PROXY: 'p:1' } }, 'http://p:1'],
    ['for plain another one', 'ws://c.example/', { env: { HTTP_PROXY: 'http://q:2' } }, 'http://q:2'],
    ['for all', 'wss://c.example/', { env: { ALL_PROXY: 'http://q:2' } }, 'http://q:2'],
    ['given goes first', 'wss://c.example/', { env, given: 'http://g:3', kept: 'http://k:4' }, 'http://g:3'],
    ['kept goes last', 'wss://c.example/', { env, kept: 'http://k:4' }, 'http://p:1'],
    ['kept alone', 'wss://c.example/', { kept: 'http://k:4' }, 'http://k:4'],
    ['none given', 'wss://c.example/', { env, given: 'none', kept: 'http://k:4' }, null],
    ['none kept', 'wss://c.example/', { env, kept: 'none' }, null],
    ['loopback never', 'wss://127.0.0.1:8420/', { env, kept: 'http://k:4' }, null],
    ['IPv6 loopback never', 'wss://[::1]:8420/', { env }, null],
    ['excluded below a name', 'wss://a.corp.example/', { env }, null],
    ['the name itself', 'wss://corp.example/', { env }, null],
    ['not a name that ends alike', 'wss://notcorp.example/', { env }, 'http://p:1'],
    ['excluded range', 'wss://10.9.9.9/', { env }, null],
    ['outside the range', 'wss://11.9.9.9/', { env }, 'http://p:1'],
    ['excluded IPv6 range', 'wss://[fd00::7]:1/', { env }, null],
    ['excluded with its port', 'wss://x.example:8420/', { env }, null],
    ['another port', 'wss://x.example:8421/', { env }, 'http://p:1'],
    ['everything excluded', 'wss://c.example/', { env: { ...env, no_proxy: '*' } }, null],
  ]
  it.each(CHOICES)('%s: %s', (_, url, choice, proxy) =>
    expect(proxyFor(url, { given: null, kept: null, env: {}, ...choice })).toBe(proxy),
  )
  it('of another kind in the environment is refused', () => {
    const choice = { given: null, kept: null, env: { HTTPS_PROXY: 'socks5://p:1' } }
    expect(() => proxyFor('wss://c.example/', choice)).toThrow(/not an HTTP proxy/)
  })
})

describe('several addresses', () => {
  it('are tried in order at the enrolment, and all of them kept', async () => {
    const { url } = await serveTls()
    const enrolment = enrolmentTo(['https://127.0.0.1:1', url], { tlsPin: PIN })
    await enroll(enrolment, { random })
    expect((await loadIdentity(enrolment.dir))?.urls).toEqual(['https://127.0.0.1:1', url])
  })
  it('when all fail, each says why', async () => {
    const enrolment = enrolmentTo(['http://127.0.0.1:1', 'http://[::1]:1'])
    const fault = await enroll(enrolment, { random }).catch((error: unknown) => error)
    expect(String(fault)).toMatch(/127\.0\.0\.1:1.*ECONNREFUSED.*\[::1\]:1.*ECONNREFUSED/)
  })
  it('a collector that says no is the answer: the next is not asked', async () => {
    const first = await serveTls()
    const second = await serveTls()
    first.wire.fault.byeAtHello = { code: 'bad-token', detail: 'the join token is wrong', retryAfterMs: 0 }
    const enrolment = enrolmentTo([first.url, second.url], { tlsPin: PIN })
    await expect(enroll(enrolment, { random })).rejects.toMatchObject({ code: 'unauthorised' })
    expect(second.wire.connections).toBe(0)
  })
  it('go round, and start with the first after a connection that stood', () => {
    const addresses = new Addresses(['a', 'b', 'c'])
    const seen = [0, 1, 2, 3].map(() => [addresses.current, addresses.failed()])
    expect(seen).toEqual([
      ['a', 'next-at-once'],
      ['b', 'next-at-once'],
      ['c', 'round-over'],
      ['a', 'next-at-once'],
    ])
    addresses.restart()
    expect([addresses.current, addresses.isFirst]).toEqual(['a', true])
  })
  it('one that answers is told from one that does not, and from one with another key', async () => {
    const { url } = await serveTls()
    const routes = async (tlsPin: string, at = url) =>
      (await routesOf([at], { given: null, kept: null, env: {}, tlsPin }))[0]
    expect(await answers(await routes(PIN), 5_000)).toBe(true)
    expect(await answers(await routes(OTHER_PIN), 5_000)).toBe(false)
    expect(await answers(await routes(PIN, 'https://127.0.0.1:1'), 5_000)).toBe(false)
    const silent = createTcp(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    // A TCP server that listens has an address of this form.
    const { port } = silent.address() as AddressInfo
    expect(await answers(await routes(PIN, `https://127.0.0.1:${port}`), 200)).toBe(false)
    silent.close()
  })
})

describe('what is asked for', () => {
  const PROBLEMS: [string[], 'refused' | 'allowed', RegExp[]][] = [
    [['https://c.example', 'http://127.0.0.1:1', 'http://[::1]:1', 'ws://localhost'], 'refused', []],
    [['http://c.example'], 'refused', [/not encrypted/]],
    [['ws://10.0.0.1:8420'], 'refused', [/not encrypted/]],
    [['http://c.example'], 'allowed', []],
    [['ftp://c', 'c.example'], 'refused', [/ftp:\/\/c is no address/, /c\.example is no address/]],
    [Array.from({ length: 9 }, () => 'https://c.example'), 'refused', [/at most 8/]],
  ]
  it.each(PROBLEMS)('%j, plain %s', (urls, plain, problems) => {
    const found = addressProblems(urls, { plain })
    expect(found.length).toBe(problems.length)
    for (const [i, pattern] of problems.entries()) expect(found[i]).toMatch(pattern)
  })
  it('in the clear beyond this host is refused with the option that allows it', async () => {
    const refused = enroll(enrolmentTo(['http://c.example']), { random })
    await expect(refused).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--insecure'),
    })
  })
  it('settings: lists with commas, options before the environment', () => {
    const env = { CONSTAT_URL: 'https://a, https://b', CONSTAT_PIN: PIN, CONSTAT_PROXY: 'http://p:1' }
    expect(readSettings(env)).toMatchObject({
      urls: ['https://a', 'https://b'],
      tlsPin: PIN,
      proxy: 'http://p:1',
    })
    expect(readSettings(env, { url: ['https://c'], proxy: 'none', insecure: true })).toMatchObject({
      urls: ['https://c'],
      proxy: 'none',
      plain: 'allowed',
    })
  })
  it('settings: every wrong one is named, and no password', () => {
    const env = { CONSTAT_URL: 'nothing', CONSTAT_PIN: 'sha1/x', CONSTAT_PROXY: 'socks5://me:hidden@p:1' }
    expect(() => readSettings(env)).toThrow(/CONSTAT_URL.*CONSTAT_PIN.*CONSTAT_PROXY/)
    expect(() => readSettings(env)).not.toThrow(/hidden/)
  })
  it('an agent of an older version keeps its one address, plain as it was', async () => {
    const wire = await startWireServer()
    closers.push(() => wire.close())
    const enrolment = enrolmentTo([wire.url])
    await enroll(enrolment, { random })
    const path = join(enrolment.dir, 'agent.json')
    const {
      urls: _,
      tlsPin: __,
      proxy: ___,
      plain: ____,
      ...old
    } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    await writeFile(path, JSON.stringify({ ...old, url: 'http://c.example:8420' }))
    expect(await loadIdentity(enrolment.dir)).toMatchObject({
      urls: ['http://c.example:8420'],
      tlsPin: null,
      proxy: null,
      plain: 'allowed',
    })
  })
})

describe('where it is installed', () => {
  const root = { isRoot: true, hasSystemd: true, env: { HOME: '/root' } }
  const PLACES: [string, Parameters<typeof placeOf>, string, string][] = [
    ['root with systemd', [root, { dir: null, mode: 'kept-running' }], 'service', '/var/lib/constat-agent'],
    [
      'a container',
      [
        { ...root, hasSystemd: false },
        { dir: null, mode: 'kept-running' },
      ],
      'background',
      '/var/lib/constat-agent',
    ],
    ['in the foreground', [root, { dir: null, mode: 'foreground' }], 'background', '/var/lib/constat-agent'],
    ['a directory of choice', [root, { dir: '/srv/a', mode: 'kept-running' }], 'background', '/srv/a'],
    [
      'a person',
      [
        { isRoot: false, hasSystemd: true, env: { HOME: '/home/me' } },
        { dir: null, mode: 'kept-running' },
      ],
      'background',
      '/home/me/.local/state/constat-agent',
    ],
  ]
  it.each(PLACES)('%s', (_, args, kind, dir) => expect(placeOf(...args)).toMatchObject({ kind, dir }))

  it('a service is not run by a Node.js in somebody’s home', () => {
    const place = placeOf(root, { dir: null, mode: 'kept-running' })
    expect(() => checkNode(place, '/root/.nvm/bin/node')).toThrow(/home directory/)
    expect(() => checkNode(place, '/usr/bin/node')).not.toThrow()
  })
  it('the service may do what an agent does, and nothing else', () => {
    const lines = unitText({
      node: '/opt/a b/node',
      program: '/p/50%.mjs',
      dir: '/var/lib/constat-agent',
    }).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'ExecStart="/opt/a b/node" "/p/50%%.mjs" run',
        'User=constat-agent',
        'NoNewPrivileges=yes',
        'CapabilityBoundingSet=',
        'ProtectSystem=strict',
        'PrivateTmp=yes',
        'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
        'SystemCallFilter=@system-service',
        'MemoryMax=256M',
        'StateDirectory=constat-agent',
      ]),
    )
    expect(lines.join('\n')).not.toContain('MemoryDenyWriteExecute')
  })
})
