/** Codes: what a probe that is not ok keeps of what was said, in the words of who said it. */
import { runProbe } from '@constat/probe/kinds'
import { echoProbe } from '@constat/probe/icmp'
import { createResolver, SYSTEM_RESOLVER } from '@constat/probe/resolver'
import { tlsCode } from '@constat/probe/tls-words'
import type { ProbeSpec } from '@constat/shared/check'
import { CODE } from '@constat/shared/sample'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { en } from '../../../collector/src/web/text/en.ts'
import { fr } from '../../../collector/src/web/text/fr.ts'
import { CA, EXPIRED_LEAF, GOOD_LEAF, LEAF_KEY, SELF_SIGNED } from '../../support/certificates.ts'
import {
  refusingPort,
  startFaultServer,
  startRawServer,
  startTlsServer,
  type FaultServer,
} from '../../support/fault-server.ts'
import { dnsRefusal } from '../../support/dns-refusal.ts'
import { probingContext } from '../../support/probing.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { startDatagramTalker } from '../../support/talker.ts'

const context = probingContext({ timeoutMs: 5_000, ca: CA })
const NXDOMAIN = 3
const SERVFAIL = 2

const ports: Record<string, number> = {}
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  const servers: Record<string, Promise<Pick<FaultServer, 'port' | 'close'>>> = {
    web: startFaultServer(),
    plain: startRawServer('hello\r\n'),
    silent: startRawServer(null),
    smtp: startRawServer('421 4.3.2 too busy\r\n'),
    pop3: startRawServer('-ERR locked\r\n'),
    imap: startRawServer('* BYE too many\r\n'),
    expired: startTlsServer({ key: LEAF_KEY, cert: EXPIRED_LEAF }),
    selfSigned: startTlsServer({ key: LEAF_KEY, cert: SELF_SIGNED }),
    good: startTlsServer({ key: LEAF_KEY, cert: GOOD_LEAF }),
    nxdomain: startDatagramTalker((question) => [dnsRefusal(question, NXDOMAIN)]),
    servfail: startDatagramTalker((question) => [dnsRefusal(question, SERVFAIL)]),
  }
  for (const [name, starting] of Object.entries(servers)) {
    const { port, close } = await starting
    ports[name] = port
    closing.push(close)
  }
  ports['nobody'] = await refusingPort()
})
afterAll(async () => {
  for (const close of closing) await close()
})

const web = (path: string, more = {}): ProbeSpec => ({
  kind: 'http',
  url: `http://127.0.0.1:${ports['web']}/${path}`,
  ...more,
})
const greeted = (banner: 'smtp' | 'pop3' | 'imap'): ProbeSpec => ({
  kind: 'tcp',
  host: '127.0.0.1',
  port: ports[banner]!,
  banner,
})
const asked = (server: string): ProbeSpec => ({
  kind: 'dns',
  name: 'gone.example',
  type: 'A',
  server: `127.0.0.1:${ports[server]}`,
})
const handshake = (server: string, host = 'portal.test'): ProbeSpec => ({
  kind: 'tls',
  host,
  port: ports[server]!,
})

test.each<[string, () => ProbeSpec, string, string | undefined]>([
  ['a good answer', () => web('status/200'), 'none', undefined],
  ['a status', () => web('status/503'), 'status', '503'],
  ['a firewall', () => web('status/403'), 'blocked', '403'],
  ['an answer that lacks a text', () => web('', { bodyContains: 'welcome' }), 'assertion', '200'],
  ['a loop', () => web('loop'), 'redirect', '302'],
  ['a slow answer', () => web('slow/40', { degradedOverMs: 1 }), 'slow', '200'],
  ['a reset', () => web('reset'), 'reset', 'ECONNRESET'],
  ['a connection that is closed, not reset', () => web('cut-body'), 'reset', undefined],
  ['no HTTP', () => web('garbage'), 'protocol', undefined],
  ['a step', () => transaction('status/502'), 'status', '502'],
  ['a refused connection', () => nowhere(), 'connect', 'ECONNREFUSED'],
  ['SMTP that is closing', () => greeted('smtp'), 'protocol', '421'],
  ['POP3 that says no', () => greeted('pop3'), 'protocol', '-ERR'],
  ['IMAP that says no', () => greeted('imap'), 'protocol', 'BYE'],
  ['a name that is gone', () => asked('nxdomain'), 'name', 'NXDOMAIN'],
  ['a name server that fails', () => asked('servfail'), 'dns', 'SERVFAIL'],
  ['a certificate that has ended', () => handshake('expired'), 'certificate', 'CERT_HAS_EXPIRED'],
  ['a certificate of nobody', () => handshake('selfSigned'), 'certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [
    'a certificate of another name',
    () => handshake('good', 'other.test'),
    'certificate',
    'HOSTNAME_MISMATCH',
  ],
  ['no TLS at all', () => handshake('plain'), 'tls', 'WRONG_VERSION_NUMBER'],
])('%s', async (_, spec, cause, code) => {
  const result = await runProbe(spec(), context)
  expect([result.cause, result.code], result.detail).toEqual([cause, code])
  if (code !== undefined) expect(code).toMatch(CODE)
})

test.each<[string, () => ProbeSpec, string]>([
  ['an answer that never begins', () => web('hang'), 'no first byte'],
  ['an answer that never ends', () => web('hang-in-body'), 'no end'],
  ['a greeting that never comes', () => ({ ...greeted('smtp'), port: ports['silent']! }), 'no first byte'],
  ['a handshake that is not answered', () => handshake('silent'), 'no handshake'],
])('a deadline, %s', async (_, spec, code) => {
  const result = await runProbe(spec(), { ...context, timeoutMs: 150 })
  expect([result.cause, result.code], result.detail).toEqual(['timeout', code])
  expect(code).toMatch(CODE)
  expect([en, fr].map(({ incident }) => incident.waited[code] !== undefined)).toEqual([true, true])
})

test('a deadline is never early, however busy the turn that set it', async () => {
  const turns = Array.from({ length: 8 }, () => runProbe(web('hang'), { ...context, timeoutMs: 150 }))
  const busyUntilMs = performance.now() + 40
  while (performance.now() < busyUntilMs) continue
  for (const { latencyUs, detail } of await Promise.all(turns)) {
    expect(detail).toBe('no answer in time: no first byte')
    expect(latencyUs).toBeGreaterThanOrEqual(150_000)
  }
})

test.each([
  ['refused', () => nowhere(), () => `the connection was refused: 127.0.0.1:${ports['nobody']}`],
  ['reset', () => web('reset'), () => 'the connection was cut'],
])('a connection that is %s is told in words', async (_, spec, sentence) => {
  expect((await runProbe(spec(), context)).detail).toBe(sentence())
})

function transaction(path: string): ProbeSpec {
  const url = (at: string): string => `http://127.0.0.1:${ports['web']}/${at}`
  return {
    kind: 'transaction',
    steps: [
      { name: 'home', url: url('') },
      { name: 'cart', url: url(path) },
    ],
  }
}

function nowhere(): ProbeSpec {
  return { kind: 'tcp', host: '127.0.0.1', port: ports['nobody']! }
}

test.each([
  ['nxdomain', 'name', 'NXDOMAIN'],
  ['servfail', 'dns', 'SERVFAIL'],
])('the name of any kind, by the host’s own resolver: %s', async (server, cause, code) => {
  const servers = [`127.0.0.1:${ports[server]}`]
  const resolver = createResolver({ ...SYSTEM_RESOLVER, resolvConf: '/dev/null', servers }, REAL_CLOCK)
  const spec: ProbeSpec = { kind: 'tcp', host: 'gone.example', port: 443 }
  const result = await runProbe(spec, { ...context, resolver })
  expect([result.cause, result.code]).toEqual([cause, code])
})

test('an alert of TLS, in the word of OpenSSL', () => {
  const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' })
  expect(tlsCode(alert)).toBe('TLSV1_ALERT_INTERNAL_ERROR')
})

test('the exit of ping, where packets are lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'constat-ping-'))
  try {
    writeFileSync(join(folder, 'fping'), '#!/bin/sh\necho "127.0.0.1 : -" >&2\nexit 1\n')
    chmodSync(join(folder, 'fping'), 0o755)
    const spec = { kind: 'icmp', host: '127.0.0.1', packets: 1 } as const
    const result = await echoProbe({ folders: [folder] })(spec, context)
    expect([result.cause, result.code]).toEqual(['loss', 'exit 1'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
