/**
 * Committed time: hours, holidays, the day the promise began, caps, and both ways to take excluded time.
 */
import { describe, expect, test } from 'vitest'
import {
  AVAILABILITY,
  HOUR_MS,
  JANUARY,
  contractOf,
  january,
  onlyGuarantee,
  statesWith,
  type Json,
} from '../../support/scenario.ts'

const FREE = { id: 'free', clause: 'X', needs: 'nothing' }
const UP = [[JANUARY.start, 'up']]

function excluded(...stretches: [string, string][]): Json[] {
  return stretches.map(([start, end]) => ({ kind: 'free', start: january(start), end: january(end) }))
}

type Asked = {
  /** Over the clause of exclusions. */
  exclusions?: Json
  spec?: Json
  declared?: Json[]
  window?: Json
  states?: Json
  samples?: Json
}

function judged({ exclusions = {}, spec = {}, declared = [], window = JANUARY, states, samples }: Asked) {
  const contract = contractOf({ spec: { exclusions: { kinds: [FREE], ...exclusions }, ...spec } })
  const seen = samples ? { samples } : { states: states ?? { portal: UP } }
  return onlyGuarantee({ contract, window, exclusions: declared, ...seen })
}

const IN_OFFICE = { guarantees: [{ ...AVAILABILITY, calendar: 'office' }] }

describe('hours', () => {
  // January 2026 has 22 working days; the 14th is a holiday: 21 days of 12 hours.
  test('of the calendar, without its holidays', () => {
    expect(judged({ spec: IN_OFFICE }).committedMs).toBe(21 * 12 * HOUR_MS)
  })

  test('from the day the promise began', () => {
    const spec = { effective: { from: '2026-01-22', timeZone: 'UTC' } }
    expect(judged({ spec }).committedMs).toBe(10 * 24 * HOUR_MS)
  })

  test('a first, partial month is judged on what it holds', () => {
    const spec = { effective: { from: '2026-01-22', timeZone: 'UTC' } }
    // 0.1 % of ten days is 14.4 min.
    const down = (minutes: number) =>
      judged({ spec, states: { portal: statesWith([['25 10:00', `25 10:${minutes}`, 'down']]) } }).verdict
    expect([down(14), down(15)]).toEqual(['met', 'not_met'])
  })

  test('downtime before the promise is nobody’s', () => {
    const spec = { effective: { from: '2026-01-22', timeZone: 'UTC' } }
    const states = { portal: statesWith([['10 00:00', '12 00:00', 'down']]) }
    expect(judged({ spec, states })).toMatchObject({ verdict: 'met', downMs: { pessimistic: 0 } })
  })

  test('a year that the calendar does not cover is refused', () => {
    const window = { start: '2026-12-15T00:00:00Z', end: '2027-01-15T00:00:00Z' }
    const problem =
      'window: calendar office does not cover 2027: list the holidays of that year and add it to yearsCovered'
    expect(() => judged({ spec: IN_OFFICE, window })).toThrow(
      expect.objectContaining({ code: 'bad-request', problems: [problem] }),
    )
  })
})

describe('a cap', () => {
  const cap = { capPerMonth: 'PT8H' }
  // Thursday 8, 04:00 to 14:00: six office hours; Friday 9, 08:00 to 14:00: six more.
  const both = excluded(['08 04:00', '08 14:00'], ['09 08:00', '09 14:00'])
  test.each<[string, { exclusions?: Json; spec?: Json }, number]>([
    ['none: all of it', {}, 16],
    ['at all hours: eight of the ten first', { exclusions: cap }, 8],
    ['time outside service hours spends none', { exclusions: cap, spec: IN_OFFICE }, 8],
    ['no cap, in office hours', { spec: IN_OFFICE }, 12],
  ])('%s', (_title, more, hours) => {
    expect(judged({ ...more, declared: both }).excludedMs).toBe(hours * HOUR_MS)
  })

  test.each([
    // Down 12:00 to 14:00 on either day: what was declared first is excused, whatever the order in the file.
    ['the earlier day is excused whole', '08', 'met'],
    ['the later one has two hours left, spent before noon', '09', 'not_met'],
  ])('is spent in order of time: %s', (_title, day, verdict) => {
    const states = { portal: statesWith([[`${day} 12:00`, `${day} 14:00`, 'down']]) }
    for (const declared of [both, both.toReversed()])
      expect(judged({ exclusions: cap, spec: IN_OFFICE, states, declared }).verdict).toBe(verdict)
  })

  test('belongs to the month, of which a week may only be a part', () => {
    const week = { start: january('05 00:00'), end: january('12 00:00') }
    const states = { portal: statesWith([['09 12:00', '09 13:00', 'down']]) }
    const spec = { guarantees: [{ ...AVAILABILITY, window: { period: 'P1W', timeZone: 'UTC' } }] }
    const before = excluded(['02 08:00', '02 15:00'])
    const within = excluded(['09 12:00', '09 14:00'])
    const asked = { exclusions: cap, spec, states, window: week }
    // Seven hours on the 2nd leave one for the 9th.
    expect(judged({ ...asked, declared: [...before, ...within] })).toMatchObject({
      verdict: 'met',
      excludedMs: HOUR_MS,
    })
    const eight = excluded(['02 08:00', '02 16:00'])
    expect(judged({ ...asked, declared: [...eight, ...within] })).toMatchObject({
      verdict: 'not_met',
      excludedMs: 0,
    })
  })

  test('of two months that a window touches, each has its own', () => {
    const window = { start: january('26 00:00'), end: '2026-02-02T00:00:00Z' }
    const declared = [
      { kind: 'free', start: january('30 00:00'), end: january('30 09:00') },
      { kind: 'free', start: '2026-02-01T00:00:00Z', end: '2026-02-01T09:00:00Z' },
    ]
    expect(judged({ exclusions: cap, window, declared }).excludedMs).toBe(16 * HOUR_MS)
  })
})

describe('overlapping exclusions', () => {
  test('count once', () => {
    const declared = excluded(['08 10:00', '08 12:00'], ['08 11:00', '08 13:00'], ['08 10:00', '08 12:00'])
    expect(judged({ declared }).excludedMs).toBe(3 * HOUR_MS)
  })
})

describe('the denominator', () => {
  // 20 days of 31 excluded, 20 min down outside them: 0.1 % of 11 days is 15.84 min, of 31 days 44.64.
  const states = {
    portal: statesWith([
      ['25 10:00', '25 10:20', 'down'],
      ['05 00:00', '06 00:00', 'down'],
    ]),
  }
  const declared = excluded(['01 00:00', '21 00:00'])
  test.each([
    ['remove', 'not_met', 11 * 24 * HOUR_MS, 20 * 60_000],
    ['excuse-only', 'met', 31 * 24 * HOUR_MS, 20 * 60_000],
  ])('%s', (denominatorMode, verdict, committedMs, point) => {
    const result = judged({ exclusions: { denominatorMode }, states, declared })
    expect(result).toMatchObject({ verdict, committedMs, downMs: { point }, excludedMs: 20 * 24 * HOUR_MS })
  })

  test.each(['remove', 'excuse-only'])(
    '%s: an outage is tried whole before anything is cut from it',
    (denominatorMode) => {
      // 50 min, of which the middle 20 are excused: too short only if it were cut in two first.
      const spec = {
        measurement: { minimumOutage: 'PT30M' },
        guarantees: [{ ...AVAILABILITY, target: { percent: '99.99' } }],
      }
      const result = judged({
        exclusions: { denominatorMode },
        spec,
        states: { portal: statesWith([['08 10:00', '08 10:50', 'down']]) },
        declared: excluded(['08 10:10', '08 10:30']),
      })
      expect(result).toMatchObject({ verdict: 'not_met', downMs: { point: 30 * 60_000 } })
    },
  )
})

describe('an excused attempt stays one, and is good', () => {
  // Each minute of the 8th, 10:00 to 11:00; the half hour from 10:15 fails, or answers too late.
  const window = { start: january('08 10:00'), end: january('08 11:00') }
  const minutes = Array.from({ length: 60 }, (_, i) => `08 10:${String(i).padStart(2, '0')}`)
  const rows = (bad: unknown[]) =>
    minutes.map((at, i) => [january(at), ...(i >= 15 && i < 45 ? bad : ['ok', 100_000])])
  const declared = excluded(['08 10:15', '08 10:45'])
  const common = { id: 'g', service: 'portal', clause: 'A', window: { period: 'P1M', timeZone: 'UTC' } }
  const METRICS: [string, Json, unknown[]][] = [
    ['request share', { metric: 'request-share', target: { percent: '99' } }, ['fail']],
    ['latency', { metric: 'share-within', threshold: 'PT0.4S', target: { percent: '95' } }, ['ok', 900_000]],
    [
      'bad minutes',
      { metric: 'error-rate-slices', slice: 'PT1M', badWhen: 'all-failed', target: { percent: '99' } },
      ['fail'],
    ],
    ['mean error rate', { metric: 'mean-error-rate', slice: 'PT5M', target: { percent: '99' } }, ['fail']],
  ]
  test.each(METRICS)('%s', (_title, metric, bad) => {
    const asked = { spec: { guarantees: [{ ...common, ...metric }] }, window }
    const samples = { web: { lyon: rows(bad) } }
    const verdictOf = (denominatorMode: string, list: Json[]) =>
      judged({ ...asked, samples, exclusions: { denominatorMode }, declared: list }).verdict
    expect(verdictOf('remove', [])).toBe('not_met')
    expect(verdictOf('remove', declared)).not.toBe('not_met')
    expect(verdictOf('excuse-only', declared)).not.toBe('not_met')
  })

  test('in the number of them too', () => {
    const spec = { guarantees: [{ ...common, metric: 'request-share', target: { percent: '99' } }] }
    const asked = { spec, window, samples: { web: { lyon: rows(['fail']) } }, declared }
    expect(judged({ ...asked, exclusions: { denominatorMode: 'remove' } })).toMatchObject({
      n: 30,
      within: 30,
    })
    expect(judged({ ...asked, exclusions: { denominatorMode: 'excuse-only' } })).toMatchObject({
      n: 60,
      within: 60,
    })
  })
})
