/**
 * Calendar: service hours, windows and zone tables against the host's own clock, read minute by minute.
 */
import { clip, normalise, totalMs, type Interval } from '@constat/shared/time'
import { inService, serviceIntervals, uncoveredYears } from '@constat/sla/calendar'
import { dateText, isoWeek, mondayOf, parseClock, parseDate, parseLocal } from '@constat/sla/civil'
import type { CalendarTerms, Weekday, WeeklySlot } from '@constat/sla/contract/calendar-terms'
import { parseWindowKey, windowAt, windowBeside, windowOfKey } from '@constat/sla/period'
import { hostZone, isZone, localAt, resolveLocal, segments } from '@constat/sla/zone'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Zones whose clocks do what others never do: midnight gaps, whole days left out, half hours, negative summer time. */
const ODD_ZONES = [
  ['America/Havana', '2026-10-30'],
  ['America/Havana', '2026-03-07'],
  ['America/Asuncion', '2024-10-05'],
  ['America/Asuncion', '2024-03-23'],
  ['Pacific/Apia', '2011-12-28'],
  ['Australia/Lord_Howe', '2026-04-04'],
  ['Australia/Lord_Howe', '2026-10-03'],
  ['Africa/Casablanca', '2026-02-14'],
  ['Africa/Casablanca', '2026-03-21'],
  ['Africa/Cairo', '2026-04-23'],
  ['Africa/Cairo', '2026-10-29'],
  ['America/St_Johns', '2010-11-06'],
  ['Europe/Paris', '2026-03-28'],
  ['Europe/Paris', '2026-10-24'],
] as const

/** The oracle: what the host's Intl says the clock reads, knowing nothing of our tables. */
function reader(zone: string): (atMs: number) => { date: string; clockMs: number } {
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
    const clockMs =
      ((Number(part['hour']) * 60 + Number(part['minute'])) * 60 + Number(part['second'])) * 1000
    return { date: `${part['year']}-${part['month']}-${part['day']}`, clockMs }
  }
}

const WEEKDAYS: Weekday[] = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

/** Clock membership straight from the rule's words. */
function isMember(
  slots: readonly WeeklySlot[],
  holidays: readonly string[],
  at: { date: string; clockMs: number },
): boolean {
  const listed = (date: string, slot: WeeklySlot) =>
    !holidays.includes(date) && slot.days.includes(WEEKDAYS[new Date(`${date}T00:00Z`).getUTCDay()]!)
  const before = new Date(Date.parse(`${at.date}T00:00Z`) - DAY_MS).toISOString().slice(0, 10)
  return slots.some((slot) => {
    const [start, end] = [parseClock(slot.start)!, parseClock(slot.end)!]
    if (start < end) return listed(at.date, slot) && start <= at.clockMs && at.clockMs < end
    return (listed(at.date, slot) && start <= at.clockMs) || (listed(before, slot) && at.clockMs < end)
  })
}

function weekly(timeZone: string, slots: WeeklySlot[], holidays: string[] = []): CalendarTerms {
  const days = holidays.map((date) => ({ date, name: null }))
  return { kind: 'weekly', name: 'test', timeZone, weekly: slots, holidays: days, yearsCovered: 'all' }
}

const ALL_DAYS: Weekday[] = [...WEEKDAYS]
const around = (date: string, days: number): Interval => {
  const startMs = Date.parse(`${date}T00:00Z`) - DAY_MS
  return { startMs, endMs: startMs + days * DAY_MS }
}
const tableFor = (zone: string, { startMs, endMs }: Interval) =>
  hostZone(zone, { startMs: startMs - 40 * DAY_MS, endMs: endMs + 40 * DAY_MS })

describe('service hours are clock membership', () => {
  const slots = fc.array(
    fc.record({
      days: fc.subarray(ALL_DAYS, { minLength: 1 }),
      start: fc.integer({ min: 0, max: 47 }),
      end: fc.integer({ min: 1, max: 48 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  const clockText = (half: number) =>
    `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`

  test.each(ODD_ZONES)('%s around %s', (zone, date) => {
    const window = around(date, 4)
    const read = reader(zone)
    const readings: { atMs: number; date: string; clockMs: number }[] = []
    for (let atMs = window.startMs; atMs < window.endMs; atMs += 5 * MINUTE_MS)
      readings.push({ atMs, ...read(atMs) })
    const zones = { [zone]: tableFor(zone, window) }
    fc.assert(
      fc.property(slots, fc.boolean(), (drawn, isHoliday) => {
        const terms = drawn
          .filter(({ start, end }) => start !== end)
          .map(({ days, start, end }) => ({ days, start: clockText(start), end: clockText(end) }))
        const holidays = isHoliday ? [date] : []
        const set = serviceIntervals(weekly(zone, terms, holidays), zones, window)
        const wrong = readings.filter((reading) => {
          const isIn = set.some(({ startMs, endMs }) => startMs <= reading.atMs && reading.atMs < endMs)
          return isIn !== isMember(terms, holidays, reading)
        })
        expect(wrong).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  test('the set of a window is the clipped set of a larger one', () => {
    const zone = 'Europe/Paris'
    const big = around('2026-10-20', 12)
    const zones = { [zone]: tableFor(zone, big) }
    const calendar = weekly(zone, [{ days: ['MO', 'SA', 'SU'], start: '22:00', end: '06:00' }])
    const whole = serviceIntervals(calendar, zones, big)
    fc.assert(
      fc.property(fc.nat(12 * 24), fc.nat(12 * 24), (a, b) => {
        const window = {
          startMs: big.startMs + Math.min(a, b) * 3_600_000,
          endMs: big.startMs + Math.max(a, b) * 3_600_000,
        }
        expect(serviceIntervals(calendar, zones, window)).toEqual(clip(whole, window))
      }),
    )
  })

  test('a slot that crosses midnight belongs to its start day', () => {
    const zone = 'Europe/Paris'
    const window = around('2026-05-01', 3)
    const zones = { [zone]: tableFor(zone, window) }
    const calendar = weekly(zone, [{ days: ['TH', 'FR'], start: '22:00', end: '06:00' }], ['2026-05-01'])
    // Thursday's night runs into the holiday; Friday's own night does not begin.
    expect(inService(calendar, zones, Date.parse('2026-05-01T02:00:00Z'))).toBe(true)
    expect(inService(calendar, zones, Date.parse('2026-05-01T21:00:00Z'))).toBe(false)
    expect(inService(calendar, zones, Date.parse('2026-05-02T02:00:00Z'))).toBe(false)
  })

  test('a year that is not covered is refused, also for the night before', () => {
    const zone = 'Europe/Paris'
    const window = { startMs: Date.parse('2027-01-01T00:00:00Z'), endMs: Date.parse('2027-02-01T00:00:00Z') }
    const zones = { [zone]: tableFor(zone, window) }
    const day = { ...weekly(zone, [{ days: ['MO'], start: '08:00', end: '20:00' }]), yearsCovered: [2027] }
    const night = { ...weekly(zone, [{ days: ['MO'], start: '20:00', end: '08:00' }]), yearsCovered: [2027] }
    expect(uncoveredYears(day, zones, window)).toEqual([])
    expect(uncoveredYears(night, zones, window)).toEqual([2026])
    expect(() => serviceIntervals(night, zones, window)).toThrow('calendar test does not cover 2026')
  })

  test('the rules end with the table', () => {
    const table = hostZone('Europe/Paris', { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2027, 0, 1) })
    expect(localAt(table, Date.UTC(2027, 0, 1) - 1)).toBe(Date.UTC(2027, 0, 1, 1) - 1)
    expect(() => localAt(table, Date.UTC(2027, 0, 1))).toThrow('the terms carry the rules of Europe/Paris')
  })

  test('a year takes less than 5 ms', () => {
    const zone = 'Europe/Paris'
    const window = { startMs: Date.parse('2025-12-31T23:00:00Z'), endMs: Date.parse('2026-12-31T23:00:00Z') }
    const zones = { [zone]: tableFor(zone, window) }
    const calendar = weekly(zone, [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '20:00' }])
    const taken = Array.from({ length: 15 }, () => {
      const before = performance.now()
      expect(serviceIntervals(calendar, zones, window)).toHaveLength(261)
      return performance.now() - before
    })
    expect(taken.sort((a, b) => a - b)[7]).toBeLessThan(5)
  })
})

describe('zone tables', () => {
  test.each([...new Set(ODD_ZONES.map(([zone]) => zone))])('%s reads like the host, any time', (zone) => {
    const span = { startMs: Date.UTC(2000, 0, 1), endMs: Date.UTC(2040, 0, 1) }
    const table = hostZone(zone, span)
    const read = reader(zone)
    fc.assert(
      fc.property(fc.integer({ min: span.startMs, max: span.endMs - 1 }), (atMs) => {
        const { date, clockMs } = read(atMs)
        expect(Math.floor(localAt(table, atMs) / 1000) * 1000).toBe(Date.parse(`${date}T00:00Z`) + clockMs)
      }),
      { numRuns: 200 },
    )
  })

  test.each(ODD_ZONES)(
    'every clock reading in %s around %s resolves to instants that read it',
    (zone, date) => {
      const window = around(date, 4)
      const table = tableFor(zone, window)
      // Every instant's own reading leads back to it: as the first or the second of its kind.
      for (let atMs = window.startMs; atMs < window.endMs; atMs += 7 * MINUTE_MS) {
        const found = resolveLocal(table, localAt(table, atMs))
        expect([found.fold0Ms, found.fold1Ms]).toContain(atMs)
        expect(found.kind).toBe(found.fold0Ms === found.fold1Ms ? 'normal' : 'overlap')
        expect(found.adoptedMs).toBe(Math.min(found.fold0Ms, found.fold1Ms))
      }
      for (let local = window.startMs; local < window.endMs; local += 7 * MINUTE_MS) {
        const found = resolveLocal(table, local)
        if (found.kind !== 'gap') continue
        const [first, second] = segmentsAt(table, found)
        expect(found.adoptedMs).toBe(local - first.offsetMs)
        expect(second.offsetMs).toBeGreaterThan(first.offsetMs)
      }
    },
  )

  function segmentsAt(
    table: ReturnType<typeof hostZone>,
    { fold1Ms, fold0Ms }: { fold1Ms: number; fold0Ms: number },
  ) {
    const [first, second] = segments(table, { startMs: fold1Ms, endMs: fold0Ms })
    return [first!, second!] as const
  }

  test.each([
    ['Europe/Paris', true],
    ['UTC', true],
    ['America/Argentina/Buenos_Aires', true],
    ['Etc/GMT+5', true],
    ['CEST', false],
    ['+01:00', false],
    ['Europe/Pariss', false],
    ['', false],
  ])('%s is a zone: %s', (zone, is) => {
    expect(isZone(zone)).toBe(is)
  })
})

describe('periods', () => {
  const span = { startMs: Date.UTC(2008, 0, 1), endMs: Date.UTC(2034, 0, 1) }
  const periods = fc.constantFrom('P1D', 'P1W', 'P1M', 'P3M', 'P1Y' as const)

  test.each([...new Set(ODD_ZONES.map(([zone]) => zone))])(
    'windows of %s cover all time without overlap',
    (zone) => {
      const table = hostZone(zone, span)
      const instants = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2030, 0, 1) })
      fc.assert(
        fc.property(periods, instants, (period, atMs) => {
          const window = windowAt({ period, table }, atMs)
          expect(window.startMs <= atMs && atMs < window.endMs).toBe(true)
          expect(windowOfKey(window.key, table)).toEqual(window)
          expect(windowBeside(window, table, 1).startMs).toBe(window.endMs)
          expect(windowBeside(window, table, -1).endMs).toBe(window.startMs)
        }),
        { numRuns: 300 },
      )
    },
  )

  test('where the clock falls back over midnight, the boundary decides', () => {
    const table = hostZone('America/St_Johns', span)
    // 1 November 2009: 00:01 becomes 23:01 of 31 October, after November has begun.
    expect(windowAt({ period: 'P1M', table }, Date.parse('2009-11-01T03:00:00Z')).key).toBe('2009-11')
  })

  test.each([
    ['2026-10', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
    ['2026-Q4', '2026-09-30T22:00:00.000Z', '2026-12-31T23:00:00.000Z'],
    ['2026', '2025-12-31T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
    ['2026-W41', '2026-10-04T22:00:00.000Z', '2026-10-11T22:00:00.000Z'],
    ['2026-W53', '2026-12-27T23:00:00.000Z', '2027-01-03T23:00:00.000Z'],
    ['2026-10-05', '2026-10-04T22:00:00.000Z', '2026-10-05T22:00:00.000Z'],
  ])('%s is %s to %s in Paris', (key, start, end) => {
    const window = windowOfKey(key, hostZone('Europe/Paris', span))
    expect(window && [new Date(window.startMs).toISOString(), new Date(window.endMs).toISOString()]).toEqual([
      start,
      end,
    ])
  })

  test.each([
    '2026-13',
    '2026-02-30',
    '2025-W53',
    '2026-W00',
    '2026-Q5',
    'rolling-0d',
    'rolling-367d',
    '2026-01-15/P1M',
    '2026-02-30--P1M',
    '2026-01-15--P1D',
    '2026-01-15--P2M',
    '26-10',
    '2026-1',
    '',
  ])('%j is no window key', (key) => {
    expect(parseWindowKey(key)).toBeUndefined()
  })

  test('ISO weeks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), (day) => {
        const { year, week } = isoWeek(day * DAY_MS)
        const mondayMs = mondayOf({ year, week })!
        expect(mondayMs <= day * DAY_MS && day * DAY_MS < mondayMs + 7 * DAY_MS).toBe(true)
        // Week 1 is the one with 4 January in it.
        expect(isoWeek(Date.UTC(year, 0, 4))).toEqual({ year, week: 1 })
      }),
    )
  })
})

describe('civil texts', () => {
  test.each([
    [parseDate, '2026-02-29', undefined],
    [parseDate, '2028-02-29', Date.UTC(2028, 1, 29)],
    [parseDate, '2026-1-01', undefined],
    [parseClock, '24:00', DAY_MS],
    [parseClock, '24:00:01', undefined],
    [parseClock, '08:60', undefined],
    [parseClock, '8:00', undefined],
    [parseLocal, '2026-03-29T02:30', Date.UTC(2026, 2, 29, 2, 30)],
    [parseLocal, '2026-03-29T02:30:00Z', undefined],
    [parseLocal, '2026-03-29', Date.UTC(2026, 2, 29)],
  ])('%o %s', (parse, text, expected) => {
    expect(parse(text)).toBe(expected)
  })
})

test('a total is a total', () => {
  expect(totalMs(normalise([around('2026-01-01', 2)]))).toBe(2 * DAY_MS)
  expect(dateText(0)).toBe('1970-01-01')
})
