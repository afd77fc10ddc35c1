/**
 * Periods: windows of every kind against days counted out one by one and the host's own clock, in zones that
 * do what others never do; anchored billing periods; rolling windows, which nothing is judged by.
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

/** Days are counted from 1970, as dates are told apart without a zone. */
type Day = number
type Days = { first: Day; next: Day; key: string }

const dayOf = (text: string): Day => Date.parse(`${text}T00:00:00Z`) / DAY_MS
const textOf = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
const partsOf = (day: Day) => {
  const date = new Date(day * DAY_MS)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), date: date.getUTCDate() }
}

/** That many months on: the same date, or the last of a month that has none. */
function monthsOn(day: Day, months: number): Day {
  const { year, month, date } = partsOf(day)
  const last = new Date(Date.UTC(year, month + months + 1, 0)).getUTCDate()
  return Date.UTC(year, month + months, Math.min(date, last)) / DAY_MS
}

const MONTHS = { P1M: 1, P3M: 3, P1Y: 12 }

/** The days of the period around a day, counted out one by one from the anchor or a first of January. */
function daysAround({ period, anchor }: Periodic, day: Day): Days {
  // 5 January 1970 was a Monday.
  const origin =
    anchor === undefined ? (period === 'P1W' ? dayOf('1970-01-05') : dayOf('1970-01-01')) : dayOf(anchor)
  const step = (n: number): Day => {
    if (period === 'P1D' || period === 'P1W') return origin + n * (period === 'P1D' ? 1 : 7)
    return monthsOn(origin, n * MONTHS[period])
  }
  let n = 0
  while (step(n) > day) n -= 1
  while (step(n + 1) <= day) n += 1
  const [first, next] = [step(n), step(n + 1)]
  return {
    first,
    next,
    key: anchor === undefined ? calendarKey(period, first) : `${textOf(first)}--${period}`,
  }
}

function calendarKey(period: Periodic['period'], first: Day): string {
  const { year, month } = partsOf(first)
  if (period === 'P1D') return textOf(first)
  if (period === 'P1M') return textOf(first).slice(0, 7)
  if (period === 'P3M') return `${year}-Q${month / 3 + 1}`
  if (period === 'P1Y') return String(year)
  // A week is of the year that has more of its days; its number is how many of that year's began before.
  const own = partsOf(first + 3).year
  let number = 0
  for (let monday = first; partsOf(monday + 3).year === own; monday -= 7) number += 1
  return `${own}-W${String(number).padStart(2, '0')}`
}

/** What the host's Intl says the clock reads, as ms on an axis of its own. */
function clockOf(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (atMs) => {
    const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]))
    return Date.parse(
      `${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}:${part['second']}Z`,
    )
  }
}

/** Midnight as contracts take it: in a repeated hour the first, in a gap the offset before it. */
function midnight(day: Day, clock: (atMs: number) => number): number {
  const local = day * DAY_MS
  const around = Array.from({ length: 54 }, (_, i) => local + (i - 27) * 3_600_000)
  // Half-hour changes and 00:01: whatever offset holds some hour around holds at midnight, or none does.
  const candidates = [...new Set(around.map((atMs) => clock(atMs) - atMs))].map(
    (offsetMs) => local - offsetMs,
  )
  const reading = candidates.filter((atMs) => clock(atMs) === local)
  // Before a gap the offset is the smaller one, and the instant the later.
  return reading.length > 0 ? Math.min(...reading) : Math.max(...candidates)
}

const anchors = fc
  .record({
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    year: fc.integer({ min: 1990, max: 2032 }),
  })
  .map(({ year, month, day }) => {
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
    return textOf(Date.UTC(year, month - 1, Math.min(day, last)) / DAY_MS)
  })

const periodics: fc.Arbitrary<Periodic> = fc.oneof(
  fc.constantFrom('P1D', 'P1W', 'P1M', 'P3M', 'P1Y' as const).map((period) => ({ period })),
  fc.record({ period: fc.constantFrom('P1W', 'P1M', 'P3M', 'P1Y' as const), anchor: anchors }),
)

describe('windows against days counted out', () => {
  test.each(ODD_YEARS)('%s from %i to %i', (zone, from, to) => {
    const table = tableOf(zone, from, to)
    const clock = clockOf(zone)
    const instants = fc.integer({ min: Date.UTC(from, 0, 2), max: Date.UTC(to, 11, 30) })
    fc.assert(
      fc.property(periodics, instants, (periodic, atMs) => {
        const window = windowAt({ ...periodic, table }, atMs)
        expect(window.startMs <= atMs && atMs < window.endMs).toBe(true)
        // The day the window begins on, not the one the clock reads: those differ where it fell back.
        const named = parseWindowKey(window.key)
        const day = named && named.kind !== 'rolling' ? named.firstDay : Number.NaN
        const days = daysAround(periodic, day / DAY_MS)
        expect(window.key).toBe(days.key)
        expect([window.startMs, window.endMs]).toEqual([
          midnight(days.first, clock),
          midnight(days.next, clock),
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
