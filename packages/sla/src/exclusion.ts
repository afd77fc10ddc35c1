/**
 * Exclusions: whether one is valid by its kind's rule, and how much of it excuses. Pure.
 * An exclusion is confined to its announced interval and to committed time; overlapping ones count once;
 * a cap is spent in order of time, and time outside service hours spends none of it.
 */
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { CalendarTerms } from './contract/calendar-terms.ts'
import type { NoticeRule } from './contract/expanded.ts'
import { daysOfNotice } from './dayrule.ts'
import { localAt } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** What was given of what the rule asks, in its own unit. */
export type Notice = { unit: 'elapsed-ms' | 'days'; given: number; required: number; valid: boolean }

/** Whether an announcement came early enough. `table`: the zone whose days count. */
export function noticeOf(
  rule: NoticeRule,
  { announcedMs, startMs }: { announcedMs: UnixMs; startMs: UnixMs },
  { calendar, table }: { calendar: CalendarTerms; table: ZoneTable },
): Notice {
  if ('elapsedMs' in rule) {
    const given = startMs - announcedMs
    return { unit: 'elapsed-ms', given, required: rule.elapsedMs, valid: given >= rule.elapsedMs }
  }
  const given = daysOfNotice(
    { kind: rule.dayKind, calendar },
    { announced: localAt(table, announcedMs), start: localAt(table, startMs) },
  )
  // Notice given after the start is none, however few days the rule asks.
  return { unit: 'days', given, required: rule.days, valid: given >= rule.days && announcedMs <= startMs }
}

/** The first `capMs` of a set in order of time. */
export function spend(set: IntervalSet, capMs: number): IntervalSet {
  const out: Interval[] = []
  let leftMs = capMs
  for (const { startMs, endMs } of set) {
    if (leftMs <= 0) break
    const takenMs = Math.min(leftMs, endMs - startMs)
    out.push({ startMs, endMs: startMs + takenMs })
    leftMs -= takenMs
  }
  return out
}
