/**
 * The tcp probe against servers that greet well, badly, late, in pieces or not at all: outcome, cause and
 * whose fault it looks like; and the dialogue beneath it, whatever the pieces.
 */
import { PassThrough } from 'node:stream'
import type { Socket } from 'node:net'
import { readGreeting } from '@constat/probe/banner'
import { MAX_LINE_BYTES, printable, startDialogue } from '@constat/probe/dialogue'
import { MAX_DIALOGUE_BYTES } from '@constat/probe/dialogue'
import { runProbe } from '@constat/probe/kinds'
import { BANNERS, type TcpSpec } from '@constat/shared/check'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { refusingPort } from '../../support/fault-server.ts'
import { createPolicy } from '@constat/probe/policy'
import { expectSoundTiming, probingContext, verdictOf, type Verdict } from '../../support/probing.ts'
import { eventually } from '../../support/processes.ts'
import { conversation, startTalker, type Talker } from '../../support/talker.ts'

/** Generous where something is to come, as the machine may be busy; short where nothing is. */
const LONG_MS = 10_000
const SHORT_MS = 1_000
const context = probingContext({ timeoutMs: LONG_MS })

const talkers: Talker[] = []
afterAll(async () => {
  for (const talker of talkers.splice(0)) await talker.close()
})

type Talk = Parameters<typeof startTalker>[0]

type Circumstance = { host?: string; timeoutMs?: number }

async function probe(
  talk: Talk,
  options: Partial<TcpSpec> = {},
  { host = '127.0.0.1', timeoutMs = LONG_MS }: Circumstance = {},
) {
  const talker = await startTalker(talk, host)
  talkers.push(talker)
  const spec: TcpSpec = { kind: 'tcp', host, port: talker.port, ...options }
  return { talker, result: await runProbe(spec, { ...context, timeoutMs }) }
}

const hang: Talk = () => undefined
const cut: Talk = (socket) => void socket.end()
const reset: Talk = (socket) => void setTimeout(() => socket.resetAndDestroy(), 20)
const garbage: Talk = (socket) => void socket.write(Buffer.from('0a8f00ff17', 'hex'))
const flood: Talk = (socket) => void socket.write('x'.repeat(MAX_DIALOGUE_BYTES))
const web: Talk = (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
const says =
  (...words: string[]): Talk =>
  (socket) => {
    for (const [i, word] of words.entries()) setTimeout(() => socket.write(word), i * 15)
  }

/** A good answer is waited for. */
const deadlineOf = ([outcome]: Verdict): Circumstance => ({
  timeoutMs: outcome === 'fail' ? SHORT_MS : LONG_MS,
})

const OK: Verdict = ['ok', 'none', 'none']
const fails = (cause: 'timeout' | 'reset' | 'protocol' | 'assertion' | 'connect'): Verdict => [
  'fail',
  cause,
  'target',
]

const GREETINGS: [string, TcpSpec['banner'] & string, Talk, Verdict][] = [
  ['smtp', 'smtp', says('220 mail.test ESMTP\r\n'), OK],
  ['smtp without a word', 'smtp', says('220\r\n'), OK],
  ['smtp in lines', 'smtp', says('220-mail.test\r\n220-no spam\r\n220 ready\r\n'), OK],
  ['smtp in pieces', 'smtp', says('2', '20 mail', '.test\r', '\n'), OK],
  ['smtp that has no service', 'smtp', says('554 no SMTP service here\r\n'), fails('protocol')],
  ['smtp that is closing', 'smtp', says('421 too busy\r\n'), fails('protocol')],
  ['smtp: a greeting that never ends', 'smtp', says('220-mail.test\r\n'), fails('timeout')],
  ['imap', 'imap', says('* OK ready\r\n'), OK],
  ['imap, known already', 'imap', says('* PREAUTH welcome\r\n'), OK],
  ['imap that says no', 'imap', says('* BYE too many\r\n'), fails('protocol')],
  ['pop3', 'pop3', says('+OK ready <1@test>\r\n'), OK],
  ['pop3 that says no', 'pop3', says('-ERR locked\r\n'), fails('protocol')],
  ['ftp', 'ftp', says('220 ready\r\n'), OK],
  ['ftp in lines', 'ftp', says('220-welcome\r\n  to all\r\n220 ready\r\n'), OK],
  ['ftp, ready in a moment', 'ftp', says('120 one moment\r\n', '220 ready\r\n'), OK],
  ['ftp that says no', 'ftp', says('421 closed\r\n'), fails('protocol')],
  ['ssh', 'ssh', says('SSH-2.0-OpenSSH_9.2\r\n'), OK],
  ['ssh after other lines', 'ssh', says('Authorised use only\r\n\r\n', 'SSH-2.0-x\r\n'), OK],
  ['ssh of old and new', 'ssh', says('SSH-1.99-x\r\n'), OK],
  ['ssh of old', 'ssh', says('SSH-1.5-x\r\n'), fails('protocol')],
  ['ssh that only talks', 'ssh', says('no\r\n'.repeat(200)), fails('protocol')],
]

describe.concurrent('greetings', () => {
  test.each(GREETINGS)('%s', async (_, banner, talk, verdict) => {
    const { result } = await probe(talk, { banner }, deadlineOf(verdict))
    expect(verdictOf(result)).toEqual(verdict)
    expectSoundTiming(result)
  })

  describe.each(BANNERS)('%s', (banner) => {
    test.each<[string, Talk, Verdict]>([
      ['silence', hang, fails('timeout')],
      ['closed without a word', cut, fails('reset')],
      ['reset', reset, fails('reset')],
      ['bytes that are no text', garbage, fails('protocol')],
      ['a line without an end', flood, fails('protocol')],
      ['a web server', web, banner === 'ssh' ? fails('reset') : fails('protocol')],
    ])('%s', async (_, talk, verdict) => {
      const { result } = await probe(talk, { banner }, deadlineOf(verdict))
      expect(verdictOf(result)).toEqual(verdict)
      expectSoundTiming(result)
    })

    test('nobody there', async () => {
      const port = await refusingPort()
      const result = await runProbe({ kind: 'tcp', host: '127.0.0.1', port, banner }, context)
      expect(verdictOf(result)).toEqual(fails('connect'))
    })
  })
})

const ECHO: Talk = (socket) => void socket.pipe(socket)

describe.concurrent('send and expect', () => {
  test.each<[string, Talk, Partial<TcpSpec>, Verdict]>([
    ['nothing asked', hang, {}, OK],
    ['sent, no answer asked for', hang, { send: 'PING\r\n' }, OK],
    ['answered', conversation('', [[/PING/, '+PONG\r\n']]), { send: 'PING\r\n', expect: '+PONG' }, OK],
    ['answered in pieces', says('+P', 'ON', 'G'), { expect: '+PONG' }, OK],
    ['answered with letters of all kinds', ECHO, { send: 'é€😀', expect: '€😀' }, OK],
    ['answered with the end of it all', (s) => void s.end('+PONG'), { expect: '+PONG' }, OK],
    [
      'answered otherwise, and kept open',
      conversation('', [[/PING/, '-ERR\r\n']]),
      { send: 'PING\r\n', expect: '+PONG' },
      fails('assertion'),
    ],
    ['answered otherwise, and closed', web, { expect: '+PONG' }, fails('assertion')],
    ['no answer', hang, { send: 'PING\r\n', expect: '+PONG' }, fails('timeout')],
    ['closed without a word', cut, { expect: '+PONG' }, fails('reset')],
    ['reset', reset, { expect: '+PONG' }, fails('reset')],
    [
      'text at the cap',
      (s) => void s.write(`${'x'.repeat(MAX_DIALOGUE_BYTES - 5)}+PONG`),
      { expect: '+PONG' },
      OK,
    ],
    [
      'text one past the cap',
      (s) => void s.write(`${'x'.repeat(MAX_DIALOGUE_BYTES - 4)}+PONG`),
      { expect: '+PONG' },
      fails('assertion'),
    ],
    ['in the greeting', says('220 mail.test ESMTP\r\n'), { banner: 'smtp', expect: 'mail.test' }, OK],
    [
      'after the greeting',
      conversation('220 mail.test\r\n', [[/EHLO/, '250-mail.test\r\n250 SIZE\r\n']]),
      { banner: 'smtp', send: 'EHLO me\r\n', expect: '250 SIZE' },
      OK,
    ],
    [
      'in the greeting only, where something was sent',
      conversation('220 mail.test\r\n', [[/EHLO/, '250 fine\r\n']]),
      { banner: 'smtp', send: 'EHLO me\r\n', expect: 'mail.test' },
      fails('assertion'),
    ],
    ['quick enough', says('hello'), { expect: 'hello', degradedOverMs: LONG_MS }, OK],
    [
      'slow',
      (s) => void setTimeout(() => s.write('hello'), 80),
      { expect: 'hello', degradedOverMs: 60 },
      ['degraded', 'slow', 'target'],
    ],
  ])('%s', async (_, talk, options, verdict) => {
    const { result } = await probe(talk, options, deadlineOf(verdict))
    expect(verdictOf(result)).toEqual(verdict)
    expect(result.value).toBe(0)
    expectSoundTiming(result)
  })

  test('over IPv6, by its literal', async () => {
    const { result } = await probe(says('220 six\r\n'), { banner: 'smtp', family: 6 }, { host: '::1' })
    expect(verdictOf(result)).toEqual(OK)
    const other = await probe(says('220 six\r\n'), { family: 4 }, { host: '::1' })
    expect(verdictOf(other.result)).toEqual(['unknown', 'unsupported', 'agent'])
  })

  test('an address that the host refuses is not dialled', async () => {
    const talker = await startTalker(says('220 x\r\n'))
    talkers.push(talker)
    const rule = { verdict: 'deny', match: { addresses: ['127.0.0.1'] }, why: 'a rule' } as const
    const policy = createPolicy({ rules: [rule], secrets: new Map() })
    const denying = probingContext({ timeoutMs: LONG_MS, policy })
    const result = await runProbe({ kind: 'tcp', host: 'mail.test', port: talker.port }, denying)
    expect(verdictOf(result)).toEqual(['unknown', 'denied', 'agent'])
  })
})

describe('timing', () => {
  test('the wait for the first byte and the rest of the answer are told apart', async () => {
    const { result } = await probe(
      (socket) => {
        setTimeout(() => {
          socket.write('220-')
          setTimeout(() => socket.write('x\r\n220 y\r\n'), 100)
        }, 100)
      },
      { banner: 'smtp' },
    )
    const { ttfbUs, transferUs } = result.phases
    expect(Math.min(ttfbUs, transferUs)).toBeGreaterThan(20_000)
    expect(ttfbUs + transferUs).toBeGreaterThan(150_000)
    expect(result.phases.tlsUs).toBe(0)
  })
})

describe('leaving', () => {
  test.each([
    ['smtp', '220 x\r\n', 'QUIT\r\n'],
    ['imap', '* OK x\r\n', 'z LOGOUT\r\n'],
    ['pop3', '+OK x\r\n', 'QUIT\r\n'],
    ['ftp', '220 x\r\n', 'QUIT\r\n'],
    ['ssh', 'SSH-2.0-x\r\n', 'SSH-2.0-constat\r\n'],
  ] as const)('%s is told so', async (banner, greeting, words) => {
    const { talker, result } = await probe(says(greeting), { banner })
    expect(verdictOf(result)).toEqual(OK)
    await eventually('the farewell', () => talker.heard().startsWith(words) && talker.ended() === 1)
  })

  test('SSH is told in the form of a packet (RFC 4253, 6)', async () => {
    const { talker } = await probe(says('SSH-2.0-x\r\n'), { banner: 'ssh' })
    await eventually('the farewell', () => talker.ended() === 1)
    const packet = Buffer.from(talker.heard(), 'latin1').subarray('SSH-2.0-constat\r\n'.length)
    const padding = packet.readUInt8(4)
    expect(packet.readUInt32BE(0)).toBe(packet.length - 4)
    expect(packet.length % 8).toBe(0)
    expect(padding).toBeGreaterThanOrEqual(4)
    const payload = packet.subarray(5, packet.length - padding)
    expect([payload.readUInt8(0), payload.readUInt32BE(1), payload.readUInt32BE(5)]).toEqual([1, 11, 3])
    expect(payload.subarray(9, 12).toString()).toBe('bye')
    expect(payload.subarray(12)).toEqual(Buffer.alloc(4))
  })

  test('a server that never closes is not waited for', async () => {
    const { result } = await probe(says('220 x\r\n'), { banner: 'smtp' })
    expect(result.latencyUs).toBeLessThan(LONG_MS * 1_000)
  })
})

describe('the dialogue', () => {
  /** A stream that yields `text` cut at these places. */
  function streamOf(text: Buffer, cuts: readonly number[]): Socket {
    const stream = new PassThrough()
    const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
    let from = 0
    for (const to of [...places, text.length]) {
      stream.write(text.subarray(from, to))
      from = to
    }
    stream.end()
    // A dialogue uses of a socket only what every duplex stream has.
    return stream as unknown as Socket
  }
  const signal = new AbortController().signal

  test('hears the same lines however they come', async () => {
    const line = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ''))
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(500)), async (lines, cuts) => {
        const text = Buffer.from(lines.map((one, i) => one + (i % 2 === 0 ? '\r\n' : '\n')).join(''))
        const dialogue = startDialogue(streamOf(text, cuts), { signal })
        for (const one of lines) expect(await dialogue.line()).toBe(one)
        await expect(dialogue.line()).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
      }),
      { numRuns: 60 },
    )
  })

  test('finds a text exactly where it is', async () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        part,
        part.filter((wanted) => wanted !== ''),
        fc.array(fc.nat(50)),
        async (text, wanted, cuts) => {
          const dialogue = startDialogue(streamOf(Buffer.from(text), cuts), { signal })
          expect(await dialogue.until(Buffer.from(wanted))).toBe(text.includes(wanted))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a line at the limit is read, one past it is not', async () => {
    const at = startDialogue(streamOf(Buffer.from(`${'x'.repeat(MAX_LINE_BYTES)}\n`), []), { signal })
    expect(await at.line()).toHaveLength(MAX_LINE_BYTES)
    const past = startDialogue(streamOf(Buffer.from(`${'x'.repeat(MAX_LINE_BYTES + 1)}\n`), []), { signal })
    await expect(past.line()).rejects.toMatchObject({ judgement: { cause: 'protocol' } })
  })

  test('no greeting, whatever its bytes, is taken for anything but a result', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(...BANNERS),
        async (bytes, banner) => {
          const dialogue = startDialogue(streamOf(Buffer.from(bytes), []), { signal })
          const came = await readGreeting(banner, dialogue).catch((error: unknown) => error)
          if (typeof came === 'string') return
          const said = came as { code?: unknown; judgement?: unknown }
          expect(said.code ?? said.judgement).toBeDefined()
        },
      ),
      { numRuns: 300 },
    )
  })

  test('what a stranger wrote is fit for one line', () => {
    expect(printable('a\u0000\r\n\u001b[31mb')).toBe('a [31mb')
    expect(printable('x'.repeat(500))).toHaveLength(80)
  })
})
