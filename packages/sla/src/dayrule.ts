/**
 * Day rules: which days count for a notice or a deadline, and how many there are. Pure.
 * `working` are the French *jours ouvrés* (Monday to Friday), `ouvrables` Monday to Saturday, both minus
 * holidays; `clear-working` and `clear` (*francs*) leave out the first and the last day.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { holidaysOf } from './calendar.ts'
import { DAY_MS, startOfDay, weekdayOf, yearOf, type LocalMs } from './civil.ts'
import type { CalendarTerms, DayKind } from './contract/calendar-terms.ts'
import { instantOf, localAt } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** Most days a notice or a deadline may count. */
export const MAX_DAYS = 3660

export type DayRule = { kind: DayKind; calendar: CalendarTerms }

/** Whether a local day counts. The answer throws Fault `bad-contract` for a year that is not covered. */
export function dayCounter({ kind, calendar }: DayRule): (day: LocalMs) => boolean {
  const holidays = holidaysOf(calendar)
  return (day) => {
    if (kind === 'calendar' || kind === 'clear') return true
    requireYear(calendar, yearOf(day))
    const weekday = weekdayOf(day)
    const rest = weekday === 'SU' || (weekday === 'SA' && kind !== 'ouvrables')
    return !rest && !holidays.has(startOfDay(day))
  }
}

/**
 * Days of notice between two local readings. Clear kinds: strictly after the day of the announcement and
 * strictly before the day of the start. The others count the day of the start too.
 */
export function daysOfNotice(
  rule: DayRule,
  { announced, start }: { announced: LocalMs; start: LocalMs },
): number {
  const lastMs = startOfDay(start) - (isClear(rule.kind) ? DAY_MS : 0)
  const counts = dayCounter(rule)
  let count = 0
  for (let day = startOfDay(announced) + DAY_MS; day <= lastMs; day += DAY_MS) {
    if (counts(day)) count += 1
  }
  return count
}

/**
 * First instant after a time limit of `days` that begins at `fromMs`: local midnight ending its last day.
 * The day of `fromMs` counts only when the limit begins at its very first instant; a clear limit runs
 * one day longer, for neither its first nor its last day counts.
 */
export function deadline(
  rule: DayRule & { days: number },
  { fromMs, table }: { fromMs: UnixMs; table: ZoneTable },
): UnixMs {
  if (rule.days > MAX_DAYS)
    throw new Fault('usage', `a time limit counts at most ${MAX_DAYS} days, not ${rule.days}`)
  const day = startOfDay(localAt(table, fromMs))
  const wholeDay = !isClear(rule.kind) && fromMs === instantOf(table, day)
  const counts = dayCounter(rule)
  let next = wholeDay ? day : day + DAY_MS
  for (let left = rule.days; left > 0; next += DAY_MS) {
    if (counts(next)) left -= 1
  }
  return instantOf(table, isClear(rule.kind) ? next + DAY_MS : next)
}

function isClear(kind: DayKind): boolean {
  return kind === 'clear' || kind === 'clear-working'
}

function requireYear(calendar: CalendarTerms, year: number): void {
  if (calendar.kind === 'always' || calendar.yearsCovered === 'all') return
  if (calendar.yearsCovered.includes(year)) return
  throw new Fault('bad-contract', `calendar ${calendar.name} does not cover ${year}`, {
    hint: 'List the holidays of that year and add it to yearsCovered.',
  })
}
