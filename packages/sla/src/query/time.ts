/**
 * Queries about time: windows, service hours, local readings, clipping, budgets. Pure but for the host's
 * zone rules.
 */
import { clip, intersect, parseInstant, totalMs, type Interval, type UnixMs } from '@constat/shared/time'
import { keepsTarget } from '../budget.ts'
import { inService } from '../calendar.ts'
import { DAY_MS, parseLocal, type LocalMs } from '../civil.ts'
import { decimalText, fraction, minus, ONE, percent, product, ratio, truncatedText } from '../fraction.ts'
import type { WindowPeriod } from '../contract/expanded.ts'
import { windowAt } from '../period.ts'
import { occurrences, recurrenceProblem } from '../recurrence.ts'
import { localAt, resolveLocal } from '../zone.ts'
import {
  countAt,
  fault,
  inUnit,
  instantSet,
  instantText,
  lengthOf,
  nameIn,
  numberAt,
  textAt,
  wholeMs,
  type Given,
} from './fields.ts'
import {
  calendarOf,
  hullOf,
  instantAt,
  localOf,
  serviceOf,
  tableAround,
  windowNeeded,
  windowOf,
} from './place.ts'

export type Answer = Readonly<Record<string, unknown>>

const MINUTE_MS = 60_000

export function periodLength(given: Given): Answer {
  const { window } = windowNeeded(given)
  return {
    minutes: inUnit(window.endMs - window.startMs, MINUTE_MS),
    start_utc: instantText(window.startMs),
    end_utc: instantText(window.endMs),
  }
}

export function serviceMinutes(given: Given): Answer {
  return { minutes: inUnit(totalMs(serviceOf(given, windowNeeded(given))), MINUTE_MS) }
}

export function serviceUtc(given: Given): Answer {
  return { intervals_utc: serviceOf(given, windowNeeded(given)).map(pairText) }
}

const PERIOD_NAMES: Readonly<Record<string, WindowPeriod>> = {
  day: 'P1D',
  week: 'P1W',
  month: 'P1M',
  quarter: 'P3M',
  year: 'P1Y',
  P1D: 'P1D',
  P1W: 'P1W',
  P1M: 'P1M',
  P3M: 'P3M',
  P1Y: 'P1Y',
}
const ANSWER_NAMES: Record<WindowPeriod, string> = {
  P1D: 'day',
  P1W: 'week',
  P1M: 'month',
  P3M: 'quarter',
  P1Y: 'year',
}

export function windowOfInstant(given: Given): Answer {
  const atMs = instantAt(given, 'instant_utc', 'instant')
  const name = nameIn(given, ['period', 'window'])
  const text = name === undefined ? 'P1M' : textAt(given, name, 'a period')
  const period = Object.hasOwn(PERIOD_NAMES, text) ? PERIOD_NAMES[text] : undefined
  if (!period) throw fault(name ?? 'period', `one of ${Object.keys(PERIOD_NAMES).join(', ')}`)
  const { key } = windowAt({ period, table: tableAround(given, atMs) }, atMs)
  return { [ANSWER_NAMES[period]]: key }
}

export function instantInService(given: Given): Answer {
  const atMs = instantAt(given, 'instant_utc', 'instant')
  const table = tableAround(given, atMs)
  return { in_service: inService(calendarOf(given), { [table.zone]: table }, atMs) }
}

export function localResolution(given: Given): Answer {
  const name = nameIn(given, ['local', 'local_time', 'local_datetime']) ?? 'local'
  const local = localOf(given[name], name)
  const { kind, fold0Ms, fold1Ms, adoptedMs } = resolveLocal(tableAround(given, local), local)
  return {
    kind,
    utc_fold0: instantText(fold0Ms),
    utc_fold1: instantText(fold1Ms),
    adopted_utc: instantText(adoptedMs),
  }
}

export function elapsed(given: Given): Answer {
  const start = readingAt(given, 'start')
  const end = readingAt(given, 'end')
  return {
    minutes: inUnit(end.atMs - start.atMs, MINUTE_MS),
    naive_wall_clock_minutes: inUnit(end.local - start.local, MINUTE_MS),
  }
}

/** `start_local` with or without an offset, or `start_utc`: the instant and what the clock read. */
function readingAt(given: Given, edge: 'start' | 'end'): { atMs: UnixMs; local: LocalMs } {
  if (nameIn(given, [`${edge}_local`]) === undefined) {
    const atMs = instantAt(given, `${edge}_utc`)
    return { atMs, local: localAt(tableAround(given, atMs), atMs) }
  }
  const field = `${edge}_local`
  const text = textAt(given, field, 'a local time such as 2026-03-29T01:30:00+01:00')
  const atMs = parseInstant(text)
  const local = parseLocal(text.replace(/(?:Z|[+-]\d{2}:\d{2})$/, ''))
  if (local === undefined) throw fault(field, 'a local time such as 2026-03-29T01:30:00+01:00')
  if (atMs !== undefined) return { atMs, local }
  const { fold0Ms, fold1Ms } = resolveLocal(tableAround(given, local), local)
  return { atMs: given[`${edge}_fold`] === 1 ? fold1Ms : fold0Ms, local }
}

export function clipped(given: Given): Answer {
  const name = nameIn(given, ['outage_utc', 'outages_utc']) ?? 'outage_utc'
  const outage = instantSet(given[name], name)
  const hull = hullOf([outage])
  if (!hull) return { seconds: 0 }
  const spanned = windowOf(given) ?? { window: hull, table: tableAround(given, hull.startMs, hull.endMs) }
  const inside = intersect(clip(outage, spanned.window), serviceOf(given, spanned))
  return { seconds: inUnit(totalMs(inside), 1000) }
}

/** The allowance is exact here; a judgement rounds it down to a whole millisecond. */
export function budget(given: Given): Answer {
  const allowed = product(lengthOf(given, 'committed'), minus(ONE, percent(targetAt(given))))
  return { allowed_downtime_seconds: decimalText(ratio(allowed, fraction(1000))) }
}

export function availability(given: Given): Answer {
  const committedMs = wholeMs(lengthOf(given, 'committed'), 'committed_seconds')
  const downMs = wholeMs(lengthOf(given, 'downtime', 'down'), 'downtime_seconds')
  if (committedMs === 0) throw fault('committed_seconds', 'above zero')
  if (downMs > committedMs) throw fault('downtime_seconds', 'at most the committed time')
  const share = fraction(BigInt(committedMs - downMs) * 100n, BigInt(committedMs))
  const answer = {
    availability_fraction: [inUnit(committedMs - downMs, 1000), inUnit(committedMs, 1000)],
    percent_truncated_4: truncatedText(share, 4),
  }
  if (nameIn(given, TARGETS) === undefined) return answer
  const target = decimalText(targetAt(given))
  return { ...answer, met: keepsTarget({ committedMs, downMs, target }) }
}

const TARGETS = ['target_percent', 'target']

function targetAt(given: Given) {
  const target = numberAt(given, ...TARGETS)
  if (target.n < 0n || target.n > 100n * target.d) throw fault('target_percent', 'a percentage from 0 to 100')
  return target
}

export function recurrence(given: Given): Answer {
  const field = nameIn(given, ['dtstart_local', 'dtstart']) ?? 'dtstart_local'
  const dtstart = textAt(given, field, 'a local time such as 2026-03-22T02:30:00')
  const start = localOf(dtstart, field)
  const rrule = ruleOf(given)
  const problem = recurrenceProblem(rrule)
  if (problem) throw fault('rrule', `a rule that can be used: ${problem}`)
  const durationMs = wholeMs(lengthOf(given, 'duration'), 'duration_minutes')
  const spanned = windowOf(given) ?? spanOfRule(given, start, rrule)
  const found = occurrences({ dtstart, rrule, durationMs }, spanned.table, spanned.window)
  return { occurrences_utc: found.map(pairText) }
}

/** `rrule` as written, with `count` where it has none; or every `interval_days`. */
function ruleOf(given: Given): string {
  const count = nameIn(given, ['count']) === undefined ? '' : `;COUNT=${countAt(given, ['count'], 1)}`
  const name = nameIn(given, ['rrule'])
  if (name !== undefined) {
    const rule = textAt(given, name, 'an RFC 5545 rule').replace(/^RRULE:/, '')
    return /(COUNT|UNTIL)=/.test(rule) ? rule : rule + count
  }
  const weeks = nameIn(given, ['interval_weeks'])
  const step = weeks === undefined ? countAt(given, ['interval_days'], 1) : 7 * countAt(given, [weeks], 1)
  return `FREQ=DAILY;INTERVAL=${step}${count}`
}

/** From DTSTART as far as a rule with an end of its own can reach, within reason. */
function spanOfRule(given: Given, start: LocalMs, rrule: string) {
  if (!/(COUNT|UNTIL)=/.test(rrule)) throw fault('count', 'there, or a window, or COUNT or UNTIL in the rule')
  const steps = Number(/COUNT=(\d+)/.exec(rrule)?.[1] ?? 0) * Number(/INTERVAL=(\d+)/.exec(rrule)?.[1] ?? 1)
  const unitDays =
    { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }[/FREQ=(\w+)/.exec(rrule)?.[1] ?? ''] ?? 366
  const until = Number(/UNTIL=(\d{4})/.exec(rrule)?.[1] ?? 0)
  const endMs = Math.max(start + (steps + 1) * unitDays * DAY_MS, until ? Date.UTC(until + 1, 0, 1) : 0)
  // A rule may skip most of its periods (29 February): look a few years further, never further than a century.
  const reach = Math.min(endMs + 8 * 366 * DAY_MS, start + 100 * 366 * DAY_MS)
  const window = { startMs: start - 2 * DAY_MS, endMs: reach }
  return { window, table: tableAround(given, window.startMs, window.endMs) }
}

/** `[start, end]` as RFC 3339 text. */
export function pairText({ startMs, endMs }: Interval): [string, string] {
  return [instantText(startMs), instantText(endMs)]
}
