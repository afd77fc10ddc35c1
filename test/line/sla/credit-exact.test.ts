/**
 * Money is exact: credits of every schedule worked out a second time, in whole numbers, from the samples or
 * states themselves; and the clause that rounds before credit, for every schedule that rests on a percentage.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AVAILABILITY, contractOf, evaluated, type Json } from '../../support/scenario.ts'

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 1)
const CHARGE = 1_000_000n

/** `n / d` units of money as the contract rounds them: half up to two digits. Above zero. */
function money(n: bigint, d: bigint): string {
  const cents = (2n * 100n * n + d) / (2n * d)
  return `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`
}

function contractWith(more: {
  guarantee: object
  schedule: object
  rounding?: unknown
  measurement?: object
}): Json[] {
  const { guarantee, schedule, rounding, measurement } = more
  const spec = {
    guarantees: [{ ...AVAILABILITY, ...guarantee }],
    charges: { currency: 'EUR', monthly: [{ service: 'portal', amount: String(CHARGE) }] },
    credits: { clause: 'A', schedules: { up: schedule } },
    measurement: {
      clause: 'M',
      ...measurement,
      ...(rounding !== undefined && { rounding: { verdict: rounding } }),
    },
  }
  return contractOf({ spec })
}

const totalOf = (scenario: Json) => evaluated(scenario).credits?.total

describe('a mean of error rates, linear', () => {
  const contract = contractWith({
    guarantee: { metric: 'mean-error-rate', slice: 'PT5M', target: { percent: '99.9' } },
    schedule: { kind: 'linear', percentPerPoint: '10' },
  })
  /** Five attempts a slice; in slice `i` the first `failed[i]` fail. */
  const samples = (failed: readonly number[], slices: number) =>
    Array.from({ length: slices * 5 }, (_, k) => {
      const i = Math.floor(k / 5)
      return [START_MS + k * 60_000, k % 5 < (failed[i] ?? 0) ? 'fail' : 'ok', 5]
    })
  const SLICES = 60
  const window = { start: START_MS, end: START_MS + SLICES * 300_000 }

  test('is that of the failed attempts themselves', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }), (failed) => {
        const rows = samples(failed, SLICES)
        const lost = BigInt(failed.reduce((sum, one) => sum + one, 0))
        // 100 × lost ÷ 300 percent are lost, and 0.1 may be; each point is 10 % of the charge.
        const missing = 100n * lost * 10n - 300n
        const right = missing <= 0n ? '0.00' : money(missing * CHARGE, 300n * 10n * 10n)
        expect(totalOf({ contract, window, samples: { web: { lyon: rows } } })).toBe(right)
      }),
      { numRuns: 25 },
    )
  })

  test('of an open window is of all its slices: what is owed whatever is to come', () => {
    // One whole slice of 60 lost after an hour; closed with all others good it comes to the same.
    const open = { contract, window, asOf: START_MS + 3_600_000 }
    const total = totalOf({ ...open, samples: { web: { lyon: samples([5], 12) } } })
    const closed = totalOf({ contract, window, samples: { web: { lyon: samples([5], SLICES) } } })
    expect([total, closed]).toEqual([money(CHARGE * (1000n - 60n), 60n * 100n), total])
  })
})

describe('steps of what passes the allowance', () => {
  // 86 401 s of which 99.7 % are promised: 259 203 ms may be down; of 86 400 001 ms it is 259 200.003.
  test.each<[string, number, number, string]>([
    ['a step to the ms', 86_401_000, 259_203 + 60_000, '50000.00'],
    ['one ms more begins the next', 86_401_000, 259_203 + 60_001, '100000.00'],
    ['below the whole ms of the allowance', 86_400_001, 259_200 + 60_000, '50000.00'],
    ['above it', 86_400_001, 259_201 + 60_000, '100000.00'],
  ])('%s', (_, lengthMs, downMs, total) => {
    const contract = contractWith({
      guarantee: { target: { percent: '99.7' } },
      schedule: { kind: 'step', per: 'PT1M', percent: '5', partialStep: 'up' },
    })
    const states = {
      portal: [
        [START_MS, 'down'],
        [START_MS + downMs, 'up'],
      ],
    }
    expect(totalOf({ contract, window: { start: START_MS, end: START_MS + lengthMs }, states })).toBe(total)
  })
})

describe('rounded before credit, whatever the schedule', () => {
  const TIERS = [
    { from: '99.9', percent: '0' },
    { from: '0', percent: '10' },
  ]
  const POINTS = [
    { from: '99.9', points: 0 },
    { from: '0', points: 3 },
  ]
  const window = { start: START_MS, end: START_MS + 31 * DAY_MS }
  const HALF_UP = { digits: 2, mode: 'half-up' }
  const CUT = { digits: 1, mode: 'truncate' }
  // 46 min of 44 640 are 99.8969…: 99.90 half up. 60 min are 99.8655…: 99.87 half up, 99.8 cut.
  test.each<[string, object, unknown, number, string]>([
    ['tiers', { kind: 'tiers', tiers: TIERS }, HALF_UP, 46, '0.00'],
    ['tiers that miss', { kind: 'tiers', tiers: TIERS }, HALF_UP, 60, '100000.00'],
    ['flat', { kind: 'flat', percent: '10' }, HALF_UP, 46, '0.00'],
    ['flat that misses', { kind: 'flat', percent: '10' }, HALF_UP, 60, '100000.00'],
    ['linear', { kind: 'linear', percentPerPoint: '10' }, HALF_UP, 46, '0.00'],
    // 99.90 − 99.87 = 0.03 points, 99.9 − 99.8 = 0.1 points.
    ['linear, half up', { kind: 'linear', percentPerPoint: '10' }, HALF_UP, 60, '3000.00'],
    ['linear, cut', { kind: 'linear', percentPerPoint: '10' }, CUT, 60, '10000.00'],
    ['step', { kind: 'step', per: 'PT1M', percent: '1', partialStep: 'up' }, HALF_UP, 46, '0.00'],
    // 0.03 % of 44 640 min are 13.392 min: 14 begun, 13 whole; cut, 0.1 % are 44.64.
    ['step, up', { kind: 'step', per: 'PT1M', percent: '1', partialStep: 'up' }, HALF_UP, 60, '140000.00'],
    [
      'step, down',
      { kind: 'step', per: 'PT1M', percent: '1', partialStep: 'down' },
      HALF_UP,
      60,
      '130000.00',
    ],
    ['step, cut', { kind: 'step', per: 'PT1M', percent: '1', partialStep: 'down' }, CUT, 60, '440000.00'],
    ['points', { kind: 'points', points: 3, amountPerPoint: '100' }, HALF_UP, 46, '0.00'],
    ['points by figure', { kind: 'points', points: POINTS, amountPerPoint: '100' }, HALF_UP, 46, '0.00'],
    [
      'points by figure, missed',
      { kind: 'points', points: POINTS, amountPerPoint: '100' },
      HALF_UP,
      60,
      '300.00',
    ],
    [
      'pool',
      { kind: 'pool', atRiskPercent: '10', poolPercent: '50', allocationPercent: '40' },
      HALF_UP,
      46,
      '0.00',
    ],
  ])('%s', (_, schedule, rounding, minutes, total) => {
    const contract = contractWith({ guarantee: {}, schedule, rounding })
    const states = {
      portal: [
        [START_MS, 'down'],
        [START_MS + minutes * 60_000, 'up'],
      ],
    }
    const { credits, guarantees } = evaluated({ contract, window, states })
    expect([guarantees[0]?.verdict, credits?.total]).toEqual(['not_met', total])
  })
})
