/**
 * The network probes against servers that are not ours: nginx, PostgreSQL, Dovecot, vsftpd, OpenSSH,
 * dnsmasq, fping and ping, over IPv4 and IPv6. What a healthy server is told as, what each fault is told
 * as and whose it looks like, and that a probe leaves nothing in a log that reads like a failure.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoProbe } from '@constat/probe/icmp'
import { runProbe, specOfUrl } from '@constat/probe/kinds'
import type { ProbeContext } from '@constat/probe/probe'
import type { DnsSpec, IcmpSpec, ProbeSpec, TcpSpec, TlsSpec } from '@constat/shared/check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { secretsIn } from '../../agent/src/secrets.ts'
import { openWorkshop, type Issued, type Workshop } from '../support/chain.ts'
import { programPath } from '../support/daemons.ts'
import { eventually } from '../support/processes.ts'
import { expectSoundTiming, probingContext, verdictOf, type Verdict } from '../support/probing.ts'
import {
  startDnsmasq,
  startDovecot,
  startNginx,
  startPostgres,
  startSshd,
  startVsftpd,
  type Server,
} from '../support/servers.ts'

const OK: Verdict = ['ok', 'none', 'none']
const fails = (
  cause: 'certificate' | 'tls' | 'protocol' | 'assertion' | 'name' | 'connect' | 'size',
): Verdict => ['fail', cause, 'target']

/** Generous: nothing here is late, and a busy machine must not make it so. */
const TIMEOUT_MS = 8_000
const RECORDS = [
  '--host-record=www.test,192.0.2.7,2001:db8::7',
  '--host-record=www.test,192.0.2.8',
  '--cname=alias.test,www.test',
  '--mx-host=test,mail.test,10',
  '--mx-host=test,backup.test,20',
  '--srv-host=_sip._tcp.test,www.test,5060,1,2',
  '--txt-record=test,v=spf1 -all',
  '--txt-record=strings.test,one,two',
  `--txt-record=large.test,${Array.from({ length: 12 }, (_, i) => String(i).padEnd(200, 'x')).join(',')}`,
  '--caa-record=test,0,issue,ca.test',
  '--ptr-record=7.2.0.192.in-addr.test,www.test',
]

let shop: Workshop
let dir: string
let leaf: Issued
let context: ProbeContext
let nginx: Server<'good' | 'ended' | 'soon' | 'tired' | 'other' | 'old'>
let dovecot: Server<'imap' | 'pop3' | 'smtp'>
let vsftpd: Server<'ftp'>
let sshd: Server<'ssh'>
let dnsmasq: Server<'dns'>
let postgres: Server<'postgres'>
let plainPostgres: Server<'postgres'>
const started: { stop: () => Promise<void> }[] = []

beforeAll(async () => {
  const keep = async <S extends { stop: () => Promise<void> }>(starting: Promise<S>): Promise<S> => {
    const server = await starting
    started.push(server)
    return server
  }
  shop = openWorkshop()
  const root = shop.issue({ name: 'Root', daysLeft: 3_000, kind: 'authority' })
  const issuer = shop.issue({ name: 'Issuer', by: root, daysLeft: 1_000, kind: 'authority' })
  const tired = shop.issue({ name: 'Tired', by: root, daysLeft: 6, kind: 'authority' })
  const made = (daysLeft: number, { name = 'localhost', by = issuer } = {}): Issued =>
    shop.issue({ name, by, daysLeft, kind: 'server' })
  leaf = made(90)
  dir = mkdtempSync(join(tmpdir(), 'constat-probing-'))
  mkdirSync(join(dir, 'secrets'))
  writeFileSync(join(dir, 'secrets', 'root.pem'), root.cert)
  const other = shop.issue({ name: 'Other', daysLeft: 3_000, kind: 'authority' })
  writeFileSync(join(dir, 'secrets', 'other.pem'), other.cert)
  context = {
    ...probingContext({ timeoutMs: TIMEOUT_MS, ca: root.cert }),
    secret: secretsIn(join(dir, 'secrets')),
  }
  const sites = {
    good: { shown: leaf },
    ended: { shown: made(-3) },
    soon: { shown: made(5) },
    tired: { shown: made(80, { by: tired }) },
    other: { shown: made(90, { name: 'else.test' }) },
    old: { shown: leaf, protocols: 'TLSv1.2' },
  }
  nginx = await keep(startNginx(sites))
  dovecot = await keep(startDovecot(leaf))
  vsftpd = await keep(startVsftpd(leaf))
  sshd = await keep(startSshd())
  dnsmasq = await keep(startDnsmasq(RECORDS))
  postgres = await keep(startPostgres(leaf))
  plainPostgres = await keep(startPostgres(null))
})

afterAll(async () => {
  for (const server of started.toReversed()) await server.stop()
  shop.close()
  rmSync(dir, { recursive: true, force: true })
})

type Row<S extends ProbeSpec> = { name: string; spec: () => Partial<S>; verdict: Verdict; value?: number }

async function expectRow<S extends ProbeSpec>(
  base: ProbeSpec,
  { spec, verdict, value }: Row<S>,
): Promise<void> {
  const result = await runProbe({ ...base, ...spec() }, context)
  expect([result.detail, ...verdictOf(result)]).toEqual([result.detail, ...verdict])
  if (value !== undefined) expect(result.value).toBe(value)
  expectSoundTiming(result)
}

describe.each(['127.0.0.1', '::1'])('at %s', (host) => {
  describe('greetings', () => {
    test.each<Row<TcpSpec>>([
      { name: 'smtp', spec: () => ({ port: dovecot.ports.smtp, banner: 'smtp' }), verdict: OK },
      { name: 'imap', spec: () => ({ port: dovecot.ports.imap, banner: 'imap' }), verdict: OK },
      { name: 'pop3', spec: () => ({ port: dovecot.ports.pop3, banner: 'pop3' }), verdict: OK },
      { name: 'ftp', spec: () => ({ port: vsftpd.ports.ftp, banner: 'ftp' }), verdict: OK },
      { name: 'ssh', spec: () => ({ port: sshd.ports.ssh, banner: 'ssh' }), verdict: OK },
      {
        name: 'ftp for smtp, as both say 220',
        spec: () => ({ port: vsftpd.ports.ftp, banner: 'smtp' }),
        verdict: OK,
      },
      {
        name: 'imap for smtp',
        spec: () => ({ port: dovecot.ports.imap, banner: 'smtp' }),
        verdict: fails('protocol'),
      },
      {
        name: 'smtp for pop3',
        spec: () => ({ port: dovecot.ports.smtp, banner: 'pop3' }),
        verdict: fails('protocol'),
      },
      {
        name: 'ssh for imap',
        spec: () => ({ port: sshd.ports.ssh, banner: 'imap' }),
        verdict: fails('protocol'),
      },
      {
        name: 'an answer after the greeting',
        spec: () => ({
          port: dovecot.ports.smtp,
          banner: 'smtp',
          send: 'EHLO me.test\r\n',
          expect: 'STARTTLS',
        }),
        verdict: OK,
      },
      {
        name: 'an answer that does not come',
        spec: () => ({
          port: dovecot.ports.pop3,
          banner: 'pop3',
          send: 'CAPA\r\nQUIT\r\n',
          expect: 'TELEPATHY',
        }),
        verdict: fails('assertion'),
      },
    ])('$name', (row) => expectRow({ kind: 'tcp', host, port: 0 }, row))
  })

  describe('TLS of nginx', () => {
    test.each<Row<TlsSpec>>([
      { name: 'holds', spec: () => ({ port: nginx.ports.good }), verdict: OK, value: 90 },
      {
        name: 'has ended',
        spec: () => ({ port: nginx.ports.ended }),
        verdict: fails('certificate'),
        value: -3,
      },
      {
        name: 'ends soon',
        spec: () => ({ port: nginx.ports.soon }),
        verdict: ['degraded', 'certificate', 'target'],
        value: 5,
      },
      {
        name: 'ends soon, and that is enough',
        spec: () => ({ port: nginx.ports.soon, daysLeft: 5 }),
        verdict: OK,
        value: 5,
      },
      {
        name: 'has an issuer that ends soon',
        spec: () => ({ port: nginx.ports.tired }),
        verdict: ['degraded', 'certificate', 'target'],
        value: 6,
      },
      {
        name: 'is of another name',
        spec: () => ({ port: nginx.ports.other }),
        verdict: fails('certificate'),
        value: 90,
      },
      {
        name: 'is of the name given',
        spec: () => ({ port: nginx.ports.other, serverName: 'else.test' }),
        verdict: OK,
        value: 90,
      },
      {
        name: 'is of the authority given',
        spec: () => ({ port: nginx.ports.good, authority: 'root.pem' }),
        verdict: OK,
        value: 90,
      },
      {
        name: 'is not of the authority given',
        spec: () => ({ port: nginx.ports.good, authority: 'other.pem' }),
        verdict: fails('certificate'),
        value: 90,
      },
      {
        name: 'cannot be judged without the file of the authority',
        spec: () => ({ port: nginx.ports.good, authority: 'gone.pem' }),
        verdict: ['unknown', 'unsupported', 'agent'],
      },
      {
        name: 'is pinned',
        spec: () => ({ port: nginx.ports.good, pins: [shop.pin(leaf.cert)] }),
        verdict: OK,
      },
      {
        name: 'is pinned to another key',
        spec: () => ({ port: nginx.ports.ended, pins: [shop.pin(leaf.cert)] }),
        verdict: fails('certificate'),
        value: -3,
      },
      { name: 'speaks 1.3', spec: () => ({ port: nginx.ports.good, minVersion: 'TLSv1.3' }), verdict: OK },
      {
        name: 'speaks only 1.2',
        spec: () => ({ port: nginx.ports.old, minVersion: 'TLSv1.3' }),
        verdict: fails('tls'),
        value: 90,
      },
      { name: 'is spoken elsewhere', spec: () => ({ port: dovecot.ports.imap }), verdict: fails('tls') },
    ])('$name', (row) => expectRow({ kind: 'tls', host, port: 0 }, row))
  })

  describe('STARTTLS', () => {
    test.each<Row<TlsSpec>>([
      { name: 'smtp', spec: () => ({ port: dovecot.ports.smtp, starttls: 'smtp' }), verdict: OK, value: 90 },
      { name: 'imap', spec: () => ({ port: dovecot.ports.imap, starttls: 'imap' }), verdict: OK, value: 90 },
      { name: 'pop3', spec: () => ({ port: dovecot.ports.pop3, starttls: 'pop3' }), verdict: OK, value: 90 },
      { name: 'ftp', spec: () => ({ port: vsftpd.ports.ftp, starttls: 'ftp' }), verdict: OK, value: 90 },
      {
        name: 'postgres',
        spec: () => ({ port: postgres.ports.postgres, starttls: 'postgres' }),
        verdict: OK,
        value: 90,
      },
      {
        name: 'postgres with ssl off',
        spec: () => ({ port: plainPostgres.ports.postgres, starttls: 'postgres' }),
        verdict: fails('tls'),
      },
      {
        name: 'ftp for smtp',
        spec: () => ({ port: vsftpd.ports.ftp, starttls: 'smtp' }),
        verdict: fails('tls'),
      },
      {
        name: 'imap for pop3',
        spec: () => ({ port: dovecot.ports.imap, starttls: 'pop3' }),
        verdict: fails('protocol'),
      },
      {
        name: 'of a name that the certificate does not have',
        spec: () => ({ port: dovecot.ports.smtp, starttls: 'smtp', serverName: 'else.test' }),
        verdict: fails('certificate'),
        value: 90,
      },
    ])('$name', (row) => expectRow({ kind: 'tls', host, port: 0 }, row))
  })

  describe('name server', () => {
    const server = () =>
      host.includes(':') ? `[${host}]:${dnsmasq.ports.dns}` : `${host}:${dnsmasq.ports.dns}`
    test.each<Row<DnsSpec>>([
      { name: 'A', spec: () => ({ answers: ['192.0.2.8', '192.0.2.7'] }), verdict: OK, value: 2 },
      {
        name: 'A over tcp',
        spec: () => ({ transport: 'tcp', answers: ['192.0.2.7'] }),
        verdict: OK,
        value: 2,
      },
      { name: 'AAAA', spec: () => ({ type: 'AAAA', answers: ['2001:0db8::0007'] }), verdict: OK, value: 1 },
      {
        name: 'an address that is not there',
        spec: () => ({ answers: ['192.0.2.7', '192.0.2.9'] }),
        verdict: fails('assertion'),
        value: 2,
      },
      {
        name: 'an alias, followed',
        spec: () => ({ name: 'alias.test', answers: ['192.0.2.7'] }),
        verdict: OK,
        value: 2,
      },
      {
        name: 'the alias itself',
        spec: () => ({ name: 'alias.test', type: 'CNAME', answers: ['www.test.'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'MX',
        spec: () => ({ name: 'test', type: 'MX', answers: ['20 backup.test', '10 Mail.test'] }),
        verdict: OK,
        value: 2,
      },
      {
        name: 'SRV',
        spec: () => ({ name: '_sip._tcp.test', type: 'SRV', answers: ['1 2 5060 www.test'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'TXT',
        spec: () => ({ name: 'test', type: 'TXT', answers: ['v=spf1 -all'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'TXT of two strings',
        spec: () => ({ name: 'strings.test', type: 'TXT', answers: ['onetwo'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'CAA',
        spec: () => ({ name: 'test', type: 'CAA', answers: ['0 issue "ca.test"'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'PTR',
        spec: () => ({ name: '7.2.0.192.in-addr.test', type: 'PTR', answers: ['www.test'] }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'too large for udp: asked again over tcp',
        spec: () => ({ name: 'large.test', type: 'TXT' }),
        verdict: OK,
        value: 1,
      },
      {
        name: 'too large for udp alone',
        spec: () => ({ name: 'large.test', type: 'TXT', transport: 'udp' }),
        verdict: fails('size'),
      },
      { name: 'no such name', spec: () => ({ name: 'gone.test' }), verdict: fails('name'), value: 0 },
      {
        name: 'no such name, as wanted',
        spec: () => ({ name: 'gone.test', rcode: 'NXDOMAIN' }),
        verdict: OK,
        value: 0,
      },
      {
        name: 'a name that should not be there',
        spec: () => ({ rcode: 'NXDOMAIN' }),
        verdict: fails('assertion'),
      },
      { name: 'no such type', spec: () => ({ type: 'MX' }), verdict: fails('name'), value: 0 },
      {
        name: 'no such type, NOERROR wanted',
        spec: () => ({ type: 'MX', rcode: 'NOERROR' }),
        verdict: OK,
        value: 0,
      },
      { name: 'refused', spec: () => ({ name: 'example.org' }), verdict: ['fail', 'dns', 'resolver'] },
      { name: 'refused, as wanted', spec: () => ({ name: 'example.org', rcode: 'REFUSED' }), verdict: OK },
    ])('$name', (row) => expectRow({ kind: 'dns', name: 'www.test', type: 'A', server: server() }, row))

    test('asked by its URL', async () => {
      const spec = specOfUrl(`dns://${server()}/test?type=MX`)
      expect(verdictOf(await runProbe(spec as ProbeSpec, context))).toEqual(OK)
    })
  })

  describe.each(['fping', 'ping'])('echo by %s', (program) => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'constat-echo-'))
      const debian = program === 'ping' ? 'iputils-ping' : 'fping'
      symlinkSync(programPath({ name: program, debian }), join(folder, program))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    const echo = (options: Partial<IcmpSpec> = {}) =>
      echoProbe({ folders: [folder] })({ kind: 'icmp', host, packets: 3, ...options }, context)

    test.each<[string, Partial<IcmpSpec>]>([
      ['as it is', {}],
      ['one', { packets: 1 }],
      ['small', { payloadBytes: 16 }],
      ['large', { payloadBytes: 1_472 }],
    ])('%s', async (_, options) => {
      const result = await echo(options)
      expect([result.detail, ...verdictOf(result), result.value]).toEqual([result.detail, ...OK, 0])
      expect(result.detail.match(/\d ms/g)).toHaveLength(options.packets ?? 3)
      expect(result.phases.ttfbUs).toBeGreaterThan(0)
      // 3 packets leave 400 ms apart: none of that is a round trip.
      expect(result.phases.ttfbUs).toBeLessThan(200_000)
      expectSoundTiming(result)
    })

    test('of the other family there is none', async () => {
      const family = host.includes(':') ? 4 : 6
      expect(verdictOf(await echo({ family }))).toEqual(['unknown', 'unsupported', 'agent'])
    })
  })
})

test('localhost is probed in the family asked for', async () => {
  for (const family of [4, 6] as const) {
    const spec: TlsSpec = { kind: 'tls', host: 'localhost', port: nginx.ports.good, family }
    expect(verdictOf(await runProbe(spec, context))).toEqual(OK)
  }
})

describe('what is left in the logs of a healthy server', () => {
  test('nginx: no handshake that failed', async () => {
    const before = nginx.log().length
    await runProbe({ kind: 'tls', host: 'localhost', port: nginx.ports.good }, context)
    await runProbe({ kind: 'tls', host: 'localhost', port: nginx.ports.ended }, context)
    const said = () => nginx.log().slice(before)
    // The end of an earlier connection may be logged after it, among these.
    const ended = () => said().match(/while waiting for request/g)?.length ?? 0
    await eventually('nginx to log both', () => ended() >= 2)
    expect(said()).not.toMatch(/SSL handshak|reset by peer|\[(error|crit|alert)\]/)
  })

  test('sshd: a client that said goodbye', async () => {
    const before = sshd.log().length
    await runProbe({ kind: 'tcp', host: '127.0.0.1', port: sshd.ports.ssh, banner: 'ssh' }, context)
    const said = () => sshd.log().slice(before)
    await eventually('sshd to log the goodbye', () => /Received disconnect .*: bye/.test(said()))
    expect(said()).not.toContain('kex_exchange_identification')
  })

  test('Dovecot: clients that logged out', async () => {
    const before = dovecot.log().length
    for (const kind of ['imap', 'pop3', 'smtp'] as const) {
      await runProbe({ kind: 'tcp', host: '127.0.0.1', port: dovecot.ports[kind], banner: kind }, context)
      await runProbe({ kind: 'tls', host: 'localhost', port: dovecot.ports[kind], starttls: kind }, context)
    }
    const ends = () =>
      dovecot
        .log()
        .slice(before)
        .match(/Disconnected: .*/g) ?? []
    await eventually('Dovecot to log the six', () => ends().length === 6)
    for (const end of ends()) expect(end).toContain('logging out')
  })

  test('PostgreSQL: nothing but the connection', async () => {
    const before = postgres.log().length
    await runProbe(
      { kind: 'tls', host: 'localhost', port: postgres.ports.postgres, starttls: 'postgres' },
      context,
    )
    const said = () => postgres.log().slice(before)
    await eventually('PostgreSQL to log the connection', () => said().includes('connection received'))
    expect(said()).not.toMatch(/ERROR|FATAL|could not|invalid/)
  })
})
