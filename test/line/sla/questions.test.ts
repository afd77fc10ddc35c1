/**
 * Single questions: every case of the time and fold vectors, variants of them worked out by hand, questions that
 * cannot be answered, and the script as a process.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@constat/shared/fault'
import { describe, expect, test } from 'vitest'
import { answer, CATEGORIES } from '../../support/questions.ts'

type Case = { id: string; category: string; title: string; given: Record<string, unknown>; expect: object }

function casesOf(file: string): Case[] {
  const url = new URL(`../../vectors/${file}`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] }).cases // our own vector file
}

const CASES = [...casesOf('time.json'), ...casesOf('fold.json')]

test.each(CASES.map((one) => [`${one.id} ${one.category}: ${one.title}`, one] as const))('%s', (_, one) => {
  expect(answer(one)).toEqual({ id: one.id, ...one.expect })
})

/** Variants of the shown cases; the expected values are worked out by hand beside them. */
const PARIS = { tz: 'Europe/Paris' }
const OFFICE = { weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '20:00' }] }
const VARIANTS: readonly (readonly [string, Record<string, unknown>, object])[] = [
  // Gaps and repeated hours: both readings after PEP 495, fold 0 adopted.
  [
    'local_resolution',
    { ...PARIS, local: '2026-03-29T02:30:00' },
    {
      kind: 'gap',
      utc_fold0: '2026-03-29T01:30:00Z',
      utc_fold1: '2026-03-29T00:30:00Z',
      adopted_utc: '2026-03-29T01:30:00Z',
    },
  ],
  [
    'local_resolution',
    { ...PARIS, local: '2026-10-25T02:30:00' },
    {
      kind: 'overlap',
      utc_fold0: '2026-10-25T00:30:00Z',
      utc_fold1: '2026-10-25T01:30:00Z',
      adopted_utc: '2026-10-25T00:30:00Z',
    },
  ],
  // Samoa left out 30 December 2011.
  [
    'period_length',
    { tz: 'Pacific/Apia', start_local_date: '2011-12-01', end_local_date_exclusive: '2012-01-01' },
    { minutes: 43200, start_utc: '2011-12-01T10:00:00Z', end_utc: '2011-12-31T10:00:00Z' },
  ],
  // Sunday 22:00 to Monday 06:00 over the spring change: 8 readings, 7 hours; the Sunday part of 03-29 ends at midnight of the window.
  [
    'service_minutes',
    {
      ...PARIS,
      start_local_date: '2026-03-28',
      end_local_date_exclusive: '2026-03-30',
      weekly: [{ days: ['SA'], start: '22:00', end: '06:00' }],
      holidays: [],
    },
    { minutes: 420 },
  ],
  // The repeated hour is in service twice.
  [
    'service_minutes',
    {
      ...PARIS,
      start_local_date: '2026-10-25',
      end_local_date_exclusive: '2026-10-26',
      weekly: [{ days: ['SU'], start: '02:00', end: '03:00' }],
      holidays: [],
    },
    { minutes: 120 },
  ],
  [
    'window_of_instant',
    { ...PARIS, instant_utc: '2026-12-31T23:00:00Z', period: 'quarter' },
    { quarter: '2027-Q1' },
  ],
  [
    'window_of_instant',
    { ...PARIS, instant_utc: '2026-12-31T23:00:00Z', period: 'week' },
    { week: '2026-W53' },
  ],
  // 72 h 20 min is no finite decimal.
  [
    'exclusion',
    {
      tz: 'UTC',
      announced_local: '2026-01-01T00:00:00',
      start_local: '2026-01-04T00:20:00',
      required_elapsed_hours: 72,
    },
    { elapsed_hours: '217/3', valid: true },
  ],
  [
    'exclusion',
    {
      tz: 'UTC',
      announced_local: '2026-01-01T00:00:00',
      start_local: '2026-01-04T00:30:00',
      required_elapsed_hours: 72,
    },
    { elapsed_hours: '72.5', valid: true },
  ],
  [
    'exclusion',
    {
      ...PARIS,
      announced_local: '2026-05-29T18:00:00',
      start_local: '2026-06-08T00:00:00',
      required_clear_working_days: 5,
      holidays: [],
    },
    { clear_working_days: 5, valid: true },
  ],
  // Three hours and three hours with a cap of four: the second is excused for one hour.
  [
    'exclusion',
    {
      ...PARIS,
      cap_minutes: 240,
      maintenance_utc: [
        ['2026-04-14T12:00:00Z', '2026-04-14T15:00:00Z'],
        ['2026-04-13T12:00:00Z', '2026-04-13T15:00:00Z'],
      ],
      outage_utc: ['2026-04-14T12:00:00Z', '2026-04-14T15:00:00Z'],
    },
    { excluded_minutes: 240, counted_outage_minutes: 120 },
  ],
  // Night work spends nothing of the cap: 19:00 to 20:00 local only.
  [
    'exclusion',
    {
      ...PARIS,
      ...OFFICE,
      cap_minutes: 90,
      maintenance_utc: [
        ['2026-04-13T17:00:00Z', '2026-04-13T22:00:00Z'],
        ['2026-04-14T17:00:00Z', '2026-04-14T22:00:00Z'],
      ],
      outage_utc: [
        ['2026-04-13T17:00:00Z', '2026-04-13T22:00:00Z'],
        ['2026-04-14T17:00:00Z', '2026-04-14T22:00:00Z'],
      ],
    },
    { excluded_minutes: 90, counted_outage_minutes: 30 },
  ],
  ['budget', { committed_seconds: 2674800, target_percent: '99.9' }, { allowed_downtime_seconds: '2674.8' }],
  ['budget', { committed_minutes: 43200, target_percent: 100 }, { allowed_downtime_seconds: '0' }],
  // A tie keeps the target.
  [
    'availability',
    { committed_seconds: 2592000, downtime_seconds: 2592, target_percent: '99.9' },
    { availability_fraction: [2589408, 2592000], percent_truncated_4: '99.9000', met: true },
  ],
  [
    'availability',
    { committed_seconds: 2592000, downtime_seconds: 2593, target_percent: '99.9' },
    { availability_fraction: [2589407, 2592000], percent_truncated_4: '99.8999', met: false },
  ],
  [
    'deadline',
    { ...PARIS, from_local_date: '2026-06-01', working_days: 10, holidays: [] },
    { deadline_utc_exclusive: '2026-06-12T22:00:00Z' },
  ],
  [
    'deadline',
    { ...PARIS, from_local_date: '2026-06-01', ouvrables: 6, holidays: [] },
    { deadline_utc_exclusive: '2026-06-06T22:00:00Z' },
  ],
  [
    'recurrence',
    {
      ...PARIS,
      dtstart_local: '2026-01-04T02:00:00',
      rrule: 'FREQ=MONTHLY;BYDAY=1SU',
      count: 2,
      duration_minutes: 180,
    },
    {
      occurrences_utc: [
        ['2026-01-04T01:00:00Z', '2026-01-04T04:00:00Z'],
        ['2026-02-01T01:00:00Z', '2026-02-01T04:00:00Z'],
      ],
    },
  ],
  // Leap days: four years apart.
  [
    'recurrence',
    {
      tz: 'UTC',
      dtstart_local: '2028-02-29T00:00:00',
      rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2',
      duration_minutes: 1,
    },
    {
      occurrences_utc: [
        ['2028-02-29T00:00:00Z', '2028-02-29T00:01:00Z'],
        ['2032-02-29T00:00:00Z', '2032-02-29T00:01:00Z'],
      ],
    },
  ],
  ['burn_rate', { budget_share: '0.05', committed_hours: 720, long_window_hours: 6 }, { burn: '6' }],
  ['composition', { op: 'all', down: [[[0, 10]], [[5, 20]]] }, { down_s: 20 }],
  ['composition', { op: 'atLeast', k: 2, n: 4, down: [[[0, 10]], [[5, 20]], [[8, 9]]] }, { down_s: 1 }],
  ['composition', { op: 'atLeast', k: 1, down: [[[0, 10]], [[5, 20]]] }, { down_s: 5 }],
  ['percentile', { values: [5, 1, 4, 2, 3], p: 50 }, { value: 3 }],
  ['percentile', { n: 100, within: 94, p: 95 }, { met: false }],
  ['percentile', { n: 500, within: 500, p: 95, minimum_samples: 1000 }, { met: null }],
  // Series of quorum: unknown counts for neither.
  [
    'quorum',
    {
      vantages: [
        { down: [[0, 10]], unknown: [] },
        { down: [], unknown: [[0, 10]] },
      ],
      down_needed: 2,
      min_known: 2,
      window: [0, 20],
    },
    { down: [], partial: [], unknown: [[0, 10]] },
  ],
  [
    'min_duration',
    {
      incidents: [
        [0, 59],
        [100, 161],
      ],
      minimum_s: 60,
      granularity_s: 60,
    },
    { counted_s: 60 },
  ],
  [
    'credit_tier',
    {
      availability_percent: '89.5',
      tiers_lower_bound_inclusive: [
        ['99', 0],
        ['90', 10],
        ['0', 30],
      ],
    },
    { credit_percent: 30 },
  ],
  [
    'credit_tier',
    {
      availability_percent: '98.999999',
      tiers_lower_bound_inclusive: [
        ['99', 0],
        ['90', 10],
        ['0', 30],
      ],
    },
    { credit_percent: 10 },
  ],
  [
    'credit_cap',
    { invoice: '100000', credits: ['7000', '1000'], cap_percent: 10 },
    { credit: '8000', forgone: '0' },
  ],
  ['credit_points', { severity_points: [3, 0, 3, 1] }, { points: [3, 0, 3, 2] }],
  [
    'credit_step',
    { minutes: 61, step_minutes: 30, step_percent: 5, rounding: 'down', cap_percent: 100 },
    { credit_percent: 10 },
  ],
  [
    'credit_step',
    { minutes: 700, step_minutes: 30, step_percent: 5, rounding: 'up', cap_percent: 100 },
    { credit_percent: 100 },
  ],
  [
    'credit_step',
    { minutes: 0, step_minutes: 30, step_percent: 5, rounding: 'up', cap_percent: 100 },
    { credit_percent: 0 },
  ],
  ['credit_linear', { value: '18000', late: 5, divisor: 1000 }, { credit: '90' }],
  [
    'chronic',
    { outage_minutes: [1441], count: 3, each_over_minutes: 30, aggregate_over_minutes: 1440 },
    { right: true },
  ],
  [
    'chronic',
    { outage_minutes: [31, 31, 31], count: 3, each_over_minutes: 30, aggregate_over_minutes: 1440 },
    { right: true },
  ],
  ['chronic', { failed_windows: [true, true, false, true], count: 3, within: 12 }, { right: true }],
  ['chronic', { failed_windows: [true, true, false, true], count: 3, consecutive: true }, { right: false }],
  [
    'bounded_verdict',
    { committed_s: 2592000, min_down_s: 2593, max_down_s: 2700, target: '99.9' },
    { verdict: 'not_met' },
  ],
  [
    'bounded_verdict',
    { committed_s: 2592000, min_down_s: 2592, max_down_s: 2593, target: '99.9' },
    { verdict: 'indeterminate' },
  ],
  ['reconcile', { measured: [], provider: [[0, 5]] }, { both: 0, measured_only: 0, provider_only: 5 }],
  ['loss', { pieces: [[10, '3']], affected_share: '1/7', per_incident: '250' }, { loss: '1780/7' }],
]

test.each(
  VARIANTS.map(([category, given, expected], i) => [`${category} ${i}`, category, given, expected] as const),
)('variant %s', (id, category, given, expected) => {
  expect(answer({ id, category, given })).toEqual({ id, ...expected })
})

describe('a question that cannot be answered', () => {
  const told = (query: unknown): string => {
    try {
      answer(query)
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
      return `${(error as Fault).message} ${(error as Fault).hint}` // just checked
    }
    return 'answered'
  }
  const ROWS: [string, unknown, string][] = [
    ['horoscope', {}, 'X: unknown category "horoscope" Known categories: period_length,'],
    ['constructor', {}, 'X: unknown category "constructor"'],
    ['loss', undefined, 'query.given: '],
    ['period_length', { tz: 'UTC' }, 'X: given.start_local_date: should be'],
    ['local_resolution', { tz: 'Mars/Base' }, 'X: given.tz: should be an IANA time zone this host knows'],
    ['local_resolution', { tz: 'UTC', local: '2026-02-30' }, 'X: given.local: should be a local time'],
    ['local_resolution', { tz: 'UTC', local: '2026-02-03', when: '' }, 'X: given: Unrecognized key: "when"'],
    ['vantage_fold', { samples: [[0, 'Q']] }, 'X: given.samples.0.1: '],
    [
      'vantage_fold',
      { samples: [], hold_s: 1, confirm_down: 0 },
      'X: given.confirm_down: should be a whole number',
    ],
    ['percentile', { values: [1], p: 101 }, 'X: given.p: should be from 0 to 100'],
    ['percentile', { n: 1, within: 2, p: 95 }, 'X: given.within: should be at most n'],
    [
      'composition',
      { op: 'atLeast', k: 3, down: [[], []] },
      'X: given.k: should be there, and at most the number of parts, 2',
    ],
    ['loss', { pieces: [[1, '1']], affected_share: '1/0' }, 'X: given.affected_share: should be a number'],
    [
      'clip',
      { tz: 'UTC', outage_utc: ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'] },
      'X: given.outage_utc: should be [start, end]',
    ],
    ['policy', { policy: 'abacus', query: { from: 0, to: 1 } }, 'X: given.policy: '],
  ]
  test.each(ROWS)('%s %j', (category, given, message) => {
    expect(told({ id: 'X', category, given })).toContain(message)
  })

  test('every category refuses an empty question and garbage with a Fault', () => {
    for (const category of Object.keys(CATEGORIES)) {
      for (const given of [{}, { tz: 3, window: 'x', down: {}, samples: null, values: 'a', p: [] }]) {
        expect(told({ id: 'X', category, given })).toContain('X: given')
      }
    }
  })
})

describe('the script', () => {
  const run = (queries: unknown) => {
    const file = join(mkdtempSync(join(tmpdir(), 'questions-')), 'questions.json')
    writeFileSync(file, JSON.stringify({ queries }))
    const script = fileURLToPath(new URL('../../support/questions.ts', import.meta.url))
    const { status, stdout, stderr } = spawnSync('npx', ['tsx', script, file], { encoding: 'utf8' })
    return { status, answers: (JSON.parse(stdout) as { answers: unknown }).answers, stderr } // the script's shape
  }

  test('prints the answer of every case under its id', () => {
    const { status, answers, stderr } = run(CASES.map(({ id, category, given }) => ({ id, category, given })))
    expect([status, stderr]).toEqual([0, ''])
    expect(answers).toEqual(CASES.map((one) => ({ id: one.id, ...one.expect })))
  })

  test('names what it cannot answer, answers the rest and ends with 3', () => {
    const [known] = CASES
    const { status, answers, stderr } = run([{ id: 'X', category: 'astrology', given: {} }, known])
    expect([status, answers]).toEqual([3, [{ id: known!.id, ...known!.expect }]])
    expect(stderr).toMatch(/^X: unknown category "astrology" Known categories: period_length, /)
  })
})
