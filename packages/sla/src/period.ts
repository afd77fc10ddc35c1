/**
 * Periods: the window an instant belongs to, its key, and the window a key names. Pure.
 * A boundary is the local midnight of a first day: in a repeated hour its first occurrence, in a gap the
 * offset before it. Windows of one period cover all time without overlap, anchored ones too.
 *
 * An anchor moves the first days: `P1M` from "2026-01-15" runs from the 15th to the 15th. A month that has
 * no such day gives its last one (31 January, 28 February, 31 March), always counted from the anchor, so
 * that a short month moves no other. The anchor says where windows begin, not when the first one does.
 */
import { invariant } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import {
  DAY_MS,
  dateText,
  firstOfMonth,
  isoWeek,
  mondayOf,
  monthOf,
  parseDate,
  startOfDay,
  startOfWeek,
  yearOf,
  type LocalMs,
} from './civil.ts'
import type { WindowPeriod } from './contract/expanded.ts'
import { instantOf, localAt } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** A period, and for one that begins on days of its own a date on which it does. */
export type Periodic = { readonly period: WindowPeriod; readonly anchor?: string }

/**
 * `key`: `2026-10`, `2026-Q4`, `2026`, `2026-W41` or `2026-10-05`; of an anchored period its first day and
 * its length, `2026-01-15--P1M` (ISO 8601 writes an interval with two hyphens where no slash can stand).
 */
export type CalendarWindow = Interval & Periodic & { readonly key: string }

type Shape = {
  /** First day of the period that a clock reading falls in. */
  first: (local: LocalMs) => LocalMs
  /** First day of the period `steps` after the one that begins on `first`. */
  step: (first: LocalMs, steps: number) => LocalMs
  key: (first: LocalMs) => string
}

const SHAPES: Record<WindowPeriod, Shape> = {
  P1D: { first: startOfDay, step: (first, steps) => first + steps * DAY_MS, key: dateText },
  P1W: {
    first: startOfWeek,
    step: (first, steps) => first + steps * 7 * DAY_MS,
    key: (first) => {
      const { year, week } = isoWeek(first)
      return `${yearText(year)}-W${String(week).padStart(2, '0')}`
    },
  },
  P1M: months(1, (first) => dateText(first).slice(0, 7)),
  P3M: months(3, (first) => `${yearText(yearOf(first))}-Q${Math.ceil(monthOf(first) / 3)}`),
  P1Y: months(12, (first) => yearText(yearOf(first))),
}

const MONTHS = { P1M: 1, P3M: 3, P1Y: 12 } as const

export const PERIODS: readonly WindowPeriod[] = ['P1D', 'P1W', 'P1M', 'P3M', 'P1Y']

/** The window of `period` that `atMs` belongs to. */
export function windowAt(
  { table, ...periodic }: Periodic & { table: ZoneTable },
  atMs: UnixMs,
): CalendarWindow {
  const shape = shapeOf(periodic)
  const guess = shape.first(localAt(table, atMs))
  // Where a clock falls back over midnight, the date it reads and the window it is in differ by one day.
  for (const steps of [0, 1, -1]) {
    const window = windowFrom(periodic, table, shape.step(guess, steps))
    if (window.startMs <= atMs && atMs < window.endMs) return window
  }
  invariant(false, `windows of ${periodic.period} in ${table.zone} cover all time`)
}

/** The window `steps` periods later, or earlier below zero. */
export function windowBeside(window: CalendarWindow, table: ZoneTable, steps: number): CalendarWindow {
  const named = parseWindowKey(window.key)
  invariant(named && named.kind !== 'rolling', `${window.key} is the key of a period`)
  return windowFrom(window, table, shapeOf(window).step(named.firstDay, steps))
}

/**
 * The window that a key names; undefined when the text is no key of a period. The key of an anchored window
 * does not say its anchor: it is one only beside a period that begins a window on that day.
 */
export function windowOfKey(key: string, table: ZoneTable, anchored?: Periodic): CalendarWindow | undefined {
  const named = parseWindowKey(key)
  if (!named || named.kind === 'rolling') return undefined
  const { kind, period, firstDay } = named
  if (kind === 'calendar') {
    return anchored?.anchor === undefined ? windowFrom({ period }, table, firstDay) : undefined
  }
  if (anchored?.anchor === undefined || period !== anchored.period) return undefined
  return isFirstDay(anchored, firstDay) ? windowFrom(anchored, table, firstDay) : undefined
}

/** Whether a window of the period begins on that day. */
export function isFirstDay(periodic: Periodic, day: LocalMs): boolean {
  return shapeOf(periodic).first(day) === day
}

/** What a key means, without a zone. `rolling` is for looking at: nothing is judged by it. */
export type WindowKey =
  | { kind: 'calendar' | 'anchored'; period: WindowPeriod; firstDay: LocalMs }
  | { kind: 'rolling'; days: number }

/** Longest rolling window, days. */
export const MAX_ROLLING_DAYS = 366

export function parseWindowKey(key: string): WindowKey | undefined {
  const rolling = /^rolling-([1-9]\d{0,2})d$/.exec(key)
  if (rolling) {
    const days = Number(rolling[1])
    return days <= MAX_ROLLING_DAYS ? { kind: 'rolling', days } : undefined
  }
  const anchored = /^(\d{4}-\d{2}-\d{2})--(P1W|P1M|P3M|P1Y)$/.exec(key)
  if (!anchored) return calendarKey(key)
  const firstDay = parseDate(anchored[1]!)
  const period = PERIODS.find((one) => one === anchored[2])
  return firstDay === undefined || !period ? undefined : { kind: 'anchored', period, firstDay }
}

function calendarKey(key: string): WindowKey | undefined {
  const match = /^(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})(?:-(\d{2}))?))?$/.exec(key)
  if (!match) return undefined
  const [, yearDigits, quarter, week, month, day] = match
  const year = Number(yearDigits)
  const at = (period: WindowPeriod, firstDay: LocalMs | undefined): WindowKey | undefined =>
    firstDay === undefined ? undefined : { kind: 'calendar', period, firstDay }
  if (quarter)
    return at('P3M', parseDate(`${yearDigits}-${String(Number(quarter) * 3 - 2).padStart(2, '0')}-01`))
  if (week) return at('P1W', mondayOf({ year, week: Number(week) }))
  if (day) return at('P1D', parseDate(key))
  return month ? at('P1M', parseDate(`${key}-01`)) : at('P1Y', parseDate(`${yearDigits}-01-01`))
}

/** The last `days` times 24 h, up to now: elapsed time, in no zone. */
export function rollingWindow(nowMs: UnixMs, days: number): Interval & { readonly key: string } {
  invariant(days >= 1 && days <= MAX_ROLLING_DAYS, `a rolling window has 1 to ${MAX_ROLLING_DAYS} days`)
  return { key: `rolling-${days}d`, startMs: nowMs - days * DAY_MS, endMs: nowMs }
}

/** From the first day of one period to the first day of the next. */
function windowFrom(periodic: Periodic, table: ZoneTable, first: LocalMs): CalendarWindow {
  const { step, key } = shapeOf(periodic)
  const { period, anchor } = periodic
  return {
    period,
    ...(anchor !== undefined && { anchor }),
    key: key(first),
    startMs: instantOf(table, first),
    endMs: instantOf(table, step(first, 1)),
  }
}

function shapeOf({ period, anchor }: Periodic): Shape {
  if (anchor === undefined) return SHAPES[period]
  const anchorDay = parseDate(anchor)
  invariant(anchorDay !== undefined, `not a date: ${anchor}`)
  const key = (first: LocalMs) => `${dateText(first)}--${period}`
  if (period === 'P1D' || period === 'P1W')
    return { ...anchoredDays(period === 'P1D' ? 1 : 7, anchorDay), key }
  return { ...anchoredMonths(MONTHS[period], anchorDay), key }
}

function anchoredDays(length: number, anchorDay: LocalMs): Omit<Shape, 'key'> {
  const lengthMs = length * DAY_MS
  return {
    first: (local) => anchorDay + Math.floor((local - anchorDay) / lengthMs) * lengthMs,
    step: (first, steps) => first + steps * lengthMs,
  }
}

function anchoredMonths(length: number, anchorDay: LocalMs): Omit<Shape, 'key'> {
  const dayOfMonth = new Date(anchorDay).getUTCDate()
  const anchorMonth = monthCount(anchorDay)
  /** The first day that stands in a month, counted from year 0. */
  const firstIn = (month: number): LocalMs => {
    const next = { year: Math.floor(month / 12), month: (month % 12) + 2 }
    const lastDay = new Date(firstOfMonth(next) - DAY_MS)
    return lastDay.getTime() - Math.max(0, lastDay.getUTCDate() - dayOfMonth) * DAY_MS
  }
  const first = (local: LocalMs): LocalMs => {
    const month = monthCount(local)
    const own = month - ((((month - anchorMonth) % length) + length) % length)
    return firstIn(own) <= local ? firstIn(own) : firstIn(own - length)
  }
  return { first, step: (from, steps) => firstIn(monthCount(from) + steps * length) }
}

/** Months since January of year 0. */
function monthCount(local: LocalMs): number {
  return yearOf(local) * 12 + monthOf(local) - 1
}

function months(length: number, key: Shape['key']): Shape {
  return {
    first: (local) => {
      const month = Math.floor((monthOf(local) - 1) / length) * length + 1
      return firstOfMonth({ year: yearOf(local), month })
    },
    step: (first, steps) => firstOfMonth({ year: yearOf(first), month: monthOf(first) + steps * length }),
    key,
  }
}

function yearText(year: number): string {
  return String(year).padStart(4, '0')
}
