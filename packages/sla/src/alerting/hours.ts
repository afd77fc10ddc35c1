/**
 * Hours of a week, as clock membership: whether an instant is within them, and when they end. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { serviceIntervals } from '../calendar.ts'
import type { WeeklySlot } from '../contract/calendar-terms.ts'
import { hostZone } from '../zone.ts'

export type Hours = { timeZone: string; weekly: readonly WeeklySlot[] }

/** Hours that never end are taken to end after this. */
export const MAX_HOURS_MS = 7 * 86_400_000
const HOUR_MS = 3_600_000

/** First instant after `atMs` that is outside of the hours; null where `atMs` is outside itself. */
export function hoursUntilMs({ timeZone, weekly }: Hours, atMs: UnixMs): UnixMs | null {
  const window = { startMs: atMs, endMs: atMs + MAX_HOURS_MS }
  const calendar = {
    kind: 'weekly' as const,
    name: 'hours',
    timeZone,
    weekly: [...weekly],
    holidays: [],
    yearsCovered: 'all' as const,
  }
  // A slot of the day before may reach over midnight into the window.
  const table = hostZone(timeZone, { startMs: atMs - 48 * HOUR_MS, endMs: window.endMs + HOUR_MS })
  const [first] = serviceIntervals(calendar, { [timeZone]: table }, window)
  return first && first.startMs === atMs ? first.endMs : null
}

export function isWithin(hours: Hours, atMs: UnixMs): boolean {
  return hoursUntilMs(hours, atMs) !== null
}
