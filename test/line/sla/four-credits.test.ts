/**
 * Four credits: by the provider's own numbers, by what both say, by what is proved, by what was measured; what
 * is in dispute, and what comes next. Through whole scenarios of June 2026, 43 200 min.
 */
import { describe, expect, test } from 'vitest'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'

const at = (minutes: number) => Date.UTC(2026, 5, 1) + Math.round(minutes * 60_000)

type Given = {
  /** min from the start of the month, and how long. */
  down?: readonly [number, number][]
  stated?: readonly object[]
  availability?: Record<string, string>
  contract?: object
  exclusions?: readonly object[]
  lengthMs?: number
}

function reconciled({
  down = [],
  stated,
  availability,
  contract,
  exclusions = [],
  lengthMs = 43_200 * 60_000,
}: Given) {
  const states = [
    [at(-1000), 'up'],
    ...down.flatMap(([from, minutes]) => [
      [at(from), 'down'],
      [at(from + minutes), 'up'],
    ]),
  ]
  const scenario = {
    contract: {
      apiVersion: 'constat/v1',
      kind: 'Contract',
      metadata: { name: 'four' },
      spec: {
        provider: 'Northstar',
        target: '99.9',
        timeZone: 'UTC',
        watch: ['https://a.example'],
        monthlyFee: { amount: '10000', currency: 'EUR' },
        credits: {
          schedules: {
            'a-example': {
              kind: 'tiers',
              tiers: [
                { from: '99.9', percent: '0' },
                { from: '99', percent: '10' },
                { from: '0', percent: '25' },
              ],
            },
          },
          claim: { deadline: { days: 30, dayKind: 'calendar', after: 'window-end' } },
        },
        ...contract,
      },
    },
    window: { start: at(0), end: at(0) + lengthMs },
    states: { 'a-example': states },
    exclusions,
    statement: { ...(stated && { incidents: stated }), ...(availability && { availability }) },
  }
  const answer = evaluateScenario(readScenario(scenario), [])
  return { ...answer, only: answer.reconciliation[0]! }
}

const line = (from: number, minutes: number, more: object = {}) => ({
  start: new Date(at(from)).toISOString(),
  end: new Date(at(from + minutes)).toISOString(),
  ...more,
})

describe('four amounts', () => {
  // 43.2 min are allowed; 432 min are 99 %.
  test.each<[string, Given, [string, string, string, string], string]>([
    [
      'the same everywhere',
      { down: [[600, 60]], stated: [line(600, 60)] },
      ['1000.00', '1000.00', '1000.00', '1000.00'],
      '0.00',
    ],
    [
      'half of it admitted',
      { down: [[600, 60]], stated: [line(600, 30)] },
      ['0.00', '0.00', '1000.00', '1000.00'],
      '1000.00',
    ],
    [
      'nothing admitted',
      { down: [[600, 500]], stated: [] },
      ['0.00', '0.00', '2500.00', '2500.00'],
      '2500.00',
    ],
    [
      'more admitted than was measured',
      { down: [[600, 60]], stated: [line(600, 500)] },
      ['2500.00', '1000.00', '1000.00', '1000.00'],
      '1500.00',
    ],
    [
      'more admitted than was measured, where admissions bind',
      {
        down: [[600, 60]],
        stated: [line(600, 500)],
        contract: { reconciliation: { admissions: 'binding' } },
      },
      ['2500.00', '2500.00', '1000.00', '1000.00'],
      '1500.00',
    ],
    // 60 min each, of which 50 are the same.
    [
      'elsewhere',
      { down: [[600, 60]], stated: [line(610, 60)] },
      ['1000.00', '1000.00', '1000.00', '1000.00'],
      '0.00',
    ],
    [
      'only a percentage: 99.5 % is 216 min',
      { down: [[600, 60]], availability: { 'a-example': '99.5' } },
      ['1000.00', '1000.00', '1000.00', '1000.00'],
      '0.00',
    ],
    [
      'only a percentage, that keeps the promise',
      { down: [[600, 60]], availability: { '*': '99.95' } },
      ['0.00', '0.00', '1000.00', '1000.00'],
      '1000.00',
    ],
    // Its lines go before the percentage it makes of them.
    [
      'lines and a percentage',
      { down: [[600, 60]], stated: [line(600, 60)], availability: { 'a-example': '99.95' } },
      ['1000.00', '1000.00', '1000.00', '1000.00'],
      '0.00',
    ],
    [
      'told by a word of its own',
      { down: [[600, 60]], stated: [line(600, 60, { kind: 'Panne majeure' })] },
      ['1000.00', '1000.00', '1000.00', '1000.00'],
      '0.00',
    ],
    // 99.9 % of 2 591 999 999 ms leave 2 591 999.999: rounded to the ms the promise would be missed.
    [
      'only a percentage, that is the promise to the digit',
      { down: [[600, 60]], availability: { '*': '99.9' }, lengthMs: 2_591_999_999 },
      ['0.00', '0.00', '1000.00', '1000.00'],
      '1000.00',
    ],
    [
      'told as planned',
      {
        down: [[600, 60]],
        stated: [line(600, 60, { kind: 'planned' })],
        contract: { exclusions: { kinds: [{ id: 'planned', needs: 'agreement-or-decision' }] } },
      },
      ['0.00', '0.00', '1000.00', '1000.00'],
      '1000.00',
    ],
  ])('%s', (_, given, [stated, agreed, provable, point], inDispute) => {
    expect(reconciled(given).only.credits).toEqual({
      currency: 'EUR',
      credits: { stated, agreed, provable, point },
      inDispute,
    })
  })

  test('are none where nothing is priced', () => {
    const contract = { monthlyFee: undefined, credits: undefined }
    expect(reconciled({ down: [[600, 60]], stated: [], contract }).only).toMatchObject({
      credits: null,
      nextDeadline: null,
    })
  })
})

describe('beside them', () => {
  test('stands the next deadline', () => {
    // From the midnight that ends June, 30 days end with 30 July.
    const { only } = reconciled({ down: [[600, 60]], stated: [] })
    expect(only.nextDeadline).toEqual({ what: 'claim', at: '2026-07-31T00:00:00.000Z' })
  })
  test('stands each step from the one figure to the other', () => {
    const { only } = reconciled({
      down: [
        [600, 60],
        [2000, 10],
      ],
      stated: [line(600, 30)],
      availability: { '*': '100' },
    })
    expect(only.waterfall.map(({ step, ms }) => [step, ms / 60_000])).toEqual([
      ['stated', 0],
      ['arithmetic-of-the-statement', 30],
      ['shorter-in-the-statement', 30],
      ['absent-from-the-statement', 10],
      ['measured', 70],
    ])
  })
  test('stands what was made of each excuse', () => {
    const contract = {
      exclusions: {
        capPerMonth: 'PT30M',
        kinds: [{ id: 'planned', needs: 'announcement', notice: { elapsed: 'PT24H' } }],
      },
    }
    const exclusions = [
      {
        id: 'm1',
        kind: 'planned',
        start: at(2000),
        end: at(2045),
        announcedAt: at(0),
        declaredBy: 'provider',
      },
    ]
    const { only, guarantees } = reconciled({
      down: [[2000, 60]],
      stated: [line(2000, 60, { kind: 'planned' })],
      contract,
      exclusions,
    })
    expect(guarantees[0]).toMatchObject({ excludedMs: 30 * 60_000 })
    expect(only.matches).toMatchObject([
      {
        class: 'reclassified',
        measuredOnlyMs: 30 * 60_000,
        excuses: [
          {
            line: 1,
            ruling: 'm1',
            standing: 'valid',
            claimedMs: 60 * 60_000,
            excusedMs: 30 * 60_000,
            outsideMs: 15 * 60_000,
            overCapMs: 15 * 60_000,
          },
        ],
      },
    ])
  })
})

test('an outage that began before the window is compared by what lies in it', () => {
  const { only } = reconciled({ down: [[-30, 60]], stated: [line(-30, 60)] })
  expect(only).toMatchObject({ downMs: { stated: 30 * 60_000, both: 30 * 60_000, measured: 30 * 60_000 } })
  expect(only.matches.map((match) => match.class)).toEqual(['agreed'])
})

test('time that stays in the denominator is excused on both sides', () => {
  const contract = {
    exclusions: {
      denominatorMode: 'excuse-only',
      kinds: [{ id: 'planned', needs: 'announcement', notice: { elapsed: 'PT24H' } }],
    },
  }
  const exclusions = [{ kind: 'planned', start: at(2000), end: at(2030), announcedAt: at(0) }]
  const { only } = reconciled({ down: [[2000, 60]], stated: [line(2000, 60)], contract, exclusions })
  expect(only.downMs).toMatchObject({ stated: 30 * 60_000, measured: 30 * 60_000 })
})

test('a clock read to the quarter of an hour agrees to a quarter of an hour', () => {
  const of = (resolution: string) => {
    const contract = { reconciliation: { tolerance: 'PT2M', providerClock: { timeZone: 'UTC', resolution } } }
    return reconciled({ down: [[607, 50]], stated: [line(600, 60)], contract }).only.matches.map(
      (match) => match.class,
    )
  }
  expect([of('PT1M'), of('PT15M')]).toEqual([['longer-in-the-statement'], ['agreed']])
})
