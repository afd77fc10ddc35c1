/**
 * Day rules and recurrences: notice, time limits, standing maintenance.
 */
import type { Interval } from '@constat/shared/time'
import { parseLocal } from '@constat/sla/civil'
import type { CalendarTerms } from '@constat/sla/contract/calendar-terms'
import { daysOfNotice, deadline } from '@constat/sla/dayrule'
import { occurrences, recurrenceProblem } from '@constat/sla/recurrence'
import { hostZone } from '@constat/sla/zone'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const DAY_MS = 86_400_000
const HOLIDAYS = ['2026-05-01', '2026-05-08', '2026-05-14']

/** Holidays alone: counting days asks for no hours. */
const CALENDAR: CalendarTerms = {
  kind: 'weekly',
  name: 'test',
  timeZone: 'Europe/Paris',
  weekly: [],
  holidays: HOLIDAYS.map((date) => ({ date, name: null })),
  yearsCovered: 'all',
}

describe('day rules', () => {
  const calendar = CALENDAR
  const table = hostZone('Europe/Paris', { startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2028, 0, 1) })
  const notice = { announced: parseLocal('2026-04-30T16:00:00')!, start: parseLocal('2026-05-11T22:00:00')! }

  test.each([
    ['clear-working', 4],
    ['working', 5],
    ['ouvrables', 7],
    ['clear', 10],
    ['calendar', 11],
  ] as const)('%s: %i days', (kind, count) => {
    // 1 and 8 May are holidays; 2 and 9 May are Saturdays; the 11th is a Monday.
    expect(daysOfNotice({ kind, calendar }, notice)).toBe(count)
  })

  test('against counting by hand', () => {
    const dates = fc.integer({ min: 20_454, max: 20_800 })
    fc.assert(
      fc.property(dates, fc.nat(40), (first, length) => {
        const days = Array.from(
          { length: Math.max(0, length - 1) },
          (_, i) => new Date((first + i + 1) * DAY_MS),
        )
        const open = days.filter((day) => {
          const weekday = day.getUTCDay()
          const text = day.toISOString().slice(0, 10)
          return weekday >= 1 && weekday <= 5 && !HOLIDAYS.includes(text)
        })
        const times = { announced: first * DAY_MS + 1, start: (first + length) * DAY_MS + 5 }
        expect(daysOfNotice({ kind: 'clear-working', calendar }, times)).toBe(open.length)
      }),
    )
  })

  test.each([
    // From midnight the day itself counts; from within a day the next one is the first.
    ['calendar', 30, '2026-02-28T23:00:00Z', '2026-03-30T22:00:00.000Z'],
    ['calendar', 30, '2026-03-01T10:00:00Z', '2026-03-31T22:00:00.000Z'],
    ['working', 10, '2026-04-30T22:00:00Z', '2026-05-19T22:00:00.000Z'],
    ['ouvrables', 3, '2026-04-30T10:00:00Z', '2026-05-05T22:00:00.000Z'],
    ['clear', 3, '2026-06-01T10:00:00Z', '2026-06-05T22:00:00.000Z'],
    ['calendar', 0, '2026-02-28T23:00:00Z', '2026-02-28T23:00:00.000Z'],
  ] as const)('%s days: %i from %s end at %s', (kind, days, from, until) => {
    const rule = { kind, days, calendar }
    expect(new Date(deadline(rule, { fromMs: Date.parse(from), table })).toISOString()).toBe(until)
  })
})

describe('recurrences', () => {
  const table = hostZone('Europe/Paris', { startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2029, 0, 1) })
  const starts = (rrule: string, dtstart: string, window: Interval) =>
    occurrences({ dtstart, rrule, durationMs: 3_600_000 }, table, window).map(({ startMs }) =>
      new Date(startMs).toISOString(),
    )
  const year = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2027, 0, 1) }

  test('first Sundays, in summer time and out of it', () => {
    const found = starts('FREQ=MONTHLY;BYDAY=1SU', '2026-01-04T02:00:00', year)
    expect(found).toHaveLength(12)
    expect(found.slice(2, 5)).toEqual([
      '2026-03-01T01:00:00.000Z',
      '2026-04-05T00:00:00.000Z',
      '2026-05-03T00:00:00.000Z',
    ])
  })

  test('the reading in the gap is kept, the repeated one happens once', () => {
    const window = { startMs: Date.parse('2026-03-28T12:00:00Z'), endMs: Date.parse('2026-03-30T12:00:00Z') }
    expect(starts('FREQ=DAILY', '2026-01-01T02:30:00', window)).toEqual([
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    const autumn = { startMs: Date.parse('2026-10-24T12:00:00Z'), endMs: Date.parse('2026-10-25T12:00:00Z') }
    expect(starts('FREQ=DAILY', '2026-01-01T02:30:00', autumn)).toEqual(['2026-10-25T00:30:00.000Z'])
  })

  test('UNTIL in UTC ends with the instant, not with the reading', () => {
    expect(starts('FREQ=DAILY;UNTIL=20260702T000000Z', '2026-07-01T02:00:00', year)).toHaveLength(2)
    expect(starts('FREQ=DAILY;UNTIL=20260701T235959Z', '2026-07-01T02:00:00', year)).toHaveLength(1)
  })

  test('one that began before the window and still lasts is in it', () => {
    const window = { startMs: Date.parse('2026-07-01T00:30:00Z'), endMs: Date.parse('2026-07-01T00:40:00Z') }
    expect(starts('FREQ=DAILY', '2026-01-01T02:00:00', window)).toEqual(['2026-07-01T00:00:00.000Z'])
  })

  test.each([
    ['FREQ=MONTHLY;BYDAY=1SU', undefined],
    ['BYDAY=1SU', 'FREQ is missing'],
    ['FREQ=HOURLY', 'is no value of FREQ'],
    ['FREQ=DAILY;COUNT=-4', 'is no value of COUNT'],
    ['FREQ=DAILY;FOO=1', 'is not one of'],
    ['FREQ=DAILY;FREQ=DAILY', 'stands twice'],
    ['FREQ=DAILY;COUNT=2;UNTIL=20260101', 'exclude each other'],
    ['FREQ=DAILY;__proto__=1', 'is not one of'],
    [`FREQ=DAILY;BYMONTH=${'1,'.repeat(300)}1`, 'at most 500 characters'],
  ])('%s: %s', (rule, problem) => {
    const found = recurrenceProblem(rule)
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(problem)
  })
})
