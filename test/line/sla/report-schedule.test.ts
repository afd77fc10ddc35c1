/** Report schedules: weeks, months and their ends, clock changes, and what is due. Tables with the clock as an argument. */
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { dueReports, nextDueMs } from '@constat/sla/alerting/report-schedule'
import { alertingSpec, type ScheduledReport } from '@constat/sla/contract/schema-private'

const at = (text: string): number => Date.parse(text)
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

function schedule(more: object): ScheduledReport {
  const endpoints = [{ id: 'ops', url: 'https://hooks.example/ops' }]
  const reports = [{ id: 'statement', to: ['ops'], ...more }]
  return alertingSpec.parse({ endpoints, reports }).reports[0]!
}
const PARIS = { at: '08:00', timeZone: 'Europe/Paris' }
const MONDAYS = schedule({ every: 'week', on: 'MO', ...PARIS })
const THIRDS = schedule({ every: 'month', on: 3, ...PARIS })

it.each<[string, object, string, string]>([
  ['a week ahead', { every: 'week', on: 'MO', ...PARIS }, '2026-11-30T07:00:00Z', '2026-12-07T07:00:00.000Z'],
  [
    'a millisecond before',
    { every: 'week', on: 'MO', ...PARIS },
    '2026-11-30T06:59:59.999Z',
    '2026-11-30T07:00:00.000Z',
  ],
  ['a Sunday', { every: 'week', on: 'SU', ...PARIS }, '2026-11-30T12:00:00Z', '2026-12-06T07:00:00.000Z'],
  [
    'over the change to summer time',
    { every: 'week', on: 'MO', ...PARIS },
    '2026-03-27T12:00:00Z',
    '2026-03-30T06:00:00.000Z',
  ],
  [
    'over the change to winter time',
    { every: 'week', on: 'MO', ...PARIS },
    '2026-10-24T12:00:00Z',
    '2026-10-26T07:00:00.000Z',
  ],
  [
    'in the gap: by the offset before it',
    { every: 'week', on: 'SU', at: '02:30', timeZone: 'Europe/Paris' },
    '2026-03-28T12:00:00Z',
    '2026-03-29T01:30:00.000Z',
  ],
  [
    'in the repeated hour: once, the first time',
    { every: 'week', on: 'SU', at: '02:30', timeZone: 'Europe/Paris' },
    '2026-10-24T12:00:00Z',
    '2026-10-25T00:30:00.000Z',
  ],
  [
    'after the first reading of a repeated hour: the next week',
    { every: 'week', on: 'SU', at: '02:30', timeZone: 'Europe/Paris' },
    '2026-10-25T00:30:00Z',
    '2026-11-01T01:30:00.000Z',
  ],
  [
    'the third of a month',
    { every: 'month', on: 3, ...PARIS },
    '2026-12-03T07:00:00Z',
    '2027-01-03T07:00:00.000Z',
  ],
  [
    'the 31st of February',
    { every: 'month', on: 31, ...PARIS },
    '2026-02-01T00:00:00Z',
    '2026-02-28T07:00:00.000Z',
  ],
  [
    'the 30th of a February of a leap year',
    { every: 'month', on: 30, ...PARIS },
    '2028-02-10T00:00:00Z',
    '2028-02-29T07:00:00.000Z',
  ],
  [
    'after the end of a short month',
    { every: 'month', on: 31, ...PARIS },
    '2026-02-28T07:00:00Z',
    '2026-03-31T06:00:00.000Z',
  ],
  [
    'a zone where it is another day',
    { every: 'month', on: 1, at: '00:00', timeZone: 'Pacific/Kiritimati' },
    '2026-11-30T09:00:00Z',
    '2026-11-30T10:00:00.000Z',
  ],
  [
    'a zone behind',
    { every: 'month', on: 1, at: '23:00', timeZone: 'Pacific/Pago_Pago' },
    '2026-12-01T12:00:00Z',
    '2026-12-02T10:00:00.000Z',
  ],
  [
    'the end of a day',
    { every: 'week', on: 'SU', at: '24:00', timeZone: 'UTC' },
    '2026-11-29T12:00:00Z',
    '2026-11-30T00:00:00.000Z',
  ],
])('next: %s', (_, more, nowText, next) => {
  expect(iso(nextDueMs(schedule(more), at(nowText)))).toBe(next)
})

it('on closing has no hour of its own', () =>
  expect(nextDueMs(schedule({ every: 'closing' }), at('2026-12-01T00:00:00Z'))).toBeNull())

it('of what goes on: the windows of the hour that it was due at, when another month has begun since', () => {
  const months: number[] = []
  const due = dueReports({ ...MONDAYS, of: 'current' } as ScheduledReport, {
    nowMs: at('2026-12-01T00:00:05Z'),
    sinceMs: at('2026-01-01T00:00:00Z'),
    closed: [],
    goingOn: (atMs) => {
      months.push(atMs)
      return [iso(atMs)!.slice(0, 7)]
    },
  })
  expect(due.map(({ window }) => window)).toEqual(['2026-11'])
  expect(months.map(iso)).toEqual(['2026-11-30T07:00:00.000Z'])
})

describe('what is due', () => {
  const OCTOBER = { window: '2026-10', version: 1, atMs: at('2026-11-04T02:00:00Z') }
  const AMENDED = { window: '2026-09', version: 3, atMs: at('2026-11-30T07:00:00Z') }
  const due = (one: ScheduledReport, nowText: string, sinceText = '2026-01-01T00:00:00Z') =>
    dueReports(one, {
      nowMs: at(nowText),
      sinceMs: at(sinceText),
      closed: [AMENDED, OCTOBER],
      goingOn: () => ['2026-12', '2026'],
    }).map(({ occasion }) => occasion)

  it.each<[string, string[], ScheduledReport, string, string?]>([
    [
      'on closing: the instant it is closed',
      ['2026-09/v3', '2026-10/v1'],
      schedule({ every: 'closing' }),
      '2026-11-30T07:00:00Z',
    ],
    ['on closing: not before', ['2026-10/v1'], schedule({ every: 'closing' }), '2026-11-30T06:59:59.999Z'],
    [
      'on closing: nothing of before it was asked for',
      ['2026-09/v3'],
      schedule({ every: 'closing' }),
      '2026-12-01T00:00:00Z',
      '2026-11-04T02:00:00.001Z',
    ],
    ['weekly: closed before the hour', ['2026-10/v1'], MONDAYS, '2026-11-30T07:00:00Z'],
    [
      'weekly: closed at the hour, a week later',
      ['2026-09/v3', '2026-10/v1'],
      MONDAYS,
      '2026-12-07T07:00:00Z',
    ],
    ['monthly: the day has not come', [], THIRDS, '2026-11-05T07:00:00Z'],
    ['monthly: it has', ['2026-09/v3', '2026-10/v1'], THIRDS, '2026-12-03T07:00:00Z'],
  ])('%s', (_, expected, one, nowText, since) => expect(due(one, nowText, since)).toEqual(expected))

  const CURRENT = schedule({ every: 'week', on: 'MO', of: 'current', ...PARIS })
  it('of the windows that go on: each, once for each hour', () => {
    const monday = at('2026-12-07T07:00:00Z')
    const all = [`2026-12/${monday}`, `2026/${monday}`]
    expect(due(CURRENT, '2026-12-07T07:00:00Z')).toEqual(all)
    expect(due(CURRENT, '2026-12-13T07:00:00Z')).toEqual(all)
    expect(due(CURRENT, '2026-12-13T07:00:00Z', '2026-12-08T00:00:00Z')).toEqual([])
  })
})

it('is due again and again, never twice within six days, in every zone', () => {
  const zones = ['Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC']
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom('MO', 'WE', 'SU'),
      fc.constantFrom('00:00', '02:30', '23:59', '24:00'),
      fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
      (timeZone, on, clock, nowMs) => {
        const one = schedule({ every: 'week', on, at: clock, timeZone })
        const next = nextDueMs(one, nowMs)!
        const after = nextDueMs(one, next)!
        expect(next).toBeGreaterThan(nowMs)
        expect(next - nowMs).toBeLessThanOrEqual(8 * 86_400_000)
        expect(after - next).toBeGreaterThan(6 * 86_400_000)
        // The last one before any instant is the next one after the instant before it.
        const due = dueReports({ ...one, of: 'current' } as ScheduledReport, {
          nowMs: next,
          sinceMs: 0,
          closed: [],
          goingOn: () => ['w'],
        })
        expect(due).toEqual([{ window: 'w', version: null, occasion: `w/${next}` }])
      },
    ),
  )
})
