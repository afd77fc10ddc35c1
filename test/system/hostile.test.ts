/**
 * Hostile peers: raw sockets that say everything an agent must not, beside one honest agent. Afterwards
 * the collector lives, and its ledger holds what was signed and numbered rightly, once.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodePayload, frameDigest, MAX_FRAME_BYTES, MAX_SAMPLES, type Batch } from '@constat/shared/batch'
import { configDigest } from '@constat/shared/check'
import { signIntroduction } from '@constat/shared/handshake'
import { rawPublicKey, signBytes } from '@constat/shared/signature'
import { readPlaced } from '@constat/shared/frame-reader'
import { AGENT_PATH, MAX_AGENT_MESSAGE_BYTES, MAX_HELLO_BYTES, SUBPROTOCOL } from '@constat/shared/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openIdentity } from '../../collector/src/data-dir.ts'
import { openDatabase } from '../../collector/src/db/open.ts'
import { spanOf } from '@constat/evidence/admit'
import { leafCode } from '@constat/evidence/leaf'
import { Sequencer } from '../../collector/src/ledger/sequencer.ts'
import { besideOf } from '../support/beside.ts'
import {
  authorOf,
  goodSamples,
  oneSampleAt,
  Session,
  type Author,
  type LogPlace,
} from '../support/hostile-frames.ts'
import {
  introduce,
  openPeer,
  sayHello,
  sendFrame,
  upgradeStatus,
  welcomed,
  type Peer,
} from '../support/hostile-socket.ts'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  runOnce,
  startProgram,
  until,
  type Program,
} from '../support/program.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { createKeptLog } from '../support/silent-log.ts'

const contract = (name: string, vantages = ''): string => `
apiVersion: constat/v1
kind: Contract
metadata: {name: ${name}}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, watch: ["http://127.0.0.1:9/"]${vantages}}
`
const HONEST_EVERY_MS = 200

let program: Program
let honest: Peer
let honestSession: Session
const honestFrames: Buffer[] = []
let isHonestDone = false
let honestWork: Promise<void>
/** Enrolled, and up to no good. */
let rogue: Author
let rogueLog: LogPlace
/** Say nothing, and nothing after hello: opened first, because their time takes ten seconds. */
let mute: Peer
let halfway: Peer

beforeAll(async () => {
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
  for (const text of [contract('one'), contract('two', ', measurement: {vantages: [elsewhere]}')]) {
    const answer = await program.put(`/contracts/${/name: (\w+)/.exec(text)![1]}`, text)
    if (!answer.ok) throw new Error(await answer.text())
  }
  mute = await openPeer(program.url)
  halfway = await openPeer(program.url)
  await sayHello(halfway, { key: authorOf(90).key })

  const author = authorOf(10)
  const { peer, log } = await welcomed(
    program.url,
    { key: author.key, token: await token(), name: 'honest' },
    'one',
  )
  honest = peer
  honestSession = new Session(author, log, randomBytes(16))
  honestWork = keepHonest()

  rogue = authorOf(11)
  const hello = { key: rogue.key, token: await token(), name: 'rogue' }
  const joined = await welcomed(program.url, hello, 'one')
  rogueLog = joined.log
  joined.peer.end()
})

afterAll(async () => {
  isHonestDone = true
  await honestWork
  await program?.kill('SIGTERM')
  if (program) dropDataDir(program.dataDir)
})

async function keepHonest(): Promise<void> {
  while (!isHonestDone) {
    const frame = honestSession.sampleAt(Date.now())
    honestFrames.push(frame)
    honest.say({ type: 'frame', bytes: frame })
    await sleep(HONEST_EVERY_MS)
  }
}

async function token(): Promise<string> {
  return (await program.post<{ token: string }>('/agents/tokens', {})).token
}

async function roguePeer(): Promise<Peer> {
  return (await welcomed(program.url, { key: rogue.key }, 'one')).peer
}

const rogueSession = (): Session => new Session(rogue, rogueLog, randomBytes(16))

describe('at the door', () => {
  it.each([
    ['another subprotocol', 'constat.v9'],
    ['none', null],
  ])('asks for the subprotocol: %s is answered 400', async (_, protocol) => {
    const asked = protocol === null ? {} : { 'sec-websocket-protocol': protocol }
    expect(await upgradeStatus(`${program.url}${AGENT_PATH}`, { ...UPGRADE, ...asked })).toBe(400)
  })

  it.each([
    ['evil.example', 421],
    ['localhost.evil.example:80', 421],
    ['no host at all/', 421],
    ['localhost', 101],
    ['192.0.2.7:8420', 101],
  ])('asks by which name it came: %s is answered %i', async (host, status) => {
    const asked = { ...UPGRADE, 'sec-websocket-protocol': SUBPROTOCOL, host }
    expect(await upgradeStatus(`${program.url}${AGENT_PATH}`, asked)).toBe(status)
  })

  it('answers 404 beside it', async () => {
    expect(await upgradeStatus(`${program.url}/agent/v2`, UPGRADE)).toBe(404)
  })
})

describe('peers that cut the line', () => {
  it.each([['/agent/v1'], ['/agent/v2'], ['/']])('in the middle of an upgrade on %s', async (path) => {
    const { hostname, port } = new URL(program.url)
    const lines = Object.entries({ host: 'x', ...UPGRADE }).map(([name, value]) => `${name}: ${value}`)
    const asked = [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
    for (let n = 0; n < 100; n += 1) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      socket.write(asked, () => socket.resetAndDestroy())
    }
    expect((await fetch(`${program.url}/livez`)).status).toBe(200)
  })
})

/** What comes before any introduction, and how the connection ends. */
const OPENINGS: [string, (peer: Peer) => void | Promise<void>, string, number][] = [
  ['text', (peer) => peer.raw('hello'), 'malformed', 1008],
  ['an empty message', (peer) => peer.raw(Buffer.alloc(0)), 'malformed', 1008],
  ['garbage', (peer) => peer.raw(Buffer.alloc(900, 0xc1)), 'malformed', 1008],
  ['nesting without end', (peer) => peer.raw(Buffer.alloc(MAX_HELLO_BYTES, 0x91)), 'malformed', 1008],
  ['a message one byte too long', (peer) => peer.raw(Buffer.alloc(MAX_HELLO_BYTES + 1)), 'malformed', 1008],
  [
    'a frame before the welcome',
    (peer) => peer.say({ type: 'frame', bytes: Buffer.alloc(200) }),
    'malformed',
    1008,
  ],
  ['a time before the welcome', (peer) => peer.say(TIME), 'malformed', 1008],
  [
    'hello twice',
    async (peer) => {
      await sayHello(peer, { key: rogue.key })
      peer.say(helloOf(rogue))
    },
    'malformed',
    1008,
  ],
  [
    'a proof by another key',
    async (peer) => {
      const introduction = await sayHello(peer, { key: rogue.key })
      peer.say({ type: 'proof', signature: signIntroduction('agent', introduction, authorOf(66).key) })
    },
    'bad-signature',
    1008,
  ],
  [
    'a proof of another conversation',
    async (peer) => {
      const introduction = await sayHello(peer, { key: rogue.key })
      const old = { ...introduction, collectorNonce: randomBytes(32) }
      peer.say({ type: 'proof', signature: signIntroduction('agent', old, rogue.key) })
    },
    'bad-signature',
    1008,
  ],
  [
    "the collector's own proof sent back",
    async (peer) => {
      const introduction = await sayHello(peer, { key: rogue.key })
      peer.say({ type: 'proof', signature: signIntroduction('collector', introduction, rogue.key) })
    },
    'bad-signature',
    1008,
  ],
]

describe('an introduction', () => {
  it.each(OPENINGS)('ends with %s', async (_, opening, code, closeCode) => {
    const peer = await openPeer(program.url)
    await opening(peer)
    expect(await peer.nextOf('bye')).toMatchObject({ code })
    expect(await peer.next()).toBe(`closed ${closeCode}`)
  })

  it('lets say more, and not without end', async () => {
    const peer = await roguePeer()
    peer.raw(Buffer.alloc(MAX_AGENT_MESSAGE_BYTES + 1))
    await until(() => peer.closeCode() === 1009, { withinMs: 5_000, what: 'the end of a message too long' })
  })

  it('needs a token that is right, unused and of today', async () => {
    const [used, late] = [await token(), await token()]
    await besideOf(program.dataDir, async (db) => {
      const hash = db`sha256(${Buffer.from(late)}::bytea)`
      const changed = await db`update token set expires_ms = ${Date.now() - 1} where hash = ${hash}`
      expect(changed.count).toBe(1)
    })
    const outcomes: string[] = []
    for (const [seed, given] of [
      [20, null],
      [20, 'join_wrong'],
      [20, late],
      [20, used],
      [21, used],
      [20, null],
    ] as const) {
      const peer = await openPeer(program.url)
      outcomes.push(await introduce(peer, { key: authorOf(seed).key, token: given }))
      peer.end()
    }
    expect(outcomes).toEqual(['not-enrolled', 'bad-token', 'bad-token', 'welcome', 'bad-token', 'welcome'])
  })

  it('does not take the token of a person', async () => {
    const { out } = await runOnce(['token', 'api', '--role', 'owner', '--data', program.dataDir])
    const peer = await openPeer(program.url)
    expect(await introduce(peer, { key: authorOf(22).key, token: out.trim() })).toBe('bad-token')
  })

  it('is over for a revoked agent, in the middle and at the next try', async () => {
    const author = authorOf(23)
    const hello = { key: author.key, token: await token(), name: 'revoked' }
    const { peer, log } = await welcomed(program.url, hello, 'one')
    const session = new Session(author, log, randomBytes(16))
    expect(await sendFrame(peer, session.sampleAt(Date.now()))).toBe('taken')
    const url = `${program.url}/api/v1/agents/${author.agent.toString('hex')}`
    const owner = `Bearer ${await ownerToken()}`
    expect((await fetch(url, { method: 'DELETE', headers: { authorization: owner } })).status).toBe(204)
    expect(await peer.nextOf('bye')).toMatchObject({ code: 'revoked' })
    expect(await peer.next()).toBe('closed 1008')
    const again = await openPeer(program.url)
    expect(await introduce(again, { key: author.key, token: await token() })).toBe('revoked')
  })
})

/** One frame of a session that has sent two; what is answered to it. */
const FRAMES: [string, (session: Session) => Uint8Array | Promise<Uint8Array>, object | string][] = [
  ['nothing', () => Buffer.alloc(0), { reason: 'malformed' }],
  ['the longest frame, of garbage', () => randomBytes(MAX_FRAME_BYTES), { reason: 'malformed' }],
  ['a frame one byte too long', () => randomBytes(MAX_FRAME_BYTES + 1), 'malformed'],
  ['a forged signature', (session) => sealed(session.batch(), authorOf(12)), { reason: 'bad-signature' }],
  [
    'a frame of another agent, signed by itself',
    (session) => session.frame({ agent: authorOf(10).agent }),
    { reason: 'bad-signature' },
  ],
  ['the very frame of another agent', () => honestFrames[0]!, { reason: 'bad-signature' }],
  ['a float', (session) => resealed(session, floatKind), { reason: 'not-canonical' }],
  [
    'an integer wider than it has to be',
    (session) => resealed(session, wideKind),
    { reason: 'not-canonical' },
  ],
  [
    'a byte behind the payload',
    (session) => resealed(session, (payload) => Buffer.concat([payload, Buffer.alloc(1)])),
    { reason: expect.stringMatching(/^(malformed|not-canonical)$/) },
  ],
  ['a sample too many', (session) => session.frame(samples(MAX_SAMPLES + 1)), { reason: 'malformed' }],
  [
    'an unknown log',
    (session) => session.frame({ origin: 'constat/elsewhere/one' }),
    { reason: 'unknown-log' },
  ],
  [
    'a log that it has no part in',
    async (session) => session.frame(await otherLog()),
    { reason: 'unknown-log' },
  ],
  [
    'an unknown configuration',
    (session) => session.frame({ configDigest: randomBytes(32) }),
    { reason: 'unknown-config' },
  ],
  [
    'a check beyond the configuration',
    (session) => session.frame({ samples: { ...goodSamples(0), check: [1] } }),
    { reason: 'malformed' },
  ],
  [
    'one that accounts for more than any agent can',
    (session) => session.frame({ schedule: runs(3_600, 20_000) }),
    { reason: 'malformed' },
  ],
  [
    'one that speaks of two months',
    (session) =>
      session.frame({ baseS: Math.floor(Date.now() / 1000) - 5_270_400, schedule: runs(1, 527_040) }),
    { reason: 'malformed' },
  ],
  ['a jump', (session) => session.frame({ seq: 3 }), { reason: 'unannounced-gap', expectedSeq: 2 }],
  ['another chain', (session) => session.frame({ prev: randomBytes(32) }), { reason: 'broken-chain' }],
  [
    'a sample of the day after tomorrow',
    (session) => session.frame(oneSampleAt(Date.now() + 2 * 86_400_000)),
    { reason: 'clock' },
  ],
]

describe('a frame', () => {
  it.each(FRAMES)('that is %s is refused, and the session goes on', async (_, make, expected) => {
    let peer = await roguePeer()
    const session = rogueSession()
    for (const frame of [session.sampleAt(Date.now()), session.sampleAt(Date.now())])
      expect(await sendFrame(peer, frame)).toBe('taken')
    const answer = await sendFrame(peer, await make(session))
    if (typeof expected === 'string') expect(answer).toBe(expected)
    else expect(answer).toMatchObject(expected)
    if (typeof answer === 'string') peer = await roguePeer()
    expect(await sendFrame(peer, session.sampleAt(Date.now()))).toBe('taken')
    expect(await storedSeqs(session)).toEqual([0, 1, 2])
    peer.end()
  })

  it(`may hold ${MAX_SAMPLES} samples`, async () => {
    const peer = await roguePeer()
    expect(await sendFrame(peer, rogueSession().next(samples(MAX_SAMPLES)))).toBe('taken')
    peer.end()
  })

  it('that comes again is acknowledged again, and stored once', async () => {
    const peer = await roguePeer()
    const session = rogueSession()
    const frames = [0, 1, 2].map(() => session.sampleAt(Date.now()))
    for (const frame of [...frames, frames[2]!, frames[0]!, frames[1]!, frames[1]!])
      expect(await sendFrame(peer, frame)).toBe('taken')
    expect(await storedSeqs(session)).toEqual([0, 1, 2])
    peer.end()
  })

  it('that comes too early is told which one is expected, and taken in its turn', async () => {
    const peer = await roguePeer()
    const session = rogueSession()
    const [zero, one, two] = [0, 1, 2].map(() => session.sampleAt(Date.now()))
    expect(await sendFrame(peer, zero!)).toBe('taken')
    expect(await sendFrame(peer, two!)).toEqual({ reason: 'unannounced-gap', expectedSeq: 1 })
    expect([await sendFrame(peer, one!), await sendFrame(peer, two!)]).toEqual(['taken', 'taken'])
    expect(await storedSeqs(session)).toEqual([0, 1, 2])
    peer.end()
  })

  it('that announces what was lost before it is taken', async () => {
    const peer = await roguePeer()
    const session = rogueSession()
    await sendFrame(peer, session.sampleAt(Date.now()))
    const after = session.next({ ...oneSampleAt(Date.now()), seq: 8, gapCount: 7, prev: Buffer.alloc(32) })
    expect(await sendFrame(peer, after)).toBe('taken')
    expect(await sendFrame(peer, session.sampleAt(Date.now()))).toBe('taken')
    expect(await storedSeqs(session)).toEqual([0, 8, 9])
    peer.end()
  })

  it.each([['alone'], ['in one go']])(
    'that is the second under its number is kept as evidence and not counted (%s)',
    async (how) => {
      const peer = await roguePeer()
      const session = rogueSession()
      const [zero, atMs] = [session.sampleAt(Date.now()), Date.now()]
      const second = session.frame({ ...oneSampleAt(atMs), samples: failing(atMs % 1000) })
      const first = session.sampleAt(atMs)
      const third = session.sampleAt(Date.now())
      if (how === 'alone') for (const frame of [zero, first, second, third]) await sendFrame(peer, frame)
      else for (const bytes of [zero, first, second, third]) peer.say({ type: 'frame', bytes })
      await until(async () => (await storedSeqs(session)).includes(2), {
        withinMs: 5_000,
        what: 'the third frame',
      })
      expect(await storedSeqs(session)).toEqual([0, 1, 2])
      await besideOf(program.dataDir, async (db) => {
        const kept = await db<{ index: number; body: Buffer }[]>`select index, body from entry
          where session = ${session.id} and type = ${leafCode('set-aside')}`
        expect(kept.map(({ body }) => frameDigest(body))).toEqual([frameDigest(second)])
        const [counted] = await db<{ index: number }[]>`select index from entry
          where session = ${session.id} and seq = 1 and type = ${leafCode('frame')}`
        const [anomaly] = await db<{ body: Buffer }[]>`select body from entry
          where log = 1 and index = ${kept[0]!.index + 1} and type = ${leafCode('anomaly')}`
        expect(JSON.parse(anomaly!.body.toString())).toMatchObject({
          kind: 'equivocation',
          first: counted!.index,
        })
        // The second test comes within the minute in which an agent is told of once.
        const told = await db<{ session: string }[]>`
          select data ->> 'session' as session from event where type = 'evidence.anomaly'`
        expect(told).toHaveLength(1)
        if (how === 'alone') expect(told[0]!.session).toBe(session.id.toString('hex'))
      })
      peer.end()
    },
  )
})

describe('an agent that sends more than its checks can say', () => {
  it('is told of, and heard no more, while the others are', async () => {
    const author = authorOf(24)
    const hello = { key: author.key, token: await token(), name: 'flood' }
    const { peer, log } = await welcomed(program.url, hello, 'one')
    const session = new Session(author, log, randomBytes(16))
    // All that one frame may tell of, more than one check comes to in three days.
    const much = { baseS: Math.floor(Date.now() / 1_000) - 14 * 86_400, schedule: runs(25, 20_000) }
    expect(await sendFrame(peer, session.next(much))).toBe('taken')
    const heard = honestFrames.length
    peer.say({ type: 'frame', bytes: session.sampleAt(Date.now()) })
    await until(async () => ((await storedSeqs(honestSession)).at(-1) ?? 0) > heard + 5, {
      withinMs: 15_000,
      what: 'frames of the honest one',
    })
    expect(await storedSeqs(session)).toEqual([0])
    const agents = await program.get<{ items: { name: string; excessAt: string | null }[] }>('/agents')
    const excess = new Map(agents.items.map(({ name, excessAt }) => [name, excessAt !== null]))
    expect([excess.get('flood'), excess.get('honest')]).toEqual([true, false])
    await until(() => anomalies('excess'), { withinMs: 5_000, what: 'the event' })
    peer.end()
    // A new connection makes up for nothing.
    const again = (await welcomed(program.url, { key: author.key }, 'one')).peer
    again.say({ type: 'frame', bytes: session.sampleAt(Date.now()) })
    await sleep(500)
    expect(await storedSeqs(session)).toEqual([0])
    again.end()
  })
})

describe('after all of it', () => {
  it('those that did not introduce themselves in 10 s are gone', async () => {
    for (const peer of [mute, halfway]) {
      await until(() => peer.closeCode() !== null, { withinMs: 16_000, what: 'the end of a silent peer' })
    }
  })

  it('the collector lives, and says of no failure of its own', async () => {
    expect(program.child.exitCode).toBeNull()
    expect((await fetch(`${program.url}/livez`)).status).toBe(200)
    expect(program.output()).not.toMatch(/"level":50|unhandled|invariant|could not be/i)
  })

  it('every sample of the honest agent is in the ledger, once and in order', async () => {
    isHonestDone = true
    await honestWork
    const last = honestFrames.length - 1
    expect(last).toBeGreaterThan(20)
    await until(async () => (await storedSeqs(honestSession)).at(-1) === last, {
      withinMs: 5_000,
      what: 'the last honest frame',
    })
    const bodies = await besideOf(
      program.dataDir,
      (db) =>
        db<{ body: Buffer }[]>`select body from entry where session = ${honestSession.id} order by index`,
    )
    expect(bodies.map(({ body }) => body.toString('hex'))).toEqual(
      honestFrames.map((frame) => frame.toString('hex')),
    )
  })

  it('its tree is whole: it starts again, with a frame that nothing would take in today, and rebuilds to the same bytes', async () => {
    await program.kill('SIGTERM')
    await appendAsBefore(rogueSession().next({ schedule: runs(3_600, 20_000) }))
    program = await startProgram({ args: ['collector'], dataDir: program.dataDir, port: await freePort() })
    expect(program.output()).toContain('a frame cannot be folded')
    await program.kill('SIGTERM')
    const { code, out } = await runOnce(['rebuild', '--data', program.dataDir, '--json'])
    expect(JSON.parse(out)).toMatchObject({ differences: 0 })
    expect(code).toBe(0)
  })
})

const TIME = { type: 'time', sentMs: 1, receivedMs: 0, answeredMs: 0 } as const
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
}

function helloOf({ key }: Author) {
  const publicKey = rawPublicKey(key)
  return {
    type: 'hello',
    nonce: randomBytes(32),
    publicKey,
    version: '1',
    name: 'x',
    token: null,
    looks: true,
    tries: false,
  } as const
}

function samples(count: number): Partial<Batch> {
  const offsets = Array.from({ length: count }, (_, i) => i)
  return { baseS: Math.floor(Date.now() / 1000) - 10, samples: goodSamples(...offsets) }
}

/** As many runs of the same check, each of so many slots. */
function runs(length: number, count: number): Batch['schedule'] {
  const list = (value: number): number[] => Array.from({ length }, () => value)
  return { check: list(0), firstMs: list(0), count: list(count) }
}

function failing(offsetMs: number): Batch['samples'] {
  return { ...goodSamples(offsetMs), outcome: [2], cause: [5] }
}

/** Whole and canonical, signed by somebody else. */
function sealed(batch: Batch, { key }: Author): Buffer {
  return framed(encodePayload(batch), signBytes('batch', encodePayload(batch), key))
}

/** Signed by the rogue itself, after `change` was made to the payload. */
function resealed(session: Session, change: (payload: Buffer) => Buffer): Buffer {
  const payload = change(encodePayload(session.batch()))
  return framed(payload, signBytes('batch', payload, rogue.key))
}

function framed(payload: Buffer, signature: Buffer): Buffer {
  const header = Buffer.from('CST1\u0001\0\0\0\0', 'latin1')
  header.writeUInt32BE(payload.length, 5)
  return Buffer.concat([header, payload, signature])
}

// The payload begins: array head, version, kind; `data` is 0.
const floatKind = (payload: Buffer): Buffer => replacedKind(payload, Buffer.from('ca00000000', 'hex'))
const wideKind = (payload: Buffer): Buffer => replacedKind(payload, Buffer.from('cc00', 'hex'))

function replacedKind(payload: Buffer, kind: Buffer): Buffer {
  expect(payload[2]).toBe(0)
  return Buffer.concat([payload.subarray(0, 2), kind, payload.subarray(3)])
}

async function otherLog(): Promise<LogPlace> {
  const view = await program.get<{ log: { origin: string } }>('/contracts/two')
  const { origin } = view.log
  const [row] = await besideOf(
    program.dataDir,
    (db) =>
      db<{ body: Buffer }[]>`select body from entry where log = 2 and type = ${leafCode('configuration')}`,
  )
  return { origin, configDigest: configDigest(JSON.parse(row!.body.toString())) }
}

function storedSeqs({ id }: Session): Promise<number[]> {
  return besideOf(program.dataDir, async (db) => {
    const rows = await db<{ seq: number }[]>`select seq from entry
      where session = ${id} and type = ${leafCode('frame')} order by index`
    return rows.map(({ seq }) => seq)
  })
}

/** Events of anomalies of one kind. */
function anomalies(kind: string): Promise<number> {
  return besideOf(program.dataDir, async (db) => {
    const [row] = await db<{ n: number }[]>`
      select count(*)::int as n from event where type = 'evidence.anomaly' and data ->> 'kind' = ${kind}`
    return row?.n ?? 0
  })
}

/** What a collector took in before frames were bounded: a leaf of the log, with the collector stopped. */
async function appendAsBefore(body: Buffer): Promise<void> {
  const { dataDir } = program
  const [log, random] = [createKeptLog(), { bytes: (count: number) => randomBytes(count) }]
  const database = await openDatabase({ databaseUrl: null, dataDir, log })
  const shell = { clock: REAL_CLOCK, random, log, identity: openIdentity(dataDir, random) }
  const sequencer = new Sequencer(database.sql, shell)
  await sequencer.open()
  const placed = readPlaced(body)
  const { seq } = placed
  const session = Buffer.from(placed.session)
  const { fromMs, toMs } = spanOf(placed, [60_000])!
  const health = { clockOffsetMs: 0, clockErrorMs: 0, clockBase: null, spoolFrames: 0 }
  const place = {
    agent: rogue.agent,
    session,
    seq,
    digest: frameDigest(body),
    fromMs,
    toMs,
    health,
    isGood: true,
  }
  await sequencer.append({ log: 1, drafts: [{ type: 'frame', body, receivedMs: Date.now(), frame: place }] })
  await sequencer.close()
  await database.close()
}

async function ownerToken(): Promise<string> {
  const { out } = await runOnce(['token', 'api', '--role', 'owner', '--data', program.dataDir])
  return out.trim()
}
