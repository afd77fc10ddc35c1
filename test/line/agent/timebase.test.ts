/**
 * The timebase in a world that knows the true time: hosts that sleep, are set, and drift. Whatever happens,
 * an instant is right within the bound that is said beside it. (Single comparisons: batcher.test.ts.)
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HostClock } from '@constat/shared/time'
import { Timebase } from '../../../agent/src/timebase.ts'

const START_MS = 1_790_000_000_000
/** Of whole milliseconds on both sides. */
const ROUNDING_MS = 2
const UPTIME_MS = 10

class World {
  readonly clock: HostClock
  readonly timebase: Timebase
  readonly events = { jumps: 0, comparisons: 0 }
  /** Samples: when on the monotonic clock, and when in truth. */
  readonly samples: { us: number; trueMs: number }[] = []
  readonly #ppm: number
  #trueMs = START_MS
  #us = 77_000_000
  #asleepMs = 0
  #wallAheadMs: number

  constructor({ sleep, ppm, wallAheadMs }: { sleep: 'told' | 'untold'; ppm: number; wallAheadMs: number }) {
    this.#ppm = ppm
    this.#wallAheadMs = wallAheadMs
    this.clock = {
      nowMs: () => Math.floor(this.#trueMs + this.#wallAheadMs),
      monotonicUs: () => this.#us,
      ...(sleep === 'told' && { asleepMs: () => Math.floor(this.#asleepMs / UPTIME_MS) * UPTIME_MS }),
    }
    this.timebase = new Timebase(this.clock, {
      jumped: () => (this.events.jumps += 1),
      compared: () => (this.events.comparisons += 1),
    })
  }

  get trueMs(): number {
    return this.#trueMs
  }

  elapse(ms: number): void {
    this.#trueMs += ms
    this.#us += ms * 1_000 * (1 + this.#ppm / 1_000_000)
  }

  /** The monotonic clock stands still, the wall clock does not. */
  sleep(ms: number): void {
    this.#trueMs += ms
    this.#asleepMs += ms
  }

  /** A virtual machine that is paused: all its clocks stand still, and it does not know. */
  pause(ms: number): void {
    this.#trueMs += ms
    this.#wallAheadMs -= ms
  }

  step(ms: number): void {
    this.#wallAheadMs += ms
  }

  /** A probe takes a while: no two things happen at one instant of the monotonic clock. */
  sample(): void {
    this.timebase.observe()
    this.samples.push({ us: this.#us, trueMs: this.#trueMs })
    this.elapse(1)
  }

  compare({ outMs, backMs }: { outMs: number; backMs: number }): boolean {
    const askedUs = this.#us
    this.elapse(outMs)
    const receivedMs = Math.floor(this.#trueMs)
    this.elapse(backMs)
    return this.timebase.learn({ askedUs, receivedMs, answeredMs: receivedMs, heardUs: this.#us })
  }

  /** How far the worst sample is off, beyond what is said. */
  excessMs(samples = this.samples): number {
    const { errorMs } = this.timebase.reading()
    const off = samples.map(({ us, trueMs }) => Math.abs(this.timebase.instantOf(us) - trueMs))
    return Math.max(0, ...off) - errorMs - ROUNDING_MS
  }
}

type Deed =
  | { kind: 'elapse' | 'sleep' | 'step'; ms: number }
  | { kind: 'compare'; outMs: number; backMs: number }

const longMs = fc.integer({ min: 200, max: 7_200_000 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('elapse' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
  fc.record({ kind: fc.constant('sleep' as const), ms: longMs }),
  fc.record({
    kind: fc.constant('step' as const),
    ms: fc.oneof(
      longMs,
      longMs.map((ms) => -ms),
    ),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    outMs: fc.integer({ min: 0, max: 300 }),
    backMs: fc.integer({ min: 0, max: 300 }),
  }),
)

describe.each(['told', 'untold'] as const)('a host whose sleep is %s', (sleep) => {
  test('is right within its bound after every deed, for samples before and after', () => {
    const scenario = fc.record({
      ppm: fc.integer({ min: -40, max: 40 }),
      wallAheadMs: fc.integer({ min: -7_200_000, max: 7_200_000 }),
      deeds: fc.array(deed, { minLength: 1, maxLength: 25 }),
    })
    fc.assert(
      fc.property(scenario, ({ ppm, wallAheadMs, deeds }) => {
        const world = new World({ sleep, ppm, wallAheadMs })
        world.compare({ outMs: 5, backMs: 5 })
        for (const one of deeds) {
          // What was taken is signed within seconds: here, before the next deed is over.
          world.samples.splice(0)
          world.sample()
          if (one.kind === 'compare') world.compare(one)
          else world[one.kind](one.ms)
          world.sample()
          expect(world.excessMs()).toBeLessThanOrEqual(0)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('counts each jump, says so at once, and is as sure as before after one comparison', () => {
    const world = new World({ sleep, ppm: 0, wallAheadMs: 0 })
    world.compare({ outMs: 1, backMs: 1 })
    for (const [index, ms] of [3_600_000, -3_600_000, -3_600_000, 3_600_000].entries()) {
      world.sample()
      world.step(ms)
      expect(world.timebase.observe()).toBe(index + 1)
      expect(world.events.jumps).toBe(index + 1)
      expect(world.timebase.signableUs()).toBeGreaterThan(world.clock.monotonicUs())
      world.sample()
      world.compare({ outMs: 1, backMs: 1 })
      expect(world.timebase.signableUs()).toBe(-Infinity)
      expect(world.timebase.reading().errorMs).toBeLessThan(10)
      expect(world.excessMs()).toBeLessThanOrEqual(0)
    }
    expect(world.timebase.jumpedMs).toBe(0)
  })

  test('a slower comparison after a step wins over quicker ones before it', () => {
    const world = new World({ sleep, ppm: 0, wallAheadMs: 0 })
    world.compare({ outMs: 1, backMs: 1 })
    world.sample()
    world.step(3_600_000)
    world.sample()
    world.compare({ outMs: 80, backMs: 20 })
    world.sample()
    expect(world.excessMs()).toBeLessThanOrEqual(0)
    expect(world.timebase.reading().errorMs).toBeLessThan(100)
  })

  test('a paused virtual machine that is set on waking is doubted, then corrected by one comparison', () => {
    const world = new World({ sleep, ppm: 0, wallAheadMs: 0 })
    world.compare({ outMs: 1, backMs: 1 })
    world.sample()
    world.pause(600_000)
    world.step(600_000)
    world.sample()
    expect(world.excessMs(world.samples.slice(1))).toBeLessThanOrEqual(0)
    world.compare({ outMs: 1, backMs: 1 })
    expect(world.timebase.reading().errorMs).toBeLessThan(10)
    expect(world.excessMs()).toBeLessThanOrEqual(0)
  })

  test('a comparison across a jump teaches nothing, and the next one is asked for', () => {
    const world = new World({ sleep, ppm: 0, wallAheadMs: 0 })
    const askedUs = world.clock.monotonicUs()
    const receivedMs = world.trueMs
    world.sleep(50_000)
    world.elapse(1)
    const heardUs = world.clock.monotonicUs()
    expect(world.timebase.learn({ askedUs, receivedMs, answeredMs: receivedMs, heardUs })).toBe(false)
    expect(world.events).toEqual({ jumps: 1, comparisons: 0 })
    expect(world.timebase.reading().source).toBe(0)
  })
})

test('a host that knows how long it slept is sure of it without a comparison', () => {
  const world = new World({ sleep: 'told', ppm: 0, wallAheadMs: 0 })
  world.compare({ outMs: 1, backMs: 1 })
  world.sample()
  world.sleep(8 * 3_600_000)
  world.sample()
  expect(world.timebase.reading().errorMs).toBeLessThan(100)
  expect(world.excessMs()).toBeLessThanOrEqual(0)
})

test('a clock that drifts slowly never jumps, however seldom it is looked at', () => {
  const world = new World({ sleep: 'told', ppm: 500, wallAheadMs: 0 })
  for (const ms of [100, 10_000, 300_000, 3_600_000]) {
    world.elapse(ms)
    expect(world.timebase.observe()).toBe(0)
  }
})

test('a host that drifts faster than allowed for is corrected by each comparison', () => {
  const world = new World({ sleep: 'told', ppm: 400, wallAheadMs: 0 })
  for (let minute = 0; minute < 20; minute += 1) {
    world.elapse(60_000)
    // Only the first is quick: an old one must not win over what contradicts it.
    world.compare(minute === 0 ? { outMs: 0, backMs: 0 } : { outMs: 10, backMs: 2 })
    world.samples.splice(0)
    world.sample()
    expect(world.excessMs()).toBeLessThanOrEqual(0)
  }
})
