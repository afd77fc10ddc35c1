/**
 * The intake: one verdict for every frame, in order, and a ledger in which each number of a session stands
 * once, whatever is sent and however commits fail.
 */
import type { Batch } from '@constat/shared/batch'
import { privateKeyOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ANOMALY_PAUSE_MS,
  FrameIntake,
  MAX_SET_ASIDE,
  MAX_WAITING_FRAMES,
  type Verdict,
  type FrameIntakeDeps,
} from '../../../collector/src/intake/frame-intake.ts'
import { Allowances, IN_HAND_MS } from '../../../collector/src/intake/allowance.ts'
import { proofOf } from '@constat/evidence/frame-proof'
import { authorOf, goodSamples, Session } from '../../support/hostile-frames.ts'
import { HostileLedger, type Commit } from '../../support/hostile-ledger.ts'
import { createSimulatedClock } from '../../support/simulated-clock.ts'
import { createKeptLog } from '../../support/silent-log.ts'

const ORIGIN = 'log.example/one'
const DIGEST = Buffer.alloc(32, 0xc0)
const PLACE = { origin: ORIGIN, configDigest: DIGEST }
const AUTHOR = authorOf(7)
const CONFIGURED = { intervalsMs: [10_000], config: { checks: [{ intervalMs: 10_000, reprobeMs: 2_000 }] } }
const SENDER = { agent: AUTHOR.agent, publicKey: rawPublicKey(AUTHOR.key) }

function intakeOf(
  ledger: HostileLedger,
  clock = createSimulatedClock(),
  changes: Partial<FrameIntakeDeps> = {},
): FrameIntake {
  const key = privateKeyOf(Buffer.alloc(32, 9))
  return new FrameIntake({
    db: ledger.database(),
    // As the threads of the prover do, a turn later.
    prove: async (frames) =>
      frames.map(({ bytes, publicKey }) => proofOf(Buffer.from(bytes), publicKeyOf(publicKey))),
    shell: {
      clock,
      random: { bytes: (count) => Buffer.alloc(count) },
      log: createKeptLog(),
      identity: { key, publicKey: Buffer.alloc(32) },
    },
    hasRoom: () => true,
    sequencer: ledger.sequencer(),
    configuration: (log, digest) => (log === 1 && DIGEST.equals(digest) ? CONFIGURED : null),
    allowances: new Allowances(() => clock.monotonicUs() / 1_000),
    passed: (agent) => ledger.events.push(`passed ${agent}`),
    isMember: (log, agent) => log === 1 && agent.equals(AUTHOR.agent),
    namesOf: (_, agent) => ({ contract: 'one', agent: { id: agent.toString('hex'), name: 'lyon-1' } }),
    publicUrl: 'https://constat.example',
    agentName: () => 'lyon-1',
    told: () => ledger.events.push('told'),
    ...changes,
  })
}

function setting(changes: Partial<FrameIntakeDeps> = {}) {
  const ledger = new HostileLedger([ORIGIN, 'log.example/two'])
  const clock = createSimulatedClock()
  const intake = intakeOf(ledger, clock, changes)
  const session = new Session(AUTHOR, PLACE, Buffer.alloc(16, 0x51))
  const send = (...frames: Uint8Array[]): Promise<Verdict[]> =>
    Promise.all(frames.map((frame) => intake.receive(SENDER, frame)))
  return { ledger, clock, intake, session, send }
}

/** `taken`: acknowledged, by its own answer or by that of another frame of its session. */
const kinds = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map((verdict) => {
    if (verdict.kind === 'refused') return verdict.reason
    return verdict.kind === 'unavailable' ? verdict.kind : 'taken'
  })

/** What an agent may forget now: everything up to this number. */
const acknowledgedSeq = (verdicts: readonly Verdict[]): number =>
  Math.max(-1, ...verdicts.map((verdict) => (verdict.kind === 'acknowledged' ? verdict.seq : -1)))
const leafTypes = ({ leaves }: HostileLedger): string[] => leaves.map(({ type }) => type)

describe('frames in order', () => {
  it('are acknowledged by number and stored once, in one turn and in the next', async () => {
    const { ledger, session, send } = setting()
    const first = [session.next(), session.next(), session.next()]
    const verdicts = await send(...first, ...first)
    expect(kinds(verdicts)).toEqual(Array(6).fill('taken'))
    expect(acknowledgedSeq(verdicts)).toBe(2)
    const mixed = await send(session.next(), first[2]!, first[0]!)
    expect(kinds(mixed)).toEqual(Array(3).fill('taken'))
    expect(acknowledgedSeq(mixed)).toBe(3)
    expect(ledger.leaves.map(({ frame }) => frame?.seq)).toEqual([0, 1, 2, 3])
  })

  it('keep their bytes, and the span of what they speak of', async () => {
    const { ledger, session, send } = setting()
    const frame = session.next({
      baseS: 1_790_000_000,
      samples: goodSamples(4_000),
      schedule: { check: [0], firstMs: [0], count: [2] },
    })
    await send(frame)
    expect(ledger.leaves[0]).toMatchObject({
      body: frame,
      frame: { fromMs: 1_790_000_000_000, toMs: 1_790_000_010_000 },
    })
  })
})

describe('what is not taken', () => {
  it('waits with its agent while the disk has no room', async () => {
    let hasRoom = false
    const { ledger, session, send } = setting({ hasRoom: () => hasRoom })
    const frame = session.next()
    expect(kinds(await send(frame))).toEqual(['unavailable'])
    expect(ledger.leaves).toEqual([])
    hasRoom = true
    expect(kinds(await send(frame))).toEqual(['taken'])
  })

  it('is told once it passes what an agent can say, frame by frame', async () => {
    const allowances = new Allowances(() => 0)
    const { ledger, intake, session, send } = setting({ allowances })
    const agent = AUTHOR.agent.toString('hex')
    await send(session.next())
    expect([ledger.events.includes(`passed ${agent}`), intake.owedMs(agent)]).toEqual([false, 0])
    allowances.spend(agent, { log: 1, weightMs: IN_HAND_MS - 1_000 })
    await send(session.next())
    expect(ledger.events).toContain(`passed ${agent}`)
    expect(intake.owedMs(agent)).toBeGreaterThan(0)
  })
})

const REFUSED: [string, (session: Session) => Uint8Array, string][] = [
  ['nothing', () => Buffer.alloc(0), 'malformed'],
  ['text', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(9)), 'malformed'],
  ['another signer', ({ id }) => new Session(authorOf(8), PLACE, id).frame(), 'bad-signature'],
  ['a byte changed', (session) => tampered(session.frame()), 'bad-signature'],
  ['another agent named', (session) => session.frame({ agent: Buffer.alloc(16, 1) }), 'bad-signature'],
  ['a log that is not here', (session) => session.frame({ origin: 'log.example/three' }), 'unknown-log'],
  ['a log it is no member of', (session) => session.frame({ origin: 'log.example/two' }), 'unknown-log'],
  ['another configuration', (session) => session.frame({ configDigest: Buffer.alloc(32) }), 'unknown-config'],
  ['a check too many', (session) => session.frame(namingCheck(1)), 'malformed'],
  ['a jump', (session) => session.frame({ seq: 5 }), 'unannounced-gap'],
  ['another chain', (session) => session.frame({ prev: Buffer.alloc(32, 5) }), 'broken-chain'],
  [
    'the day after tomorrow',
    (session) => session.frame({ baseS: 1_790_000_000 + 172_800, samples: goodSamples(0) }),
    'clock',
  ],
]

describe('what is refused', () => {
  it.each(REFUSED)('%s, and the session goes on', async (_, make, reason) => {
    const { ledger, session, send } = setting()
    const verdicts = await send(make(session), session.next(), session.next())
    expect(kinds(verdicts)).toEqual([reason, 'taken', 'taken'])
    expect(leafTypes(ledger)).toEqual(['frame', 'frame'])
  })

  it('answers a jump with the number that is expected, and takes the frames in order after it', async () => {
    const { session, send } = setting()
    const [zero, one, two] = [session.next(), session.next(), session.next()]
    const verdicts = await send(zero, two, one, two)
    expect(verdicts[1]).toMatchObject({ kind: 'refused', reason: 'unannounced-gap', seq: 2, expectedSeq: 1 })
    expect(kinds(verdicts)).toEqual(['taken', 'unannounced-gap', 'taken', 'taken'])
  })

  it('takes a jump that says what it lost, and what lay inside it as a repeat', async () => {
    const { ledger, session, send } = setting()
    const zero = session.next()
    const lost = session.frame()
    const after = session.next({ seq: 4, gapCount: 3, prev: Buffer.alloc(32) })
    expect(kinds(await send(zero, after, lost))).toEqual(Array(3).fill('taken'))
    expect(ledger.leaves.map(({ frame }) => frame?.seq)).toEqual([0, 4])
  })
})

describe('two frames under one number', () => {
  const other = (session: Session, seq: number, drops: number): Buffer =>
    session.frame({ seq, health: { version: '0.1.0', loopLagUs: 0, drops, spoolFrames: 0 } })

  it.each([['together'], ['one after the other'], ['before and after a restart']])(
    'are both kept when they come %s, and an anomaly cites the first',
    async (how) => {
      const { ledger, session, send } = setting()
      const first = [session.next(), session.next()]
      const second = other(session, 1, 99)
      if (how === 'together') await send(...first, second)
      else {
        await send(...first)
        const intake = how.includes('restart') ? intakeOf(ledger) : null
        await (intake ? intake.receive(SENDER, second) : send(second))
      }
      expect(leafTypes(ledger)).toEqual(['frame', 'frame', 'set-aside', 'anomaly'])
      expect(ledger.events).toEqual(['evidence.anomaly'])
      expect(ledger.leaves[2]!.body).toEqual(second)
      expect(JSON.parse(ledger.leaves[3]!.body.toString())).toMatchObject({ kind: 'equivocation', first: 1 })
    },
  )

  it('are told once a minute of an agent, and again where the commit failed', async () => {
    const { ledger, clock, session, send } = setting()
    await send(session.next())
    ledger.fates.push('lost')
    expect(kinds(await send(other(session, 0, 1)))).toEqual(['unavailable'])
    expect(ledger.events).toEqual([])
    await send(other(session, 0, 1))
    await send(other(session, 0, 2))
    expect(ledger.events).toHaveLength(1)
    clock.advanceUs(ANOMALY_PAUSE_MS * 1_000)
    await send(other(session, 0, 3))
    expect(ledger.events).toHaveLength(2)
    expect(leafTypes(ledger).filter((type) => type === 'anomaly')).toHaveLength(3)
  })

  it('are found long after, and the session goes on from its first frames', async () => {
    const { ledger, session, send } = setting()
    await send(session.next(), session.next(), session.next())
    const verdicts = await send(other(session, 0, 5), session.next())
    expect(kinds(verdicts)).toEqual(['taken', 'taken'])
    expect(ledger.frames().map(({ frame }) => frame?.seq)).toEqual([0, 1, 2, 3])
    expect(JSON.parse(ledger.leaves[4]!.body.toString())).toMatchObject({ first: 0 })
  })

  it(`are kept in ${MAX_SET_ASIDE} further forms, each once, and refused in one more`, async () => {
    const { ledger, session, send } = setting()
    await send(session.next())
    const forms = Array.from({ length: MAX_SET_ASIDE + 1 }, (_, i) => other(session, 0, i + 1))
    const verdicts: Verdict[] = []
    for (const form of forms) verdicts.push(...(await send(form, form)))
    expect(kinds(verdicts).slice(0, -2)).toEqual(Array(2 * MAX_SET_ASIDE).fill('taken'))
    expect(kinds(verdicts).slice(-2)).toEqual(['equivocation', 'equivocation'])
    expect(leafTypes(ledger).filter((type) => type === 'set-aside').length).toBe(MAX_SET_ASIDE)
    expect(leafTypes(ledger).filter((type) => type === 'anomaly').length).toBe(MAX_SET_ASIDE)
  })
})

describe('a commit that fails', () => {
  it.each<[Commit, string[]]>([
    ['lost', []],
    ['unheard', ['frame', 'frame']],
  ])('leaves nobody acknowledged (%s), and what is sent again is stored once', async (fate, stored) => {
    const { ledger, session, send } = setting()
    ledger.fates.push(fate)
    const frames = [session.next(), session.next()]
    expect(kinds(await send(...frames))).toEqual(['unavailable', 'unavailable'])
    expect(leafTypes(ledger)).toEqual(stored)
    expect(kinds(await send(...frames))).toEqual(['taken', 'taken'])
    expect(leafTypes(ledger)).toEqual(['frame', 'frame'])
  })

  it('whatever fails when, every frame ends stored once and acknowledged', async () => {
    const fates = fc.array(fc.constantFrom<Commit>('done', 'lost', 'unheard'), { maxLength: 6 })
    const bursts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fates, bursts, async (planned, sizes) => {
        const { ledger, session, intake } = setting()
        ledger.fates.push(...planned)
        const frames = sizes.flatMap((size) => Array.from({ length: size }, () => session.next()))
        const isPause = (sent: number): boolean => sent % (sizes[0] ?? 1) === 0
        let next = 0
        for (let round = 0; next < frames.length && round < 20; round += 1) {
          const answers: Promise<Verdict>[] = []
          // Bursts of one round overlap: the next is sent before the last is answered.
          for (const frame of frames.slice(next)) {
            answers.push(intake.receive(SENDER, frame))
            if (isPause(answers.length)) await new Promise((resolve) => setImmediate(resolve))
          }
          next = Math.max(next, acknowledgedSeq(await Promise.all(answers)) + 1)
        }
        expect(next).toBe(frames.length)
        expect(ledger.leaves.map(({ frame }) => frame?.seq)).toEqual(frames.map((_, i) => i))
      }),
      { numRuns: 60 },
    )
  })
})

describe('too many at once', () => {
  it(`holds ${MAX_WAITING_FRAMES} frames and turns one more away`, async () => {
    const { intake } = setting()
    const bytes = Buffer.alloc(0)
    const verdicts = await Promise.all(
      Array.from({ length: MAX_WAITING_FRAMES + 1 }, () => intake.receive(SENDER, bytes)),
    )
    expect(new Set(kinds(verdicts.slice(0, -1)))).toEqual(new Set(['malformed']))
    expect(verdicts.at(-1)?.kind).toBe('unavailable')
  })
})

function namingCheck(check: number): Partial<Batch> {
  return { samples: { ...goodSamples(0), check: [check] } }
}

/** The last byte of the payload's signature is another one. */
function tampered(frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  copy[copy.length - 1]! ^= 1
  return copy
}
