/** The held clock, against a host whose clock is set, sleeps and is paused, and agents that know better or do not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeldClock } from '@constat/collector/held-clock'
import { createKeptLog } from '../../support/silent-log.ts'

const START_MS = 1_790_000_000_000
const HOUR_MS = 3_600_000
const MINUTE_US = 60_000_000

/** A host, and the true time of the world; `aheadMs`: how wrong its clock is from the start. */
class Host {
  #wallUs: number
  #monotonicUs = 7_000_000
  #trueUs = START_MS * 1_000
  #asleepUs = 0
  readonly held: HeldClock
  readonly log = createKeptLog()

  constructor({ aheadMs = 0, tellsSleep = true } = {}) {
    this.#wallUs = (START_MS + aheadMs) * 1_000
    const clock = {
      nowMs: () => Math.floor(this.#wallUs / 1_000),
      monotonicUs: () => this.#monotonicUs,
      ...(tellsSleep && { asleepMs: () => this.#asleepUs / 1_000 }),
    }
    this.held = new HeldClock(clock, this.log)
  }

  get trueMs(): number {
    return Math.floor(this.#trueUs / 1_000)
  }

  get offMs(): number {
    return this.held.nowMs() - this.trueMs
  }

  runs(us: number, ppm = 0): void {
    this.#trueUs += us
    this.#monotonicUs += us
    this.#wallUs += us + (us / 1_000_000) * ppm
    this.held.nowMs()
  }

  isSet(byMs: number): void {
    this.#wallUs += byMs * 1_000
  }

  /** A virtual machine that is paused does not know that it slept. */
  stops(us: number, why: 'sleep' | 'pause'): void {
    this.#trueUs += us
    this.#wallUs += us
    if (why === 'sleep') this.#asleepUs += us
  }
}

/** What an agent is told whose clock is `offMs` off the truth; `baseMs`: what its last frame signed of its clocks. */
const asks = (host: Host, name: string, offMs = 0, baseMs: number | null = null) => {
  const signed = { session: name, ms: baseMs ?? 0, receivedMs: host.held.nowMs() }
  return host.held.compare({ id: name, clockBase: baseMs === null ? null : signed }, host.trueMs + offMs)
}

/** Agents as they were last heard at `lastSeenMs`; `offMs`: how far ours was off the truth, and the clock of `local`. */
const heard = (lastSeenMs: number, offMs = 0) => [
  { id: 'lyon', lastSeenMs, clockOffsetMs: offMs },
  { id: 'local', lastSeenMs, clockOffsetMs: 0 },
]

describe('a clock that goes as it went', () => {
  it('is the host’s own, also when it is slewed', () => {
    const host = new Host()
    for (let i = 0; i < 600; i += 1) host.runs(1_000_000, 500)
    expect(host.held.step).toBeNull()
    expect(host.offMs).toBe(300)
    expect(asks(host, 'lyon')).toBe(host.held.nowMs())
  })

  it('follows a sleep that the host can tell', () => {
    const host = new Host()
    host.stops(HOUR_MS * 1_000, 'sleep')
    expect(host.held.step).toBeNull()
    expect(host.offMs).toBe(0)
  })
})

describe('a clock that is set', () => {
  it.each([HOUR_MS, -HOUR_MS, 700, -700])('by %d ms is told, and moves nothing', (byMs) => {
    const host = new Host()
    asks(host, 'lyon')
    host.runs(MINUTE_US)
    host.isSet(byMs)
    expect(host.held.step).toMatchObject({ offMs: byMs, sinceMs: host.trueMs, isDoubted: true })
    host.runs(MINUTE_US)
    expect(host.offMs).toBe(0)
    expect(asks(host, 'stranger')).toBeNull()
    // The agent of another host has the time that is held.
    expect(asks(host, 'lyon', 40)).toBe(host.trueMs)
    expect(host.held.step).toMatchObject({ isDoubted: false })
    host.isSet(-byMs)
    expect(host.held.step).toBeNull()
    expect(host.log.lines.map(({ message }) => message)).toEqual([
      'the clock of this host was set; the time from before goes on until agents have the new one',
      'the clock of this host is back where it was',
    ])
  })

  it('has no witness in an agent whose clock was set with it', () => {
    const host = new Host()
    asks(host, 'local')
    host.isSet(HOUR_MS)
    expect(asks(host, 'local', HOUR_MS)).toBeNull()
    expect(host.held.step).toMatchObject({ isDoubted: true })
    expect(host.offMs).toBe(0)
  })

  it('is followed when it had been wrong, as agents show', () => {
    const host = new Host({ aheadMs: HOUR_MS })
    for (const name of ['lyon', 'paris']) asks(host, name)
    host.isSet(-HOUR_MS)
    expect(host.offMs).toBe(HOUR_MS)
    expect(asks(host, 'lyon')).toBe(host.trueMs)
    expect(host.held.step).toBeNull()
  })

  it('is followed after a pause that the host did not notice', () => {
    const host = new Host()
    asks(host, 'lyon', 0, 5)
    asks(host, 'beside', 0, 5)
    host.stops(HOUR_MS * 1_000, 'pause')
    expect(host.held.step).toMatchObject({ offMs: HOUR_MS, isDoubted: true })
    // What came just now may have been signed before.
    expect(asks(host, 'lyon', 0, 5)).toBeNull()
    host.runs(MINUTE_US)
    // An agent that stood still with it has jumped as well.
    expect(asks(host, 'beside', 0, 5 + HOUR_MS)).toBeNull()
    expect(asks(host, 'lyon', 0, 5)).toBe(host.trueMs)
    expect(host.held.step).toBeNull()
  })

  it('before a start is noticed by what was recorded, and stands until the host has caught up', () => {
    const host = new Host({ aheadMs: -HOUR_MS })
    host.held.startsAfter(heard(host.trueMs))
    // An agent of this host was set back with it.
    expect(asks(host, 'local', -HOUR_MS)).toBeNull()
    expect(host.held.step).toMatchObject({ offMs: -HOUR_MS, isDoubted: true })
    expect(host.offMs).toBe(0)
    expect(asks(host, 'lyon')).toBe(host.trueMs)
    host.isSet(HOUR_MS + 2)
    expect(host.held.step).toBeNull()
    expect(host.offMs).toBe(2)
  })

  it('before a start is followed where it was wrong then, as agents show', () => {
    const host = new Host()
    // The collector was an hour ahead, and so told its agents; the clock of its own host was so as well.
    host.held.startsAfter(heard(host.trueMs + HOUR_MS, HOUR_MS))
    expect(asks(host, 'local')).toBeNull()
    expect(asks(host, 'lyon', 30)).toBe(host.trueMs)
    expect(host.held.step).toBeNull()
  })

  it('goes with most of its agents, where they do not agree', () => {
    const host = new Host()
    for (const name of ['lyon', 'paris']) asks(host, name)
    // One of them is an hour ahead as well, and has been since before.
    asks(host, 'wrong', HOUR_MS)
    host.isSet(HOUR_MS)
    expect(asks(host, 'paris')).toBe(host.trueMs)
    expect(asks(host, 'wrong', HOUR_MS)).toBe(host.trueMs)
    expect(asks(host, 'lyon')).toBe(host.trueMs)
    expect(host.held.step).toMatchObject({ isDoubted: false })
  })

  it('is off by nothing whatever it is set to, as long as its agents have the true time', () => {
    const events = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('run'), us: fc.integer({ min: 1, max: 10 * MINUTE_US }) }),
        fc.record({ kind: fc.constant('set'), hours: fc.integer({ min: -3, max: 3 }) }),
        fc.record({ kind: fc.constant('ask') }),
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(events, (happened) => {
        const host = new Host()
        asks(host, 'lyon')
        for (const one of happened) {
          if ('us' in one) host.runs(one.us)
          else if ('hours' in one) host.isSet(one.hours * HOUR_MS)
          else asks(host, 'lyon')
          expect(Math.abs(host.offMs)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
