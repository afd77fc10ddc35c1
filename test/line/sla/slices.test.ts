/**
 * Slices, attempts and shares: bad minutes, mean error rates, requests, latencies.
 */
import { outcomeCode, type Outcome } from '@constat/shared/sample'
import { normalise } from '@constat/shared/time'
import { attempts, type VantageSlots } from '@constat/sla/judgement/attempts'
import { badMs, errorSum, attemptSlices, timeSlices } from '@constat/sla/judgement/slices'
import { fractionText } from '@constat/sla/fraction'
import { nearestRank } from '../../support/formulas.ts'
import { timelineOf } from '@constat/sla/timeline'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE_MS, contractOf, evaluated, onlyGuarantee, type Json } from '../../support/scenario.ts'

const OUTCOME: Record<string, Outcome> = { G: 'ok', D: 'degraded', F: 'fail', U: 'unknown', B: 'blocked' }

const EVER = { startMs: -Infinity, endMs: Infinity }

/** `G0 F60`: letter and second. */
function slots(text: string, intervalMs = MINUTE_MS): VantageSlots {
  const words = text === '' ? [] : text.split(' ')
  return {
    intervalMs,
    watch: { expected: EVER, known: [EVER], holdMs: 0 },
    columns: {
      baseMs: 0,
      offsetMs: Float64Array.from(words, (word) => Number(word.slice(1)) * 1000),
      outcome: Uint8Array.from(words, (word) => outcomeCode(OUTCOME[word[0]!]!)),
      latencyUs: new Uint32Array(words.length),
    },
  }
}

const HOUR = [{ startMs: 0, endMs: 300_000 }]

/** Letter and second of each attempt: G good, F failed, M missing. */
function attemptsOf(text: string, committed = HOUR, excused: typeof HOUR = []): string {
  return [...attempts(slots(text), { committed, excused })]
    .map(({ atMs, isFailed, isMissing }) => `${isMissing ? 'M' : isFailed ? 'F' : 'G'}${atMs / 1000}`)
    .join(' ')
}

describe('attempts', () => {
  test.each([
    ['each slot', 'G0 F60 D120 G180 G240', 'G0 F60 G120 G180 G240'],
    ['a slot without a sample', 'G0 G60 G180 G240', 'G0 G60 M120 G180 G240'],
    ['nobody could tell', 'G0 U60 B120 G180 G240', 'G0 M60 M120 G180 G240'],
    ['a probe that leaves late', 'G0 G89 G120 G180 G240', 'G0 G89 G120 G180 G240'],
    ['a phase of its own is no gap', 'G37 G97 G157 G217 G277', 'G37 G97 G157 G217 G277'],
    ['slots before the first sample', 'G157 G217 G277', 'M37 M97 G157 G217 G277'],
    ['slots after the last one', 'G37 G97', 'G37 G97 M157 M217 M277'],
    [
      'samples outside the time are no attempts, and fill the gap',
      'G-23 G37 G97 G157 G217 G277 G337',
      'G37 G97 G157 G217 G277',
    ],
    ['no samples at all: every slot', '', 'M0 M60 M120 M180 M240'],
  ])('%s', (_title, text, wanted) => expect(attemptsOf(text)).toBe(wanted))

  test('only in committed time', () => {
    const committed = [
      { startMs: 60_000, endMs: 120_000 },
      { startMs: 200_000, endMs: 300_000 },
    ]
    expect(attemptsOf('G0 F60 F120 G240', committed)).toBe('F60 G240')
  })

  test('in excused time every one is good', () => {
    expect(attemptsOf('F0 F60 G240', HOUR, [{ startMs: 60_000, endMs: 180_000 }])).toBe(
      'F0 G60 G120 M180 G240',
    )
  })

  test('a gap of years takes as long as its committed part', () => {
    const year = 31_536_000
    expect(attemptsOf(`G${-50 * year} G240`)).toBe('M0 M60 M120 M180 G240')
  })
})

const SLICING = { window: { startMs: 0, endMs: 300_000 }, sliceMs: MINUTE_MS, committed: HOUR, excused: [] }

describe('bad minutes', () => {
  // 20 attempts a minute for five minutes; the second minute has `failed` failures.
  const minuteOf = (failed: number, unknown = 0) => {
    const words = Array.from({ length: 100 }, (_, i) => {
      const k = i - 20
      const letter = k >= 0 && k < failed ? 'F' : k >= failed && k < failed + unknown ? 'U' : 'G'
      return `${letter}${i * 3}`
    })
    return attemptSlices([slots(words.join(' '), 3000)], SLICING)
  }
  test.each([
    ['5 % of 20 is one: not over', 1, 0, { overPercent: '5' }, [0, 0, 0]],
    ['two are over', 2, 0, { overPercent: '5' }, [1, 1, 1]],
    ['one failed and one unknown: nobody can say', 1, 1, { overPercent: '5' }, [0, 1, 1]],
    ['nineteen of twenty are not all', 19, 0, 'all-failed', [0, 0, 0]],
    ['all', 20, 0, 'all-failed', [1, 1, 1]],
    ['all that could be told', 19, 1, 'all-failed', [0, 1, 1]],
    ['nothing told', 0, 20, 'all-failed', [0, 0, 1]],
  ] as const)('%s', (_title, failed, unknown, badWhen, minutes) => {
    const { provable, point, pessimistic } = badMs(minuteOf(failed, unknown), badWhen)
    expect([provable, point, pessimistic]).toEqual(minutes.map((count) => count * MINUTE_MS))
  })

  test('a slice that is partly committed weighs what is', () => {
    const committed = [{ startMs: 90_000, endMs: 300_000 }]
    const slices = attemptSlices([slots('F60 F100 G120 G180 G240')], { ...SLICING, committed })
    expect(badMs(slices, 'all-failed').provable).toBe(30_000)
  })

  test('of several vantages the attempts are taken together', () => {
    const slices = attemptSlices([slots('F0 F60 G120 G180 G240'), slots('F10 G70 G130 G190 G250')], SLICING)
    expect(badMs(slices, 'all-failed').provable).toBe(MINUTE_MS)
    expect(badMs(slices, { overPercent: '49' }).provable).toBe(2 * MINUTE_MS)
  })
})

describe('mean error rate', () => {
  test('of five-minute rates, not of all attempts', () => {
    // 1 of 2 failed in the first slice, 0 of 8 in the second: the mean is 25 %, not 10 %.
    const first = 'F0 G150'
    const second = Array.from({ length: 8 }, (_, i) => `G${300 + i * 30}`).join(' ')
    const slicing = {
      window: { startMs: 0, endMs: 600_000 },
      sliceMs: 300_000,
      committed: [{ startMs: 0, endMs: 600_000 }],
      excused: [],
    }
    // An interval that leaves no slot empty on either side.
    const slices = attemptSlices([slots(`${first} ${second}`, 150_000)], slicing)
    expect(fractionText(errorSum(slices).point)).toBe('1/2')
  })

  test('of states: shares of time', () => {
    const timeline = timelineOf([
      { atMs: 0, state: 'up' },
      { atMs: 15_000, state: 'down' },
      { atMs: 30_000, state: 'unknown' },
      { atMs: 60_000, state: 'up' },
    ])
    const sums = errorSum(timeSlices(timeline, SLICING))
    // First minute: 15 s up, 15 s down, 30 s unknown.
    expect([sums.provable, sums.point, sums.pessimistic].map(fractionText)).toEqual(['1/4', '1/2', '3/4'])
  })
})

const WINDOW = { start: '2026-01-08T10:00:00Z', end: '2026-01-08T11:40:00Z' }
const START_MS = Date.parse(WINDOW.start)
const COMMON = { id: 'g', service: 'portal', clause: 'A', window: { period: 'P1M', timeZone: 'UTC' } }

/** One row a minute, 100 in all; `of` gives what stands after the instant. */
function rows(of: (minute: number) => unknown[]): unknown[] {
  return Array.from({ length: 100 }, (_, i) => [START_MS + i * MINUTE_MS, ...of(i)])
}

function judged(metric: Json, given: unknown[], more: Json = {}) {
  const { measurement, ...rest } = more
  const spec = { guarantees: [{ ...COMMON, ...metric }], ...(measurement ? { measurement } : {}) }
  return onlyGuarantee({
    contract: contractOf({ spec }),
    window: WINDOW,
    samples: { web: { lyon: given } },
    ...rest,
  })
}

describe('request share', () => {
  const metric = { metric: 'request-share', target: { percent: '98' } }
  test.each([
    ['two of a hundred failed', (i: number) => [i % 50 === 10 ? 'fail' : 'ok'], 'met', [100, 98, 0]],
    ['three', (i: number) => [i % 40 === 10 ? 'fail' : 'ok'], 'not_met', [100, 97, 0]],
    ['degraded is good', (i: number) => [i === 5 ? 'degraded' : 'ok'], 'met', [100, 100, 0]],
    [
      'two failed, one unknown',
      (i: number) => [i === 70 ? 'unknown' : i % 50 === 10 ? 'fail' : 'ok'],
      'indeterminate',
      [99, 97, 1],
    ],
  ])('%s', (_title, of, verdict, [n, within, missing]) => {
    expect(judged(metric, rows(of))).toMatchObject({ verdict, n, within, missing })
  })

  test('a blocked answer is nobody’s, unless the contract says that it failed', () => {
    const given = rows((i) => [i < 3 ? 'blocked' : 'ok'])
    expect(judged(metric, given).verdict).toBe('indeterminate')
    expect(judged(metric, given, { measurement: { blocked: 'fail' } }).verdict).toBe('not_met')
  })

  test('re-probes are no attempts', () => {
    const again = [START_MS + 10 * MINUTE_MS + 2000, 'fail', 'reprobe']
    const given = [
      ...rows((i) => [i === 10 ? 'fail' : 'ok']),
      again,
      [...again.slice(0, 1), 'fail', 'reprobe'],
    ]
    expect(judged(metric, given)).toMatchObject({ n: 100, within: 99 })
  })
})

describe('latency share', () => {
  const metric = { metric: 'share-within', threshold: 'PT0.4S', target: { percent: '95' } }
  test.each([
    ['the limit itself is in time', 400_000, 'met'],
    ['a µs more is not', 400_001, 'not_met'],
  ])('%s', (_title, slowUs, verdict) => {
    // Six of a hundred slow.
    const result = judged(
      metric,
      rows((i) => ['ok', i < 6 ? slowUs : 100_000]),
    )
    expect(result).toMatchObject({ verdict, n: 100, missing: 0 })
  })

  test.each([4, 5, 6, 7])('%i slow of a hundred: the share says what the percentile says', (slow) => {
    const latencies = Array.from({ length: 100 }, (_, i) => (i < slow ? 500_000 + i : 100_000 + i))
    const result = judged(
      metric,
      rows((i) => ['ok', latencies[i]]),
    )
    if (!('percentileUs' in result)) throw new Error('a latency guarantee has percentiles')
    const p95 = nearestRank(latencies, '95')
    expect(result.percentileUs?.p95).toBe(p95)
    expect(result.verdict).toBe(p95! <= 400_000 ? 'met' : 'not_met')
  })

  test('an answer without a latency is no fast one', () => {
    expect(
      judged(
        metric,
        rows(() => ['ok']),
      ),
    ).toMatchObject({ verdict: 'indeterminate', n: 0, missing: 100 })
  })

  test('too few samples judge nothing', () => {
    const given = rows(() => ['ok', 900_000])
    const latency = (minimumSamples: number) => ({ measurement: { latency: { minimumSamples } } })
    expect(judged(metric, given, latency(100))).toMatchObject({ verdict: 'not_met' })
    expect(judged(metric, given, latency(101))).toMatchObject({
      verdict: 'indeterminate',
      insufficientEvidence: true,
    })
  })

  test('one outage is not paid twice, as slowness too', () => {
    // Ten failures, each slow to fail: no answer at all. The rest is fast.
    const given = rows((i) => (i >= 20 && i < 30 ? ['fail', 9_000_000] : ['ok', 100_000]))
    expect(judged(metric, given)).toMatchObject({ verdict: 'met', n: 90, within: 90, missing: 0 })
  })

  test('switching an agent off never makes a failure', () => {
    // Two of three see it down for 20 minutes, the third has slow answers meanwhile.
    const slow = rows((i) => ['ok', i >= 20 && i < 40 ? 900_000 : 100_000])
    const down = rows((i) => (i >= 20 && i < 40 ? ['fail'] : ['ok', 100_000]))
    const spec = { guarantees: [{ ...COMMON, ...metric }] }
    const verdictWith = (lille: unknown[]) =>
      evaluated({
        contract: contractOf({ spec }),
        window: WINDOW,
        samples: { web: { lyon: slow, nantes: down, lille } },
      }).guarantees[0]?.verdict
    expect(verdictWith(down)).toBe('met')
    const off = down.map((row) => [(row as unknown[])[0], 'unknown'])
    expect(verdictWith(off)).toBe('indeterminate')
  })
})

describe('an open window', () => {
  test('says nothing by a slice that is not over', () => {
    // The first of 31 days: one failure at 10:00:00, of a slice that will hold five.
    const metric = { metric: 'mean-error-rate', slice: 'PT5M', target: { percent: '99' } }
    const given = [[START_MS, 'fail']]
    const result = judged(metric, given, { asOf: START_MS + 30_000 })
    expect(result).toMatchObject({ verdict: 'indeterminate', slices: 0 })
    // A whole slice failed: 20 slices may lose 0.2.
    const five = Array.from({ length: 5 }, (_, i) => [START_MS + i * MINUTE_MS, 'fail'])
    expect(judged(metric, five, { asOf: START_MS + 300_000 }).verdict).toBe('not_met')
  })
})

describe('slices of states', () => {
  const STATES = ['up', 'down', 'unknown', 'degraded', 'partial'] as const
  const timelines = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom(...STATES)), {
      minLength: 1,
      maxLength: 10,
    })
    .map((list) => {
      let atMs = -30
      return list.map(([length, state]) => {
        atMs += length
        return { atMs, state }
      })
    })
  const sets = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 80 })), { maxLength: 4 })
    .map((list) =>
      normalise(list.map(([startMs, length]) => ({ startMs, endMs: Math.min(300, startMs + length) }))),
    )

  test('are what counting each ms comes to', () => {
    fc.assert(
      fc.property(timelines, sets, fc.integer({ min: 7, max: 120 }), (states, committed, sliceMs) => {
        const slices = timeSlices(timelineOf(states), {
          window: { startMs: 0, endMs: 300 },
          sliceMs,
          committed,
          excused: [],
        })
        const byHand = new Map<number, { weightMs: number; known: number; fail: number; failMax: number }>()
        for (let at = 0; at < 300; at += 1) {
          if (!committed.some(({ startMs, endMs }) => startMs <= at && at < endMs)) continue
          const slice = Math.floor(at / sliceMs)
          const sums = byHand.get(slice) ?? { weightMs: 0, known: 0, fail: 0, failMax: 0 }
          const state = states.findLast(({ atMs }) => atMs <= at)?.state ?? 'unknown'
          sums.weightMs += 1
          if (state !== 'unknown') sums.known += 1
          if (state === 'down') sums.fail += 1
          if (state === 'down' || state === 'unknown') sums.failMax += 1
          byHand.set(slice, sums)
        }
        const told = slices.map(({ startMs, weightMs, known, fail, failMax }) => [
          startMs / sliceMs,
          { weightMs, known, fail, failMax },
        ])
        expect(told).toEqual([...byHand])
      }),
    )
  })
})

describe('slices of a window', () => {
  const contract = (slice: string) =>
    contractOf({
      spec: { guarantees: [{ ...COMMON, metric: 'mean-error-rate', slice, target: { percent: '99' } }] },
    })
  const states = { portal: [[WINDOW.start, 'up']] }
  // A month of 31 days and an hour has 2,682,000 s: in three seconds each they are 894,000.
  test('are as many as there may be', () => {
    expect(onlyGuarantee({ contract: contract('PT3S'), window: WINDOW, states }).verdict).toBe('met')
  })

  test('shorter ones are refused with the contract', () => {
    expect(() => evaluated({ contract: contract('PT1S'), window: WINDOW, states })).toThrow(/1 problem/)
  })

  test('a window that is too long for them is refused', () => {
    const window = { start: '2026-01-01T00:00:00Z', end: '2026-03-01T00:00:00Z' }
    expect(() => evaluated({ contract: contract('PT3S'), window, states })).toThrow(/the most/)
  })
})
