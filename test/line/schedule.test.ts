/**
 * The schedule against a simulated clock: no slot lost or doubled, no drift, no burst, re-probes when and
 * only when a change is unconfirmed. An independent count of the slots that time holds is the oracle.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterTry, NOTHING_SEEN, type Seen } from '../../agent/src/reprobe.ts'
import { phaseOf, Schedule, type Plan, type Start } from '../../agent/src/schedule.ts'

const SECOND_US = 1_000_000
const EPOCH_US = -1_790_000_000 * SECOND_US

function plan(options: Partial<Plan> = {}): Plan {
  return {
    key: 'a',
    intervalUs: 10 * SECOND_US,
    reprobeUs: 2 * SECOND_US,
    confirm: { down: 2, up: 2 },
    phaseUs: 0,
    ...options,
  }
}

/** Runs one check to the end of `times`; each probe lasts `lastUs` and sees `seen`. */
function simulate(
  one: Plan,
  { untilUs, lastUs, seen }: { untilUs: number; lastUs: (n: number) => number; seen: (n: number) => Seen },
) {
  const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
  schedule.add(one, 0)
  const starts: (Start & { atUs: number })[] = []
  const missed: number[] = []
  for (let nowUs = schedule.nextDueUs() ?? Infinity; nowUs < untilUs;) {
    const instructions = schedule.advance(nowUs)
    for (const { firstUs, intervalUs, count } of instructions.missed) {
      for (let i = 0; i < count; i += 1) missed.push(firstUs + i * intervalUs)
    }
    let endUs = nowUs
    for (const start of instructions.starts) {
      starts.push({ ...start, atUs: nowUs })
      endUs = nowUs + lastUs(starts.length)
      schedule.finish(start.ticket, seen(starts.length), endUs)
    }
    nowUs = Math.max(endUs, schedule.nextDueUs() ?? Infinity)
  }
  return { starts, missed }
}

const seenArbitrary = fc.constantFrom<Seen>('good', 'good', 'good', 'bad', 'unknown')

test('every slot is probed or reported missed, exactly once, and lies on the grid', () => {
  const property = fc.property(
    fc.record({
      intervalS: fc.integer({ min: 1, max: 60 }),
      phase: fc.double({ min: 0, max: 0.999, noNaN: true }),
      lastsUs: fc.array(fc.integer({ min: 1, max: 200 * SECOND_US }), { minLength: 1, maxLength: 20 }),
      seens: fc.array(seenArbitrary, { minLength: 1, maxLength: 20 }),
      down: fc.integer({ min: 1, max: 4 }),
      up: fc.integer({ min: 1, max: 4 }),
    }),
    ({ intervalS, phase, lastsUs, seens, down, up }) => {
      const intervalUs = intervalS * SECOND_US
      const phaseUs = Math.floor(phase * intervalUs)
      const untilUs = 900 * SECOND_US
      const { starts, missed } = simulate(plan({ intervalUs, phaseUs, confirm: { down, up } }), {
        untilUs,
        lastUs: (n) => lastsUs[n % lastsUs.length] ?? 1,
        seen: (n) => seens[n % seens.length] ?? 'good',
      })
      const probed = starts.flatMap(({ slotUs }) => slotUs ?? [])
      const accounted = [...probed, ...missed].sort((a, b) => a - b)
      expect(new Set(accounted).size).toBe(accounted.length)
      // The oracle counts grid points by itself: all from the first to the last one that is accounted for.
      const lastUs = accounted.at(-1) ?? 0
      const onGrid = accounted.slice(1)
      const expected: number[] = []
      for (let us = onGrid[0] ?? Infinity; us <= lastUs; us += intervalUs) expected.push(us)
      expect(onGrid).toEqual(expected)
      for (const us of onGrid) expect((us - EPOCH_US - phaseUs) % intervalUs).toBe(0)
      for (const { slotUs, atUs } of starts) if (slotUs !== null) expect(atUs).toBeGreaterThanOrEqual(slotUs)
      // No burst: whatever was late, one interval never holds two probes of slots that fell due in it.
      for (const [i, us] of probed.entries())
        expect(us - (probed[i - 1] ?? -Infinity)).toBeGreaterThanOrEqual(intervalUs / 2)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('the first probe comes within a second, the second between half and one and a half intervals later', () => {
  for (const phaseUs of [0, 1, 999_999, 4_999_999, 5_000_000, 9_999_999]) {
    const { starts } = simulate(plan({ phaseUs }), {
      untilUs: 30 * SECOND_US,
      lastUs: () => 1_000,
      seen: () => 'good',
    })
    const [first = 0, second = 0, third = 0] = starts.map(({ atUs }) => atUs)
    expect(first).toBeLessThan(SECOND_US)
    expect(second - first).toBeGreaterThanOrEqual(5 * SECOND_US)
    expect(second - first).toBeLessThanOrEqual(15 * SECOND_US)
    expect(third - second).toBe(10 * SECOND_US)
  }
})

test('a day of slow probes does not drift by a microsecond', () => {
  const { starts, missed } = simulate(plan({ phaseUs: 1_234_567 }), {
    untilUs: 86_400 * SECOND_US,
    lastUs: (n) => (n % 7) * SECOND_US + 333_333,
    seen: () => 'good',
  })
  expect(missed).toEqual([])
  const offsets = new Set(starts.slice(1).map(({ atUs }) => atUs % (10 * SECOND_US)))
  expect(offsets.size).toBe(1)
  expect(starts.length).toBeGreaterThan(8_600)
})

describe('re-probes', () => {
  /** Attempts and times of the tries when the probes see `seens` in order, and then good. */
  function tries(seens: Seen[], options: Partial<Plan> = {}, lastUs = 10_000): [number, number][] {
    const { starts } = simulate(plan(options), {
      untilUs: 28 * SECOND_US,
      lastUs: () => lastUs,
      seen: (n) => seens[n - 1] ?? 'good',
    })
    return starts.map(({ attempt, atUs }) => [attempt, (atUs - (starts[0]?.atUs ?? 0)) / SECOND_US])
  }
  // The first slot is at 0, those of the grid at 10 and 20.
  test('one failure is tried again after 2 s; recovered, the slots go on', () => {
    expect(tries(['bad'])).toEqual([
      [0, 0],
      [1, 2],
      [0, 10],
      [0, 20],
    ])
  })
  test('two failures confirm: no third try before the slot', () => {
    expect(tries(['bad', 'bad', 'bad', 'bad'])).toEqual([
      [0, 0],
      [1, 2],
      [0, 10],
      [0, 20],
    ])
  })
  test('three wanted: tried until confirmed', () => {
    expect(tries(['bad', 'bad', 'bad', 'bad', 'bad'], { confirm: { down: 3, up: 1 } })).toEqual([
      [0, 0],
      [1, 2],
      [2, 4],
      [0, 10],
      [0, 20],
    ])
  })
  test('coming back is confirmed the same way', () => {
    expect(tries(['bad', 'bad', 'good', 'good'])).toEqual([
      [0, 0],
      [1, 2],
      [0, 10],
      [1, 12],
      [0, 20],
    ])
  })
  test('a relapse while coming back is down at once', () => {
    expect(tries(['bad', 'bad', 'good', 'bad', 'bad'])).toEqual([
      [0, 0],
      [1, 2],
      [0, 10],
      [1, 12],
      [0, 20],
    ])
  })
  test('a try that lasts longer than the wait is followed at its end', () => {
    expect(tries(['bad', 'good'], {}, 3 * SECOND_US)).toEqual([
      [0, 0],
      [1, 3],
      [0, 10],
      [0, 20],
    ])
  })
  test('a slot takes the place of a re-probe that would come after it', () => {
    expect(tries(['bad', 'bad'], { reprobeUs: 12 * SECOND_US })).toEqual([
      [0, 0],
      [0, 10],
      [0, 20],
    ])
  })
  test('unknown alone is never tried again', () => {
    expect(tries(['unknown', 'unknown'])).toEqual([
      [0, 0],
      [0, 10],
      [0, 20],
    ])
  })
  test('unknown within a run is tried again, but not for ever', () => {
    const { standing } = afterTry(NOTHING_SEEN, { seen: 'bad', confirm: { down: 2, up: 2 } })
    let now = standing
    const again = [1, 2, 3, 4].map(() => {
      const next = afterTry(now, { seen: 'unknown', confirm: { down: 2, up: 2 } })
      now = next.standing
      return next.again
    })
    expect(again).toEqual([true, true, true, false])
    expect(now).toMatchObject({ run: 'bad', length: 1 })
  })
})

test('the tries that settle a change are told apart, be they slots', () => {
  const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
  schedule.add(plan({ reprobeUs: 20 * SECOND_US }), 0)
  const settled = (['good', 'bad', 'bad', 'bad', 'good', 'good', 'good'] as const).map((seen) => {
    const nowUs = schedule.nextDueUs() ?? 0
    const [start] = schedule.advance(nowUs).starts
    return schedule.finish(start?.ticket ?? 0, seen, nowUs)?.settles
  })
  expect(settled).toEqual([false, false, true, false, false, true, false])
})

test('the cap holds, and what waited for room starts as soon as there is some', () => {
  const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 2 })
  for (const key of ['a', 'b', 'c', 'd']) schedule.add(plan({ key }), 0)
  const first = schedule.advance(0).starts
  expect(first.map(({ key }) => key)).toEqual(['a', 'b'])
  expect(schedule.advance(1).starts).toEqual([])
  schedule.finish(first[0]?.ticket ?? 0, 'good', 2)
  expect(schedule.advance(2).starts.map(({ key }) => key)).toEqual(['c'])
  expect(schedule.inFlight).toBe(2)
})

test('a check that was removed while its probe ran is not heard of again', () => {
  const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 2 })
  schedule.add(plan(), 0)
  const [start] = schedule.advance(0).starts
  schedule.remove('a')
  expect(schedule.finish(start?.ticket ?? 0, 'bad', 5)).toBeNull()
  expect(schedule.nextDueUs()).toBeNull()
})

test('phases are the same for one agent and check, and spread over the interval', () => {
  const agent = Buffer.alloc(16, 1)
  expect(phaseOf(agent, 'portal', 10_000_000)).toBe(phaseOf(agent, 'portal', 10_000_000))
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < 1_000; i += 1) {
    const phaseUs = phaseOf(agent, `check-${i}`, 10_000_000)
    expect(phaseUs).toBeGreaterThanOrEqual(0)
    expect(phaseUs).toBeLessThan(10_000_000)
    tenths[Math.floor(phaseUs / 1_000_000)]! += 1
  }
  // 100 each on average; five standard deviations are 47.
  for (const count of tenths) expect(Math.abs(count - 100)).toBeLessThan(48)
})
