/**
 * Windows, verdicts, budgets and percentiles: exact to the millisecond on both sides of each limit.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intersect, normalise, subtract, totalMs, type Interval } from '@constat/shared/time'
import { budgetOf, burnThreshold, isBurning, keepsTarget } from '@constat/sla/budget'
import { availabilityText, availabilityTexts, coverageText } from '@constat/sla/figures'
import { decimal, fraction, fractionText, ratio } from '@constat/sla/fraction'
import { shareWithin } from '@constat/sla/percentile'
import { nearestRank } from '../../support/formulas.ts'
import { MARK, concatenate, markAt, stateOf, timelineOf, type Timeline } from '@constat/sla/timeline'
import { boundedVerdict, judge, type JudgeQuestion } from '@constat/sla/verdict'
import { measure, partition, type StateMs } from '@constat/sla/window'
import vectors from '../../vectors/fold.json' with { type: 'json' }

function casesOf(category: string): [string, (typeof vectors.cases)[number]][] {
  return vectors.cases.filter((c) => c.category === category).map((c) => [c.id, c])
}

describe('the published cases', () => {
  test.each(casesOf('bounded_verdict'))('%s', (_id, { given, expect: wanted }) => {
    const { committed_s, min_down_s, max_down_s, target } = given
    const question = {
      committedMs: committed_s!,
      minDownMs: min_down_s!,
      maxDownMs: max_down_s!,
      target: target!,
    }
    expect({ verdict: boundedVerdict(question) }).toEqual(wanted)
  })

  test.each(casesOf('burn_rate'))('%s', (_id, { given, expect: wanted }) => {
    const burn = burnThreshold({
      budgetShare: decimal(given.budget_share!),
      committed: fraction(given.committed_hours!),
      longWindow: fraction(given.long_window_hours!),
    })
    expect({ burn: fractionText(burn) }).toEqual(wanted)
  })

  test.each(casesOf('percentile'))('%s', (_id, { given, expect: wanted }) => {
    const { values, n, within, p } = given
    const answer = values
      ? { value: nearestRank(values, p) }
      : { met: shareWithin({ n: n!, within: within!, p: p! }) }
    expect(answer).toEqual(wanted)
  })

  test('are all there', () => {
    for (const category of ['bounded_verdict', 'burn_rate', 'percentile'])
      expect(casesOf(category)).not.toEqual([])
  })
})

const MONTH_MS = 2_592_000_000

describe('bounds', () => {
  test.each<[number, number, string, string]>([
    [2_592_000, 2_592_000, '99.9', 'met'],
    [2_592_000, 2_592_001, '99.9', 'indeterminate'],
    [2_592_001, 2_592_001, '99.9', 'not_met'],
    [0, 0, '100', 'met'],
    [0, 1, '100', 'indeterminate'],
    [1, 1, '100', 'not_met'],
    [MONTH_MS, MONTH_MS, '0', 'met'],
    [25_920, 25_920, '99.999', 'met'],
    [25_921, 30_000, '99.999', 'not_met'],
  ])('%i … %i ms down of 30 days against %s: %s', (minDownMs, maxDownMs, target, verdict) => {
    expect(boundedVerdict({ committedMs: MONTH_MS, minDownMs, maxDownMs, target })).toBe(verdict)
  })

  test('a year in ms passes 2^53 on the way and stays exact', () => {
    const committedMs = 31_622_400_000
    const target = '99.99999'
    // 10⁻⁷ of a leap year is 3162.24 ms.
    expect(keepsTarget({ committedMs, downMs: 3162, target })).toBe(true)
    expect(keepsTarget({ committedMs, downMs: 3163, target })).toBe(false)
    expect(budgetOf({ committedMs, target, spentMs: 3163 })).toEqual({
      allowedMs: 3162,
      spentMs: 3163,
      leftMs: -1,
    })
  })

  test('the rounded allowance says the same as the exact comparison', () => {
    const targets = fc.constantFrom('99.9', '99.95', '99.123', '33.3333', '0', '100')
    fc.assert(
      fc.property(
        fc.nat({ max: 100_000 }),
        targets,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (committedMs, target, share) => {
          const { allowedMs } = budgetOf({ committedMs, target, spentMs: 0 })
          for (const spentMs of [allowedMs, allowedMs + 1, Math.trunc(committedMs * share)]) {
            const { leftMs } = budgetOf({ committedMs, target, spentMs })
            expect(leftMs >= 0).toBe(keepsTarget({ committedMs, downMs: spentMs, target }))
          }
        },
      ),
    )
  })
})

describe('judging', () => {
  const downMs = (provable: number, point: number, pessimistic: number) => ({ provable, point, pessimistic })
  const question: JudgeQuestion = {
    measured: {
      windowCommittedMs: 1_000_000,
      committedMs: 500_000,
      knownMs: 490_000,
      downMs: downMs(0, 0, 0),
    },
    target: '99.9',
    bindingFigure: 'provable',
    minimumCoverage: '0.95',
    phase: 'open',
  }
  type Row = [string, [number, number, number], Partial<JudgeQuestion>, string, string | null]
  // 1000 ms are allowed in the whole window.
  test.each<Row>([
    ['all is well', [0, 0, 0], {}, 'indeterminate', 'on_track'],
    ['half is spent', [0, 500, 900], {}, 'indeterminate', 'on_track'],
    ['more than half is spent', [0, 501, 900], {}, 'indeterminate', 'at_risk'],
    ['too much went unseen', [0, 0, 1001], {}, 'indeterminate', 'at_risk'],
    [
      'the allowance of the whole window, not of the part',
      [1000, 1000, 1000],
      {},
      'indeterminate',
      'at_risk',
    ],
    ['lost before the end', [1001, 1001, 1001], {}, 'not_met', null],
    ['the point figure does not bind', [1000, 1001, 1001], {}, 'indeterminate', 'at_risk'],
    ['unless the contract says so', [1000, 1001, 1001], { bindingFigure: 'point' }, 'not_met', null],
    ['pessimistic binding', [0, 0, 1001], { bindingFigure: 'pessimistic' }, 'not_met', null],
    ['closed and proved', [0, 900, 1000], { phase: 'closed' }, 'met', null],
    ['closed, not provable either way', [1000, 1000, 1001], { phase: 'closed' }, 'indeterminate', null],
    ['closed and lost', [1001, 1001, 1001], { phase: 'closed' }, 'not_met', null],
  ])('%s', (_title, figures, more, verdict, outlook) => {
    const measured = { ...question.measured, downMs: downMs(...figures) }
    expect(judge({ ...question, measured, ...more })).toMatchObject({
      verdict,
      outlook,
      insufficientEvidence: false,
    })
  })

  test.each([
    [475_000, false],
    [474_999, true],
  ])('coverage of %i in 500000 is thin: %s', (knownMs, insufficientEvidence) => {
    const measured = { ...question.measured, knownMs }
    expect(judge({ ...question, measured })).toMatchObject({ insufficientEvidence })
  })

  test('nothing committed: nothing kept', () => {
    const measured = { windowCommittedMs: 0, committedMs: 0, knownMs: 0, downMs: downMs(0, 0, 0) }
    expect(judge({ ...question, measured, phase: 'closed' })).toEqual({
      verdict: 'indeterminate',
      outlook: null,
      insufficientEvidence: true,
      budget: { allowedMs: 0, spentMs: 0, leftMs: 0 },
    })
  })

  test("the specification's own window", () => {
    const measured = {
      windowCommittedMs: 950_400_000,
      committedMs: 950_400_000,
      knownMs: 949_000_000,
      downMs: downMs(2_880_000, 2_940_000, 4_460_000),
    }
    expect(judge({ ...question, measured, phase: 'closed' })).toEqual({
      verdict: 'not_met',
      outlook: null,
      insufficientEvidence: false,
      budget: { allowedMs: 950_400, spentMs: 2_880_000, leftMs: -1_929_600 },
    })
    expect(availabilityTexts(measured)).toEqual({
      provable: '99.6969',
      point: '99.6906',
      pessimistic: '99.5307',
    })
    expect(coverageText(measured)).toBe('0.9985')
  })
})

test.each([
  [1_000_000_000, 1, '99.9999'],
  [7, 0, '100.0000'],
  [7, 7, '0.0000'],
  [0, 0, null],
])('%i ms with %i down reads %s: never rounded up', (committedMs, downMs, text) => {
  expect(availabilityText({ committedMs, downMs })).toBe(text)
})

describe('burn', () => {
  // 1 % of 100 h is 1 h; a fiftieth of that is 72 s, a twelfth of that 6 s.
  const question = {
    target: '99',
    committedMs: 360_000_000,
    budgetShare: '1/50',
    longDownMs: 72_000,
    shortDownMs: 6000,
  }
  test.each([
    [{}, true],
    [{ longDownMs: 71_999 }, false],
    [{ shortDownMs: 5999 }, false],
    [{ target: '100', longDownMs: 1, shortDownMs: 1 }, true],
    [{ target: '100', longDownMs: 0, shortDownMs: 0 }, false],
    [{ target: '100', longDownMs: 1, shortDownMs: 0 }, false],
  ])('%o: %s', (change, wanted) => expect(isBurning({ ...question, ...change })).toBe(wanted))

  test('at the threshold the rate is the threshold', () => {
    const threshold = burnThreshold({
      budgetShare: decimal('0.02'),
      committed: fraction(100),
      longWindow: fraction(1),
    })
    // 72 s down of an hour, of which one per cent may be.
    const rate = ratio(fraction(72, 3_600), fraction(1, 100))
    expect([fractionText(rate), fractionText(threshold)]).toEqual(['2', '2'])
  })
})

describe('percentiles', () => {
  test.each([
    [[], 95, undefined],
    [[15, 20, 35, 40, 50], 5, 15],
    [[15, 20, 35, 40, 50], 30, 20],
    [[50, 40, 35, 20, 15], 40, 20],
    [[15, 20, 35, 40, 50], 50, 35],
    [[15, 20, 35, 40, 50], 100, 50],
    [[9, 100], 0, 9],
  ])('of %j at %i: %s', (values, p, wanted) => expect(nearestRank(values, p)).toBe(wanted))

  test('counting answers as sorting does', () => {
    const values = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        values,
        fc.constantFrom('50', '95', '99', '99.9', '33.3'),
        fc.nat({ max: 50 }),
        (list, p, limit) => {
          const within = list.filter((value) => value <= limit).length
          expect(shareWithin({ n: list.length, within, p })).toBe(nearestRank(list, p)! <= limit)
        },
      ),
    )
  })
})

describe('windows', () => {
  const set = fc
    .array(fc.record({ startMs: fc.nat({ max: 50 }), lengthMs: fc.nat({ max: 12 }) }), { maxLength: 6 })
    .map((list) => normalise(list.map(({ startMs, lengthMs }) => ({ startMs, endMs: startMs + lengthMs }))))
  const marks = [0, MARK.blocked, MARK.known, 9, 9 | MARK.degraded, 1 | MARK.partial, 3, 7]
  const someTimeline = fc
    .array(fc.record({ gapMs: fc.integer({ min: 1, max: 9 }), mark: fc.constantFrom(...marks) }), {
      maxLength: 10,
    })
    .map((changes): Timeline => {
      let atMs = 0
      const at = changes.map(({ gapMs }) => (atMs += gapMs))
      return concatenate([{ at, mark: changes.map(({ mark }) => mark) }])
    })
  const window = { startMs: 5, endMs: 45 }
  const covers = (intervals: readonly Interval[], atMs: number) =>
    intervals.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)

  test('measure counts each committed millisecond up to the present', () => {
    fc.assert(
      fc.property(someTimeline, set, fc.nat({ max: 60 }), (timeline, committed, asOfMs) => {
        const inside = Array.from({ length: 40 }, (_, i) => i + 5).filter((atMs) => covers(committed, atMs))
        const told = inside.filter((atMs) => atMs < asOfMs).map((atMs) => markAt(timeline, atMs))
        const number = (holds: (mark: number) => boolean) => told.filter(holds).length
        expect(measure({ timeline, committed, window, asOfMs })).toEqual({
          windowCommittedMs: inside.length,
          committedMs: told.length,
          knownMs: number((mark) => (mark & MARK.known) !== 0),
          unknownMs: number((mark) => (mark & MARK.known) === 0),
          blockedMs: number((mark) => mark === MARK.blocked),
          downMs: {
            provable: number((mark) => (mark & MARK.provenDown) !== 0),
            point: number((mark) => (mark & MARK.down) !== 0),
            pessimistic: number((mark) => (mark & MARK.provenUp) === 0),
          },
          partialMs: number((mark) => stateOf(mark) === 'partial'),
          degradedMs: number((mark) => stateOf(mark) === 'degraded'),
        })
      }),
    )
  })

  test('a partition sums to its interval, part by part', () => {
    const sumOfStates = (given: StateMs): number => Object.values(given).reduce((a, b) => a + b, 0)
    fc.assert(
      fc.property(someTimeline, set, set, (timeline, inHours, excluded) => {
        const parts = partition({ timeline, inHours, excluded, interval: window })
        const hours = intersect(inHours, [window])
        const sums = Object.values(parts).map(sumOfStates)
        expect(sums.reduce((a, b) => a + b, 0)).toBe(40)
        expect([sumOfStates(parts.committed), sumOfStates(parts.inHoursExcluded)]).toEqual([
          totalMs(subtract(hours, excluded)),
          totalMs(intersect(hours, excluded)),
        ])
        const measured = measure({ timeline, committed: subtract(inHours, excluded), window, asOfMs: 45 })
        const { down, unknown, partial, degraded } = parts.committed
        expect([down, unknown, partial, degraded]).toEqual([
          measured.downMs.point,
          measured.unknownMs,
          measured.partialMs,
          measured.degradedMs,
        ])
      }),
    )
  })

  test('the day of the rule replay: 2 h critical, 1 h of it excused, 4 h silent, 18 h ok', () => {
    const hour = 3_600_000
    const timeline = timelineOf([
      { atMs: 0, state: 'up' },
      { atMs: 18 * hour, state: 'down' },
      { atMs: 20 * hour, state: 'unknown' },
    ])
    const day = { startMs: 0, endMs: 24 * hour }
    const committed = subtract([day], [{ startMs: 18 * hour, endMs: 19 * hour }])
    const measured = measure({ timeline, committed, window: day, asOfMs: day.endMs })
    expect(coverageText(measured)).toBe('0.8260')
    expect(availabilityTexts(measured)).toMatchObject({ provable: '95.6521', pessimistic: '78.2608' })
  })
})
