/** The agents: who may join, under which name, and when silence is told. */
import { signIntroduction } from '@constat/shared/handshake'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import { decodeMessage, encodeMessage, NONCE_BYTES, type Message } from '@constat/shared/wire'
import { beforeEach, describe, expect, it } from 'vitest'
import { IN_HAND_MS } from '../../../collector/src/intake/allowance.ts'
import {
  Agents,
  NOTICE_PAUSE_MS,
  SILENT_AFTER_MS,
  type KnownAgent,
} from '../../../collector/src/intake/agents.ts'
import { CLONE_AFTER_MS, Connection, type ConnectionDeps } from '../../../collector/src/intake/connection.ts'
import type { Shell } from '../../../collector/src/shell.ts'
import { authorOf } from '../../support/hostile-frames.ts'
import { agentRow, KeptAgents } from '../../support/kept-agents.ts'
import { createSimulatedClock, type SimulatedClock } from '../../support/simulated-clock.ts'
import { createKeptLog } from '../../support/silent-log.ts'

let kept: KeptAgents
let clock: SimulatedClock
let agents: Agents

function shellNow(): Shell {
  const key = privateKeyOf(Buffer.alloc(32, 9))
  return {
    clock,
    random: { bytes: (count) => Buffer.alloc(count) },
    log: createKeptLog(),
    identity: { key, publicKey: rawPublicKey(key) },
  }
}

const open = (): Agents => new Agents(kept.database(), shellNow())

beforeEach(() => {
  kept = new KeptAgents()
  clock = createSimulatedClock()
  agents = open()
})

const publicKeyOf = (seed: number): Buffer => rawPublicKey(authorOf(seed).key)
const introduce = (seed: number, token: string | null, name = 'db-1') =>
  agents.introduce({ publicKey: publicKeyOf(seed), name, version: '0.1.0', token })

describe('joining', () => {
  const LATER_MS = 60_000
  const TOKENS: [string, string | null, string][] = [
    ['a good token', 'good', 'known'],
    ['no token', null, 'not-enrolled'],
    ['an empty token', '', 'bad-token'],
    ['a token nobody made', 'other', 'bad-token'],
    ['a token used up', 'used', 'bad-token'],
    ['a token whose time is over', 'late', 'bad-token'],
    ['a token whose time is over in 1 ms', 'soon', 'known'],
  ]
  it.each(TOKENS)('with %s', async (_, token, outcome) => {
    const nowMs = clock.nowMs()
    kept.addToken('good', { name: null, usesLeft: 1, expiresMs: nowMs + LATER_MS })
    kept.addToken('used', { name: null, usesLeft: 0, expiresMs: nowMs + LATER_MS })
    kept.addToken('late', { name: null, usesLeft: 1, expiresMs: nowMs })
    kept.addToken('soon', { name: null, usesLeft: 1, expiresMs: nowMs + 1 })
    const answer = await introduce(1, token)
    expect(answer.kind === 'refused' ? answer.code : answer.kind).toBe(outcome)
    expect(kept.rows.length).toBe(outcome === 'known' ? 1 : 0)
  })

  it('spends a token once, and knows the agent without one from then on', async () => {
    kept.addToken('once', { name: null, usesLeft: 1, expiresMs: null })
    expect(await introduce(1, 'once')).toMatchObject({ kind: 'known' })
    expect(await introduce(2, 'once')).toMatchObject({ kind: 'refused', code: 'bad-token' })
    expect(await introduce(1, null)).toMatchObject({ kind: 'known' })
    agents = open()
    await agents.open()
    expect(await introduce(1, null)).toMatchObject({ kind: 'known' })
  })

  it('refuses a key of small order before it looks at the token', async () => {
    kept.addToken('once', { name: null, usesLeft: 1, expiresMs: null })
    const publicKey = Buffer.alloc(32)
    publicKey[0] = 1
    const answer = await agents.introduce({ publicKey, name: 'x', version: '1', token: 'once' })
    expect(answer).toMatchObject({ kind: 'refused', code: 'bad-key' })
    expect(await introduce(1, 'once')).toMatchObject({ kind: 'known' })
  })

  it('gives each a name of its own, that of the token first', async () => {
    kept.addToken('plain', { name: null, usesLeft: 4, expiresMs: null })
    kept.addToken('named', { name: 'paris', usesLeft: 1, expiresMs: null })
    for (const [seed, name] of [
      [1, 'db-1'],
      [2, 'db-1'],
      [3, ' db-1 '],
      [4, '  '],
    ] as const)
      await introduce(seed, 'plain', name)
    await introduce(5, 'named', 'db-1')
    expect(agents.enrolled().map(({ name }) => name)).toEqual(['db-1', 'db-1-2', 'db-1-3', 'agent', 'paris'])
  })

  it('gives the name of one that was revoked to whoever comes in its place', async () => {
    kept.addToken('plain', { name: null, usesLeft: 2, expiresMs: null })
    await introduce(1, 'plain', 'lyon')
    const [first] = agents.enrolled()
    await agents.revoke(first!.id)
    await introduce(2, 'plain', 'lyon')
    expect(agents.enrolled().map(({ name }) => name)).toEqual(['lyon'])
    expect(agents.enrolled()[0]!.id).not.toBe(first!.id)
  })

  it.each([
    ['Zürich büro 1', 'Zurich-buro-1'],
    ['db-1.example.org', 'db-1.example.org'],
    ['a/b?c#d', 'a-b-c-d'],
    ['<script>alert(1)</script>', 'script-alert-1-script'],
    ['line\nbreak\u0000\u202Eend', 'line-break-end'],
    ['..', 'agent'],
    ['日本', 'agent'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('gives %j a name that a contract can write', async (wanted, name) => {
    kept.addToken('plain', { name: null, usesLeft: 1, expiresMs: null })
    await introduce(1, 'plain', wanted)
    expect(agents.enrolled().map((agent) => agent.name)).toEqual([name])
    // What `vantages` of a contract takes.
    expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  })

  it('turns a revoked agent away, once and for good', async () => {
    kept.addToken('many', { name: null, usesLeft: 2, expiresMs: null })
    await introduce(1, 'many')
    const { id } = agents.enrolled()[0]!
    expect([await agents.revoke(id), await agents.revoke(id), await agents.revoke('ff')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await introduce(1, 'many')).toMatchObject({ kind: 'refused', code: 'revoked' })
    expect(agents.enrolled()).toEqual([])
  })
})

describe('silence', () => {
  const TICK_MS = 1_000

  /** One enrolled agent; `silentSinceMs` as it was stored before this process began. */
  async function oneAgent({ silentSinceMs }: { silentSinceMs: number | null }): Promise<KnownAgent> {
    const lastSeenMs = clock.nowMs() - 3_600_000
    kept.rows.push(agentRow({ id: 'a1', publicKey: publicKeyOf(1), lastSeenMs, silentSinceMs }))
    await agents.open()
    return agents.enrolled()[0]!
  }

  const tick = (ms: number): { silent: number; back: number } => {
    let told = { silent: 0, back: 0 }
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      clock.advanceUs(Math.min(TICK_MS, ms - passed) * 1_000)
      const { silent, back } = agents.changes()
      told = { silent: silent.length, back: back.length }
    }
    return told
  }

  it('is told at 90 s without a word, not 1 ms before', async () => {
    await oneAgent({ silentSinceMs: null })
    expect(tick(SILENT_AFTER_MS - 1)).toEqual({ silent: 0, back: 0 })
    expect(tick(1)).toEqual({ silent: 1, back: 0 })
  })

  it('begins anew with every word', async () => {
    const agent = await oneAgent({ silentSinceMs: null })
    tick(SILENT_AFTER_MS - 1)
    agents.seen(agent)
    expect(tick(SILENT_AFTER_MS - 1).silent).toBe(0)
    expect(tick(1).silent).toBe(1)
  })

  it('is told once, and ends when the agent is connected and heard', async () => {
    const agent = await oneAgent({ silentSinceMs: clock.nowMs() - 600_000 })
    expect(tick(5_000)).toEqual({ silent: 0, back: 0 })
    agent.connections = 1
    agents.seen(agent)
    expect(tick(TICK_MS)).toEqual({ silent: 0, back: 1 })
  })

  it('does not count while this process was not there, whatever the stored last word', async () => {
    await oneAgent({ silentSinceMs: null })
    expect(tick(SILENT_AFTER_MS - 1).silent).toBe(0)
  })

  it.each([
    ['the process or its host stood still', (ms: number) => clock.advanceUs(ms * 1_000)],
    ['the clock was set', (ms: number) => clock.stepWallMs(ms)],
  ])('does not count while nobody could be heard: %s', async (_, jump) => {
    await oneAgent({ silentSinceMs: null })
    tick(60_000)
    jump(3_600_000)
    expect(tick(TICK_MS).silent).toBe(0)
    expect(tick(SILENT_AFTER_MS - 2 * TICK_MS).silent).toBe(0)
    expect(tick(2 * TICK_MS).silent).toBe(1)
  })

  it('is not told of a revoked agent', async () => {
    const { id } = await oneAgent({ silentSinceMs: null })
    await agents.revoke(id)
    expect(tick(2 * SILENT_AFTER_MS)).toEqual({ silent: 0, back: 0 })
  })
})

describe('a clone', () => {
  const { key } = authorOf(1)

  /** A connection of the one agent that there is, welcomed. */
  async function connect(): Promise<Connection> {
    const said: Message[] = []
    const socket = {
      send: (bytes: Uint8Array) => void said.push(decodeMessage(bytes)!),
      close: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      welcomed: () => undefined,
    }
    // No frame is sent here.
    const intake = { owedMs: () => 0 }
    const assign = () => Promise.resolve([])
    const deps = { shell: shellNow(), agents, intake, assign, hanging: () => undefined }
    const connection = new Connection(socket, deps as unknown as ConnectionDeps)
    const nonce = Buffer.alloc(NONCE_BYTES, 1)
    const hello = { nonce, publicKey: rawPublicKey(key), name: 'lyon', version: '1', token: null }
    connection.receive(encodeMessage({ type: 'hello', ...hello, looks: false, tries: false }))
    const challenge = said[0] as Extract<Message, { type: 'challenge' }>
    const introduction = {
      agentNonce: nonce,
      collectorNonce: challenge.nonce,
      agentKey: rawPublicKey(key),
      collectorKey: challenge.publicKey,
    }
    const signature = signIntroduction('agent', introduction, key)
    connection.receive(encodeMessage({ type: 'proof', signature }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(connection.agent?.name).toBe('lyon')
    return connection
  }

  const cloned = (): number => agents.changes().cloned.length
  const pass = (ms: number): void => clock.advanceUs(ms * 1_000)

  beforeEach(async () => {
    kept.addToken('once', { name: null, usesLeft: 1, expiresMs: null })
    await introduce(1, 'once', 'lyon')
  })

  it('is a connection that goes on beside a newer one, for long', async () => {
    const older = await connect()
    const newer = await connect()
    older.alive()
    pass(CLONE_AFTER_MS - 1)
    for (const one of [older, newer]) one.alive()
    expect(cloned()).toBe(0)
    pass(1)
    newer.alive()
    expect(cloned()).toBe(0)
    older.alive()
    expect(cloned()).toBe(1)
  })

  it('is told once, and again after it was not noticed for an hour', async () => {
    const older = await connect()
    await connect()
    const agent = agents.enrolled()[0]!
    older.alive()
    for (const ms of [CLONE_AFTER_MS, 60_000, NOTICE_PAUSE_MS - 1]) {
      pass(ms)
      older.alive()
      expect(cloned()).toBe(ms === CLONE_AFTER_MS ? 1 : 0)
      // The judge has told it.
      agent.clone!.told = true
    }
    pass(NOTICE_PAUSE_MS)
    older.alive()
    expect(cloned()).toBe(1)
  })

  it.each<[string, (older: Connection, newer: Connection) => void]>([
    ['what a broken connection had on its way', (older) => older.alive()],
    ['silence', () => undefined],
    ['one that ended', (older, newer) => (older.closed(), pass(CLONE_AFTER_MS), newer.alive())],
    ['one that came back to', (older, newer) => (newer.closed(), pass(CLONE_AFTER_MS), older.alive())],
  ])('%s is none', async (_, happens) => {
    const older = await connect()
    const newer = await connect()
    happens(older, newer)
    pass(CLONE_AFTER_MS)
    newer.alive()
    expect(cloned()).toBe(0)
  })
})

describe('how much more of an agent is taken', () => {
  it('does not begin anew with the collector', async () => {
    kept.addToken('good', { name: null, usesLeft: 1, expiresMs: clock.nowMs() + 60_000 })
    const joined = await introduce(1, 'good')
    const id = joined.kind === 'known' ? joined.agent.id : ''
    agents.allowances.spend(id, { log: 1, weightMs: IN_HAND_MS + 3_600_000 })
    const owedMs = agents.allowances.owedMs(id)
    await agents.save()
    const after = open()
    await after.open()
    expect([owedMs, after.allowances.owedMs(id)]).toEqual([1_800_000, owedMs])
  })
})
