/**
 * Place in time: the zone, the calendar and the span that a query speaks of. Pure, save that a query
 * carries no zone rules of its own and takes the host's.
 */
import { normalise, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { ALWAYS, serviceIntervals } from '../calendar.ts'
import { DAY_MS, parseClock, parseDate, parseLocal, type LocalMs } from '../civil.ts'
import type { CalendarTerms, Weekday, WeeklySlot } from '../contract/expanded.ts'
import { windowOfKey } from '../period.ts'
import { hostZone, instantOf, isZone } from '../zone.ts'
import type { ZoneTable } from '../zone-table.ts'
import { fault, instantOfText, isRecord, listAt, nameIn, textAt, type Given } from './fields.ts'

const WEEKDAYS: readonly Weekday[] = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
/** Longest span a query may ask of a zone. */
const MAX_SPAN_MS = 400 * 366 * DAY_MS

export function zoneOf(given: Given): string {
  const name = nameIn(given, ['tz', 'timeZone', 'time_zone', 'timezone', 'zone'])
  if (name === undefined) throw fault('tz', 'an IANA time zone such as Europe/Paris')
  const zone = textAt(given, name, 'an IANA time zone such as Europe/Paris')
  if (!isZone(zone)) throw fault(name, `an IANA time zone this host knows, not ${JSON.stringify(zone)}`)
  return zone
}

/** Rules of the query's zone around some times, local or not: both lie within a day of each other. */
export function tableAround(given: Given, ...times: readonly number[]): ZoneTable {
  const startMs = Math.min(...times) - 400 * DAY_MS
  const endMs = Math.max(...times) + 400 * DAY_MS
  if (endMs - startMs > MAX_SPAN_MS) throw fault('tz', 'asked over at most 400 years')
  return hostZone(zoneOf(given), { startMs, endMs })
}

export function dateOf(value: unknown, field: string): LocalMs {
  const date = typeof value === 'string' ? parseDate(value) : undefined
  if (date === undefined) throw fault(field, 'a date that exists, written 2026-03-01')
  return date
}

export function localOf(value: unknown, field: string): LocalMs {
  const local = typeof value === 'string' ? parseLocal(value) : undefined
  if (local === undefined) throw fault(field, 'a local time without an offset, written 2026-03-29T02:30:00')
  return local
}

export type Spanned = { window: Interval; table: ZoneTable }

/** The window a query names: local dates, instants, or a window key. Undefined when it names none. */
export function windowOf(given: Given): Spanned | undefined {
  const key = nameIn(given, ['window_key', 'key', 'month', 'window_month'])
  if (key !== undefined) return keyed(given, key)
  const instants = pairOf(given, ['window_utc'], ['start_utc', 'end_utc'])
  if (instants) {
    const [startMs, endMs] = [
      instantOfText(instants[0], 'window_utc'),
      instantOfText(instants[1], 'window_utc'),
    ]
    return spanned(tableAround(given, startMs, endMs), { startMs, endMs })
  }
  const dates = pairOf(
    given,
    ['window_local_dates', 'window_local'],
    ['start_local_date', 'end_local_date_exclusive'],
  )
  if (!dates) return undefined
  const field = nameIn(given, ['window_local_dates', 'window_local']) ?? 'start_local_date'
  const [start, end] = [dateOf(dates[0], field), dateOf(dates[1], field)]
  const table = tableAround(given, start, end)
  return spanned(table, { startMs: instantOf(table, start), endMs: instantOf(table, end) })
}

export function windowNeeded(given: Given): Spanned {
  const found = windowOf(given)
  if (!found)
    throw fault('start_local_date', 'there, with end_local_date_exclusive, as dates such as 2026-03-01')
  return found
}

function keyed(given: Given, name: string): Spanned {
  const text = textAt(given, name, 'a window key such as 2026-10')
  const year = Number(text.slice(0, 4))
  if (!Number.isInteger(year)) throw fault(name, 'a window key such as 2026-10')
  const table = tableAround(given, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1))
  const window = windowOfKey(text, table)
  if (!window) throw fault(name, 'a window key such as 2026-10, 2026-Q4, 2026, 2026-W41 or 2026-10-05')
  return { window: { startMs: window.startMs, endMs: window.endMs }, table }
}

function spanned(table: ZoneTable, window: Interval): Spanned {
  if (window.startMs > window.endMs) throw fault('end_local_date_exclusive', 'not before the start')
  return { window, table }
}

function pairOf(
  given: Given,
  pairNames: readonly string[],
  single: readonly [string, string],
): readonly unknown[] | undefined {
  const pair = nameIn(given, pairNames)
  if (pair !== undefined) {
    const value = listAt(given, pair, '[start, end]')
    if (value.length !== 2) throw fault(pair, '[start, end]')
    return value
  }
  return nameIn(given, [single[0]]) === undefined ? undefined : [given[single[0]], given[single[1]]]
}

/** Service hours of a query: `weekly` and `holidays`; without hours everything is in service. */
export function calendarOf(given: Given): CalendarTerms {
  if (nameIn(given, ['weekly']) === undefined) return ALWAYS
  const weekly = listAt(given, 'weekly', 'a list of {days, start, end}').map(slotOf)
  return {
    kind: 'weekly',
    name: 'given',
    timeZone: zoneOf(given),
    weekly,
    holidays: holidaysOf(given),
    yearsCovered: yearsOf(given),
  }
}

/** Holidays alone, for counting days. */
export function dayCalendarOf(given: Given): CalendarTerms {
  return {
    kind: 'weekly',
    name: 'given',
    timeZone: zoneOf(given),
    weekly: [],
    holidays: holidaysOf(given),
    yearsCovered: yearsOf(given),
  }
}

function yearsOf(given: Given): number[] | 'all' {
  const name = nameIn(given, ['years_covered', 'yearsCovered'])
  if (name === undefined) return 'all'
  return listAt(given, name, 'a list of years').map((year) => {
    if (typeof year !== 'number' || !Number.isInteger(year)) throw fault(name, 'a list of years such as 2026')
    return year
  })
}

/** `window` in service. */
export function serviceOf(given: Given, { window, table }: Spanned): IntervalSet {
  const calendar = calendarOf(given)
  return calendar.kind === 'always'
    ? normalise([window])
    : serviceIntervals(calendar, { [table.zone]: table }, window)
}

export function hullOf(sets: readonly IntervalSet[]): Interval | undefined {
  const all = normalise(sets.flat())
  return all.length === 0 ? undefined : { startMs: all[0]!.startMs, endMs: all.at(-1)!.endMs }
}

export function instantAt(given: Given, ...names: readonly string[]): UnixMs {
  const name = nameIn(given, names) ?? names[0]!
  return instantOfText(given[name], name)
}

function slotOf(value: unknown, i: number): WeeklySlot {
  const field = `weekly[${i}]`
  if (!isRecord(value)) throw fault(field, '{days, start, end}')
  const days = listAt(value, 'days', 'a list of days').map((day) => {
    const short = typeof day === 'string' ? day.slice(0, 2).toUpperCase() : ''
    const known = WEEKDAYS.find((weekday) => weekday === short)
    if (!known) throw fault(`${field}.days`, `a list of ${WEEKDAYS.join(', ')}`)
    return known
  })
  return {
    days,
    start: clockText(value['start'], `${field}.start`),
    end: clockText(value['end'], `${field}.end`),
  }
}

function clockText(value: unknown, field: string): string {
  if (typeof value !== 'string' || parseClock(value) === undefined)
    throw fault(field, 'a clock reading such as 08:00')
  return value
}

function holidaysOf(given: Given): { date: string; name: string | null }[] {
  if (nameIn(given, ['holidays']) === undefined) return []
  return listAt(given, 'holidays', 'a list of dates').map((day, i) => {
    const date: unknown = isRecord(day) ? day['date'] : day
    const field = `holidays[${i}]`
    dateOf(date, field)
    if (typeof date !== 'string') throw fault(field, 'a date')
    return { date, name: null }
  })
}
