/** Latency shares: against an oracle slot by slot, and the laws that nobody gains by losing data. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outcomeCode } from '@constat/shared/sample'
import { normalise, type IntervalSet } from '@constat/shared/time'
import { FIGURES } from '@constat/sla/figures'
import {
  countedLatencies,
  countWithin,
  judgeLatency,
  keepsShare,
  missingBetween,
  shareText,
  slotsWithin,
  type LatencyQuestion,
  type SlotColumns,
} from '@constat/sla/latency'
import { shareWithin } from '@constat/sla/percentile'
import { nearestRank } from '../../support/formulas.ts'
import { nearestRanks } from '@constat/sla/selection'
import { addToSketch, emptySketch, sketchPercentile } from '@constat/sla/sketch'

const OUTCOMES = ['ok', 'degraded', 'fail'] as const
// The last one stands for none.
const latency = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_fffe }))
const latencies = fc.array(latency, { minLength: 1, maxLength: 60 })
const percentile = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(String),
  fc.integer({ min: 0, max: 10_000 }).map((n) => (n / 100).toFixed(2)),
)
const set = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 30 })), { maxLength: 5 })
  .map((spans) => normalise(spans.map(([startMs, length]) => ({ startMs, endMs: startMs + length }))))

const holds = (intervals: IntervalSet, atMs: number): boolean =>
  intervals.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)

function columnsOf(samples: readonly (readonly [number, (typeof OUTCOMES)[number], number])[]): SlotColumns {
  const sorted = samples.toSorted((a, b) => a[0] - b[0])
  return {
    baseMs: 1_000,
    offsetMs: Uint32Array.from(sorted, ([atMs]) => atMs),
    outcome: Uint8Array.from(sorted, ([, outcome]) => outcomeCode(outcome)),
    latencyUs: Uint32Array.from(sorted, ([, , us]) => us),
  }
}

describe('percentiles', () => {
  test('a share reaches p per cent exactly when the p-th percentile is within the threshold', () => {
    fc.assert(
      fc.property(latencies, percentile, latency, (values, p, thresholdUs) => {
        const within = values.filter((us) => us <= thresholdUs).length
        // The 0th percentile is the least value, though no value is asked for.
        fc.pre(Number(p) > 0)
        expect(shareWithin({ n: values.length, within, p })).toBe(nearestRank(values, p)! <= thresholdUs)
      }),
      { numRuns: 2_000 },
    )
  })

  test('counting finds what sorting finds, in however many parts', () => {
    fc.assert(
      fc.property(
        fc.array(latencies, { maxLength: 4 }),
        fc.array(percentile, { maxLength: 4 }),
        (parts, ps) => {
          const all = parts.flat()
          const found = nearestRanks(
            parts.map((part) => Uint32Array.from(part)),
            ps,
          )
          expect(found).toEqual(ps.map((p) => nearestRank(all, p) ?? null))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a sketch is never below the true percentile, and at most a 128th above', () => {
    fc.assert(
      fc.property(latencies, latencies, percentile, (a, b, p) => {
        const sketch = emptySketch()
        addToSketch(sketch, Uint32Array.from(a))
        addToSketch(sketch, Uint32Array.from(b))
        const exact = nearestRank([...a, ...b], p)!
        const told = sketchPercentile(sketch, p)!
        expect(told).toBeGreaterThanOrEqual(exact)
        expect(told - exact).toBeLessThanOrEqual(exact / 128)
      }),
      { numRuns: 2_000 },
    )
    expect(sketchPercentile(emptySketch(), '50')).toBeNull()
  })
})

describe('what counts', () => {
  test('samples that answered, while the service was up, inside committed time', () => {
    const sample = fc.tuple(fc.integer({ min: 0, max: 130 }), fc.constantFrom(...OUTCOMES), latency)
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 40 }),
        set,
        set,
        latency,
        (samples, open, upAnyway, thresholdUs) => {
          const up = upAnyway.flatMap(({ startMs, endMs }) =>
            open.map((o) => ({ startMs: Math.max(startMs, o.startMs), endMs: Math.min(endMs, o.endMs) })),
          )
          const shift = (intervals: IntervalSet): IntervalSet =>
            normalise(intervals).map(({ startMs, endMs }) => ({
              startMs: startMs + 1_000,
              endMs: endMs + 1_000,
            }))
          const { latencyUs, undecided } = countedLatencies(columnsOf(samples), {
            up: shift(up),
            open: shift(open),
          })
          const answered = samples.filter(([, outcome]) => outcome !== 'fail')
          const counted = answered.filter(([atMs]) => holds(up, atMs))
          expect([...latencyUs].toSorted((a, b) => a - b)).toEqual(
            counted.map(([, , us]) => us).toSorted((a, b) => a - b),
          )
          expect(undecided).toBe(answered.filter(([atMs]) => holds(open, atMs) && !holds(up, atMs)).length)
          expect(countWithin(latencyUs, thresholdUs)).toBe(
            counted.filter(([, , us]) => us <= thresholdUs).length,
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('slots without a sample, counted one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20, max: 60 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        set,
        (firstMs, count, intervalMs, open) => {
          const slots = Array.from({ length: count }, (_, k) => firstMs + k * intervalMs)
          expect(slotsWithin({ firstMs, count, intervalMs }, open)).toBe(
            slots.filter((atMs) => holds(open, atMs)).length,
          )
        },
      ),
      { numRuns: 1_000 },
    )
  })

  const always = [{ startMs: 0, endMs: 1e9 }]
  test.each([
    ['a probe on time', 10_000, 0],
    ['a probe a little late', 10_400, 0],
    ['one slot left out', 20_003, 1],
    ['one slot left out, the next early', 19_998, 1],
    ['a minute of silence', 60_000, 5],
  ])('%s', (_, toMs, missing) => {
    expect(missingBetween({ fromMs: 0, toMs, intervalMs: 10_000 }, always)).toBe(missing)
  })
})

describe('verdicts', () => {
  const question = (change: Partial<LatencyQuestion>): LatencyQuestion => ({
    tally: { n: 100, within: 95, missing: 0 },
    target: '95',
    bindingFigure: 'provable',
    minimumSamples: 100,
    enoughOf: 'proved',
    measured: { committedMs: 1_000, knownMs: 1_000 },
    minimumCoverage: '0.95',
    phase: 'closed',
    ...change,
  })

  test.each([
    ['exactly the share', { tally: { n: 100, within: 95, missing: 0 } }, 'met'],
    ['one sample short of it', { tally: { n: 100, within: 94, missing: 0 } }, 'not_met'],
    [
      'met on what was seen, not if the missing were late',
      { tally: { n: 100, within: 95, missing: 1 } },
      'indeterminate',
    ],
    [
      'missed on what was seen, kept had the missing answered',
      { tally: { n: 100, within: 94, missing: 20 } },
      'indeterminate',
    ],
    ['missed whatever is missing', { tally: { n: 100, within: 80, missing: 20 } }, 'not_met'],
    [
      'missed by the point figure, where it binds',
      { tally: { n: 100, within: 94, missing: 20 }, bindingFigure: 'point' },
      'not_met',
    ],
    ['too few samples', { tally: { n: 99, within: 0, missing: 0 } }, 'indeterminate'],
    ['no samples', { tally: { n: 0, within: 0, missing: 0 }, minimumSamples: 0 }, 'indeterminate'],
    [
      'an open window that is lost by now',
      { tally: { n: 100, within: 0, missing: 0 }, phase: 'open' },
      'indeterminate',
    ],
  ] as const)('%s: %s', (_, change, verdict) => {
    expect(judgeLatency(question(change)).verdict).toBe(verdict)
  })

  test('an open window is at risk as soon as the missing could lose it', () => {
    const open = { phase: 'open' } as const
    expect(judgeLatency(question({ ...open })).outlook).toBe('on_track')
    expect(judgeLatency(question({ ...open, tally: { n: 100, within: 95, missing: 1 } })).outlook).toBe(
      'at_risk',
    )
    expect(judgeLatency(question({})).outlook).toBeNull()
  })

  test('evidence is thin below the least samples, below the coverage, and of nothing', () => {
    const thin = (change: Partial<LatencyQuestion>) => judgeLatency(question(change)).insufficientEvidence
    expect(thin({})).toBe(false)
    expect(thin({ minimumSamples: 101 })).toBe(true)
    expect(thin({ measured: { committedMs: 1_000, knownMs: 949 } })).toBe(true)
    expect(thin({ measured: { committedMs: 0, knownMs: 0 } })).toBe(true)
  })

  test('losing a sample brings neither verdict nearer, and provable is never below point below pessimistic', () => {
    const count = fc.integer({ min: 0, max: 50 })
    fc.assert(
      fc.property(count, count, count, percentile, (within, late, missing, target) => {
        const tally = { n: within + late, within, missing }
        const keeps = FIGURES.map((figure) => keepsShare({ tally, target }, figure))
        if (keeps[2] && tally.n > 0) expect(keeps).toEqual([true, true, true])
        if (keeps[1]) expect(keeps[0]).toBe(true)
        const losses = [
          within > 0 && { n: tally.n - 1, within: within - 1, missing: missing + 1 },
          late > 0 && { n: tally.n - 1, within, missing: missing + 1 },
        ].filter((lost) => lost !== false)
        for (const lost of losses) {
          if (keeps[0]) expect(keepsShare({ tally: lost, target }, 'provable')).toBe(true)
          if (!keeps[2]) expect(keepsShare({ tally: lost, target }, 'pessimistic')).toBe(false)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('text is truncated, never rounded up to the target', () => {
    const tally = { n: 30_001, within: 28_500, missing: 0 }
    expect(shareText(tally, 'point')).toBe('94.9968')
    expect(shareText({ n: 0, within: 0, missing: 0 }, 'point')).toBeNull()
    expect(shareText({ n: 2, within: 1, missing: 2 }, 'provable')).toBe('75.0000')
    expect(shareText({ n: 2, within: 1, missing: 2 }, 'pessimistic')).toBe('25.0000')
  })
})
