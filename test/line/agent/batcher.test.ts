/**
 * The batcher against a simulated clock: when a batch closes, what it accounts for, and that frames of a
 * session chain; and the timebase that its instants come from.
 */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeFrame, MAX_CODES, MAX_PAYLOAD_BYTES, type Batch } from '@constat/shared/batch'
import { causeCode, NO_PHASES, outcomeCode } from '@constat/shared/sample'
import { privateKeyOf, publicKeyOf, rawPublicKey, verifyBytes } from '@constat/shared/signature'
import {
  Batcher,
  CLOSE_AFTER_US,
  CLOSE_AT_BYTES,
  HEARTBEAT_US,
  URGENT_US,
  type Frame,
} from '../../../agent/src/batcher.ts'
import type { TakenSample } from '../../../agent/src/columns.ts'
import { Timebase } from '../../../agent/src/timebase.ts'
import { createSimulatedClock, type SimulatedClock } from '../../support/simulated-clock.ts'

const KEY = privateKeyOf(Buffer.alloc(32, 3))
const DIGEST = Buffer.alloc(32, 1)

type World = { clock: SimulatedClock; timebase: Timebase; batcher: Batcher; frames: Frame[] }

function createWorld(): World {
  const clock = createSimulatedClock()
  const timebase = new Timebase(clock)
  const frames: Frame[] = []
  let sessions = 0
  const random = { bytes: (count: number): Buffer => Buffer.alloc(count, (sessions += 1)) }
  const health = (): Batch['health'] => ({ version: '1', loopLagUs: 7, drops: 0, spoolFrames: 2 })
  const beacon = (): Batch['beacon'] => ({ size: 9, root: Buffer.alloc(32, 9) })
  const emit = (frame: Frame): void => void frames.push(frame)
  const agent = Buffer.alloc(16, 2)
  const batcher = new Batcher(
    { origin: 'log', agent, key: KEY, shell: { clock, random }, timebase, health, beacon, emit },
    DIGEST,
  )
  return { clock, timebase, batcher, frames }
}

/** A sample that starts now. */
function sample({ clock }: World, changes: Partial<TakenSample> = {}): TakenSample {
  const startUs = clock.monotonicUs()
  const slot = { atUs: startUs, intervalUs: 10_000_000 }
  const measured = { outcome: 'ok', cause: 'none', latencyUs: 1_000, value: 200, phases: NO_PHASES } as const
  return { check: 0, name: 'portal', startUs, attempt: 0, settles: false, slot, ...measured, ...changes }
}

/** Moves on in steps of the shell: to whatever is due, at most by `us`. */
function pass({ clock, batcher }: World, us: number): void {
  const untilUs = clock.monotonicUs() + us
  while (batcher.dueUs() <= untilUs) {
    clock.advanceUs(Math.max(0, batcher.dueUs() - clock.monotonicUs()))
    batcher.closeDue(clock.monotonicUs())
  }
  clock.advanceUs(untilUs - clock.monotonicUs())
}

function batches({ frames }: World): Batch[] {
  return frames.map(({ bytes }) => {
    const decoding = decodeFrame(bytes)
    if (decoding.kind !== 'decoded') throw new Error(decoding.detail)
    return decoding.frame.batch
  })
}

describe('codes', () => {
  const failing = (world: World, code: string): TakenSample =>
    sample(world, { outcome: 'fail', cause: 'status', code })
  const codesIn = (world: World) => {
    pass(world, URGENT_US)
    return batches(world)[0]?.samples.codes
  }

  test('each text once, good samples without', () => {
    const world = createWorld()
    for (const code of ['503', 'ECONNREFUSED', '503']) world.batcher.add(failing(world, code))
    world.batcher.add(sample(world, { code: '200' }))
    expect(codesIn(world)).toEqual({ texts: ['503', 'ECONNREFUSED'], place: [1, 2, 1, 0] })
  })
  test('none where nothing failed: the frame is the one it always was', () => {
    const world = createWorld()
    world.batcher.add(sample(world))
    expect(codesIn(world)).toBeUndefined()
  })
  test('one that is none in form, or one too many, is left out; the sample stays', () => {
    const world = createWorld()
    for (let i = 0; i <= MAX_CODES; i += 1) world.batcher.add(failing(world, `E${i}`))
    world.batcher.add(failing(world, 'é'))
    const { texts, place } = codesIn(world) ?? { texts: [], place: [] }
    expect([texts.length, ...place.slice(-3)]).toEqual([MAX_CODES, MAX_CODES, 0, 0])
  })
})

describe('when a batch closes', () => {
  test('the first sample of a check at once', () => {
    const world = createWorld()
    world.batcher.add(sample(world))
    pass(world, URGENT_US)
    expect(world.frames).toHaveLength(1)
  })
  test('the same again: 10 s after the first of the batch', () => {
    const world = createWorld()
    world.batcher.add(sample(world))
    pass(world, 1_000_000)
    world.batcher.add(sample(world))
    pass(world, 4_000_000)
    world.batcher.add(sample(world))
    pass(world, CLOSE_AFTER_US - 4_000_000 - 1)
    expect(world.frames).toHaveLength(1)
    pass(world, 1)
    expect(batches(world)[1]?.samples.check).toHaveLength(2)
  })
  test.each([
    ['another outcome', { outcome: 'fail', cause: 'connect' }],
    ['unknown', { outcome: 'unknown', cause: 'missed' }],
    ['a re-probe', { attempt: 1, slot: null }],
    ['a slot in place of a re-probe', { settles: true }],
  ] as const)('%s at once, with what was waiting', (_, changes) => {
    const world = createWorld()
    world.batcher.add(sample(world))
    pass(world, 1_000_000)
    world.batcher.add(sample(world))
    pass(world, 1_000_000)
    expect(world.frames).toHaveLength(1)
    world.batcher.add(sample(world, changes))
    pass(world, URGENT_US)
    expect(batches(world)[1]?.samples.check).toHaveLength(2)
  })
  test('fifty checks that fail together make one frame', () => {
    const world = createWorld()
    for (let check = 0; check < 50; check += 1) {
      world.batcher.add(sample(world, { check, name: `c${check}`, outcome: 'fail', cause: 'timeout' }))
      world.clock.advanceUs(URGENT_US / 100)
    }
    pass(world, URGENT_US)
    expect(world.frames).toHaveLength(1)
    expect(batches(world)[0]?.samples.check).toHaveLength(50)
  })
  test('a check that stays down does not hurry', () => {
    const world = createWorld()
    const down = { outcome: 'fail', cause: 'connect' } as const
    world.batcher.add(sample(world, down))
    pass(world, 1_000_000)
    world.batcher.add(sample(world, down))
    pass(world, 1_000_000)
    expect(world.frames).toHaveLength(1)
  })
  test('at 48 kB, whatever the columns hold, and always below the limit of a frame', () => {
    const world = createWorld()
    const wide = 2 ** 32 - 1
    const phases = { dnsUs: wide, connectUs: wide, tlsUs: wide, ttfbUs: wide, transferUs: wide }
    for (let i = 0; i < 4_000; i += 1) {
      world.batcher.add(
        sample(world, {
          check: 4_000 + (i % 90),
          name: 'n',
          latencyUs: wide,
          value: -1_000_000,
          phases,
          attempt: 255,
          cause: 'unsupported',
        }),
      )
    }
    world.batcher.close('data')
    const sizes = world.frames.map(({ bytes }) => bytes.length)
    expect(sizes.length).toBeGreaterThan(3)
    expect(Math.max(...sizes)).toBeLessThan(MAX_PAYLOAD_BYTES)
    // What is counted is each integer at its widest, so a full batch may stay below the mark.
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(CLOSE_AT_BYTES * 0.75)
    expect(batches(world).reduce((sum, { samples }) => sum + samples.check.length, 0)).toBe(4_000)
  })
  test('a heartbeat every 5 minutes when idle, and none while there is something to say', () => {
    const world = createWorld()
    pass(world, 2 * HEARTBEAT_US)
    expect(world.frames.map(({ kind }) => kind)).toEqual(['heartbeat', 'heartbeat'])
    world.batcher.add(sample(world))
    pass(world, HEARTBEAT_US)
    expect(world.frames.map(({ kind }) => kind)).toEqual(['heartbeat', 'heartbeat', 'data'])
    pass(world, URGENT_US)
    expect(world.frames.at(-1)?.kind).toBe('heartbeat')
  })
})

describe('what a batch says', () => {
  test('instants, columns in order of time, and null for columns of zeros', () => {
    const world = createWorld()
    const early = sample(world)
    world.clock.advanceUs(1_500_000)
    const late = sample(world, { check: 3, name: 'other', latencyUs: 9 })
    world.batcher.add(late)
    world.batcher.add(early)
    pass(world, URGENT_US)
    const [batch] = batches(world)
    expect(batch).toMatchObject({
      kind: 'data',
      origin: 'log',
      seq: 0,
      gapCount: 0,
      beacon: { size: 9, root: Buffer.alloc(32, 9) },
      baseS: 1_790_000_000,
    })
    expect(batch?.samples).toEqual({
      check: [0, 3],
      offsetMs: [0, 1_500],
      outcome: [0, 0],
      attempt: null,
      latencyUs: [1_000, 9],
      value: [200, 200],
      phases: null,
      cause: null,
    })
  })
  test('codes of outcome and cause, attempts, phases', () => {
    const world = createWorld()
    const phases = { ...NO_PHASES, ttfbUs: 77 }
    world.batcher.add(
      sample(world, { outcome: 'fail', cause: 'reset', value: 0, attempt: 2, slot: null, phases }),
    )
    pass(world, URGENT_US)
    expect(batches(world)[0]?.samples).toMatchObject({
      outcome: [outcomeCode('fail')],
      cause: [causeCode('reset')],
      attempt: [2],
      value: null,
      phases: [[0], [0], [0], [77], [0]],
    })
  })
  test('slots: one run for each check, a re-probe accounts for none', () => {
    const world = createWorld()
    for (let k = 0; k < 3; k += 1) {
      world.batcher.add(
        sample(world, { name: 'a', slot: { atUs: 10_000_000 + k * 1_000_000, intervalUs: 1_000_000 } }),
      )
      world.batcher.add(
        sample(world, {
          check: 1,
          name: 'b',
          slot: { atUs: 10_500_000 + k * 2_000_000, intervalUs: 1_000_000 },
        }),
      )
    }
    world.batcher.add(sample(world, { name: 'a', attempt: 1, slot: null }))
    world.batcher.account({ check: 0, firstUs: 13_000_000, intervalUs: 1_000_000, count: 100 })
    world.batcher.close('data')
    const [batch] = batches(world)
    // The clock started at 5 s: the slot at 10 s lies 5 s behind the second that offsets count from.
    expect(batch?.schedule).toEqual({
      check: [0, 1, 1, 1],
      firstMs: [5_000, 5_500, 7_500, 9_500],
      count: [103, 1, 1, 1],
    })
  })
  test('the configuration it was taken under, also across a change', () => {
    const world = createWorld()
    world.batcher.add(sample(world))
    world.batcher.adopt(Buffer.alloc(32, 9))
    world.batcher.add(sample(world))
    world.batcher.close('stop')
    expect(batches(world).map(({ configDigest, kind }) => [configDigest[0], kind])).toEqual([
      [1, 'data'],
      [9, 'stop'],
    ])
  })
  test('the agent’s signature', () => {
    const world = createWorld()
    world.batcher.close('start')
    const decoding = decodeFrame(world.frames[0]!.bytes)
    if (decoding.kind !== 'decoded') throw new Error(decoding.detail)
    const { payload, signature } = decoding.frame
    expect(verifyBytes('batch', payload, signature, publicKeyOf(rawPublicKey(KEY)))).toBe(true)
  })
})

test('frames of a session are numbered from 0 and chained; a new session starts anew', () => {
  const world = createWorld()
  for (let i = 0; i < 3; i += 1) world.batcher.close('data')
  world.batcher.openSession()
  for (let i = 0; i < 2; i += 1) world.batcher.close('data')
  const made = batches(world)
  expect(made.map(({ seq }) => seq)).toEqual([0, 1, 2, 0, 1])
  expect(new Set(world.frames.map(({ session }) => session)).size).toBe(2)
  for (const [i, { prev, seq }] of made.entries()) {
    const before = world.frames[i - 1]?.bytes
    const expected = seq === 0 || !before ? Buffer.alloc(32) : createHash('sha256').update(before).digest()
    expect(Buffer.from(prev).equals(expected)).toBe(true)
  }
})

describe('the timebase', () => {
  /** The collector's clock is `aheadMs` ahead; each way takes the time given. */
  function exchange(
    { clock, timebase }: Pick<World, 'clock' | 'timebase'>,
    { aheadMs, outMs, backMs }: { aheadMs: number; outMs: number; backMs: number },
  ): boolean {
    const askedUs = clock.monotonicUs()
    clock.advanceUs(outMs * 1_000)
    const receivedMs = clock.nowMs() + aheadMs
    clock.advanceUs(backMs * 1_000)
    return timebase.learn({ askedUs, receivedMs, answeredMs: receivedMs, heardUs: clock.monotonicUs() })
  }

  test('never compared, it is the wall clock, and says so', () => {
    const { clock, timebase } = createWorld()
    expect(timebase.instantOf(clock.monotonicUs())).toBe(clock.nowMs())
    expect(timebase.reading()).toMatchObject({ offsetMs: 0, source: 0 })
  })
  test.each([
    [{ aheadMs: 700, outMs: 5, backMs: 5 }],
    [{ aheadMs: -90_000, outMs: 1, backMs: 39 }],
    [{ aheadMs: 12, outMs: 200, backMs: 0 }],
  ])('compared, it is right within its own bound: %j', (way) => {
    const { clock, timebase } = createWorld()
    expect(exchange({ clock, timebase }, way)).toBe(true)
    const { offsetMs, errorMs, source } = timebase.reading()
    expect(source).toBe(1)
    expect(Math.abs(offsetMs - way.aheadMs)).toBeLessThanOrEqual(errorMs)
    expect(errorMs).toBeLessThanOrEqual((way.outMs + way.backMs) / 2 + 2)
    expect(
      Math.abs(timebase.instantOf(clock.monotonicUs()) - clock.nowMs() - way.aheadMs),
    ).toBeLessThanOrEqual(errorMs)
  })
  test('the quickest of several exchanges decides, until it is old', () => {
    const world = createWorld()
    exchange(world, { aheadMs: 100, outMs: 2, backMs: 2 })
    exchange(world, { aheadMs: 100, outMs: 300, backMs: 10 })
    expect(world.timebase.reading().errorMs).toBeLessThanOrEqual(4)
    world.clock.advanceUs(20_000 * 1_000_000)
    // 50 ppm over 20,000 s is a second.
    expect(world.timebase.reading().errorMs).toBeGreaterThan(150)
  })
  test.each([
    ['answered before it was asked', { receivedMs: 1_790_000_000_500, answeredMs: 1_790_000_000_400 }],
    [
      'longer at the collector than under way',
      { receivedMs: 1_790_000_000_000, answeredMs: 1_790_000_000_900 },
    ],
  ])('an exchange that was %s teaches nothing', (_, { receivedMs, answeredMs }) => {
    const { clock, timebase } = createWorld()
    const askedUs = clock.monotonicUs()
    expect(timebase.learn({ askedUs, receivedMs, answeredMs, heardUs: askedUs + 10_000 })).toBe(false)
    expect(
      timebase.learn({ askedUs, receivedMs, answeredMs: receivedMs, heardUs: askedUs + 11_000_000 }),
    ).toBe(false)
    expect(timebase.reading().source).toBe(0)
  })
  test('a wall clock set back moves no instant once compared', () => {
    const world = createWorld()
    exchange(world, { aheadMs: 0, outMs: 1, backMs: 1 })
    const beforeMs = world.timebase.instantOf(world.clock.monotonicUs())
    world.clock.stepWallMs(-3_600_000)
    expect(world.timebase.observe()).toBe(1)
    expect(world.timebase.instantOf(world.clock.monotonicUs())).toBe(beforeMs)
    expect(world.timebase.reading().offsetMs).toBeGreaterThan(3_599_000)
  })
  test('a wake-up is followed, and doubted until the next comparison', () => {
    const world = createWorld()
    exchange(world, { aheadMs: 0, outMs: 1, backMs: 1 })
    world.clock.stepWallMs(600_000)
    world.timebase.observe()
    expect(
      Math.abs(world.timebase.instantOf(world.clock.monotonicUs()) - world.clock.nowMs()),
    ).toBeLessThanOrEqual(2)
    expect(world.timebase.reading().errorMs).toBeGreaterThanOrEqual(600_000)
    exchange(world, { aheadMs: 0, outMs: 1, backMs: 1 })
    expect(world.timebase.reading().errorMs).toBeLessThan(10)
  })
  test('the next batch says by how much the clock jumped, and the one after it does not', () => {
    const world = createWorld()
    world.batcher.close('data')
    world.clock.stepWallMs(-40_000)
    world.batcher.close('data')
    world.batcher.close('data')
    expect(batches(world).map(({ clock }) => clock.stepMs)).toEqual([0, -40_000, 0])
  })
  test('slewing and rounding are no jumps', () => {
    const world = createWorld()
    for (let i = 0; i < 1_000; i += 1) {
      world.clock.advanceUs(1_234_567)
      // 500 ppm is the fastest that adjtime slews.
      world.clock.stepWallMs(0.6)
      expect(world.timebase.observe()).toBe(0)
    }
  })
})
