/**
 * Schedules: what one missed guarantee is worth, by each formula, with the arithmetic beside each row.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stepPercent } from '@constat/sla/credit'
import { fraction, truncatedText, decimal } from '@constat/sla/fraction'
import {
  availabilityOf,
  contractOf,
  DAY_MS,
  MINUTE_MS,
  MONTH,
  judgedWith,
  restorationOf,
  statementFor,
} from '../../support/credit-world.ts'
import { problemsOf } from '../../support/contract-text.ts'
import { baseOf, scheduled } from '@constat/sla/credit/schedule'

type Row = [what: string, schedule: object, outages: [number, number][], total: string]

const TIERS = {
  kind: 'tiers',
  tiers: [
    { from: '99.9', percent: '0' },
    { from: '99', percent: '10' },
    { from: '95', percent: '25' },
    { from: '0', percent: '100' },
  ],
}

/** The portal is charged 10 000 a month; 43 200 min, of which 99.9 % allow 43.2 min. */
describe('availability of 99.9 %', () => {
  const rows: Row[] = [
    ['43.2 min keep it', TIERS, [[0, 43.2]], '0.00'],
    ['one ms more does not', TIERS, [[0, 43.2 + 1 / 60_000]], '1000.00'],
    ['60 min: 99.861 %, 10 %', TIERS, [[0, 60]], '1000.00'],
    ['432 min are exactly 99 %: still 10 %', TIERS, [[0, 432]], '1000.00'],
    ['one ms below 99 %: 25 %', TIERS, [[0, 432 + 1 / 60_000]], '2500.00'],
    [
      'two outages count together',
      TIERS,
      [
        [0, 300],
        [900, 132],
      ],
      '1000.00',
    ],
    ['2160 min are exactly 95 %: still 25 %', TIERS, [[0, 2160]], '2500.00'],
    ['one ms below 95 %: all of it', TIERS, [[0, 2160 + 1 / 60_000]], '10000.00'],
    ['flat', { kind: 'flat', percent: '3' }, [[0, 60]], '300.00'],
    // 99.9 − 99.8611… = 0.03888… points × 5 % × 10 000 = 19.444…
    ['linear', { kind: 'linear', percentPerPoint: '5' }, [[0, 60]], '19.44'],
    [
      'linear, up to its cap',
      { kind: 'linear', percentPerPoint: '500', capPercent: '12.5' },
      [[0, 60]],
      '1250.00',
    ],
    ['linear, exact to the last digit', { kind: 'linear', percentPerPoint: '0.9' }, [[0, 60]], '3.50'],
    // 10 000 × 10 % at risk × 50 % × 40 %
    [
      'pool',
      { kind: 'pool', atRiskPercent: '10', poolPercent: '50', allocationPercent: '40' },
      [[0, 60]],
      '200.00',
    ],
    ['points', { kind: 'points', points: 3, amountPerPoint: '150' }, [[0, 60]], '450.00'],
  ]
  test.each(rows)('%s', (_, schedule, outages, total) => {
    const terms = contractOf({ guarantees: [availabilityOf('up')], credits: { schedules: { up: schedule } } })
    expect(statementFor(terms, { windows: { up: { outages } } }).total).toBe(total)
  })
})

describe('steps of a guarantee that allows nothing', () => {
  const step = (partialStep: 'up' | 'down', capPercent?: string) => ({
    kind: 'step',
    per: 'PT30M',
    percent: '5',
    partialStep,
    ...(capPercent !== undefined && { capPercent }),
  })
  const rows: Row[] = [
    ['61 min, or part thereof: three steps', step('up'), [[0, 61]], '1500.00'],
    ['61 min, each 30 minutes: two steps', step('down'), [[0, 61]], '1000.00'],
    ['60 min are two steps', step('up'), [[0, 60]], '1000.00'],
    ['60 min are two steps either way', step('down'), [[0, 60]], '1000.00'],
    ['one ms is a part', step('up'), [[0, 1 / 60_000]], '500.00'],
    ['29 min are no step', step('down'), [[0, 29]], '0.00'],
    ['a month of them ends at the whole charge', step('up', '100'), [[0, 43_200]], '10000.00'],
    ['or at a lower cap', step('up', '12'), [[0, 61]], '1200.00'],
  ]
  test.each(rows)('%s', (_, schedule, outages, total) => {
    const terms = contractOf({
      guarantees: [availabilityOf('up', '100')],
      credits: { schedules: { up: schedule } },
    })
    expect(statementFor(terms, { windows: { up: { outages } } }).total).toBe(total)
  })
})

describe('each restored within 4 h', () => {
  const hours = (partialStep?: 'up' | 'down') => ({
    kind: 'late-restoration',
    per: 'PT24H',
    divisor: '1000',
    ...(partialStep !== undefined && { partialStep }),
  })
  const rows: Row[] = [
    // 6 h and 9.5 h: 2 h and 5.5 h late, 2 + 6 steps of 2 %.
    [
      'steps round each incident up',
      { kind: 'step', per: 'PT1H', percent: '2', partialStep: 'up' },
      [
        [0, 360],
        [2000, 570],
      ],
      '1600.00',
    ],
    [
      'or down',
      { kind: 'step', per: 'PT1H', percent: '2', partialStep: 'down' },
      [
        [0, 360],
        [2000, 570],
      ],
      '1400.00',
    ],
    [
      'and share one cap',
      { kind: 'step', per: 'PT1H', percent: '2', partialStep: 'up', capPercent: '10' },
      [
        [0, 360],
        [2000, 570],
      ],
      '1000.00',
    ],
    [
      'one in time adds nothing',
      { kind: 'step', per: 'PT1H', percent: '2', partialStep: 'up' },
      [
        [0, 240],
        [2000, 300],
      ],
      '200.00',
    ],
    // P = V × R ÷ 1000, R in days: 28 h − 4 h = 1 day; 10 000 × 1 ÷ 1000.
    ['a day late', hours(), [[0, 1680]], '10.00'],
    // 34 h: 30 h late, 1.25 days; two days or one where days are whole.
    ['a day and a quarter', hours(), [[0, 2040]], '12.50'],
    ['a day that has begun', hours('up'), [[0, 2040]], '20.00'],
    ['a day that has passed', hours('down'), [[0, 2040]], '10.00'],
    ['capped', { ...hours(), divisor: '1', capPercent: '30' }, [[0, 1680]], '3000.00'],
  ]
  test.each(rows)('%s', (_, schedule, outages, total) => {
    const terms = contractOf({
      guarantees: [restorationOf('fix', 'PT4H')],
      credits: { schedules: { fix: schedule } },
    })
    expect(statementFor(terms, { windows: { fix: { outages } } }).total).toBe(total)
  })
})

describe('points by figure', () => {
  const credits = {
    schedules: {
      up: {
        kind: 'points',
        points: [
          { from: '99', points: 0 },
          { from: '98', points: 1 },
          { from: '0', points: 3 },
        ],
        amountPerPoint: '100',
      },
    },
    repeat: { multiplier: '2' },
  }
  const terms = contractOf({ guarantees: [availabilityOf('up', '99')], credits })
  // 96.5 % is 1512 min down, 98.5 % is 648.
  test.each<[string, number, number, string]>([
    ['severe', 1512, 0, '300.00'],
    ['minor the month after', 648, 1, '200.00'],
    ['severe the month after', 1512, 1, '600.00'],
    ['exactly 98 % is minor', 864, 0, '100.00'],
  ])('%s', (_, minutes, failures, total) => {
    const history = {
      up: Array.from({ length: failures }, () => ({ verdict: 'not_met' as const, credit: '1' })),
    }
    expect(statementFor(terms, { windows: { up: { outages: [[0, minutes]] } }, history }).total).toBe(total)
  })

  test('the same points grow by a list of their own', () => {
    const own = contractOf({
      guarantees: [availabilityOf('up', '99')],
      credits: {
        schedules: { up: { kind: 'points', points: 3, repeatPoints: [6, 9], amountPerPoint: '1' } },
      },
    })
    const totals = [0, 1, 2, 3].map((failures) => {
      const history = {
        up: Array.from({ length: failures }, () => ({ verdict: 'not_met' as const, credit: null })),
      }
      return statementFor(own, { windows: { up: { outages: [[0, 864]] } }, history }).total
    })
    expect(totals).toEqual(['3.00', '6.00', '9.00', '9.00'])
  })

  test('are refused out of order, without an end, or with two kinds of repetition', () => {
    const wrong = (schedule: object) =>
      problemsOf(
        JSON.stringify({
          apiVersion: 'constat/v1',
          kind: 'Contract',
          metadata: { name: 'wrong' },
          spec: {
            provider: 'N',
            timeZone: 'UTC',
            target: '99',
            watch: ['https://a.example'],
            monthlyFee: { amount: '1', currency: 'EUR' },
            credits: { schedules: { 'a-example': { kind: 'points', amountPerPoint: '1', ...schedule } } },
          },
        }),
      ).join('\n')
    expect(wrong({ points: [{ from: '99', points: 0 }] })).toContain('end with {from: "0", …}')
    expect(
      wrong({
        points: [
          { from: '9', points: 0 },
          { from: '90', points: 1 },
          { from: '0', points: 2 },
        ],
      }),
    ).toContain('out of order')
    expect(
      wrong({
        points: [
          { from: '9', points: 2 },
          { from: '0', points: 1 },
        ],
      }),
    ).toContain('pays less')
    expect(wrong({ points: [{ from: '0', points: 2 }], repeatPoints: [3] })).toContain('repeatPoints')
    expect(wrong({ points: [{ from: '0', points: 2 }] })).toBe('')
  })
})

describe('the figure that looks up a tier', () => {
  // 43.4 min are 99.89954 %: 99.90 once rounded to two digits, 99.89 once cut.
  const outages: [number, number][] = [[0, 43.4]]
  test.each<[string, object | string, string]>([
    ['as it is', 'none', '1000.00'],
    ['rounded half up first', { digits: 2, mode: 'half-up' }, '0.00'],
    ['cut first', { digits: 2, mode: 'truncate' }, '1000.00'],
    ['rounded to three digits', { digits: 3, mode: 'half-up' }, '0.00'],
    ['rounded to four digits', { digits: 4, mode: 'half-up' }, '1000.00'],
  ])('%s', (_, verdict, total) => {
    const terms = contractOf({
      guarantees: [availabilityOf('up')],
      credits: { schedules: { up: TIERS } },
      measurement: { rounding: { verdict } },
    })
    const windows = { up: { outages, verdict: 'not_met' as const } }
    expect(statementFor(terms, { windows }).total).toBe(total)
  })

  test.each<['provable' | 'point' | 'pessimistic', string]>([
    ['provable', '1000.00'],
    ['point', '2500.00'],
    ['pessimistic', '10000.00'],
  ])('is the binding one: %s', (bindingFigure, total) => {
    const terms = contractOf({
      guarantees: [availabilityOf('up')],
      credits: { schedules: { up: TIERS } },
      measurement: { bindingFigure },
    })
    const { result } = judgedWith(terms, 'up', { outages: [[0, 60]] })
    const guarantee = terms.guarantees[0]!
    if (result.measure.kind !== 'downtime') throw new Error('availability is downtime')
    const downMs = { provable: 60 * MINUTE_MS, point: 500 * MINUTE_MS, pessimistic: 3 * DAY_MS }
    const doubtful = { ...result, measure: { ...result.measure, downMs } }
    const base = baseOf({ terms, guarantee, base: 'monthly-charge-of-service' })
    const schedule = terms.credits!.schedules['up']!
    const { amount } = scheduled(schedule, {
      result: doubtful,
      stated: null,
      guarantee,
      base,
      failuresBefore: 0,
      terms,
    })
    expect(truncatedText(amount, 2)).toBe(total)
  })

  test('of an open window is of the whole of it: what is owed at least', () => {
    const terms = contractOf({ guarantees: [availabilityOf('up')], credits: { schedules: { up: TIERS } } })
    const judged = judgedWith(terms, 'up', { outages: [[0, 60]] })
    // After one day 60 min are 95.83 %, which would be 25 %; of the month they are 99.86 %.
    const open = { ...judged, result: { ...judged.result, elapsedMs: DAY_MS } }
    const guarantee = terms.guarantees[0]!
    const base = baseOf({ terms, guarantee, base: 'monthly-charge-of-service' })
    const context = { result: open.result, stated: null, guarantee, base, failuresBefore: 0, terms }
    expect(truncatedText(scheduled(terms.credits!.schedules['up']!, context).amount, 2)).toBe('1000.00')
  })
})

describe('the base', () => {
  const own = { service: 'portal', amount: '10000' }
  const vpn = { service: 'vpn', amount: '4000' }
  test.each<[string, object[], string, string, string]>([
    ['the charge of the service', [own, vpn], 'monthly-charge-of-service', 'P1M', '10000'],
    ['all charges', [own, vpn], 'monthly-charge-of-contract', 'P1M', '14000'],
    [
      'the charge of the contract where the service has none',
      [{ amount: '9000' }],
      'monthly-charge-of-service',
      'P1M',
      '9000',
    ],
    [
      'the whole charge, of which that of a service is a part',
      [{ amount: '20000' }, own],
      'monthly-charge-of-contract',
      'P1M',
      '20000',
    ],
    ['the part, of the service', [{ amount: '20000' }, own], 'monthly-charge-of-service', 'P1M', '10000'],
    ['three of them in a quarter', [own, vpn], 'monthly-charge-of-service', 'P3M', '30000'],
    ['twelve in a year', [own, vpn], 'monthly-charge-of-service', 'P1Y', '120000'],
    ['a whole one for a week', [own, vpn], 'monthly-charge-of-service', 'P1W', '10000'],
  ])('is %s', (_, charges, base, period, expected) => {
    const terms = contractOf({
      guarantees: [{ ...availabilityOf('up'), window: { period } }],
      credits: { base, schedules: { up: { kind: 'flat', percent: '1' } } },
      charges: charges as { amount: string }[], // rows of the table above
    })
    const found = baseOf({ terms, guarantee: terms.guarantees[0]!, base: terms.credits!.base })
    expect(found).toEqual(decimal(expected))
  })
})

test('steps: up is down, or one more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 1, max: 10 ** 7 }), (late, per) => {
      const rule = { per: fraction(per), percent: fraction(5), cap: null }
      const up = stepPercent({ ...rule, partialStep: 'up' }, fraction(late))
      const down = stepPercent({ ...rule, partialStep: 'down' }, fraction(late))
      expect(up.d).toBe(1n)
      expect(down).toEqual(fraction(5 * Math.floor(late / per)))
      expect(up).toEqual(late % per === 0 ? down : fraction(5 * (Math.floor(late / per) + 1)))
    }),
  )
})

test('the month of the tests has 30 days', () => {
  expect(MONTH.endMs - MONTH.startMs).toBe(30 * DAY_MS)
})
