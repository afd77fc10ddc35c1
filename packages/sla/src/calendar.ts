/**
 * Service hours as clock membership: an instant is in service iff the local clock reads within
 * [start, end) of a slot whose day is listed and is no holiday. Pure; computes from zone tables only.
 * A slot that crosses midnight belongs to the day it starts on, slots form a union, and a year that the
 * calendar does not cover is refused, never guessed.
 */
import { Fault, invariant } from '@constat/shared/fault'
import { clip, normalise, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { DAY_MS, parseClock, parseDate, startOfDay, weekdayOf, yearOf, type LocalMs } from './civil.ts'
import type { CalendarTerms, Weekday, WeeklySlot } from './contract/calendar-terms.ts'
import { localAt, segments } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** Tables of the zones the terms name. */
export type ZoneTables = Readonly<Record<string, ZoneTable>>

/** The built-in calendar: every instant, every year. */
export const ALWAYS: CalendarTerms = { kind: 'always', name: 'always' }

/** Instants of `window` that are in service. Fault `bad-contract` where a year is not covered. */
export function serviceIntervals(calendar: CalendarTerms, zones: ZoneTables, window: Interval): IntervalSet {
  if (calendar.kind === 'always') return normalise([window])
  if (window.startMs >= window.endMs) return []
  const table = tableOf(zones, calendar.timeZone)
  requireCovered(calendar, table, window)
  const hours = weeklyHours(calendar)
  const found: Interval[] = []
  for (const { startMs, endMs, offsetMs } of segments(table, window)) {
    const fromMs = Math.max(startMs, window.startMs)
    const toMs = Math.min(endMs, window.endMs)
    const local = { startMs: fromMs + offsetMs, endMs: toMs + offsetMs }
    for (const slot of clip(normalise(localSlots(hours, local)), local)) {
      found.push({ startMs: slot.startMs - offsetMs, endMs: slot.endMs - offsetMs })
    }
  }
  return normalise(found)
}

export function inService(calendar: CalendarTerms, zones: ZoneTables, atMs: UnixMs): boolean {
  return serviceIntervals(calendar, zones, { startMs: atMs, endMs: atMs + 1 }).length > 0
}

/** Local years of `window` whose holidays nobody listed. */
export function uncoveredYears(calendar: CalendarTerms, zones: ZoneTables, window: Interval): number[] {
  if (calendar.kind === 'always' || calendar.yearsCovered === 'all') return []
  const table = tableOf(zones, calendar.timeZone)
  // The hours after midnight of a slot that crosses it depend on whether the day before was a holiday.
  const backMs = calendar.weekly.some(crossesMidnight) ? DAY_MS : 0
  const first = yearOf(localAt(table, window.startMs) - backMs)
  const last = yearOf(localAt(table, window.endMs - 1))
  const covered = new Set(calendar.yearsCovered)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((year) => !covered.has(year))
}

/** The table of a zone. The contract's parser writes one for every zone the terms name. */
export function tableOf(zones: ZoneTables, zone: string): ZoneTable {
  const table = zones[zone]
  if (!table) throw new Fault('bad-contract', `the terms carry no rules for the time zone ${zone}`)
  return table
}

export function crossesMidnight({ start, end }: WeeklySlot): boolean {
  return clockMs(end) <= clockMs(start)
}

/** Days on which nothing is in service, by their local midnight. */
export function holidaysOf(calendar: CalendarTerms): ReadonlySet<LocalMs> {
  if (calendar.kind === 'always') return new Set()
  return new Set(calendar.holidays.map(({ date }) => dayMs(date)))
}

type Hours = { byWeekday: Map<Weekday, Interval[]>; holidays: ReadonlySet<LocalMs> }

/** Slots by weekday, as ms after the midnight they belong to. */
function weeklyHours(calendar: Extract<CalendarTerms, { kind: 'weekly' }>): Hours {
  const byWeekday = new Map<Weekday, Interval[]>()
  for (const slot of calendar.weekly) {
    const startMs = clockMs(slot.start)
    const endMs = clockMs(slot.end) + (crossesMidnight(slot) ? DAY_MS : 0)
    for (const day of slot.days) byWeekday.set(day, [...(byWeekday.get(day) ?? []), { startMs, endMs }])
  }
  return { byWeekday, holidays: holidaysOf(calendar) }
}

/** Slots that reach into `local`, on the local axis. The day before may reach over its midnight. */
function localSlots({ byWeekday, holidays }: Hours, local: Interval): Interval[] {
  const out: Interval[] = []
  for (let day = startOfDay(local.startMs) - DAY_MS; day < local.endMs; day += DAY_MS) {
    if (holidays.has(day)) continue
    for (const { startMs, endMs } of byWeekday.get(weekdayOf(day)) ?? []) {
      out.push({ startMs: day + startMs, endMs: day + endMs })
    }
  }
  return out
}

function requireCovered(calendar: CalendarTerms, table: ZoneTable, window: Interval): void {
  const missing = uncoveredYears(calendar, { [table.zone]: table }, window)
  if (missing.length === 0) return
  throw new Fault('bad-contract', `calendar ${calendar.name} does not cover ${missing.join(', ')}`, {
    hint: 'List the holidays of that year and add it to yearsCovered.',
  })
}

function clockMs(text: string): number {
  const ms = parseClock(text)
  invariant(ms !== undefined, `not a clock reading: ${text}`)
  return ms
}

function dayMs(text: string): LocalMs {
  const ms = parseDate(text)
  invariant(ms !== undefined, `not a date: ${text}`)
  return ms
}
