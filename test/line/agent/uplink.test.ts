/**
 * The uplink against a small collector end of the wire: keys proved both ways, nothing lost and nothing
 * doubled whatever is cut, the window, the order of live and old, refusals and announced gaps.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { privateKeyOf, rawPublicKey, agentIdOf } from '@constat/shared/signature'
import { waitBeforeMs } from '../../../agent/src/backoff.ts'
import { Batcher } from '../../../agent/src/batcher.ts'
import { Sender } from '../../../agent/src/sender.ts'
import { BACKLOG_BYTES_PER_S, BACKLOG_FRAMES, Delivery, WINDOW_FRAMES } from '../../../agent/src/delivery.ts'
import { routesOf } from '../../../agent/src/dial.ts'
import { enroll } from '../../../agent/src/enroll.ts'
import { LogProofs } from '../../../agent/src/log-proofs.ts'
import { ProofErrand } from '../../../agent/src/proof-errand.ts'
import { createRefusedFrames } from '../../../agent/src/refused.ts'
import { Spool, SPOOL_LIMITS } from '../../../agent/src/spool.ts'
import { loadIdentity } from '../../../agent/src/state.ts'
import { Timebase } from '../../../agent/src/timebase.ts'
import { UPLINK_LIMITS, type Ending, type UplinkLimits } from '../../../agent/src/uplink.ts'
import { agentUrl } from '../../../agent/src/url.ts'
import { createMemoryFs, type MemoryFs } from '../../support/memory-fs.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { createKeptLog, type KeptLog } from '../../support/silent-log.ts'
import { startWireServer, type WireServer } from '../../support/wire-server.ts'

const KEY = privateKeyOf(Buffer.alloc(32, 3))
const WITHIN_MS = 3_000
const STRAIGHT = { given: null, kept: null, env: {}, tlsPin: null }

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function serve(options?: Parameters<typeof startWireServer>[0]): Promise<WireServer> {
  const server = await startWireServer(options)
  endings.push(() => server.close())
  return server
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + WITHIN_MS
  while (!isSo() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(isSo()).toBe(true)
}

type Line = {
  spool: Spool
  batcher: Batcher
  sender: Sender
  log: KeptLog
  timebase: Timebase
  fs: MemoryFs
  stop: () => Promise<void>
}
type LineOptions = {
  fs?: MemoryFs
  collectorKey?: Buffer
  limits?: UplinkLimits
  seed?: number
  refused?: string
  urls?: string[]
}

/** Everything of an agent behind its probes, with a spool in memory. Not started. */
async function createLine(server: WireServer, options: LineOptions = {}): Promise<Line> {
  const { fs = createMemoryFs(), collectorKey = server.publicKey, limits = UPLINK_LIMITS } = options
  const { urls = [server.url] } = options
  const log = createKeptLog()
  const timebase = new Timebase(REAL_CLOCK)
  let drawn = options.seed ?? 1
  // The wait before a connection is a fraction of a second, sessions differ from line to line.
  const random = { bytes: (count: number): Buffer => Buffer.alloc(count, count === 4 ? 0 : (drawn += 1)) }
  const spoolLimits = { ...SPOOL_LIMITS, freeFloorBytes: 0 }
  const spool = await Spool.open({
    dir: '/spool',
    fs,
    nowMs: () => REAL_CLOCK.nowMs(),
    log,
    limits: spoolLimits,
  })
  const batcher = new Batcher(
    {
      origin: 'log',
      agent: agentIdOf(rawPublicKey(KEY)),
      key: KEY,
      shell: { clock: REAL_CLOCK, random },
      timebase,
      beacon: () => null,
      health: () => ({ version: '1', loopLagUs: 0, drops: 0, spoolFrames: 0 }),
      emit: (frame) => {
        spool.append(frame)
        sender.poke([batcher.session])
      },
    },
    Buffer.alloc(32, 1),
  )
  const sender = new Sender({
    routes: await routesOf(urls, STRAIGHT),
    uplink: { key: KEY, collectorKey, name: 'test', version: '1', token: null, limits },
    collectorKey,
    signingKey: KEY,
    shell: { clock: REAL_CLOCK, random, log },
    spool,
    timebase,
    refused: createRefusedFrames({ dir: '/refused', fs, log }),
    proofs: new ProofErrand({
      proofs: new LogProofs(collectorKey),
      log,
      taken: () => undefined,
      owes: () => undefined,
    }),
    welcomed: () => {
      batcher.openSession()
      return [batcher.session]
    },
    configured: () => null,
    looked: () => undefined,
    tried: () => Promise.resolve({ result: null, refusal: 'not here' }),
    sessionSpoiled: (session) => {
      if (session === batcher.session) batcher.openSession()
      return [batcher.session]
    },
  })
  const stop = async (): Promise<void> => {
    await sender.stop(0)
    await spool.close()
  }
  endings.push(stop)
  return { spool, batcher, sender, log, timebase, fs, stop }
}

function seal({ batcher }: Line, count: number): void {
  for (let i = 0; i < count; i += 1) batcher.close('heartbeat')
}

/** Numbers admitted, by session in the order of their first frame. */
function admittedSeqs({ admitted }: WireServer): number[][] {
  const bySession = new Map<string, number[]>()
  for (const { session, batch } of admitted)
    bySession.set(session, [...(bySession.get(session) ?? []), batch.seq])
  return [...bySession.values()]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

describe('keys', () => {
  test('both ends prove theirs, then frames flow and are acknowledged', async () => {
    const server = await serve()
    const line = await createLine(server)
    line.sender.start()
    await until(() => line.sender.connected)
    seal(line, 3)
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([[0, 1, 2]])
    expect(server.hellos).toEqual([{ name: 'test', token: null }])
  })
  test('a collector with another key than the pinned one gets nothing', async () => {
    const server = await serve()
    const line = await createLine(server, { collectorKey: Buffer.alloc(32, 5) })
    seal(line, 1)
    line.sender.start()
    await until(() => line.log.lines.some(({ facts }) => String(facts['reason']).includes('another key')))
    expect(line.sender.connected).toBe(false)
    expect(server.arrivals).toEqual([])
  })
  test('a collector that names the pinned key and cannot prove it gets nothing', async () => {
    const server = await serve()
    server.fault.forgedChallenge = true
    const line = await createLine(server)
    seal(line, 1)
    line.sender.start()
    await until(() => line.log.lines.some(({ facts }) => String(facts['reason']).includes('could not prove')))
    expect(server.arrivals).toEqual([])
  })
  test('an acknowledgement without the collector’s signature removes nothing', async () => {
    const server = await serve()
    server.fault.forgedReceipts = true
    const line = await createLine(server)
    seal(line, 1)
    line.sender.start()
    await until(() => line.log.lines.some(({ message }) => message.includes('signature')))
    expect(line.spool.frames).toBe(1)
    server.fault.forgedReceipts = false
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([[0]])
  })
})

describe('addresses', () => {
  const DEAD = 'http://127.0.0.1:1'
  test('the next is tried at once, and the first again when it answers', async () => {
    const second = await serve()
    const gone = await startWireServer()
    const { url: first, port } = gone
    await gone.close()
    const limits = { ...UPLINK_LIMITS, returnMs: 50 }
    const line = await createLine(second, { urls: [first, DEAD, second.url], limits })
    line.sender.start()
    await until(() => line.sender.connected)
    expect(line.sender.url).toBe(agentUrl(second.url))
    seal(line, 2)
    await until(() => line.spool.frames === 0)
    const back = await serve({ port })
    await until(() => line.sender.connected && line.sender.url === agentUrl(first))
    seal(line, 2)
    await until(() => back.admitted.length === 2)
    expect(second.admitted).toHaveLength(2)
  })
  test('one connection that stands is not left for an address that answers with a gateway’s excuse', async () => {
    const second = await serve()
    const excuse = createServer((_, response) => response.writeHead(502).end())
    await new Promise<void>((resolve) => excuse.listen(0, '127.0.0.1', resolve))
    endings.push(async () => void excuse.close())
    // A TCP server that listens has an address of this form.
    const { port } = excuse.address() as AddressInfo
    const limits = { ...UPLINK_LIMITS, returnMs: 20 }
    const line = await createLine(second, { urls: [`http://127.0.0.1:${port}`, second.url], limits })
    line.sender.start()
    await until(() => line.sender.connected)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(second.connections).toBe(1)
  })
})

describe('nothing lost, nothing doubled', () => {
  test('lost acknowledgements: sent again on the next connection, admitted once', async () => {
    const server = await serve()
    const line = await createLine(server)
    server.fault.muteAcks = true
    line.sender.start()
    await until(() => line.sender.connected)
    seal(line, 5)
    await until(() => server.admitted.length === 5)
    expect(line.spool.frames).toBe(5)
    server.fault.muteAcks = false
    server.cut()
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([[0, 1, 2, 3, 4]])
    expect(server.arrivals).toHaveLength(10)
  })
  test('cut again and again while frames are made', async () => {
    const server = await serve()
    const line = await createLine(server)
    line.sender.start()
    for (let i = 0; i < 60; i += 1) {
      seal(line, 1)
      if (i % 12 === 5) server.cut()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(() => line.spool.frames === 0)
    const seqs = admittedSeqs(server)
    expect(seqs.flat()).toHaveLength(60)
    for (const session of seqs) expect(session).toEqual(range(0, session.length - 1))
    expect(server.refused).toEqual([])
  })
  test('a restart in between', async () => {
    const server = await serve()
    const fs = createMemoryFs()
    const before = await createLine(server, { fs })
    seal(before, 20)
    await before.stop()
    const after = await createLine(server, { fs, seed: 100 })
    after.sender.start()
    await until(() => after.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([range(0, 19)])
  })
})

describe('order and window', () => {
  test(`never more than ${WINDOW_FRAMES} frames wait for an answer, of which the backlog has ${BACKLOG_FRAMES}`, async () => {
    const server = await serve()
    const line = await createLine(server)
    seal(line, 30)
    server.fault.holdFrames = true
    line.sender.start()
    await until(() => server.arrivals.length >= BACKLOG_FRAMES)
    seal(line, 30)
    await until(() => server.arrivals.length >= WINDOW_FRAMES)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.arrivals).toHaveLength(WINDOW_FRAMES)
    expect(new Set(server.arrivals.map(({ session }) => session)).size).toBe(2)
    server.fault.holdFrames = false
    server.cut()
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server).map((seqs) => seqs.length)).toEqual(expect.arrayContaining([30]))
    expect(server.mostUnanswered).toBeLessThanOrEqual(WINDOW_FRAMES)
  })
  test('live frames overtake the backlog, which drains under its old session', async () => {
    const server = await serve()
    const line = await createLine(server)
    seal(line, 100)
    const old = line.batcher.session
    line.sender.start()
    await until(() => server.admitted.length > 10)
    seal(line, 1)
    const live = line.batcher.session
    await until(() => line.spool.frames === 0)
    const at = server.admitted.findIndex(({ session }) => session === live)
    expect(at).toBeGreaterThan(9)
    expect(at).toBeLessThan(60)
    expect(admittedSeqs(server)).toEqual([range(0, 99), [0]])
    expect(server.admitted[0]?.session).toBe(old)
  })
})

describe('refusals', () => {
  test('a refused frame is set aside, the rest of its session says what is missing, live goes on in another', async () => {
    const server = await serve()
    const line = await createLine(server)
    server.fault.refuse = ({ seq }) =>
      seq === 2 && server.refused.every(({ reason }) => reason !== 'clock') ? 'clock' : null
    line.sender.start()
    await until(() => line.sender.connected)
    seal(line, 6)
    await until(() => line.spool.frames === 0)
    seal(line, 1)
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([[0, 1, 3, 4, 5], [0]])
    expect(server.admitted.map(({ batch }) => batch.gapCount)).toEqual([0, 0, 1, 0, 0, 0])
    const aside = [...line.fs.files].filter(([path]) => path.startsWith('/refused/'))
    expect(aside.map(([path]) => path.split('.').at(-1))).toEqual(['frame', 'json'])
    expect(String(aside.find(([path]) => path.endsWith('json'))?.[1])).toContain('"reason":"clock"')
  })
  test('a gap that is none: sent again from where the collector stands', async () => {
    const server = await serve()
    const line = await createLine(server)
    let told = 0
    server.fault.refuse = ({ seq }) => (seq === 1 && (told += 1) === 1 ? 'unannounced-gap' : null)
    line.sender.start()
    await until(() => line.sender.connected)
    seal(line, 4)
    await until(() => line.spool.frames === 0)
    expect(admittedSeqs(server)).toEqual([[0, 1, 2, 3]])
    expect(server.admitted.every(({ batch }) => batch.gapCount === 0)).toBe(true)
  })
  test('frames lost in the spool: the next one announces how many, once and for ever', async () => {
    const server = await serve()
    const fs = createMemoryFs()
    const before = await createLine(server, { fs })
    // As many as the backlog may have in flight, because nothing will be acknowledged.
    seal(before, 3 + BACKLOG_FRAMES)
    await before.stop()
    // The records of 3, 4 and 5 are damaged.
    const [segment = Buffer.alloc(0)] = [...fs.files]
      .filter(([path]) => path.endsWith('.seg'))
      .map(([, bytes]) => bytes)
    const recordBytes = (segment.length - 8) / 9
    for (const seq of [3, 4, 5]) segment[8 + Math.floor(recordBytes * seq) + 60]! ^= 1
    const after = await createLine(server, { fs, seed: 100 })
    server.fault.muteAcks = true
    after.sender.start()
    await until(() => server.admitted.length === BACKLOG_FRAMES)
    expect(server.admitted.map(({ batch }) => [batch.seq, batch.gapCount])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [6, 3],
      [7, 0],
      [8, 0],
    ])
    // Nothing was acknowledged: after a restart the same bytes must come again, or it is equivocation.
    await after.stop()
    server.fault.muteAcks = false
    const last = await createLine(server, { fs, seed: 200 })
    last.sender.start()
    await until(() => last.spool.frames === 0)
    expect(server.admitted).toHaveLength(BACKLOG_FRAMES)
    expect(server.refused.filter(({ reason }) => reason !== 'unannounced-gap')).toEqual([])
  })
  test('the chain is also kept when the restart comes between two acknowledgements', async () => {
    const server = await serve()
    const fs = createMemoryFs()
    const before = await createLine(server, { fs })
    seal(before, 40)
    await before.spool.flush()
    // The first two are lost, as if their segment had gone.
    before.spool.discard(before.batcher.session, 0)
    before.spool.discard(before.batcher.session, 1)
    before.sender.start()
    await until(() => server.admitted.length >= 12)
    await before.stop()
    const after = await createLine(server, { fs, seed: 100 })
    // The file still holds both: damaged is what they would be.
    for (const session of after.spool.sessions()) for (const seq of [0, 1]) after.spool.discard(session, seq)
    after.sender.start()
    await until(() => after.spool.frames === 0)
    const seqs = admittedSeqs(server)
    expect(seqs).toEqual([range(2, 39)])
    expect(server.admitted[0]?.batch.gapCount).toBe(2)
  })
})

describe('the connection', () => {
  test('the clock is compared as soon as it is up', async () => {
    const server = await serve()
    const line = await createLine(server)
    line.sender.start()
    await until(() => line.timebase.reading().source === 1)
    expect(Math.abs(line.timebase.reading().offsetMs)).toBeLessThanOrEqual(
      line.timebase.reading().errorMs + 2,
    )
  })
  test('silence ends it, and it comes back', async () => {
    const server = await serve({ autoPong: false })
    const line = await createLine(server, {
      limits: { handshakeMs: 2_000, pingMs: 100, silenceMs: 1_300, returnMs: 300_000 },
    })
    line.sender.start()
    await until(() => server.connections === 2)
    expect(line.log.lines.some(({ facts }) => String(facts['reason']).includes('silent'))).toBe(true)
  })
  test('a collector that accepts and never introduces itself is left', async () => {
    const server = await serve()
    server.fault.byeAtHello = { code: 'revoked', detail: 'this agent was revoked', retryAfterMs: 0 }
    const line = await createLine(server)
    line.sender.start()
    await until(() => line.sender.lastEnding.includes('revoked'))
    expect(line.sender.connected).toBe(false)
  })
  test('after a bye it comes back when told', async () => {
    const server = await serve()
    const line = await createLine(server)
    line.sender.start()
    await until(() => line.sender.connected)
    server.bye(200)
    await until(() => server.connections === 2)
    expect(line.log.lines.some(({ facts }) => String(facts['reason']).includes('restart'))).toBe(true)
  })
})

describe('the wait before a connection', () => {
  const ending = (changes: Partial<Ending> = {}): Ending => ({
    bye: null,
    closeCode: 1006,
    reason: '',
    ...changes,
  })
  const bye = (retryAfterMs: number): Ending =>
    ending({ closeCode: 1013, bye: { code: 'restart', detail: '', retryAfterMs } })
  test.each<[string, number, Ending | null, number, number]>([
    ['first try', 0, ending(), 100, 1_000],
    ['second', 1, ending(), 100, 2_000],
    ['fifth', 4, ending(), 100, 16_000],
    ['sixth: the cap', 5, ending(), 100, 30_000],
    ['thousandth', 1_000, ending(), 100, 30_000],
    ['1012 without a word', 0, ending({ closeCode: 1012 }), 100, 10_000],
    ['told 60 s', 0, bye(60_000), 100, 60_000],
    ['told a day: two minutes', 0, bye(86_400_000), 100, 120_000],
    ['told at once', 0, bye(0), 100, 1_000],
  ])('%s', (_, failures, end, leastMs, mostMs) => {
    expect(waitBeforeMs(failures, end, 0)).toBe(leastMs)
    expect(waitBeforeMs(failures, end, 1)).toBe(mostMs)
    expect(waitBeforeMs(failures, end, 0.5)).toBe(mostMs / 2)
  })
})

describe('delivery', () => {
  type Table = Record<string, number[]>
  function waiting(table: Table): ConstructorParameters<typeof Delivery>[0] {
    return {
      sessions: () => Object.keys(table),
      from: (session, seq) => {
        const next = table[session]?.find((one) => one >= seq)
        return next === undefined ? undefined : { seq: next, length: 500 }
      },
    }
  }
  /** Sends whatever may be sent at `nowUs`; the places sent. */
  function drain(delivery: Delivery, nowUs = 0): string[] {
    const sent: string[] = []
    for (let next = delivery.next(nowUs); next && 'seq' in next; next = delivery.next(nowUs)) {
      delivery.sent(next, nowUs)
      sent.push(`${next.session}${next.seq}`)
    }
    return sent
  }
  test('the backlog is held to its rate', () => {
    const table = { old: range(0, 10_000) }
    const delivery = new Delivery(waiting(table))
    delivery.connected()
    let sent = 0
    for (let ms = 0; ms < 10_000; ms += 1) {
      const places = drain(delivery, ms * 1_000)
      sent += places.length
      for (const place of places) delivery.acknowledged('old', Number(place.slice(3)))
    }
    const perSecond = BACKLOG_BYTES_PER_S / 1_024
    // Ten seconds of the rate, and one second's worth that had been saved up.
    expect(sent).toBeGreaterThan(10 * perSecond)
    expect(sent).toBeLessThan(11.1 * perSecond)
  })
  test('bytes bound the window too', () => {
    const big = { sessions: () => ['a'], from: (_: string, seq: number) => ({ seq, length: 60_000 }) }
    const delivery = new Delivery(big)
    delivery.connected()
    delivery.setLive(['a'])
    expect(drain(delivery)).toHaveLength(4)
  })
  test('a refusal that names no frame: one by one until it is found', () => {
    const table: Table = { a: [0, 1, 2] }
    const delivery = new Delivery(waiting(table))
    delivery.connected()
    delivery.setLive(['a'])
    const nowhere = { session: '00', seq: 0, reason: 'malformed', expectedSeq: 0 }
    expect(drain(delivery)).toEqual(['a0', 'a1', 'a2'])
    expect(delivery.refused(nowhere)).toEqual({ kind: 'resend' })
    expect(drain(delivery)).toEqual(['a0'])
    delivery.acknowledged('a', 0)
    table['a'] = [1, 2]
    expect(drain(delivery)).toEqual(['a1'])
    expect(delivery.refused(nowhere)).toEqual({ kind: 'set-aside', session: 'a', seq: 1 })
    expect(drain(delivery)).toEqual(['a2'])
  })
  test('answers to what was sent before a gap was seen are of no account', () => {
    const delivery = new Delivery(waiting({ a: [3, 4, 5] }))
    delivery.connected()
    delivery.setLive(['a'])
    const gap = (seq: number): Parameters<Delivery['refused']>[0] => ({
      session: 'a',
      seq,
      reason: 'unannounced-gap',
      expectedSeq: 1,
    })
    expect(drain(delivery)).toEqual(['a3', 'a4', 'a5'])
    expect(delivery.refused(gap(3))).toEqual({ kind: 'announce-gap', session: 'a', seq: 3, count: 2 })
    expect(delivery.refused(gap(4))).toEqual({ kind: 'ignore' })
    expect(drain(delivery)).toEqual(['a3', 'a4', 'a5'])
    expect(delivery.refused(gap(5))).toEqual({ kind: 'ignore' })
  })
  test('a frame that never fits is given up in the end', () => {
    const delivery = new Delivery(waiting({ a: [3] }))
    delivery.connected()
    const kinds = range(0, 5).map(() => {
      drain(delivery)
      return delivery.refused({ session: 'a', seq: 3, reason: 'unannounced-gap', expectedSeq: 1 }).kind
    })
    expect(kinds).toEqual([...new Array<string>(5).fill('announce-gap'), 'set-aside'])
  })
})

describe('enrolment', () => {
  async function folder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'constat-enrol-'))
    endings.push(() => rm(dir, { recursive: true }))
    return join(dir, 'agent')
  }
  const random = { bytes: (count: number): Buffer => Buffer.alloc(count, 77) }
  const way = { tlsPin: null, proxy: null, plain: 'refused' as const, env: {} }
  const asked = { token: 'join-me', name: 'db-1', ...way }

  test('sends the token, and keeps key and pin for its user alone', async () => {
    const server = await serve()
    const dir = await folder()
    const identity = await enroll(
      { dir, urls: [server.url], collectorKey: server.publicKey, ...asked },
      { random },
    )
    expect(server.hellos).toEqual([{ name: 'db-1', token: 'join-me' }])
    expect(identity).toMatchObject({ name: 'db-1', urls: [server.url], collectorKey: server.publicKey })
    const kept = await loadIdentity(dir)
    expect(kept?.id.equals(identity.id)).toBe(true)
    for (const file of ['host.key', 'agent.json'])
      expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect(await readFile(join(dir, 'agent.json'), 'utf8')).not.toContain('join-me')
  })
  test('without a pin the key that was proved is kept', async () => {
    const server = await serve()
    const identity = await enroll(
      { dir: await folder(), urls: [server.url], collectorKey: null, ...asked },
      { random },
    )
    expect(identity.collectorKey.equals(server.publicKey)).toBe(true)
  })
  test.each([
    [
      'refused',
      'unauthorised',
      (server: WireServer) =>
        (server.fault.byeAtHello = { code: 'bad-token', detail: 'the join token is wrong', retryAfterMs: 0 }),
    ],
    ['an impostor', 'network', (server: WireServer) => (server.fault.forgedChallenge = true)],
  ])('%s leaves nothing behind', async (_, code, spoil) => {
    const server = await serve()
    spoil(server)
    const dir = await folder()
    await expect(
      enroll({ dir, urls: [server.url], collectorKey: null, ...asked }, { random }),
    ).rejects.toMatchObject({
      code,
    })
    expect(await readdir(join(dir, '..'))).toEqual([])
  })
  test('a second time in one directory is a conflict', async () => {
    const server = await serve()
    const dir = await folder()
    await enroll({ dir, urls: [server.url], collectorKey: null, ...asked }, { random })
    await expect(
      enroll({ dir, urls: [server.url], collectorKey: null, ...asked }, { random }),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(server.hellos).toHaveLength(1)
  })
})

test.each([
  ['http://127.0.0.1:8420', 'ws://127.0.0.1:8420/agent/v1'],
  ['https://constat.example/', 'wss://constat.example/agent/v1'],
  ['wss://constat.example/agent/v1', 'wss://constat.example/agent/v1'],
  ['https://gate.example/constat', 'wss://gate.example/constat/agent/v1'],
  ['http://[2001:db8::1]:8420', 'ws://[2001:db8::1]:8420/agent/v1'],
  ['ftp://constat.example', null],
  ['constat.example', null],
])('%s is dialled as %s', (text, url) => expect(agentUrl(text)).toBe(url))
