/**
 * Policies: one day under the arithmetic of seven tools, Icinga unit by unit of time, and the numbers of the
 * tools' own published tests.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Interval } from '@constat/shared/time'
import { fraction, fractionText } from '@constat/sla/fraction'
import { icinga, icingaShare, PENDING } from '@constat/sla/policy/icinga'
import { percentText } from '@constat/sla/policy/policy'
import { stretchesOf, type PolicyState, type Stretch } from '@constat/sla/policy/stretch'
import { POLICIES, policyNamed, replay } from '@constat/sla/policy/table'
import { timelineOf, type State } from '@constat/sla/timeline'
import { answer } from '../../support/questions.ts'
import { countedByUnit, type OracleQuestion } from '../../support/icinga-oracle.ts'

const HOUR_MS = 3_600_000
const DAY = { startMs: Date.UTC(2026, 5, 1), endMs: Date.UTC(2026, 5, 2) }
const hours = (from: number, to: number): Interval => ({
  startMs: DAY.startMs + from * HOUR_MS,
  endMs: DAY.startMs + to * HOUR_MS,
})

function dayOf(
  states: readonly [hour: number, State][],
  more: { excluded?: Interval[]; inHours?: Interval[] } = {},
): Stretch[] {
  const timeline = timelineOf(states.map(([hour, state]) => ({ atMs: DAY.startMs + hour * HOUR_MS, state })))
  return stretchesOf({
    timeline,
    inHours: more.inHours ?? [DAY],
    excluded: more.excluded ?? [],
    interval: DAY,
  })
}

const said = (stretches: readonly Stretch[]) =>
  Object.fromEntries(POLICIES.map((policy) => [policy.name, replay(policy, stretches).says]))

describe('one day', () => {
  // 18 h ok, 4 h silent, 2 h critical of which one planned.
  const shared = dayOf(
    [
      [0, 'up'],
      [18, 'unknown'],
      [22, 'down'],
    ],
    { excluded: [hours(23, 24)] },
  )
  const rows: [string, Stretch[], Record<string, string>][] = [
    [
      'of the specification',
      shared,
      // 23/24, 22/23, 18/24, 23/24, 18/19, 18/24, 18/20
      {
        pandora: '95.83 %',
        zabbix: '95.6522 %',
        checkmk: '75.00 %',
        icinga: '95.8333 %',
        centreon: '94.74 %',
        nagios: '75.000 %',
        'sample-ratio': '90.00 %',
      },
    ],
    [
      'the same where the silence comes first of all: nothing was ever told',
      dayOf(
        [
          [4, 'up'],
          [22, 'down'],
        ],
        { excluded: [hours(23, 24)] },
      ),
      // 19/20, 18/19, 18/24, 19/20, 18/19, 18/24, 18/20
      {
        pandora: '95.00 %',
        zabbix: '94.7368 %',
        checkmk: '75.00 %',
        icinga: '95.0000 %',
        centreon: '94.74 %',
        nagios: '75.000 %',
        'sample-ratio': '90.00 %',
      },
    ],
    [
      'the same where it was down before the silence began',
      dayOf(
        [
          [-1, 'down'],
          [0, 'unknown'],
          [4, 'up'],
          [22, 'down'],
        ],
        { excluded: [hours(23, 24)] },
      ),
      // Held: 4 h critical. 23/24, 18/23, 18/24, 19/24, 18/19, 18/24, 18/20
      {
        pandora: '95.83 %',
        zabbix: '78.2609 %',
        checkmk: '75.00 %',
        icinga: '79.1667 %',
        centreon: '94.74 %',
        nagios: '75.000 %',
        'sample-ratio': '90.00 %',
      },
    ],
    [
      'with a warning',
      dayOf([
        [0, 'up'],
        [12, 'degraded'],
        [18, 'partial'],
        [21, 'down'],
      ]),
      {
        pandora: '87.50 %',
        zabbix: '87.5000 %',
        checkmk: '50.00 %',
        icinga: '87.5000 %',
        centreon: '87.50 %',
        nagios: '50.000 %',
        'sample-ratio': '87.50 %',
      },
    ],
    [
      // Promised from 8 to 20: 11 of 12 h; the monitor that knows no hours: 19 of 24.
      'of service hours',
      dayOf(
        [
          [0, 'down'],
          [4, 'up'],
          [19, 'down'],
        ],
        { inHours: [hours(8, 20)] },
      ),
      {
        pandora: '91.66 %',
        zabbix: '91.6667 %',
        checkmk: '91.67 %',
        icinga: '91.6667 %',
        centreon: '91.67 %',
        nagios: '91.667 %',
        'sample-ratio': '62.50 %',
      },
    ],
    [
      'of which nothing was ever told',
      dayOf([]),
      {
        pandora: 'no data',
        zabbix: '-1',
        checkmk: '0.00 %',
        icinga: '100.0000 %',
        centreon: 'no data',
        nagios: '0.000 %',
        'sample-ratio': 'no data',
      },
    ],
    [
      'all planned',
      dayOf([[0, 'down']], { excluded: [DAY] }),
      {
        pandora: '100.00 %',
        zabbix: '-1',
        checkmk: '0.00 %',
        icinga: '100.0000 %',
        centreon: 'no data',
        nagios: '0.000 %',
        'sample-ratio': '0.00 %',
      },
    ],
  ]
  test.each(rows)('%s', (_, stretches, expected) => {
    expect(said(stretches)).toEqual(expected)
  })
})

test('digits are cut or rounded as the tool does it', () => {
  const share = fraction(2, 3)
  expect(percentText(share, { digits: 2, mode: 'truncate' })).toBe('66.66')
  expect(percentText(share, { digits: 2, mode: 'round' })).toBe('66.67')
  expect(percentText(fraction(-1, 100), { digits: 4, mode: 'round' })).toBe('-1.0000')
})

test('an unknown policy is refused with the known ones', () => {
  expect(() => policyNamed('excel')).toThrow('there is no policy "excel"')
})

/** Icinga DB, tests/sql/sla_test.go: from 1000 to 2000, the same for hosts and services. */
describe("Icinga's own cases", () => {
  type Case = [
    name: string,
    events: [at: number, state: number, previous: number][],
    downtimes: [number, number][],
    current: number | null,
    percent: number,
  ]
  const cases: Case[] = [
    ['nothing known', [], [], null, 100],
    [
      'flapping',
      [
        [1000, 2, 99],
        [1100, 0, 2],
        [1300, 2, 0],
        [1400, 0, 2],
        [1600, 2, 0],
        [1700, 0, 2],
        [1900, 2, 0],
      ],
      [],
      null,
      60,
    ],
    [
      'downtimes over part of it',
      [
        [1200, 2, 0],
        [1500, 0, 2],
      ],
      [
        [1100, 1300],
        [1400, 1600],
      ],
      null,
      90,
    ],
    ['critical since before', [[0, 2, 99]], [], null, 0],
    ['critical since before, in downtime', [[800, 2, 99]], [[600, 1800]], null, 80],
    [
      'downtimes that overlap',
      [[800, 2, 99]],
      [
        [600, 1000],
        [800, 1200],
        [1000, 1400],
        [1600, 2000],
        [1800, 2200],
      ],
      null,
      80,
    ],
    ['what the next event says came before', [[1200, 0, 2]], [], null, 80],
    ['the live state', [], [], 2, 0],
    [
      'an event before goes first',
      [
        [800, 2, 99],
        [1200, 0, 0],
      ],
      [],
      null,
      80,
    ],
    ['an event before goes before the live state', [[800, 2, 99]], [], 0, 0],
    ['a later event goes before the live state', [[1200, 0, 2]], [], 2, 80],
    [
      'pending at first',
      [
        [1500, 2, 99],
        [1700, 0, 2],
      ],
      [],
      0,
      60,
    ],
    [
      'pending in between',
      [
        [1000, 0, 2],
        [1100, 2, 0],
        [1600, 0, 99],
        [1800, 2, 0],
      ],
      [],
      0,
      60,
    ],
  ]
  test.each(cases)('%s', (_, events, downtimes, currentState, percent) => {
    for (const objectType of ['host', 'service'] as const) {
      const given = {
        policy: 'icinga',
        object_type: objectType,
        state_events: events.map(([at, state, previous]) => ({
          at,
          state,
          previous_state: previous,
          kind: 'hard',
        })),
        downtimes: downtimes.map(([from, to]) => ({ from, to })),
        current_state: currentState,
        query: { from: 1000, to: 2000 },
      }
      expect(answer({ id: 'I', category: 'policy', given })).toEqual({ id: 'I', percent })
    }
  })
  test.each([1000, 999])('a window that ends at %i is an error', (to) => {
    const given = { policy: 'icinga', query: { from: 1000, to } }
    expect(answer({ id: 'I', category: 'policy', given })).toEqual({ id: 'I', error: 'invalid-interval' })
  })

  type Published = {
    name: string
    expected_percent: number | null
    state_events: unknown
    downtimes: unknown
    current_state: unknown
    query: unknown
  }
  const url = new URL('../../vectors/policy-icinga.json', import.meta.url)
  const published = (JSON.parse(readFileSync(url, 'utf8')) as { cases: Published[] }).cases // our own vector file
  test.each(published.map((one) => [one.name, one] as const))('%s', (_, { expected_percent, ...given }) => {
    expect(answer({ id: 'P', category: 'policy', given: { policy: 'icinga', ...given } })).toEqual({
      id: 'P',
      percent: expected_percent,
    })
  })
})

/**
 * Reports of a monitor of the Nagios family, test/unit_test/reports of monitor-ninja: seconds of a day by state
 * and schedule, with downtime as it is and as uptime.
 */
describe('the Nagios family', () => {
  type Seconds = { up: number; upPlanned: number; down: number; downPlanned: number; asUptime: number }
  test.each<[string, Seconds, string]>([
    [
      'down, then planned',
      { up: 75_600, upPlanned: 0, down: 3600, downPlanned: 7200, asUptime: 82_800 },
      '87.500',
    ],
    [
      'planned, then up',
      { up: 75_600, upPlanned: 3600, down: 3600, downPlanned: 3600, asUptime: 82_800 },
      '91.667',
    ],
    [
      'planned, then down',
      { up: 3600, upPlanned: 3600, down: 75_600, downPlanned: 3600, asUptime: 10_800 },
      '8.333',
    ],
  ])('%s', (_, { up, upPlanned, down, downPlanned, asUptime }, percent) => {
    const part = (seconds: number, state: PolicyState, isExcluded = false) =>
      seconds === 0 ? [] : [{ ms: seconds * 1000, state, last: state, isInHours: true, isExcluded }]
    const day = [
      ...part(up, 'ok'),
      ...part(upPlanned, 'ok', true),
      ...part(down, 'critical'),
      ...part(downPlanned, 'critical', true),
    ]
    expect(replay(policyNamed('nagios'), day).percent).toBe(percent)
    expect(replay(icinga, day).fraction).toBe(fractionText(fraction(asUptime, 86_400)))
    expect(replay(policyNamed('pandora'), day).fraction).toBe(fractionText(fraction(asUptime, 86_400)))
  })
  // Reports over a part of the day: seconds up and down within the hours asked for.
  test.each([
    [4200, 1200, 81_000, '77.778'],
    [79_200, 1800, 5400, '97.778'],
    [600, 1200, 84_600, '33.333'],
  ])('%i s up and %i s down of the hours, %i s outside', (up, down, off, percent) => {
    const part = (seconds: number, state: PolicyState, isInHours: boolean) => ({
      ms: seconds * 1000,
      state,
      last: state,
      isInHours,
      isExcluded: false,
    })
    expect(
      replay(policyNamed('nagios'), [
        part(up, 'ok', true),
        part(off, 'critical', false),
        part(down, 'critical', true),
      ]).percent,
    ).toBe(percent)
  })
})

describe('of every list', () => {
  const state = fc.constantFrom(0, 1, 2, 3, PENDING)
  const question = fc
    .record({
      at: fc.uniqueArray(fc.integer({ min: 0, max: 80 }), { maxLength: 8 }),
      states: fc.array(state, { minLength: 8, maxLength: 8 }),
      previous: fc.array(state, { minLength: 8, maxLength: 8 }),
      downtimes: fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 30 })), {
        maxLength: 4,
      }),
      currentState: fc.option(state),
      from: fc.integer({ min: 10, max: 40 }),
      length: fc.integer({ min: 1, max: 40 }),
      objectType: fc.constantFrom('host' as const, 'service' as const),
    })
    .map(({ at, states, previous, downtimes, from, length, ...rest }): OracleQuestion => ({
      events: at
        .toSorted((a, b) => a - b)
        .map((when, i) => ({ at: when, state: states[i]!, previousState: previous[i]! })),
      downtimes: downtimes.map(([start, lasts]) => ({ from: start, to: start + lasts })),
      from,
      to: from + length,
      ...rest,
    }))

  test('Icinga is what its words say, unit by unit', () => {
    fc.assert(
      fc.property(question, (drawn) => {
        const { good, counted } = countedByUnit(drawn)
        const share = icingaShare(drawn)
        expect(share && fractionText(share)).toBe(
          counted === 0 ? null : fractionText(fraction(good, counted)),
        )
      }),
      { numRuns: 5000 },
    )
  })

  const stretch = fc.record({
    ms: fc.integer({ min: 1, max: 10_000 }),
    state: fc.constantFrom<PolicyState>('ok', 'warning', 'critical', 'unknown', 'silent'),
    isInHours: fc.boolean(),
    isExcluded: fc.boolean(),
  })
  const day = fc.array(stretch, { maxLength: 12 }).map((all) => {
    let last: PolicyState = 'pending'
    return all.map((one): Stretch => {
      if (one.state !== 'silent') last = one.state
      return { ...one, state: last === 'pending' ? 'pending' : one.state, last }
    })
  })

  test('a share lies between nothing and all', () => {
    fc.assert(
      fc.property(day, (stretches) => {
        for (const policy of POLICIES) {
          const score = policy.score(stretches)
          if (score.kind === 'empty') continue
          expect(score.share.n >= 0n && score.share.n <= score.share.d).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('what was critical and was not makes no tool say less', () => {
    fc.assert(
      fc.property(day, (stretches) => {
        const better = stretches.map((one): Stretch => ({
          ...one,
          state: one.state === 'critical' ? 'ok' : one.state,
          last: one.last === 'critical' ? 'ok' : one.last,
        }))
        for (const policy of POLICIES) {
          const [before, after] = [policy.score(stretches), policy.score(better)]
          if (before.kind === 'empty' || after.kind === 'empty') continue
          expect(after.share.n * before.share.d >= before.share.n * after.share.d).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('stretches cover the window to the ms', () => {
    const edge = fc.integer({ min: -5, max: 30 })
    const interval = fc
      .tuple(edge, fc.integer({ min: 1, max: 10 }))
      .map(([from, length]) => hours(from, from + length))
    const states = fc.uniqueArray(
      fc.tuple(edge, fc.constantFrom<State>('up', 'down', 'unknown', 'degraded', 'partial')),
      { selector: ([hour]) => hour, maxLength: 8 },
    )
    fc.assert(
      fc.property(states, interval, interval, (rows, inHours, excluded) => {
        const sorted = rows.toSorted((a, b) => a[0] - b[0])
        const stretches = dayOf(sorted, { inHours: [inHours], excluded: [excluded] })
        expect(stretches.reduce((ms, one) => ms + one.ms, 0)).toBe(24 * HOUR_MS)
      }),
    )
  })
})
