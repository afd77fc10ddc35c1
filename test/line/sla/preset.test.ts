/**
 * Presets: each is an ordinary contract, and gives the figures that were published for it. June 2026 has
 * 43 200 min; scenarios are told by states, so what is checked is the contract and the money.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'
import { preset, readPreset, presetNames } from '../../../collector/src/cli/preset.ts'
import { problemsOf } from '../../support/contract-text.ts'

const JUNE = Date.UTC(2026, 5, 1)
const at = (minutes: number) => JUNE + Math.round(minutes * 60_000)
type Outage = readonly [fromMin: number, minutes: number]

/** Down in these minutes, up around them. */
function downIn(...outages: readonly Outage[]): [number, string][] {
  return [
    [at(-2000), 'up'],
    ...outages.flatMap(([from, minutes]): [number, string][] => [
      [at(from), 'down'],
      [at(from + minutes), 'up'],
    ]),
  ]
}

/** Every minute its first half down. */
const HALF_MINUTES = downIn(...Array.from({ length: 60 }, (_, i): Outage => [600 + i, 0.5]))

type Case = {
  /** Parameters put into the document. */
  with?: readonly (readonly [from: string, to: string])[]
  states: Record<string, [number, string][]>
  window?: { start: number; end: number }
  more?: object
}

function evaluated(name: string, { with: changes = [], states, window, more }: Case) {
  const text = changes.reduce((whole, [from, to]) => {
    if (!whole.includes(from)) throw new Error(`${name} does not say ${from}`)
    return whole.replaceAll(from, to)
  }, readPreset(name))
  const scenario = {
    window: window ?? { start: at(0), end: at(43_200) },
    states,
    ...more,
  }
  return evaluateScenario(readScenario(scenario), [{ name: `${name}.yaml`, text }])
}

const total = (name: string, given: Case) => evaluated(name, given).credits?.total
const failures = (...verdicts: string[]) => ({ history: { availability: verdicts } })

/** What is taken off, and how it comes about. */
const TABLE: [preset: string, rows: [what: string, given: Case, total: string][]][] = [
  [
    'object-storage',
    [
      // 8640 slices of 5 min; 8.64 of them may be lost.
      ['12 slices lost: 99.8611 %', { states: { 'object-storage': downIn([600, 60]) } }, '100.00'],
      [
        '17 halves are 8.5',
        {
          states: {
            'object-storage': downIn(...Array.from({ length: 17 }, (_, i): Outage => [600 + 10 * i, 2.5])),
          },
        },
        '0.00',
      ],
      [
        '18 halves are 9',
        {
          states: {
            'object-storage': downIn(...Array.from({ length: 18 }, (_, i): Outage => [600 + 10 * i, 2.5])),
          },
        },
        '100.00',
      ],
      ['below 99 %', { states: { 'object-storage': downIn([600, 433]) } }, '250.00'],
      ['below 95 %', { states: { 'object-storage': downIn([600, 2165]) } }, '1000.00'],
    ],
  ],
  [
    'cloud-region',
    [
      ['4 min are within 99.99 %', { states: { region: downIn([600, 4]) } }, '0.00'],
      ['5 min are not', { states: { region: downIn([600, 5]) } }, '100.00'],
      ['below 99 %', { states: { region: downIn([600, 433]) } }, '300.00'],
      ['below 95 %', { states: { region: downIn([600, 2161]) } }, '1000.00'],
    ],
  ],
  [
    'private-link',
    [
      ['five minutes in which all failed', { states: { link: downIn([600, 5]) } }, '100.00'],
      ['a minute that half failed is up', { states: { link: HALF_MINUTES } }, '0.00'],
      [
        'and down where more than 5 % is asked',
        { with: [['badWhen: all-failed', "badWhen: { overPercent: '5' }"]], states: { link: HALF_MINUTES } },
        '100.00',
      ],
      ['below 99 %', { states: { link: downIn([600, 433]) } }, '250.00'],
    ],
  ],
  [
    'file-share',
    [
      [
        'outages of four minutes do not count',
        { states: { share: downIn(...Array.from({ length: 20 }, (_, i): Outage => [600 + 20 * i, 4])) } },
        '0.00',
      ],
      [
        'outages of five do',
        { states: { share: downIn(...Array.from({ length: 20 }, (_, i): Outage => [600 + 20 * i, 5])) } },
        '100.00',
      ],
      [
        // 8 outages of 5 min 59 s: 40 min, where to the second 47.9 min would be too many.
        'unfinished minutes do not',
        {
          states: {
            share: downIn(...Array.from({ length: 8 }, (_, i): Outage => [600 + 20 * i, 5 + 59 / 60])),
          },
        },
        '0.00',
      ],
      [
        'and do to the ms',
        {
          with: [[', granularity: PT1M', '']],
          states: {
            share: downIn(...Array.from({ length: 8 }, (_, i): Outage => [600 + 20 * i, 5 + 59 / 60])),
          },
        },
        '100.00',
      ],
      ['below 99 %', { states: { share: downIn([600, 433]) } }, '250.00'],
      ['half at most', { states: { share: downIn([0, 43_200]) } }, '500.00'],
    ],
  ],
  [
    'software-as-a-service',
    [
      ['60 of 43 200 min: 99.86 %, 10 %', { states: { app: downIn([600, 60]) } }, '100.00'],
      ['43 min are 99.90 %', { states: { app: downIn([600, 43]) } }, '0.00'],
      ['but not 99.95 %', { with: [["'99.90'", "'99.95'"]], states: { app: downIn([600, 43]) } }, '100.00'],
      ['half a minute makes a minute', { states: { app: HALF_MINUTES } }, '100.00'],
    ],
  ],
  [
    'office-suite',
    [
      ['99.86 %', { states: { suite: downIn([600, 60]) } }, '1250.00'],
      ['98.9 %', { states: { suite: downIn([600, 475]) } }, '2500.00'],
      ['94.9 %', { states: { suite: downIn([600, 2203]) } }, '5000.00'],
    ],
  ],
  [
    'network-by-half-hour',
    [
      ['61 min, or part thereof: 15 %', { states: { network: downIn([600, 61]) } }, '300.00'],
      [
        '61 min, each 30 minutes: 10 %',
        { with: [['partialStep: up', 'partialStep: down']], states: { network: downIn([600, 61]) } },
        '200.00',
      ],
      ['a day: 48 steps are all of it', { states: { network: downIn([600, 1440]) } }, '2000.00'],
    ],
  ],
  [
    'french-public-contract',
    [
      // Monday 1 June, 08:00 in Paris: 06:00 UTC. 4 h allowed, days of 10 h.
      [
        '16 h of service: 12 h late, 2 days, P = 10 000 × 2 ÷ 1000',
        { states: { portail: downIn([360, 1440 + 360]) }, more: toldAt(360, 1440 + 360) },
        '20.00',
      ],
      ['4 h to the second', { states: { portail: downIn([360, 240]) }, more: toldAt(360, 240) }, '0.00'],
      [
        'the night does not count: 2 h before it and 3 h after it',
        { states: { portail: downIn([840, 1140]) }, more: toldAt(840, 1140) },
        '10.00',
      ],
      [
        'R to the second',
        {
          with: [[', partialStep: up', '']],
          states: { portail: downIn([360, 1440 + 360]) },
          more: toldAt(360, 1440 + 360),
        },
        '12.00',
      ],
    ],
  ],
  [
    'service-level-pool',
    [
      // 10 000 at risk: 25 %, 15 % and 20 % of it.
      [
        'three levels missed',
        { states: { portal: downIn([600, 300]), mail: downIn([600, 300]) } },
        '6000.00',
      ],
      ['one of them', { states: { portal: downIn([600, 60]), mail: downIn([600, 60]) } }, '2500.00'],
    ],
  ],
  [
    'at-risk-pool',
    [
      ['50 % × 40 % × 10 000', { states: { 'data-centre': downIn([600, 60]) } }, '2000.00'],
      ['met', { states: { 'data-centre': downIn([600, 43]) } }, '0.00'],
    ],
  ],
  [
    'points',
    [
      ['96.5 %: 3', { states: { service: downIn([600, 1512]) } }, '300.00'],
      [
        'then 98.5 %: 1 × 2',
        { states: { service: downIn([600, 648]) }, more: failures('not_met') },
        '200.00',
      ],
      [
        'then 96.5 %: 3 × 2',
        { states: { service: downIn([600, 1512]) }, more: failures('not_met', 'not_met') },
        '600.00',
      ],
      [
        'once more after a month that was met: 1',
        { states: { service: downIn([600, 648]) }, more: failures('not_met', 'met') },
        '100.00',
      ],
    ],
  ],
  [
    'time-to-restore',
    [
      [
        '3 h are too long for platinum',
        { states: { 'line-platinum': downIn([600, 180]), 'line-gold': downIn([600, 180]) } },
        '200.00',
      ],
      [
        '5 h for gold and silver too',
        {
          states: Object.fromEntries(
            ['platinum', 'gold', 'silver', 'bronze'].map((one) => [`line-${one}`, downIn([600, 300])]),
          ),
        },
        '380.00',
      ],
      ['a day is not too long for bronze', { states: { 'line-bronze': downIn([600, 1440]) } }, '0.00'],
    ],
  ],
  [
    'chronic-outage',
    [['93 min of one month', { states: { line: downIn([0, 31], [5000, 31], [10_000, 31]) } }, '150.00']],
  ],
  [
    'planned-downtime',
    [
      // 432 min are 1 % of the month, and more than 1 % of a month without 4 h.
      ['432 min of the whole month', { states: { service: downIn([600, 432]) } }, '0.00'],
      [
        '432 min of a month less its planned downtime',
        {
          states: { service: downIn([600, 432]) },
          more: { exclusions: [{ kind: 'planned', start: at(20_000), end: at(20_240), announcedAt: at(0) }] },
        },
        '20.00',
      ],
      [
        'planned three days before at least',
        {
          states: { service: downIn([600, 432]) },
          more: { exclusions: [{ kind: 'planned', start: at(4000), end: at(4240), announcedAt: at(0) }] },
        },
        '0.00',
      ],
      ['below 97 %', { states: { service: downIn([600, 1300]) } }, '50.00'],
      ['below 95 %', { states: { service: downIn([600, 2200]) } }, '100.00'],
    ],
  ],
  [
    'quarter',
    [
      // April to June: 91 days, 131 040 min; 1.5 % are 1965.6, 2.5 % are 3276. One point: 5 % of 3000.
      [
        '1965 min',
        {
          states: { service: downIn([600, 1965]) },
          window: { start: Date.UTC(2026, 2, 31, 22), end: Date.UTC(2026, 5, 30, 22) },
        },
        '0.00',
      ],
      [
        '3276 min',
        {
          states: { service: downIn([600, 3276]) },
          window: { start: Date.UTC(2026, 2, 31, 22), end: Date.UTC(2026, 5, 30, 22) },
        },
        '150.00',
      ],
    ],
  ],
  ['answer-time', []],
]

function toldAt(fromMin: number, minutes: number) {
  const incident = {
    service: 'portail',
    start: at(fromMin),
    end: at(fromMin + minutes),
    notifiedAt: at(fromMin),
  }
  return { incidents: [incident] }
}

describe.each(TABLE)('%s', (name, rows) => {
  test('is a contract without problems', () => {
    expect(problemsOf(readPreset(name))).toEqual([])
  })
  test.each(rows)('%s', (_, given, amount) => {
    expect(total(name, given)).toBe(amount)
  })
})

test('a chronic outage gives a right, and two do not', () => {
  const rights = (...outages: Outage[]) =>
    evaluated('chronic-outage', { states: { line: downIn(...outages) } }).credits?.rights.map(
      ({ right }) => right,
    )
  expect(rights([0, 31], [5000, 31], [10_000, 31])).toEqual(['terminate-service'])
  expect(rights([0, 31], [5000, 31], [10_000, 30])).toEqual([])
  expect(rights([0, 1441])).toEqual(['terminate-service'])
})

test('one answer in a hundred may take longer', () => {
  const answers = (slow: number) => {
    const rows = Array.from({ length: 1000 }, (_, i) => [
      at(0) + i * 10_000,
      'ok',
      i < slow ? 10_001 : 10_000,
    ])
    const scenario = {
      window: { start: at(0), end: at(0) + 10_000_000 },
      samples: { 'store-check': { here: rows } },
    }
    const file = { name: 'answer-time.yaml', text: readPreset('answer-time') }
    return evaluateScenario(readScenario(scenario), [file]).credits?.total
  }
  expect([answers(10), answers(11)]).toEqual(['0.00', '100.00'])
})

describe('deadlines are those published', () => {
  const deadlineOf = (name: string, month: number) => {
    const window = { start: Date.UTC(2026, month, 1), end: Date.UTC(2026, month + 1, 1) }
    return evaluated(name, { states: {}, window }).credits?.claim?.deadline.slice(0, 10)
  }
  // The first day after the time to claim: of June, and of December, whose second month after is short.
  test.each([
    ['software-as-a-service', '2026-07-16', '2027-01-16'],
    ['cloud-region', '2026-09-01', '2027-03-01'],
    ['object-storage', '2026-09-01', '2027-03-01'],
    ['private-link', '2026-09-01', '2027-03-01'],
    ['office-suite', '2026-08-01', '2027-02-01'],
  ])('%s', (name, ofJune, ofDecember) => {
    expect([deadlineOf(name, 5), deadlineOf(name, 11)]).toEqual([ofJune, ofDecember])
  })

  test('file-share, whose months are those of Los Angeles', () => {
    const window = { start: Date.UTC(2026, 5, 1, 7), end: Date.UTC(2026, 6, 1, 7) }
    const { credits } = evaluated('file-share', { states: {}, window })
    expect(credits?.claim?.deadline).toBe('2026-07-31T07:00:00.000Z')
  })

  test('a chronic outage is told within 30 days of the outage that makes it one', () => {
    const states = { line: downIn([0, 31], [5000, 31], [10_000, 31]) }
    // The third began on 7 June at 22:40: the 30 days are those up to 7 July.
    expect(evaluated('chronic-outage', { states }).credits?.rights).toMatchObject([
      { text: '3 outage(s) within 30 days; to be used before 2026-07-08T00:00:00.000Z' },
    ])
  })

  test('and the French clock stands still while access is delayed', () => {
    // 16 h of service, two of them without access: 10 h late, one day.
    const exclusions = [
      { kind: 'acces-differe', start: at(480), end: at(600), declaredAt: at(480), acceptedBy: 'customer' },
    ]
    const given = {
      states: { portail: downIn([360, 1440 + 360]) },
      more: { ...toldAt(360, 1440 + 360), exclusions },
    }
    expect(total('french-public-contract', given)).toBe('10.00')
  })
})

describe('constat preset', () => {
  function run(name?: string) {
    const out: string[] = []
    const code = preset(name, {}, { out: (text) => out.push(text) })
    return { code, out }
  }
  test('lists what there is, each with what it is', () => {
    const { code, out } = run()
    expect(code).toBe(0)
    expect(out.map((line) => line.split(' ')[0])).toEqual(TABLE.map(([name]) => name).toSorted())
    expect(out.find((line) => line.startsWith('points'))).toMatch(
      /^points +Service points: more of them the worse the miss/,
    )
  })
  test('prints one', () => {
    const text = readFileSync(new URL('../../../packages/sla/presets/points.yaml', import.meta.url), 'utf8')
    expect(run('points')).toEqual({ code: 0, out: [text.trimEnd()] })
  })
  test.each(['nothing', '../contract', 'points.yaml', ''])('refuses %j and says what there is', (name) => {
    expect(() => run(name)).toThrow(/there is no preset/)
  })
  test('has each in the table of its document', () => {
    const page = readFileSync(new URL('../../../docs/presets.md', import.meta.url), 'utf8')
    for (const name of presetNames()) expect(page).toContain(`\`${name}\``)
  })
})
