/**
 * The schedule against a simulated clock: no slot lost or doubled, no drift, no burst, re-probes when and
 * only when a change is unconfirmed. An independent count of the slots that time holds is the oracle.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterTry, NOTHING_SEEN, type Seen } from '../../../agent/src/reprobe.ts'
import {
  BRACKET_US,
  MAX_AT_ONCE,
  phaseOf,
  Schedule,
  type Missed,
  type Plan,
  type Start,
} from '../../../agent/src/schedule.ts'

const SECOND_US = 1_000_000
const EPOCH_US = -1_790_000_000 * SECOND_US

function plan(options: Partial<Plan> = {}): Plan {
  return {
    key: 'a',
    intervalUs: 10 * SECOND_US,
    reprobeUs: 2 * SECOND_US,
    confirm: { down: 2, up: 2 },
    brackets: false,
    cost: 1,
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
      brackets: fc.boolean(),
    }),
    ({ intervalS, phase, lastsUs, seens, down, up, brackets }) => {
      const intervalUs = intervalS * SECOND_US
      const phaseUs = Math.floor(phase * intervalUs)
      const untilUs = 900 * SECOND_US
      const { starts, missed } = simulate(plan({ intervalUs, phaseUs, confirm: { down, up }, brackets }), {
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
  test('a failure that this host may have made itself is looked at once more', () => {
    expect(tries(['spoilt', 'bad', 'bad'])).toEqual([
      [0, 0],
      [1, 2],
      [2, 4],
      [0, 10],
      [1, 12],
      [0, 20],
    ])
    expect(tries(['spoilt', 'spoilt', 'spoilt'])).toEqual([
      [0, 0],
      [1, 2],
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

describe('brackets', () => {
  /** Seconds of the tries from the first slot of the grid on; the target is down from `downS` to `upS`. */
  function tries(
    [downS, upS]: readonly [number, number],
    {
      lastUs = 10_000,
      untilS = upS + 60,
      ...options
    }: Partial<Plan> & { lastUs?: number; untilS?: number } = {},
  ): { atS: number[]; attempts: number[] } {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
    schedule.add(plan({ brackets: true, confirm: { down: 2, up: 1 }, ...options }), 0)
    const found: { atS: number[]; attempts: number[] } = { atS: [], attempts: [] }
    for (let nowUs = schedule.nextDueUs()!; nowUs < untilS * SECOND_US;) {
      const { starts } = schedule.advance(nowUs)
      const isDown = nowUs >= downS * SECOND_US && nowUs < upS * SECOND_US
      found.atS.push(nowUs / SECOND_US)
      found.attempts.push(...starts.map(({ attempt }) => attempt))
      const endUs = nowUs + lastUs
      for (const { ticket } of starts) schedule.finish(ticket, isDown ? 'bad' : 'good', endUs)
      nowUs = Math.max(endUs, schedule.nextDueUs()!)
    }
    return found
  }
  const between = (atS: readonly number[], [fromS, toS]: readonly [number, number]): number[] =>
    atS.filter((s) => s >= fromS && s < toS)

  test('while it fails it is tried every 2 s, and not once it is good', () => {
    const { atS, attempts } = tries([55, 85])
    expect(between(atS, [50, 110])).toEqual([
      50, 60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 82, 84, 86, 90, 100,
    ])
    expect(attempts.slice(attempts.indexOf(1) - 1, attempts.indexOf(1) + 6)).toEqual([0, 1, 2, 3, 4, 0, 1])
  })

  test('for 5 minutes at most: then the slots go on alone', () => {
    const { atS } = tries([60, 2_000])
    expect(between(atS, [60, 360])).toHaveLength(150)
    expect(between(atS, [362, 1_000])).toEqual(Array.from({ length: 63 }, (_, i) => 370 + i * 10))
  })

  test('never more often, however the interval falls: the slot stands for one that would come just before it', () => {
    for (const intervalS of [10, 11, 13, 15, 17, 60]) {
      const { atS } = tries([100, 300], { intervalUs: intervalS * SECOND_US })
      const failing = between(atS, [100 + intervalS, 300])
      for (const [i, s] of failing.slice(1).entries()) {
        expect(s - failing[i]!).toBeGreaterThanOrEqual(BRACKET_US / SECOND_US)
        expect(s - failing[i]!).toBeLessThan(2 * (BRACKET_US / SECOND_US))
      }
    }
  })

  test('a target that flaps is asked at most once in 2 s', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Seen>('good', 'bad', 'unknown'), { minLength: 3 }), (seens) => {
        const { starts } = simulate(plan({ brackets: true, confirm: { down: 2, up: 1 } }), {
          untilUs: 600 * SECOND_US,
          lastUs: () => 10_000,
          seen: (n) => seens[n % seens.length] ?? 'good',
        })
        for (const [i, { atUs }] of starts.slice(2).entries())
          expect(atUs - starts[i + 1]!.atUs).toBeGreaterThanOrEqual(BRACKET_US)
      }),
    )
  })

  test('where there is no room beside them, tries that hang follow each other on the same grid', () => {
    const { atS } = tries([60, 100], { lastUs: 5 * SECOND_US })
    expect(between(atS, [60, 100])).toEqual([60, 65, 70, 76, 81, 86, 91, 96])
  })

  /** When tries begin, in s, of a check that is down for good, each of them hanging for `lastUs`. */
  function hangingTries(lastUs: number, untilS: number): { atS: number[]; slotS: number[]; most: number } {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 128 })
    schedule.add(plan({ brackets: true, confirm: { down: 1, up: 1 } }), 0)
    const ends: { ticket: number; atUs: number }[] = []
    const found = { atS: [] as number[], slotS: [] as number[], most: 0 }
    for (let nowUs = 0; nowUs < untilS * SECOND_US;) {
      while ((ends[0]?.atUs ?? Infinity) <= nowUs) schedule.finish(ends.shift()!.ticket, 'bad', nowUs)
      for (const { ticket, slotUs } of schedule.advance(nowUs).starts) {
        found.atS.push(nowUs / SECOND_US)
        if (slotUs !== null) found.slotS.push(slotUs / SECOND_US)
        ends.push({ ticket, atUs: nowUs + lastUs })
      }
      found.most = Math.max(found.most, schedule.inFlight)
      nowUs = Math.max(nowUs, Math.min(ends[0]?.atUs ?? Infinity, schedule.nextDueUs() ?? Infinity))
    }
    return found
  }

  test('one that hangs does not hold up the next: every 2 s, and every slot at its instant', () => {
    const { atS, slotS, most } = hangingTries(5 * SECOND_US, 60)
    expect(between(atS, [10, 60])).toEqual(Array.from({ length: 25 }, (_, i) => 10 + 2 * i))
    expect(slotS).toEqual([0, 10, 20, 30, 40, 50])
    expect(most).toBe(3)
  })

  test('five at once are the most', () => {
    const { atS, most } = hangingTries(20 * SECOND_US, 200)
    expect(most).toBe(MAX_AT_ONCE)
    for (const [i, s] of atS.slice(1).entries()) expect(s - atS[i]!).toBeGreaterThanOrEqual(2)
  })

  test('a try that hangs gets a second one beside it, once, and the next try waits for both', () => {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 4 })
    schedule.add(plan({ brackets: true, confirm: { down: 2, up: 1 } }), 0)
    const [first] = schedule.advance(0).starts
    expect(first!.hangsUs).toBe(SECOND_US)
    const second = schedule.beside(first!.ticket, SECOND_US)
    expect(second).toMatchObject({ attempt: 1, slotUs: null })
    expect(schedule.beside(first!.ticket, 3 * SECOND_US)).toBeNull()
    expect(schedule.beside(second!.ticket, 4 * SECOND_US)).toBeNull()
    expect(schedule.finish(first!.ticket, 'bad', 5 * SECOND_US)).toEqual({ settles: false })
    expect(schedule.nextDueUs()).toBeNull()
    expect(schedule.finish(second!.ticket, 'bad', 6 * SECOND_US)).toEqual({ settles: true })
    // Down is confirmed half a wait after the timeout; now the brackets begin.
    expect(schedule.nextDueUs()).toBe(6 * SECOND_US)
    const [third] = schedule.advance(6 * SECOND_US).starts
    expect(schedule.beside(third!.ticket, 10 * SECOND_US)).toBeNull()
  })

  test('a check that is always slow does not hang, and one without brackets never gets a second try', () => {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 4 })
    schedule.add(plan({ brackets: true }), 0)
    schedule.finish(schedule.advance(0).starts[0]!.ticket, 'good', 4 * SECOND_US)
    expect(schedule.advance(schedule.nextDueUs()!).starts[0]!.hangsUs).toBe(8 * SECOND_US)
    const without = new Schedule({ epochUs: EPOCH_US, maxInFlight: 4 })
    without.add(plan(), 0)
    expect(without.beside(without.advance(0).starts[0]!.ticket, 9 * SECOND_US)).toBeNull()
  })
})

describe('second tries beside those that hang, and looks that are asked for', () => {
  const STEP_US = 50_000
  /** Starts in ten minutes of a target whose tries last each of `lastMs` in turn; from 5 s up they fail. */
  function triesOf(
    lastMs: readonly number[],
    { intervalS, askEveryMs }: { intervalS: number; askEveryMs: number },
  ) {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 8 })
    schedule.add(plan({ brackets: true, confirm: { down: 2, up: 1 }, intervalUs: intervalS * SECOND_US }), 0)
    const startsUs: number[] = []
    let running: { start: Start; fromUs: number; lastUs: number }[] = []
    const onStep = (us: number): number => Math.ceil(us / STEP_US) * STEP_US
    const begin = (start: Start | null, fromUs: number): void => {
      if (!start) return
      running.push({ start, fromUs, lastUs: lastMs[startsUs.length % lastMs.length]! * 1_000 })
      startsUs.push(fromUs)
    }
    for (let nowUs = 0; nowUs < 600 * SECOND_US; nowUs += STEP_US) {
      const ended = running.filter(({ fromUs, lastUs }) => fromUs + lastUs <= nowUs)
      running = running.filter((one) => !ended.includes(one))
      for (const { start, lastUs } of ended)
        schedule.finish(start.ticket, lastUs < 5 * SECOND_US ? 'good' : 'bad', nowUs)
      const hang = running.filter(({ start, fromUs }) => nowUs - fromUs === onStep(start.hangsUs))
      for (const { start } of hang) begin(schedule.beside(start.ticket, nowUs), nowUs)
      for (const start of schedule.advance(nowUs).starts) begin(start, nowUs)
      if (nowUs % (askEveryMs * 1_000) === 0) begin(schedule.look('a', nowUs), nowUs)
    }
    return startsUs
  }

  test('cost one try in 2 s, whatever hangs and however slow answers are', () => {
    const property = fc.property(
      fc.array(fc.constantFrom(10, 600, 1_200, 3_000, 5_000), { minLength: 1 }),
      fc.record({
        intervalS: fc.integer({ min: 6, max: 20 }),
        askEveryMs: fc.constantFrom(500, 2_000, 7_000),
      }),
      (lastMs, pace) => {
        const startsUs = triesOf(lastMs, pace)
        for (let from = 0; from < startsUs.length; from += 7) {
          const seconds = (startsUs.at(-1)! - startsUs[from]!) / SECOND_US
          // The one at the border, and a slot, a look and a second try that fall together.
          expect(startsUs.length - from).toBeLessThanOrEqual(seconds / 2 + 4)
        }
      },
    )
    fc.assert(property, { numRuns: 60 })
  })
})

describe('looks that are asked for', () => {
  const one = plan({ brackets: true, confirm: { down: 2, up: 1 } })
  /** A check that has just been seen in its first slot. */
  function seenOnce(seen: Seen, changes: Partial<Plan> = {}): Schedule {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
    schedule.add({ ...one, ...changes }, 0)
    schedule.finish(schedule.advance(0).starts[0]!.ticket, seen, 10_000)
    return schedule
  }

  test('begin at once, are no slot, and leave the slots where they are', () => {
    const schedule = seenOnce('good')
    const look = schedule.look('a', 3 * SECOND_US)
    expect(look).toMatchObject({ key: 'a', attempt: 1, slotUs: null })
    expect(schedule.nextDueUs()).toBeNull()
    schedule.finish(look!.ticket, 'good', 3 * SECOND_US + 10_000)
    expect(schedule.nextDueUs()).toBe(10 * SECOND_US)
  })

  test('that fail are looked at again after the wait, and confirm', () => {
    const schedule = seenOnce('good')
    const look = schedule.look('a', 3 * SECOND_US)!
    schedule.finish(look.ticket, 'bad', 3 * SECOND_US + 10_000)
    expect(schedule.nextDueUs()).toBe(5 * SECOND_US)
    const [again] = schedule.advance(5 * SECOND_US).starts
    expect(schedule.finish(again!.ticket, 'bad', 5 * SECOND_US)).toEqual({ settles: true })
  })

  test.each<[string, Schedule]>([
    ['a check that fails, which looks on its own', seenOnce('bad')],
    ['a check without brackets', seenOnce('good', { brackets: false })],
    ['a check that is not here', seenOnce('good', { key: 'b' })],
    ['a check that is probed oftener anyway', seenOnce('good', { intervalUs: SECOND_US })],
  ])('of %s are not followed', (_, schedule) => {
    for (let us = SECOND_US; schedule.nextDueUs()! <= us; us += SECOND_US) {
      for (const { ticket } of schedule.advance(us).starts) schedule.finish(ticket, 'good', us)
      if (us > 20 * SECOND_US) break
    }
    expect(schedule.look('a', 1_500_000)).toBeNull()
  })

  test('while it runs, or while there is no room, are not followed', () => {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
    schedule.add(one, 0)
    schedule.add({ ...one, key: 'b' }, 0)
    const [a] = schedule.advance(0).starts
    expect(schedule.look('a', 10)).toBeNull()
    expect(schedule.look('b', 10)).toBeNull()
    schedule.finish(a!.ticket, 'good', 20)
    // It is about to start in its own slot.
    expect(schedule.look('b', 20)).toBeNull()
    expect(schedule.advance(20).starts.map(({ key }) => key)).toEqual(['b'])
  })

  test('cost at most one try in 2 s, however often a collector asks and whatever is seen', () => {
    const property = fc.property(
      fc.array(fc.constantFrom<Seen>('good', 'bad', 'unknown'), { minLength: 1 }),
      fc.integer({ min: 50_000, max: 3 * SECOND_US }),
      fc.integer({ min: 10, max: 60 }),
      (seens, everyUs, intervalS) => {
        const { atUs, lookedUs } = asked(seens, { everyUs, intervalUs: intervalS * SECOND_US })
        for (const [i, us] of lookedUs.slice(1).entries())
          expect(us - lookedUs[i]!).toBeGreaterThanOrEqual(BRACKET_US)
        for (let from = 0; from < atUs.length; from += 7) {
          const seconds = (atUs.at(-1)! - atUs[from]!) / SECOND_US
          // The one that stands at the border, and a slot and a look that fall together.
          expect(atUs.length - from).toBeLessThanOrEqual(seconds / 2 + 3)
        }
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  /** Starts of all tries in ten minutes, and of those that were asked for. */
  function asked(seens: Seen[], { everyUs, intervalUs }: { everyUs: number; intervalUs: number }) {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 1 })
    schedule.add({ ...one, intervalUs }, 0)
    const [atUs, lookedUs]: [number[], number[]] = [[], []]
    const run = ({ ticket }: Start, nowUs: number): void => {
      atUs.push(nowUs)
      schedule.finish(ticket, seens[atUs.length % seens.length]!, nowUs + 10_000)
    }
    for (let askUs = everyUs; askUs < 600 * SECOND_US; askUs += everyUs) {
      for (let us = schedule.nextDueUs()!; us <= askUs; us = schedule.nextDueUs()!)
        for (const start of schedule.advance(us).starts) run(start, us)
      const look = schedule.look('a', askUs)
      if (look) lookedUs.push(askUs)
      if (look) run(look, askUs)
    }
    return { atUs, lookedUs }
  }
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

describe('bounds of the host', () => {
  const RATE = 20

  /** Starts in `seconds` of a collector that asks for `checks` every 100 ms, and for looks all the time. */
  function asked(
    seconds: number,
    { checks, cost = 1, leastUs = 0 }: { checks: number; cost?: number; leastUs?: number },
  ) {
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 128 })
    schedule.keepTo({ leastUs, perSecond: RATE }, 0)
    const one = { intervalUs: SECOND_US / 10, brackets: true, cost }
    for (let i = 0; i < checks; i += 1) schedule.add(plan({ ...one, key: `${i}`, phaseUs: i * 100 }), 0)
    const starts: { atUs: number; key: string }[] = []
    const missed: Missed[] = []
    for (let nowUs = 0; nowUs < seconds * SECOND_US; nowUs += 1_000) {
      const begun = schedule.advance(nowUs)
      missed.push(...begun.missed)
      const look = schedule.look(`${(nowUs / 1_000) % checks}`, nowUs)
      const trial = schedule.spend(1, nowUs)
      for (const start of [...begun.starts, ...(look ? [look] : [])]) {
        starts.push({ atUs: nowUs, key: start.key })
        schedule.finish(start.ticket, starts.length % 3 === 0 ? 'bad' : 'good', nowUs)
      }
      if (trial) starts.push({ atUs: nowUs, key: 'trial' })
    }
    return { starts, missed }
  }

  test.each([1, 5])('whatever is asked, at a cost of %i, the rate is kept in every second', (cost) => {
    const { starts, missed } = asked(30, { checks: 79, cost })
    const spent = starts.map(({ atUs, key }) => ({ atUs, cost: key === 'trial' ? 1 : cost }))
    for (const { atUs } of spent) {
      const within = spent.filter((one) => one.atUs >= atUs && one.atUs < atUs + SECOND_US)
      // A second's worth, a tenth of one at once, and the last one whole.
      expect(within.reduce((sum, one) => sum + one.cost, 0)).toBeLessThanOrEqual(RATE * 1.1 + cost)
    }
    expect(spent.reduce((sum, one) => sum + one.cost, 0)).toBeGreaterThan(RATE * 30 * 0.9)
    expect(missed.length).toBeGreaterThan(0)
    expect(missed.every(({ paced }) => paced)).toBe(true)
  })

  test('no check is asked oftener than the least interval, looks and re-probes included', () => {
    const leastUs = 3 * SECOND_US
    const schedule = new Schedule({ epochUs: EPOCH_US, maxInFlight: 8 })
    schedule.keepTo({ leastUs, perSecond: 1_000 }, 0)
    schedule.add(plan({ intervalUs: 10 * SECOND_US, brackets: true, phaseUs: 5 }), 0)
    const starts: number[] = []
    for (let nowUs = 0; nowUs < 300 * SECOND_US; nowUs += 50_000) {
      const look = schedule.look('a', nowUs)
      for (const start of [...schedule.advance(nowUs).starts, ...(look ? [look] : [])]) {
        starts.push(nowUs)
        const second = schedule.beside(start.ticket, nowUs)
        if (second) starts.push(nowUs)
        if (second) schedule.finish(second.ticket, 'bad', nowUs)
        schedule.finish(start.ticket, starts.length % 7 < 4 ? 'bad' : 'good', nowUs)
      }
    }
    const apart = starts.slice(1).map((us, i) => us - starts[i]!)
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(leastUs - 50_000)
    expect(starts.length).toBeGreaterThan(30)
  })
})
