/**
 * Names as the host resolves them: the search list, ndots, absolute names and the hosts file against a name
 * server of ours, in the order that glibc asks; and names of other letters than ASCII in every kind.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { candidatesOf, parseSearch } from '@constat/probe/host-names'
import { readSpec, specOfUrl } from '@constat/probe/kinds'
import { isRecord } from '@constat/probe/dns-record'
import { createResolver } from '@constat/probe/resolver'
import { probeOfWatch } from '@constat/sla/contract/watch'
import { asciiName, parseServer, shownName, sniOf } from '@constat/shared/target'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { startDatagramTalker } from '../../support/talker.ts'

describe('resolv.conf', () => {
  test.each([
    ['', undefined, 1],
    ['search a.example b.example.\n', ['a.example', 'b.example'], 1],
    ['search a.example\nsearch b.example\n', ['b.example'], 1],
    ['search a.example b.example\ndomain c.example d.example\n', ['c.example'], 1],
    ['search a.example\nsearch\n', [], 1],
    [' search a.example\n; search b.example\n# options ndots:3\n', undefined, 1],
    ['options ndots:5 timeout:1\nsearch .\tsvc.cluster.local\r\n', ['', 'svc.cluster.local'], 5],
    ['options ndots:2\noptions rotate ndots:99\n', undefined, 15],
    ['options ndots:0 ndots:x\n', undefined, 0],
  ])('%j', (text, search, ndots) => {
    expect(parseSearch(text)).toEqual({ search, ndots })
  })

  const search = ['one.example', 'two.example']
  test.each([
    ['bare', 1, ['bare.one.example', 'bare.two.example', 'bare']],
    ['bare', 0, ['bare', 'bare.one.example', 'bare.two.example']],
    ['bare.', 1, ['bare']],
    ['web.internal', 1, ['web.internal', 'web.internal.one.example', 'web.internal.two.example']],
    ['web.internal', 2, ['web.internal.one.example', 'web.internal.two.example', 'web.internal']],
    ['web.internal.', 2, ['web.internal']],
  ])('%s with ndots:%i', (name, ndots, names) => {
    expect(candidatesOf(name, { search, ndots }).map((one) => one.name)).toEqual(names)
  })

  test('the root in the list is the name as it stands, once', () => {
    const names = candidatesOf('bare', { search: ['', 'one.example'], ndots: 1 })
    expect(names.map((one) => one.name)).toEqual(['bare', 'bare.one.example'])
  })
})

describe('the resolver', () => {
  const NOERROR = 0
  const SERVFAIL = 2
  const NXDOMAIN = 3
  let dir: string
  let asked: string[] = []
  let known: Record<string, string | number> = {}
  let server: { port: number; close: () => Promise<void> }
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'constat-names-'))
    asked = []
    server = await startDatagramTalker((question) => [answerTo(question)])
  })
  afterEach(async () => {
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  })

  /** An address where one is known, an rcode where that is, else NXDOMAIN; AAAA has no record. */
  function answerTo(question: Buffer): Buffer {
    const labels: string[] = []
    let at = 12
    for (let size = question[at]!; size > 0; size = question[at]!) {
      labels.push(question.toString('latin1', at + 1, at + 1 + size))
      at += size + 1
    }
    const name = labels.join('.').toLowerCase()
    const isA = question.readUInt16BE(at + 1) === 1
    if (isA) asked.push(name)
    const value = known[name] ?? NXDOMAIN
    const address = typeof value === 'string' && isA ? value : undefined
    const header = Buffer.alloc(12)
    question.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | (typeof value === 'number' ? value : NOERROR), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(address === undefined ? 0 : 1, 6)
    const record = Buffer.from([
      0xc0,
      12,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      4,
      ...(address ?? '').split('.').map(Number),
    ])
    return Buffer.concat([
      header,
      question.subarray(12, at + 5),
      address === undefined ? Buffer.alloc(0) : record,
    ])
  }

  function resolve(
    name: string,
    { conf = '', hosts = '', hostName = 'host' } = {},
  ): Promise<{ address: string }> {
    const [hostsFile, resolvConf] = [join(dir, 'hosts'), join(dir, 'resolv.conf')]
    writeFileSync(hostsFile, hosts)
    writeFileSync(resolvConf, conf)
    const servers = [`127.0.0.1:${server.port}`]
    const resolver = createResolver({ hostsFile, resolvConf, hostName: () => hostName, servers }, REAL_CLOCK)
    return resolver.resolve(name, { family: 4, signal: new AbortController().signal })
  }
  const CORP = 'search corp.example lab.example\n'

  test('a name with a dot is completed when it does not stand by itself', async () => {
    known = { 'web.internal.lab.example': '192.0.2.1' }
    expect((await resolve('web.internal', { conf: CORP })).address).toBe('192.0.2.1')
    expect(asked).toEqual(['web.internal', 'web.internal.corp.example', 'web.internal.lab.example'])
  })

  test('an absolute name never is', async () => {
    known = { 'bare.corp.example': '192.0.2.1' }
    await expect(resolve('bare.', { conf: CORP })).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect(asked).toEqual(['bare'])
    expect((await resolve('bare.corp.example.', { conf: CORP })).address).toBe('192.0.2.1')
  })

  test('a completed name that has no address, or whose server fails, gives way to the next', async () => {
    known = {
      'a.corp.example': NOERROR,
      'b.corp.example': SERVFAIL,
      'a.lab.example': '192.0.2.1',
      b: '192.0.2.2',
    }
    expect((await resolve('a', { conf: CORP })).address).toBe('192.0.2.1')
    expect((await resolve('b', { conf: CORP })).address).toBe('192.0.2.2')
  })

  test('what the name as written met with is told', async () => {
    known = { 'web.internal': SERVFAIL }
    await expect(resolve('web.internal', { conf: CORP })).rejects.toMatchObject({ code: 'ESERVFAIL' })
  })

  test('without a list, what stands behind the first dot of the host name completes', async () => {
    known = { 'db.site.example': '192.0.2.1' }
    expect((await resolve('db', { hostName: 'agent.site.example' })).address).toBe('192.0.2.1')
    await expect(resolve('db', { hostName: 'agent.site.example', conf: 'search\n' })).rejects.toMatchObject({
      code: 'ENOTFOUND',
    })
  })

  test('the hosts file holds names as they are written there', async () => {
    const hosts = '192.0.2.5 db db.corp.example\n'
    expect((await resolve('DB', { hosts })).address).toBe('192.0.2.5')
    await expect(resolve('db.', { hosts })).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect((await resolve('localhost.')).address).toBe('127.0.0.1')
  })
})

describe('other letters than ASCII', () => {
  test.each([
    ['société.example', 'xn--socit-esab.example'],
    ['SOCIÉTÉ.example', 'xn--socit-esab.example'],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
    ['faß.de.', 'xn--fa-hia.de.'],
    ['_dmarc.société.example', '_dmarc.xn--socit-esab.example'],
    ['www.example', 'www.example'],
    ['10.1', '10.1'],
    ['a é', 'a é'],
  ])('%s is %s', (written, ascii) => {
    expect(asciiName(written)).toBe(ascii)
  })

  test.each([
    ['xn--socit-esab.example', 'société.example'],
    ['www.example', 'www.example'],
    // What does not lead back to itself stays as it is.
    ['xn--a.example', 'xn--a.example'],
    ['xn--SOCIT-esab.example', 'société.example'],
  ])('%s is shown as %s', (ascii, shown) => {
    expect(shownName(ascii)).toBe(shown)
  })

  const HOST = 'xn--socit-esab.example'
  test.each([
    ['tcp://société.example:25', { kind: 'tcp', host: HOST, port: 25 }],
    ['tls://société.example', { kind: 'tls', host: HOST, port: 443 }],
    ['icmp://société.example', { kind: 'icmp', host: HOST }],
    ['dns://192.0.2.1/société.example?type=MX', { kind: 'dns', name: HOST, type: 'MX', server: '192.0.2.1' }],
    ['dns://société.example/www.example', { kind: 'dns', name: 'www.example', server: 'société.example' }],
    ['dns://société.example', { kind: 'dns', name: HOST }],
  ])('%s', (url, spec) => {
    expect(specOfUrl(url)).toMatchObject(spec)
  })
  test.each(['tcp://%ff:25', 'tcp://a%20é:25', 'icmp://é%2f'])('%s names no host', (url) => {
    expect(specOfUrl(url)).toBeTypeOf('string')
  })

  test('in a configuration, a contract, the server of a check and its answers', () => {
    expect(readSpec({ kind: 'tcp', host: 'société.example', port: 1 })).toMatchObject({ host: HOST })
    expect(readSpec({ kind: 'dns', name: 'société.example', type: 'A' })).toMatchObject({ name: HOST })
    expect(probeOfWatch('tls://société.example')).toMatchObject({ host: HOST })
    expect(probeOfWatch('dns://192.0.2.1/société.example')).toMatchObject({ name: HOST })
    expect(parseServer('société.example:5353')).toEqual({ host: HOST, port: 5353 })
    expect(isRecord('MX', { data: `10 ${HOST}`, wanted: '10 Société.example.' })).toBe(true)
  })
})

test('a handshake names a host without its dot, and an address not at all', () => {
  expect(sniOf('www.example.')).toBe('www.example')
  expect(sniOf('192.0.2.1')).toBeUndefined()
  expect(sniOf('::1')).toBeUndefined()
})
