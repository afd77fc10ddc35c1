/**
 * Report schedule: when a report is due by a document, and which windows it is of. Pure: the clock is an argument. A
 * clock reading in a gap takes the offset before it, in a repeated hour its first occurrence, as boundaries of windows do.
 */
import type { UnixMs } from '@constat/shared/time'
import { DAY_MS, firstOfMonth, monthOf, parseClock, startOfWeek, yearOf, type LocalMs } from '../civil.ts'
import type { ScheduledReport } from '../contract/schema-private.ts'
import { hostZone, instantOf, localAt } from '../zone.ts'

type ByClock = Exclude<ScheduledReport, { every: 'closing' }>

/** A window as it was closed: its newest version. */
export type ClosedAs = { window: string; version: number; atMs: UnixMs }

export type ScheduleAsked = {
  nowMs: UnixMs
  /** Since when the document asks for it: what was closed before is not told. */
  sinceMs: UnixMs
  closed: readonly ClosedAs[]
  /** Keys of the windows that go on at an instant. */
  goingOn: (atMs: UnixMs) => readonly string[]
}

/** `occasion`: what makes it once only, a window's version or the hour that it was due at. */
export type DueReport = { window: string; version: number | null; occasion: string }

/** All that is due now, whether it was made or not: whoever makes them knows which were. */
export function dueReports(schedule: ScheduledReport, asked: ScheduleAsked): DueReport[] {
  const { nowMs, sinceMs, closed, goingOn } = asked
  const untilMs = schedule.every === 'closing' ? nowMs + 1 : lastDueMs(schedule, nowMs)
  if (schedule.every !== 'closing' && schedule.of === 'current') {
    if (untilMs < sinceMs) return []
    return goingOn(untilMs).map((window) => ({ window, version: null, occasion: `${window}/${untilMs}` }))
  }
  return closed
    .filter(({ atMs }) => atMs >= sinceMs && atMs < untilMs)
    .map(({ window, version }) => ({ window, version, occasion: `${window}/v${version}` }))
}

/** When it is due next, after `nowMs`; null: when the next window becomes final. */
export function nextDueMs(schedule: ScheduledReport, nowMs: UnixMs): UnixMs | null {
  if (schedule.every === 'closing') return null
  return occurrences(schedule, nowMs).find((atMs) => atMs > nowMs) ?? null
}

/** The last time at or before `nowMs`. */
function lastDueMs(schedule: ByClock, nowMs: UnixMs): UnixMs {
  return occurrences(schedule, nowMs).findLast((atMs) => atMs <= nowMs) ?? -Infinity
}

/** Those of the period before, this one and the next, in order: readings are a day from UTC at most. */
function occurrences(schedule: ByClock, nowMs: UnixMs): UnixMs[] {
  const table = hostZone(schedule.timeZone, { startMs: nowMs - AROUND_MS, endMs: nowMs + AROUND_MS })
  const local = localAt(table, nowMs)
  const clockMs = parseClock(schedule.at) ?? 0
  return [-1, 0, 1].map((steps) => instantOf(table, dayOf(schedule, { local, steps }) + clockMs))
}

/** Two months and the days of UTC around them. */
const AROUND_MS = 65 * DAY_MS
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const

function dayOf(schedule: ByClock, { local, steps }: { local: LocalMs; steps: number }): LocalMs {
  if (schedule.every === 'week') {
    return startOfWeek(local) + (7 * steps + WEEKDAYS.indexOf(schedule.on)) * DAY_MS
  }
  const year = yearOf(local)
  const month = monthOf(local) + steps
  const lastMs = firstOfMonth({ year, month: month + 1 }) - DAY_MS
  return Math.min(firstOfMonth({ year, month }) + (schedule.on - 1) * DAY_MS, lastMs)
}
