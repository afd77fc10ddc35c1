/**
 * The tls probe against node:tls with chains that openssl made: what holds, what ends soon, what has
 * ended, whose name, whose key, which version; and STARTTLS against servers that agree, refuse and cheat.
 */
import { createServer, type Socket } from 'node:net'
import {
  createSecureContext,
  createServer as createTlsServer,
  TLSSocket,
  type SecureContextOptions,
} from 'node:tls'
import type { AddressInfo } from 'node:net'
import { runProbe } from '@constat/probe/kinds'
import { STARTTLS, type TlsSpec } from '@constat/shared/check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openWorkshop, type Issued, type Workshop } from '../../support/chain.ts'
import { refusingPort } from '../../support/fault-server.ts'
import { eventually } from '../../support/processes.ts'
import { expectSoundTiming, probingContext, verdictOf, type Verdict } from '../../support/probing.ts'
import { conversation, startTalker, type Talker } from '../../support/talker.ts'

/** Generous where something is to come, as the machine may be busy; short where nothing is. */
const LONG_MS = 10_000
const SHORT_MS = 1_000
const OK: Verdict = ['ok', 'none', 'none']
const fails = (cause: 'certificate' | 'tls' | 'protocol' | 'timeout' | 'reset' | 'connect'): Verdict => [
  'fail',
  cause,
  'target',
]

let shop: Workshop
let root: Issued
let otherRoot: Issued
let tiredRoot: Issued
let issuer: Issued
let context: ReturnType<typeof probingContext>

const closing: (() => Promise<void>)[] = []
beforeAll(() => {
  shop = openWorkshop()
  root = shop.issue({ name: 'Root', daysLeft: 3_000, kind: 'authority' })
  otherRoot = shop.issue({ name: 'Other root', daysLeft: 3_000, kind: 'authority' })
  tiredRoot = shop.issue({ name: 'Tired root', daysLeft: 6, kind: 'authority' })
  issuer = shop.issue({ name: 'Issuer', by: root, daysLeft: 1_000, kind: 'authority' })
  context = probingContext({
    timeoutMs: LONG_MS,
    ca: root.cert,
    secrets: { 'other.pem': otherRoot.cert, 'tired.pem': tiredRoot.cert, 'not.pem': 'no PEM at all' },
  })
}, 30_000)
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
afterAll(() => shop.close())

type Shown = Pick<Issued, 'key' | 'chain'>

/** Speaks TLS at once; or, with `before`, only after a plain conversation has ended in the last answer. */
async function serve(
  shown: Shown,
  options: SecureContextOptions & {
    host?: string
    before?: [string, [RegExp, string][]]
    last?: string
  } = {},
): Promise<{ port: number; heard: () => string; failures: () => number }> {
  const { host = '127.0.0.1', before, last, ...settings } = options
  const secureContext = createSecureContext({ key: shown.key, cert: shown.chain, ...settings })
  let heard = ''
  let failures = 0
  const open = new Set<Socket>()
  const secure = (socket: Socket): void => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext })
    secured.on('error', () => (failures += 1))
    secured.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  }
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    if (!before) return secure(socket)
    conversation(...before)(socket)
    const wait = (chunk: Buffer): void => {
      if (!new RegExp(last ?? '').test(chunk.toString('latin1'))) return
      socket.removeAllListeners('data')
      secure(socket)
    }
    socket.on('data', wait)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  )
  // A TCP server that listens has an address of this form.
  return { port: (server.address() as AddressInfo).port, heard: () => heard, failures: () => failures }
}

type LeafOrder = { name?: string; by?: Issued; keyUsage?: string }
const leaf = (daysLeft: number, { name = 'localhost', by = issuer, ...more }: LeafOrder = {}): Issued =>
  shop.issue({ name, by, daysLeft, kind: 'server', ...more })
const tls = (port: number, options: Partial<TlsSpec> = {}): TlsSpec => ({
  kind: 'tls',
  host: 'localhost',
  port,
  ...options,
})

describe('the chain', () => {
  type Row = { name: string; shown: () => Shown; options?: Partial<TlsSpec>; verdict: Verdict; value: number }
  test.each<Row>([
    { name: 'holds', shown: () => leaf(90), verdict: OK, value: 90 },
    { name: 'ends in 14 days', shown: () => leaf(14), verdict: OK, value: 14 },
    {
      name: 'ends in 13 days',
      shown: () => leaf(13),
      verdict: ['degraded', 'certificate', 'target'],
      value: 13,
    },
    {
      name: 'ends in 13 days, enough',
      shown: () => leaf(13),
      options: { daysLeft: 13 },
      verdict: OK,
      value: 13,
    },
    {
      name: 'ends in 29 days, 30 asked for',
      shown: () => leaf(29),
      options: { daysLeft: 30 },
      verdict: ['degraded', 'certificate', 'target'],
      value: 29,
    },
    { name: 'ended yesterday', shown: () => leaf(-1), verdict: fails('certificate'), value: -1 },
    {
      name: 'ended, days not asked for',
      shown: () => leaf(-1),
      options: { daysLeft: 0 },
      verdict: fails('certificate'),
      value: -1,
    },
    {
      name: 'of another name',
      shown: () => leaf(90, { name: 'else.test' }),
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'of the name that the check gives',
      shown: () => leaf(90, { name: 'else.test' }),
      options: { serverName: 'else.test' },
      verdict: OK,
      value: 90,
    },
    {
      name: 'not of the name that the check gives',
      shown: () => leaf(90),
      options: { serverName: 'else.test' },
      verdict: fails('certificate'),
      value: 90,
    },
    { name: 'of the address', shown: () => leaf(90), options: { host: '127.0.0.1' }, verdict: OK, value: 90 },
    {
      name: 'without its issuer',
      shown: () => {
        const { key, cert } = leaf(90)
        return { key, chain: cert }
      },
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'self-signed',
      shown: () => shop.issue({ name: 'localhost', daysLeft: 90, kind: 'server' }),
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'of an unknown root',
      shown: () => leaf(90, { by: otherRoot }),
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'whose issuer ends first',
      shown: () => leaf(90, { by: shop.issue({ name: 'Tired', by: root, daysLeft: 5, kind: 'authority' }) }),
      verdict: ['degraded', 'certificate', 'target'],
      value: 5,
    },
    {
      name: 'whose issuer has ended',
      shown: () => leaf(90, { by: shop.issue({ name: 'Dead', by: root, daysLeft: -3, kind: 'authority' }) }),
      verdict: fails('certificate'),
      value: -3,
    },
    {
      name: 'with an ended certificate that nothing rests on',
      shown: () => {
        const { key, chain } = leaf(90)
        return { key, chain: chain + shop.issue({ name: 'Root', daysLeft: -400, kind: 'authority' }).cert }
      },
      verdict: OK,
      value: 90,
    },
    {
      name: 'with an issuer that was crossed by a root which ends in 5 days',
      shown: () => {
        const { key, chain } = leaf(90)
        const old = shop.issue({ name: 'Old root', daysLeft: 5, kind: 'authority' })
        return {
          key,
          chain:
            chain + shop.issue({ name: 'Root', by: old, of: root, daysLeft: 5, kind: 'authority' }).chain,
        }
      },
      verdict: OK,
      value: 90,
    },
    {
      name: 'with a stray certificate that ends in 3 days',
      shown: () => {
        const { key, chain } = leaf(90)
        return { key, chain: chain + shop.issue({ name: 'Stray', daysLeft: 3, kind: 'authority' }).cert }
      },
      verdict: OK,
      value: 90,
    },
    {
      name: 'whose root, which is not sent, ends first',
      shown: () =>
        leaf(90, { by: shop.issue({ name: 'Between', by: tiredRoot, daysLeft: 80, kind: 'authority' }) }),
      options: { authority: 'tired.pem' },
      verdict: ['degraded', 'certificate', 'target'],
      value: 6,
    },
    {
      name: 'sent in another order',
      shown: () => {
        const tired = shop.issue({ name: 'Tired', by: issuer, daysLeft: 20, kind: 'authority' })
        const { key, cert } = leaf(90, { by: tired })
        return { key, chain: cert + issuer.cert + tired.cert }
      },
      verdict: OK,
      value: 20,
    },
    {
      name: 'of two issuers of one key, the longer one',
      shown: () => {
        const short = shop.issue({ name: 'Twice', by: root, daysLeft: 4, kind: 'authority' })
        const long = shop.issue({ name: 'Twice', by: root, of: short, daysLeft: 40, kind: 'authority' })
        const { key, cert } = leaf(90, { by: short })
        return { key, chain: cert + short.cert + long.cert }
      },
      verdict: OK,
      value: 40,
    },
    {
      name: "outside its issuer's constraints",
      shown: () => {
        const bound = shop.issue({
          name: 'Bound',
          by: root,
          daysLeft: 100,
          kind: 'authority',
          permits: 'corp.test',
        })
        return leaf(90, { by: bound })
      },
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'of the name with a dot at its end',
      shown: () => shop.issue({ name: 'localhost.', by: issuer, daysLeft: 90, kind: 'server' }),
      verdict: OK,
      value: 90,
    },
    {
      name: 'with a key to sign handshakes',
      shown: () => leaf(90, { keyUsage: 'keyEncipherment,digitalSignature' }),
      verdict: OK,
      value: 90,
    },
    {
      name: 'with a key that may not sign handshakes',
      shown: () => leaf(90, { keyUsage: 'keyEncipherment' }),
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'with a name in its subject alone',
      shown: () => shop.issue({ name: 'localhost', by: issuer, daysLeft: 90, kind: 'nameless' }),
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'for a wildcard of a whole label',
      shown: () => leaf(90, { name: '*.some.test' }),
      options: { serverName: 'www.some.test' },
      verdict: OK,
      value: 90,
    },
    {
      name: 'for a wildcard of a part of a label',
      shown: () => leaf(90, { name: 'w*.some.test' }),
      options: { serverName: 'www.some.test' },
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'of the authority that the check names',
      shown: () => leaf(90, { by: otherRoot }),
      options: { authority: 'other.pem' },
      verdict: OK,
      value: 90,
    },
    {
      name: 'of a public root, where the check names an authority',
      shown: () => leaf(90),
      options: { authority: 'other.pem' },
      verdict: fails('certificate'),
      value: 90,
    },
    {
      name: 'with an authority that is not there',
      shown: () => leaf(90),
      options: { authority: 'gone.pem' },
      verdict: ['unknown', 'unsupported', 'agent'],
      value: 0,
    },
    {
      name: 'with an authority that is no PEM',
      shown: () => leaf(90),
      options: { authority: 'not.pem' },
      verdict: ['unknown', 'unsupported', 'agent'],
      value: 0,
    },
  ])('$name', async ({ shown, options, verdict, value }) => {
    const { port } = await serve(shown())
    const result = await runProbe(tls(port, options), context)
    expect([...verdictOf(result), result.value]).toEqual([...verdict, value])
    expectSoundTiming(result)
  })

  test('what does not hold is told in words of ours, and https tells the same', async () => {
    const rows: [Shown, string][] = [
      [leaf(-1), 'a certificate of the chain has ended'],
      [leaf(90, { by: otherRoot }), 'the server sent no issuer of its certificate'],
      [leaf(90, { name: 'else.test' }), 'the certificate is of else.test, not of localhost'],
    ]
    for (const [shown, words] of rows) {
      const { port } = await serve(shown)
      for (const spec of [tls(port), { kind: 'http', url: `https://localhost:${port}/` } as const]) {
        const result = await runProbe(spec, context)
        expect(verdictOf(result)).toEqual(fails('certificate'))
        expect(result.detail).toContain(words)
      }
    }
    const plain = await startTalker((socket) => socket.end('220 no TLS here\r\n'))
    closing.push(plain.close)
    const result = await runProbe(tls(plain.port), context)
    expect(result).toMatchObject({
      outcome: 'fail',
      cause: 'tls',
      detail: 'what answers there does not speak TLS',
    })
  })

  test.each([{ host: 'localhost.' }, { host: '127.0.0.1', serverName: 'localhost.' }])(
    'an absolute name goes into the handshake without its dot: %j',
    async (options) => {
      let named: string | undefined
      const { key, chain } = leaf(90)
      const SNICallback = (name: string, done: (error: null) => void): void => {
        named = name
        done(null)
      }
      const server = createTlsServer({ key, cert: chain, SNICallback }).on('tlsClientError', () => undefined)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      closing.push(() => new Promise((resolve) => server.close(() => resolve())))
      // A TCP server that listens has an address of this form.
      const { port } = server.address() as AddressInfo
      expect(verdictOf(await runProbe(tls(port, options), context))).toEqual(OK)
      expect(named).toBe('localhost')
    },
  )

  test('what is missing is named', async () => {
    const { port } = await serve(leaf(90))
    const gone = await runProbe(tls(port, { authority: 'gone.pem' }), context)
    expect(gone.detail).toContain('gone.pem')
    const bad = await runProbe(tls(port, { authority: 'not.pem' }), context)
    expect(bad.detail).toContain('not.pem')
    const tired = shop.issue({ name: 'Tired', by: root, daysLeft: 5, kind: 'authority' })
    const second = await serve(leaf(90, { by: tired }))
    expect((await runProbe(tls(second.port), context)).detail).toContain('Tired')
  })
})

describe('pins', () => {
  test('one that holds, one of several, none', async () => {
    const shown = leaf(90)
    const { port } = await serve(shown)
    const pin = shop.pin(shown.cert)
    const other = shop.pin(leaf(90).cert)
    const ask = async (pins: string[]) => verdictOf(await runProbe(tls(port, { pins }), context))
    expect(await ask([pin])).toEqual(OK)
    expect(await ask([other, pin])).toEqual(OK)
    expect(await ask([other])).toEqual(fails('certificate'))
    // Of the server's own certificate: what a chain carries beside it could be anybody's.
    expect(await ask([shop.pin(issuer.cert)])).toEqual(fails('certificate'))
  })

  test('the days left are told all the same', async () => {
    const { port } = await serve(leaf(40))
    const result = await runProbe(tls(port, { pins: [shop.pin(root.cert)] }), context)
    expect([...verdictOf(result), result.value]).toEqual([...fails('certificate'), 40])
  })

  test('a pin does not heal a chain', async () => {
    const shown = leaf(90, { by: otherRoot })
    const { port } = await serve(shown)
    const result = await runProbe(tls(port, { pins: [shop.pin(shown.cert)] }), context)
    expect(verdictOf(result)).toEqual(fails('certificate'))
  })
})

describe('the handshake', () => {
  test.each<[string, SecureContextOptions, Partial<TlsSpec>, Verdict, number]>([
    ['1.2, as asked', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.2' }, OK, 90],
    ['1.2, 1.3 asked', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }, fails('tls'), 90],
    ['1.3, 1.2 asked', { minVersion: 'TLSv1.3' }, { minVersion: 'TLSv1.2' }, OK, 90],
    ['1.3, as asked', {}, { minVersion: 'TLSv1.3' }, OK, 90],
    [
      '1.1 alone',
      { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
      {},
      fails('tls'),
      0,
    ],
    ['no cipher in common', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, {}, fails('tls'), 0],
  ])('%s', async (_, settings, options, verdict, value) => {
    const { port } = await serve(leaf(90), settings)
    const result = await runProbe(tls(port, options), context)
    expect([...verdictOf(result), result.value]).toEqual([...verdict, value])
  })

  test.each<[string, Parameters<typeof startTalker>[0], Verdict]>([
    ['silence', () => undefined, fails('timeout')],
    ['a plain greeting', (s) => void s.write('220 mail.test ESMTP\r\n'), fails('tls')],
    [
      'a plain answer',
      (s) => void s.once('data', () => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      fails('tls'),
    ],
    ['bytes', (s) => void s.write(Buffer.alloc(200, 0x5a)), fails('tls')],
    ['closed', (s) => void s.once('data', () => s.end()), fails('reset')],
    ['reset', (s) => void s.once('data', () => s.resetAndDestroy()), fails('reset')],
    ['an alert', (s) => void s.once('data', () => s.end(Buffer.from('15030300020228', 'hex'))), fails('tls')],
  ])('%s', async (_, talk, verdict) => {
    const talker = await startTalker(talk)
    closing.push(() => talker.close())
    const short = { ...context, timeoutMs: SHORT_MS }
    const result = await runProbe(tls(talker.port), short)
    expect(verdictOf(result)).toEqual(verdict)
    expectSoundTiming(result)
  })

  test('nobody there', async () => {
    expect(verdictOf(await runProbe(tls(await refusingPort()), context))).toEqual(fails('connect'))
  })

  test('IPv6, by its literal', async () => {
    const { port } = await serve(leaf(90), { host: '::1' })
    expect(verdictOf(await runProbe(tls(port, { host: '::1', family: 6 }), context))).toEqual(OK)
    expect(verdictOf(await runProbe(tls(port, { family: 6 }), context))).toEqual(OK)
  })

  test('the server sees a connection that ends in good order', async () => {
    const { port, failures } = await serve(leaf(90))
    await runProbe(tls(port), context)
    await runProbe(tls(port), context)
    expect(failures()).toBe(0)
  })
})

/** What each protocol says until TLS begins, and the last thing that the client says in the clear. */
const GOOD: Record<
  (typeof STARTTLS)[number],
  { before: [string, [RegExp, string][]]; last: string; quits: string }
> = {
  smtp: {
    before: [
      '220-mail.test\r\n220 ready\r\n',
      [
        [/^EHLO \[/, '250-mail.test\r\n250-SIZE 1\r\n250 STARTTLS\r\n'],
        [/^STARTTLS$/, '220 go\r\n'],
      ],
    ],
    last: 'STARTTLS',
    quits: 'QUIT\r\n',
  },
  imap: {
    before: ['* OK x\r\n', [[/^a STARTTLS$/, '* CAPABILITY x\r\na OK go\r\n']]],
    last: 'STARTTLS',
    quits: 'z LOGOUT\r\n',
  },
  pop3: { before: ['+OK x\r\n', [[/^STLS$/, '+OK go\r\n']]], last: 'STLS', quits: 'QUIT\r\n' },
  ftp: { before: ['220 x\r\n', [[/^AUTH TLS$/, '234 go\r\n']]], last: 'AUTH', quits: 'QUIT\r\n' },
  // Of the code 80877103, the last three bytes as latin1.
  postgres: { before: ['', [[/\xd2.\//, 'S']]], last: '\xd2./', quits: '' },
}

describe.each(STARTTLS)('starttls %s', (starttls) => {
  const { before, last, quits } = GOOD[starttls]

  test('agrees', async () => {
    const { port, heard, failures } = await serve(leaf(60), { before, last })
    const result = await runProbe(tls(port, { starttls }), context)
    expect([...verdictOf(result), result.value]).toEqual([...OK, 60])
    expect(result.phases.ttfbUs).toBeGreaterThan(0)
    expect(result.phases.tlsUs).toBeGreaterThan(0)
    await eventually('the farewell', () => heard() === quits)
    expect(failures()).toBe(0)
  })

  test('agrees, and has ended', async () => {
    const { port } = await serve(leaf(-2), { before, last })
    const result = await runProbe(tls(port, { starttls }), context)
    expect([...verdictOf(result), result.value]).toEqual([...fails('certificate'), -2])
  })
})

describe('starttls that does not come to TLS', () => {
  type Case = [string, (typeof STARTTLS)[number], Parameters<typeof startTalker>[0], Verdict]
  const smtp = (ehlo: string, starttls: string) =>
    conversation('220 x\r\n', [
      [/^EHLO/, ehlo],
      [/^STARTTLS/, starttls],
    ])
  test.each<Case>([
    ['smtp without the offer', 'smtp', smtp('250-x\r\n250 SIZE\r\n', ''), fails('tls')],
    ['smtp that knows no EHLO', 'smtp', smtp('502 what?\r\n', ''), fails('tls')],
    ['smtp that refuses', 'smtp', smtp('250-x\r\n250 STARTTLS\r\n', '454 not now\r\n'), fails('tls')],
    [
      'smtp that talks on in the clear',
      'smtp',
      smtp('250-x\r\n250 STARTTLS\r\n', '220 go\r\n250 injected\r\n'),
      fails('protocol'),
    ],
    [
      'smtp that agrees and says nothing',
      'smtp',
      smtp('250-x\r\n250 STARTTLS\r\n', '220 go\r\n'),
      fails('timeout'),
    ],
    [
      'imap that refuses',
      'imap',
      conversation('* OK x\r\n', [[/STARTTLS/, 'a BAD what?\r\n']]),
      fails('tls'),
    ],
    [
      'imap that babbles',
      'imap',
      conversation('* OK x\r\n', [[/STARTTLS/, '* x\r\n'.repeat(60)]]),
      fails('protocol'),
    ],
    ['imap of no sense', 'imap', conversation('* OK x\r\n', [[/STARTTLS/, 'b OK\r\n']]), fails('protocol')],
    ['pop3 that refuses', 'pop3', conversation('+OK x\r\n', [[/STLS/, '-ERR no\r\n']]), fails('tls')],
    ['ftp that refuses', 'ftp', conversation('220 x\r\n', [[/AUTH/, '502 no\r\n']]), fails('tls')],
    ['postgres without TLS', 'postgres', conversation('', [[/./, 'N']]), fails('tls')],
    ['postgres that is none', 'postgres', conversation('', [[/./, 'HTTP/1.1 400\r\n']]), fails('protocol')],
    ['another protocol', 'imap', conversation('220 mail.test ESMTP\r\n'), fails('protocol')],
    ['silence', 'smtp', () => undefined, fails('timeout')],
    ['closed', 'ftp', (s) => void s.end(), fails('reset')],
  ])('%s', async (_, starttls, talk, verdict) => {
    const talker: Talker = await startTalker(talk)
    closing.push(() => talker.close())
    const result = await runProbe(tls(talker.port, { starttls }), { ...context, timeoutMs: SHORT_MS })
    expect(verdictOf(result)).toEqual(verdict)
    expectSoundTiming(result)
  })
})
