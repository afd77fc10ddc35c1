/**
 * Civil time: dates and clock readings without a zone, as ms on an axis of their own. Pure.
 * The axis is the proleptic Gregorian calendar counted as if it were UTC; it is never an instant.
 */
import type { Weekday } from './contract/calendar-terms.ts'

/** A clock reading, ms since 1970-01-01T00:00 on the local axis. Not an instant: a zone makes it one. */
export type LocalMs = number

export const DAY_MS = 86_400_000

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/

/** `2026-02-28` at 00:00; undefined when that date does not exist. */
export function parseDate(text: string): LocalMs | undefined {
  const match = DATE.exec(text)
  if (!match) return undefined
  const atMs = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(atMs) || dateText(atMs) !== text ? undefined : atMs
}

/** `08:00`, `08:00:30`, `24:00` → ms after midnight, 0 … 86,400,000; undefined when it is none. */
export function parseClock(text: string): number | undefined {
  const match = CLOCK.exec(text)
  if (!match) return undefined
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const ms = Number((match[4] ?? '').padEnd(3, '0'))
  if (minutes > 59 || seconds > 59) return undefined
  const clockMs = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
  return clockMs <= DAY_MS ? clockMs : undefined
}

/** `2026-03-29T02:30[:00[.000]]` without an offset; a bare date is its midnight. */
export function parseLocal(text: string): LocalMs | undefined {
  const [date = '', clock, ...rest] = text.split(/[T ]/)
  const dayMs = parseDate(date)
  const clockMs = clock === undefined ? 0 : parseClock(clock)
  return dayMs === undefined || clockMs === undefined || rest.length > 0 ? undefined : dayMs + clockMs
}

export function dateText(atMs: LocalMs): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

export function startOfDay(atMs: LocalMs): LocalMs {
  return Math.floor(atMs / DAY_MS) * DAY_MS
}

export function weekdayOf(atMs: LocalMs): Weekday {
  return WEEKDAYS[new Date(atMs).getUTCDay()]!
}

export function yearOf(atMs: LocalMs): number {
  return new Date(atMs).getUTCFullYear()
}

/** 1 … 12. */
export function monthOf(atMs: LocalMs): number {
  return new Date(atMs).getUTCMonth() + 1
}

/** First day of `month` of `year`; months past 12 or below 1 run into the years beside it. */
export function firstOfMonth({ year, month }: { year: number; month: number }): LocalMs {
  return Date.UTC(year, month - 1, 1)
}

/** Monday of the ISO 8601 week that `atMs` falls in. */
export function startOfWeek(atMs: LocalMs): LocalMs {
  const dayMs = startOfDay(atMs)
  return dayMs - ((new Date(dayMs).getUTCDay() + 6) % 7) * DAY_MS
}

/** Year and number of the ISO 8601 week: the one its Thursday falls in. */
export function isoWeek(atMs: LocalMs): { year: number; week: number } {
  const thursdayMs = startOfWeek(atMs) + 3 * DAY_MS
  const year = yearOf(thursdayMs)
  return { year, week: Math.floor((thursdayMs - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1 }
}

/** Monday of an ISO 8601 week; undefined when that year has no such week. */
export function mondayOf({ year, week }: { year: number; week: number }): LocalMs | undefined {
  // 4 January is always in week 1.
  const mondayMs = startOfWeek(Date.UTC(year, 0, 4)) + (week - 1) * 7 * DAY_MS
  const found = isoWeek(mondayMs)
  return found.year === year && found.week === week ? mondayMs : undefined
}
