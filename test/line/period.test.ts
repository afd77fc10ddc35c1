/**
 * Periods: windows of every kind against an oracle of another kind, Temporal's own calendar, in zones whose
 * clocks do what others never do; anchored billing periods; rolling windows, which nothing is judged by.
 */
import {
  isFirstDay,
  MAX_ROLLING_DAYS,
  parseWindowKey,
  rollingWindow,
  windowAt,
  windowBeside,
  windowOfKey,
  type CalendarWindow,
  type Periodic,
} from '@constat/sla/period'
import { hostZone } from '@constat/sla/zone'
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'

const DAY_MS = 86_400_000

/** Zone and years in which its clock does something odd. */
const ODD_YEARS: readonly (readonly [string, number, number])[] = [
  ['America/Havana', 2024, 2028], // an hour is lost at midnight
  ['America/Asuncion', 2022, 2026], // midnight is lost, until it moves no more
  ['Pacific/Apia', 2010, 2013], // 30 December 2011 never was
  ['Pacific/Kiritimati', 1993, 1996], // nor was the last day of 1994
  ['Pacific/Kwajalein', 1992, 1995], // nor 21 August 1993
  ['Australia/Lord_Howe', 2024, 2028], // half an hour
  ['Africa/Casablanca', 2024, 2028], // back for the month of Ramadan
  ['Europe/Lisbon', 1991, 1997], // on Central European time from 1992 to 1996
  ['America/St_Johns', 2008, 2012], // changed at 00:01, back over midnight
  ['Asia/Gaza', 2022, 2026],
  ['Antarctica/Troll', 2024, 2028], // two hours
  ['Europe/Paris', 2024, 2030],
  ['UTC', 2024, 2030],
]

const tableOf = (zone: string, from: number, to: number) =>
  hostZone(zone, { startMs: Date.UTC(from - 2, 0, 1), endMs: Date.UTC(to + 2, 0, 1) })

type Days = { first: Temporal.PlainDate; next: Temporal.PlainDate; key: string }

/** The days of the period around a date, by Temporal's calendar and counting by hand. */
function daysAround({ period, anchor }: Periodic, date: Temporal.PlainDate): Days {
  const day = anchor === undefined ? firstDayOf(period, date) : Temporal.PlainDate.from(anchor)
  const step = (n: number) => day.add(timesOf(period, n))
  // From the anchor on or back, always counted from the anchor itself.
  let n = 0
  while (Temporal.PlainDate.compare(step(n), date) > 0) n -= 1
  while (Temporal.PlainDate.compare(step(n + 1), date) <= 0) n += 1
  const [first, next] = [step(n), step(n + 1)]
  return {
    first,
    next,
    key: anchor === undefined ? calendarKey(period, first) : `${first.toString()}--${period}`,
  }
}

function timesOf(period: Periodic['period'], n: number): Temporal.Duration {
  const { years, months, weeks, days } = Temporal.Duration.from(period)
  return Temporal.Duration.from({ years: years * n, months: months * n, weeks: weeks * n, days: days * n })
}

function firstDayOf(period: Periodic['period'], date: Temporal.PlainDate): Temporal.PlainDate {
  if (period === 'P1D') return date
  if (period === 'P1W') return date.subtract({ days: date.dayOfWeek - 1 })
  if (period === 'P1M') return date.with({ day: 1 })
  if (period === 'P3M') return date.with({ day: 1, month: date.month - ((date.month - 1) % 3) })
  return date.with({ day: 1, month: 1 })
}

function calendarKey(period: Periodic['period'], first: Temporal.PlainDate): string {
  const text = first.toString()
  if (period === 'P1D') return text
  if (period === 'P1W') return `${first.yearOfWeek}-W${String(first.weekOfYear).padStart(2, '0')}`
  if (period === 'P1M') return text.slice(0, 7)
  if (period === 'P3M') return `${first.year}-Q${(first.month + 2) / 3}`
  return String(first.year)
}

/** Midnight as contracts take it: in a gap the offset before it, in a repeated hour the first. */
function midnight(date: Temporal.PlainDate, zone: string): number {
  const local = date.toPlainDateTime()
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(zone, { disambiguation }),
  )
  const isGap = !earlier!.toPlainDateTime().equals(local)
  return (isGap ? later! : earlier!).epochMilliseconds
}

const anchors = fc
  .record({
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    year: fc.integer({ min: 1990, max: 2032 }),
  })
  .map((given) => Temporal.PlainDate.from(given).toString())

const periodics: fc.Arbitrary<Periodic> = fc.oneof(
  fc.constantFrom('P1D', 'P1W', 'P1M', 'P3M', 'P1Y' as const).map((period) => ({ period })),
  fc.record({ period: fc.constantFrom('P1W', 'P1M', 'P3M', 'P1Y' as const), anchor: anchors }),
)

describe('windows against Temporal', () => {
  test.each(ODD_YEARS)('%s from %i to %i', (zone, from, to) => {
    const table = tableOf(zone, from, to)
    const instants = fc.integer({ min: Date.UTC(from, 0, 2), max: Date.UTC(to, 11, 30) })
    fc.assert(
      fc.property(periodics, instants, (periodic, atMs) => {
        const window = windowAt({ ...periodic, table }, atMs)
        expect(window.startMs <= atMs && atMs < window.endMs).toBe(true)
        // The day the window begins on, not the one the clock reads: those differ where it fell back.
        const named = parseWindowKey(window.key)
        const day = named && named.kind !== 'rolling' ? named.firstDay : Number.NaN
        const date = Temporal.PlainDate.from(new Date(day).toISOString().slice(0, 10))
        const days = daysAround(periodic, date)
        expect(window.key).toBe(days.key)
        expect([window.startMs, window.endMs]).toEqual([
          midnight(days.first, zone),
          midnight(days.next, zone),
        ])
      }),
      { numRuns: 60 },
    )
  })

  test.each(ODD_YEARS)('%s: each window begins where the one before it ended', (zone, from, to) => {
    const table = tableOf(zone, from, to)
    fc.assert(
      fc.property(periodics, (periodic) => {
        let window: CalendarWindow = windowAt({ ...periodic, table }, Date.UTC(from, 0, 2))
        const keys = new Set<string>()
        while (window.endMs < Date.UTC(to, 11, 1)) {
          const next = windowBeside(window, table, 1)
          expect(next.startMs).toBe(window.endMs)
          // A day that never was is a window of no length; none runs backwards.
          expect(next.endMs).toBeGreaterThanOrEqual(next.startMs)
          expect(windowBeside(next, table, -1)).toEqual(window)
          expect(windowOfKey(window.key, table, periodic)).toEqual(window)
          expect(keys.has(window.key)).toBe(false)
          keys.add(window.key)
          window = next
        }
      }),
      { numRuns: 4 },
    )
  })
})

describe('anchored periods', () => {
  const table = tableOf('Europe/Paris', 2020, 2032)
  const monthsOf = (anchor: string, period: Periodic['period'] = 'P1M') => {
    const first = windowAt({ period, anchor, table }, Date.UTC(2027, 11, 14))
    return [0, 1, 2, 3, 4].map((step) => windowBeside(first, table, step).key)
  }

  test.each([
    ['2026-01-15', ['2027-11-15', '2027-12-15', '2028-01-15', '2028-02-15', '2028-03-15']],
    // A short month gives its last day, and moves no other.
    ['2026-01-31', ['2027-11-30', '2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31']],
    ['2026-01-30', ['2027-11-30', '2027-12-30', '2028-01-30', '2028-02-29', '2028-03-30']],
    ['2026-02-28', ['2027-11-28', '2027-12-28', '2028-01-28', '2028-02-28', '2028-03-28']],
    ['2026-01-29', ['2027-11-29', '2027-12-29', '2028-01-29', '2028-02-29', '2028-03-29']],
  ])('months from %s', (anchor, days) => {
    expect(monthsOf(anchor)).toEqual(days.map((day) => `${day}--P1M`))
  })

  test('quarters, years and weeks', () => {
    expect(monthsOf('2026-02-01', 'P3M')[0]).toBe('2027-11-01--P3M')
    expect(monthsOf('2024-02-29', 'P1Y').slice(0, 3)).toEqual([
      '2027-02-28--P1Y',
      '2028-02-29--P1Y',
      '2029-02-28--P1Y',
    ])
    expect(monthsOf('2026-01-14', 'P1W')[0]).toBe('2027-12-08--P1W')
  })

  test('the anchor is no beginning: it says where windows begin, before it too', () => {
    expect(windowAt({ period: 'P1M', anchor: '2031-01-15', table }, Date.UTC(2026, 4, 1)).key).toBe(
      '2026-04-15--P1M',
    )
  })

  test('a key names a window only of the period it belongs to', () => {
    const anchored: Periodic = { period: 'P1M', anchor: '2026-01-31' }
    expect(windowOfKey('2026-02-28--P1M', table, anchored)?.endMs).toBe(Date.parse('2026-03-30T22:00:00Z'))
    expect(windowOfKey('2026-02-28--P1M', table, { period: 'P1M', anchor: '2026-01-28' })?.endMs).toBe(
      Date.parse('2026-03-27T23:00:00Z'),
    )
    for (const other of ['2026-02-27--P1M', '2026-02-28--P3M', '2026-02', 'rolling-30d'])
      expect(windowOfKey(other, table, anchored), other).toBeUndefined()
    expect(windowOfKey('2026-02-28--P1M', table)).toBeUndefined()
    expect(windowOfKey('2026-02-28--P1M', table, { period: 'P1M' })).toBeUndefined()
  })

  test('a key can stand in an address and in the name of a file', () => {
    for (const key of monthsOf('2026-01-31')) {
      expect(encodeURIComponent(key)).toBe(key)
      expect(key).toMatch(/^[0-9A-Z-]+$/)
    }
  })

  test('first days', () => {
    expect(isFirstDay({ period: 'P1M' }, Date.UTC(2026, 0, 1))).toBe(true)
    expect(isFirstDay({ period: 'P1M' }, Date.UTC(2026, 0, 2))).toBe(false)
    expect(isFirstDay({ period: 'P1M', anchor: '2026-01-31' }, Date.UTC(2026, 1, 28))).toBe(true)
  })
})

describe('rolling windows', () => {
  test.each([
    ['rolling-30d', 30],
    ['rolling-1d', 1],
    [`rolling-${MAX_ROLLING_DAYS}d`, MAX_ROLLING_DAYS],
  ])('%s', (key, days) => {
    expect(parseWindowKey(key)).toEqual({ kind: 'rolling', days })
    const nowMs = Date.UTC(2026, 9, 25, 12)
    expect(rollingWindow(nowMs, days)).toEqual({ key, startMs: nowMs - days * DAY_MS, endMs: nowMs })
  })
})
