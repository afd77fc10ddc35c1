/**
 * Losses: rates by local time, over the change of clocks too, the share of users, what an incident costs
 * however long it lasts; and windows that cut an outage in two.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LossModelSpec } from '@constat/sla/contract/schema-private'
import { lossStatement, type LossStatement } from '@constat/sla/credit/loss-statement'
import { decimal, sum } from '@constat/sla/fraction'
import { timelineOf, type State } from '@constat/sla/timeline'
import { hostZone } from '@constat/sla/zone'

type Price = LossModelSpec['services'][number]
type Outage = [from: string, to: string]

const OCTOBER = { startMs: Date.parse('2026-09-30T22:00:00Z'), endMs: Date.parse('2026-10-31T23:00:00Z') }
const WEEKDAYS: Price['perMinute'][number]['days'] = ['MO', 'TU', 'WE', 'TH', 'FR']
const ALL = [...WEEKDAYS, 'SA' as const, 'SU' as const]
const PRICE: Price = {
  service: 'portal',
  perMinute: [
    { days: WEEKDAYS, start: '08:00', end: '12:00', amount: '120' },
    { days: WEEKDAYS, start: '12:00', end: '14:00', amount: '40' },
  ],
  timeZone: 'Europe/Paris',
  otherwise: '10',
  perIncident: '250',
}

function timelineWith(outages: readonly Outage[]) {
  const states: { atMs: number; state: State }[] = [{ atMs: Date.parse('2026-01-01T00:00:00Z'), state: 'up' }]
  for (const [from, to] of outages) {
    states.push({ atMs: Date.parse(from), state: 'down' }, { atMs: Date.parse(to), state: 'up' })
  }
  return timelineOf(states)
}

type Question = {
  price?: Partial<Price>
  vantages?: readonly (readonly Outage[])[]
  window?: typeof OCTOBER
  asOf?: string
}

function lossOf(
  outages: readonly Outage[],
  { price, vantages = [], window = OCTOBER, asOf }: Question = {},
): LossStatement {
  const span = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2027, 0, 1) }
  return lossStatement({
    name: 'loss',
    model: { contract: 'c', currency: 'EUR', showToProvider: false, services: [{ ...PRICE, ...price }] },
    zone: (zone) => hostZone(zone, span),
    services: new Map([
      [
        'portal',
        {
          timeline: timelineWith(outages),
          vantages: vantages.map(timelineWith),
          incidents: outages.map(([from, to]) => ({
            onsetMs: Date.parse(from),
            endMs: asOf === undefined ? Date.parse(to) : null,
          })),
        },
      ],
    ]),
    window,
    asOfMs: asOf === undefined ? window.endMs : Date.parse(asOf),
  })
}

describe('one outage', () => {
  test.each<[string, Outage, string, string]>([
    // 5 October 2026 is a Monday; Paris is at +2 until the 25th.
    ['in the morning', ['2026-10-05T07:00:00Z', '2026-10-05T07:30:00Z'], '30.00', '3850.00'],
    // 11:50 to 12:20: 10 × 120 + 20 × 40 + 250.
    ['over noon', ['2026-10-05T09:50:00Z', '2026-10-05T10:20:00Z'], '30.00', '2250.00'],
    ['at night', ['2026-10-05T01:00:00Z', '2026-10-05T02:00:00Z'], '60.00', '850.00'],
    ['on a Saturday', ['2026-10-10T07:00:00Z', '2026-10-10T07:30:00Z'], '30.00', '550.00'],
    ['of twenty seconds', ['2026-10-05T07:00:00Z', '2026-10-05T07:00:20Z'], '0.33', '290.00'],
    // After the change of clocks 08:00 is 07:00 UTC: the half hour before costs 10 a minute.
    ['from before eight in winter', ['2026-10-26T06:30:00Z', '2026-10-26T07:30:00Z'], '60.00', '4150.00'],
    ['from before eight in summer', ['2026-10-05T05:30:00Z', '2026-10-05T06:30:00Z'], '60.00', '4150.00'],
  ])('%s', (_, outage, minutes, amount) => {
    expect(lossOf([outage])).toMatchObject({ lines: [{ service: 'portal', minutes, amount }], total: amount })
  })

  test('the hour that happens twice costs twice', () => {
    const price = {
      perMinute: [{ days: ALL, start: '02:00', end: '03:00', amount: '100' }],
      otherwise: '0',
      perIncident: '0',
    }
    // 01:00 to 04:00 on the clock of 25 October are four hours, two of them read 02.
    const night: Outage = ['2026-10-24T23:00:00Z', '2026-10-25T03:00:00Z']
    expect(lossOf([night], { price }).total).toBe('12000.00')
    const usual: Outage = ['2026-10-23T23:00:00Z', '2026-10-24T02:00:00Z']
    expect(lossOf([usual], { price }).total).toBe('6000.00')
  })

  test('the first rate that fits is taken', () => {
    const morning: Outage = ['2026-10-05T07:00:00Z', '2026-10-05T07:10:00Z']
    const rates = [
      { days: ALL, start: '00:00', end: '24:00', amount: '1' },
      { days: ALL, start: '09:00', end: '10:00', amount: '7' },
    ]
    const total = (perMinute: Price['perMinute']) =>
      lossOf([morning], { price: { perMinute, perIncident: '0' } }).total
    expect([total(rates), total(rates.toReversed())]).toEqual(['10.00', '70.00'])
  })
})

describe('the share of users', () => {
  const outage: Outage = ['2026-10-05T07:00:00Z', '2026-10-05T07:30:00Z']
  const share = { from: 'vantages-down', of: 'vantages-known' } as const
  const price = { affectedShare: share, perIncident: '0' }
  const half: Outage = ['2026-10-05T07:00:00Z', '2026-10-05T07:15:00Z']
  test.each<[string, Partial<Price>, Outage[][], string]>([
    ['all without a clause', { perIncident: '0' }, [[outage], []], '3600.00'],
    ['a fixed half', { affectedShare: { fixed: '0.5' }, perIncident: '0' }, [], '1800.00'],
    ['what an incident costs is not shared', { affectedShare: { fixed: '0.5' } }, [], '2050.00'],
    ['both of two', price, [[outage], [outage]], '3600.00'],
    ['one of two', price, [[outage], []], '1800.00'],
    // A quarter of an hour by both, then by one.
    ['as it changes', price, [[outage], [half]], '2700.00'],
    ['one of three', price, [[outage], [], []], '1200.00'],
    ['all where nobody is asked', price, [], '3600.00'],
  ])('%s', (_, own, vantages, total) => {
    expect(lossOf([outage], { price: own, vantages }).total).toBe(total)
  })
})

describe('windows', () => {
  // 31 October 23:30 to 1 November 00:30 in Paris, both at 10 a minute.
  const outage: Outage = ['2026-10-31T22:30:00Z', '2026-10-31T23:30:00Z']
  const NOVEMBER = { startMs: OCTOBER.endMs, endMs: Date.parse('2026-11-30T23:00:00Z') }
  test('an outage over their end is told in both, and what it costs at once where it began', () => {
    expect(lossOf([outage]).lines).toMatchObject([{ minutes: '30.00', amount: '550.00' }])
    expect(lossOf([outage], { window: NOVEMBER }).lines).toMatchObject([
      { minutes: '30.00', amount: '300.00' },
    ])
  })
  test('an outage that lasts costs until now', () => {
    const { lines } = lossOf([['2026-10-05T07:00:00Z', '2026-10-06T07:00:00Z']], {
      asOf: '2026-10-05T07:10:00Z',
    })
    expect(lines).toMatchObject([{ minutes: '10.00', amount: '1450.00' }])
  })
})

test('the total is the sum of the lines, whatever is rounded', () => {
  const startMs = OCTOBER.startMs
  const outage = fc.record({
    from: fc.integer({ min: 0, max: 40_000 }),
    ms: fc.integer({ min: 1, max: 3_600_000 }),
  })
  fc.assert(
    fc.property(fc.uniqueArray(outage, { selector: ({ from }) => from, maxLength: 8 }), (drawn) => {
      const sorted = drawn.toSorted((a, b) => a.from - b.from)
      const outages = sorted.flatMap(({ from, ms }, i): Outage[] => {
        const next = sorted[i + 1]?.from ?? Infinity
        const fromMs = startMs + from * 60_000
        const untilMs = Math.min(fromMs + ms, startMs + next * 60_000 - 1)
        return [[new Date(fromMs).toISOString(), new Date(untilMs).toISOString()]]
      })
      const statement = lossOf(outages)
      expect(sum(...statement.lines.map(({ amount }) => decimal(amount)))).toEqual(decimal(statement.total))
      // Nothing costs less than the cheapest rate, nor more than the dearest.
      for (const [i, { amount }] of statement.lines.entries()) {
        const [from, to] = outages[i]!.map((text) => Date.parse(text))
        const minutes = (to! - from!) / 60_000
        expect(Number(amount)).toBeGreaterThanOrEqual(250 + minutes * 10 - 0.01)
        expect(Number(amount)).toBeLessThanOrEqual(250 + minutes * 120 + 0.01)
      }
    }),
    { numRuns: 100 },
  )
})
