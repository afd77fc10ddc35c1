/**
 * Periods: the calendar window an instant belongs to, its key, and the window a key names. Pure.
 * A boundary is the local midnight of a first day: in a repeated hour its first occurrence, in a gap the
 * offset before it. Windows of one period cover all time without overlap.
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

/** `key`: `2026-10`, `2026-Q4`, `2026`, `2026-W41` or `2026-10-05`. */
export type CalendarWindow = Interval & { readonly key: string; readonly period: WindowPeriod }

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

export const PERIODS: readonly WindowPeriod[] = ['P1D', 'P1W', 'P1M', 'P3M', 'P1Y']

/** The window of `period` that `atMs` belongs to. */
export function windowAt(
  { period, table }: { period: WindowPeriod; table: ZoneTable },
  atMs: UnixMs,
): CalendarWindow {
  const shape = SHAPES[period]
  const guess = shape.first(localAt(table, atMs))
  // Where a clock falls back over midnight, the date it reads and the window it is in differ by one day.
  for (const steps of [0, 1, -1]) {
    const window = windowFrom(period, table, shape.step(guess, steps))
    if (window.startMs <= atMs && atMs < window.endMs) return window
  }
  invariant(false, `windows of ${period} in ${table.zone} cover all time`)
}

/** The window `steps` periods later, or earlier below zero. */
export function windowBeside(window: CalendarWindow, table: ZoneTable, steps: number): CalendarWindow {
  const first = parseWindowKey(window.key)
  invariant(first, `${window.key} is a window key`)
  return windowFrom(window.period, table, SHAPES[window.period].step(first.firstDay, steps))
}

/** The window that a key names; undefined when the text is no key of a calendar period. */
export function windowOfKey(key: string, table: ZoneTable): CalendarWindow | undefined {
  const parsed = parseWindowKey(key)
  return parsed && windowFrom(parsed.period, table, parsed.firstDay)
}

/** Period and first day that a key means, without a zone. */
export function parseWindowKey(key: string): { period: WindowPeriod; firstDay: LocalMs } | undefined {
  const match = /^(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})(?:-(\d{2}))?))?$/.exec(key)
  if (!match) return undefined
  const [, yearDigits, quarter, week, month, day] = match
  const year = Number(yearDigits)
  const at = (period: WindowPeriod, firstDay: LocalMs | undefined) =>
    firstDay === undefined ? undefined : { period, firstDay }
  if (quarter)
    return at('P3M', parseDate(`${yearDigits}-${String(Number(quarter) * 3 - 2).padStart(2, '0')}-01`))
  if (week) return at('P1W', mondayOf({ year, week: Number(week) }))
  if (day) return at('P1D', parseDate(key))
  return month ? at('P1M', parseDate(`${key}-01`)) : at('P1Y', parseDate(`${yearDigits}-01-01`))
}

/** From the first day of one period to the first day of the next. */
function windowFrom(period: WindowPeriod, table: ZoneTable, first: LocalMs): CalendarWindow {
  const { step, key } = SHAPES[period]
  return {
    period,
    key: key(first),
    startMs: instantOf(table, first),
    endMs: instantOf(table, step(first, 1)),
  }
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
