/**
 * Answers to single questions about time: windows, hours, notice, limits, budgets. Pure, save that a question
 * carries no zone rules of its own and takes the host's.
 */
import { Fault } from '@constat/shared/fault'
import {
  clip,
  formatInstant,
  intersect,
  totalMs,
  type Interval,
  type IntervalSet,
} from '@constat/shared/time'
import { keepsTarget } from '@constat/sla/budget'
import { ALWAYS, inService, serviceIntervals } from '@constat/sla/calendar'
import { DAY_MS } from '@constat/sla/civil'
import type { CalendarTerms } from '@constat/sla/contract/calendar-terms'
import { deadline } from '@constat/sla/dayrule'
import { noticeOf } from '@constat/sla/exclusion'
import * as exact from '@constat/sla/fraction'
import { windowAt } from '@constat/sla/period'
import { occurrences } from '@constat/sla/recurrence'
import { hostZone, instantOf, resolveLocal } from '@constat/sla/zone'
import type { ZoneTable } from '@constat/sla/zone-table'
import { z } from 'zod'
import { countedMs, excused } from './formulas.ts'
import * as shape from './question-shapes.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const { category, positive, wholeMs } = shape
const zones = (tz: string, ...times: readonly number[]): ZoneTable =>
  hostZone(tz, { startMs: Math.min(...times) - 400 * DAY_MS, endMs: Math.max(...times) + 400 * DAY_MS })
const instantText = (atMs: number): string => formatInstant(atMs).replace('.000Z', 'Z')
const pairText = ({ startMs, endMs }: Interval) => [instantText(startMs), instantText(endMs)]

function calendarOf({ tz, holidays, weekly }: shape.Hours): CalendarTerms {
  const days = holidays.map((date) => ({ date, name: null }))
  return {
    kind: 'weekly',
    name: 'given',
    timeZone: tz,
    weekly: weekly ?? [],
    holidays: days,
    yearsCovered: 'all',
  }
}

/** Without hours everything is in service. */
function serviceOf(given: shape.Hours, window: Interval): IntervalSet {
  const table = zones(given.tz, window.startMs, window.endMs)
  return serviceIntervals(given.weekly ? calendarOf(given) : ALWAYS, { [given.tz]: table }, window)
}

function windowOf(tz: string, { startMs, endMs }: Interval): Interval {
  if (startMs > endMs)
    throw new Fault('bad-request', 'given.end_local_date_exclusive: should not be before the start')
  const table = zones(tz, startMs, endMs)
  return { startMs: instantOf(table, startMs), endMs: instantOf(table, endMs) }
}

type Span = z.output<z.ZodObject<typeof shape.SPAN>>
const spanOf = ({ tz, start_local_date: startMs, end_local_date_exclusive: endMs }: Span & { tz: string }) =>
  windowOf(tz, { startMs, endMs })

const hullOf = (set: IntervalSet): Interval => ({
  startMs: Math.min(...set.map(({ startMs }) => startMs)),
  endMs: Math.max(...set.map(({ endMs }) => endMs)),
})

/** Which kind of days a question counts, and how many. */
function daysOf(given: Readonly<Record<string, unknown>>, prefix = '') {
  const name = Object.keys(shape.DAYS).find((key) => given[prefix + key] !== undefined)
  if (name === undefined) return undefined
  return { name, dayKind: shape.DAYS[name]!, days: shape.natural.parse(given[prefix + name]) }
}
const counts = (prefix = '') =>
  Object.fromEntries(Object.keys(shape.DAYS).map((name) => [prefix + name, shape.natural.optional()]))

const notice = category(
  z.strictObject({
    ...shape.PLACE,
    announced_local: shape.local,
    start_local: shape.local,
    required_elapsed_hours: wholeMs(HOUR_MS).optional(),
    ...counts('required_'),
  }),
  ({
    tz,
    holidays,
    announced_local: announced,
    start_local: start,
    required_elapsed_hours: elapsedMs,
    ...given
  }) => {
    const table = zones(tz, announced, start)
    const days = daysOf(given, 'required_')
    if (!days && elapsedMs === undefined)
      throw new Fault('bad-request', 'given.required_elapsed_hours: should be there')
    const rule = days ? { ...days, calendar: 'given' } : { elapsedMs: elapsedMs ?? 0 }
    const times = { announcedMs: instantOf(table, announced), startMs: instantOf(table, start) }
    const found = noticeOf(rule, times, { calendar: calendarOf({ tz, holidays }), table })
    const hours = exact.decimalText(exact.fraction(found.given, HOUR_MS))
    return { ...(days ? { [days.name]: found.given } : { elapsed_hours: hours }), valid: found.valid }
  },
)

const capped = category(
  z.strictObject({
    ...shape.HOURS,
    cap_minutes: wholeMs(MINUTE_MS).optional(),
    maintenance_utc: shape.instantsSet,
    outage_utc: shape.instantsSet,
  }),
  ({ cap_minutes: capMs = null, maintenance_utc: maintenance, outage_utc: outage, ...given }) => {
    const service = serviceOf(given, hullOf([...outage, ...maintenance]))
    const excluded = excused(maintenance, service, capMs)
    return {
      excluded_minutes: totalMs(excluded) / MINUTE_MS,
      counted_outage_minutes: countedMs(outage, service, excluded) / MINUTE_MS,
    }
  },
)

export const TIME: Readonly<Record<string, shape.Category>> = {
  period_length: category(z.strictObject({ tz: shape.zone, ...shape.SPAN }), (given) => {
    const { startMs, endMs } = spanOf(given)
    const minutes = (endMs - startMs) / MINUTE_MS
    return { minutes, start_utc: instantText(startMs), end_utc: instantText(endMs) }
  }),
  service_minutes: category(z.strictObject({ ...shape.HOURS, ...shape.SPAN }), (given) => ({
    minutes: totalMs(serviceOf(given, spanOf(given))) / MINUTE_MS,
  })),
  service_intervals: category(z.strictObject({ ...shape.HOURS, ...shape.SPAN }), (given) => ({
    intervals_utc: serviceOf(given, spanOf(given)).map(pairText),
  })),
  window_of_instant: category(
    z.strictObject({
      tz: shape.zone,
      instant_utc: shape.instant,
      period: z.enum(['day', 'week', 'month', 'quarter', 'year']).default('month'),
    }),
    ({ tz, instant_utc: atMs, period }) => ({
      [period]: windowAt({ period: shape.PERIOD[period]!, table: zones(tz, atMs) }, atMs).key,
    }),
  ),
  instant_in_service: category(
    z.strictObject({ ...shape.HOURS, instant_utc: shape.instant }),
    ({ instant_utc: atMs, ...given }) => ({
      in_service: inService(calendarOf(given), { [given.tz]: zones(given.tz, atMs) }, atMs),
    }),
  ),
  local_resolution: category(z.strictObject({ tz: shape.zone, local: shape.local }), ({ tz, local }) => {
    const { kind, fold0Ms, fold1Ms, adoptedMs } = resolveLocal(zones(tz, local), local)
    const folds = { utc_fold0: instantText(fold0Ms), utc_fold1: instantText(fold1Ms) }
    return { kind, ...folds, adopted_utc: instantText(adoptedMs) }
  }),
  elapsed: category(
    z.strictObject({ tz: shape.zone, start_local: shape.reading, end_local: shape.reading }),
    ({ tz, start_local: start, end_local: end }) => {
      const at = ({ localMs, atMs }: typeof start) => atMs ?? instantOf(zones(tz, localMs), localMs)
      return {
        minutes: (at(end) - at(start)) / MINUTE_MS,
        naive_wall_clock_minutes: (end.localMs - start.localMs) / MINUTE_MS,
      }
    },
  ),
  clip: category(
    z.strictObject({
      ...shape.HOURS,
      outage_utc: shape.instantsSet,
      window_local_dates: shape.dates.optional(),
    }),
    ({ outage_utc: outage, window_local_dates: dates, ...given }) => {
      const window = dates ? windowOf(given.tz, dates) : hullOf(outage)
      return { seconds: totalMs(intersect(clip(outage, window), serviceOf(given, window))) / SECOND_MS }
    },
  ),
  exclusion: (given) => (Object.hasOwn(given, 'announced_local') ? notice(given) : capped(given)),
  budget: category(
    z.strictObject({
      committed_minutes: shape.amount.optional(),
      committed_seconds: shape.amount.optional(),
      target_percent: shape.percentage,
    }),
    ({ committed_minutes: minutes, committed_seconds: seconds, target_percent: target }) => {
      const committed = minutes ? exact.product(minutes, exact.fraction(60)) : seconds
      if (!committed) throw new Fault('bad-request', 'given.committed_minutes: should be there')
      const share = exact.minus(exact.ONE, exact.percent(target))
      return { allowed_downtime_seconds: exact.decimalText(exact.product(committed, share)) }
    },
  ),
  availability: category(
    z.strictObject({
      committed_seconds: positive,
      downtime_seconds: shape.amount,
      target_percent: shape.percentage.optional(),
    }),
    ({ committed_seconds: committed, downtime_seconds: down, target_percent: target }) => {
      const up = exact.minus(committed, down)
      if (up.n < 0n)
        throw new Fault('bad-request', 'given.downtime_seconds: should be at most the committed time')
      const share = exact.product(exact.ratio(up, committed), exact.fraction(100))
      const [committedMs, downMs] = [committed, down].map((one) => Number(one.n * 1000n) / Number(one.d))
      return {
        availability_fraction: [shape.jsonNumber(up), shape.jsonNumber(committed)],
        percent_truncated_4: exact.truncatedText(share, 4),
        ...(target && {
          met: keepsTarget({ committedMs: committedMs!, downMs: downMs!, target: exact.decimalText(target) }),
        }),
      }
    },
  ),
  deadline: category(
    z.strictObject({ ...shape.PLACE, from_local_date: shape.date, ...counts() }),
    ({ tz, holidays, from_local_date: from, ...given }) => {
      const found = daysOf(given)
      if (!found) throw new Fault('bad-request', 'given.calendar_days: should be there')
      const table = zones(tz, from, from + (found.days * 3 + 30) * DAY_MS)
      const rule = { kind: found.dayKind, days: found.days, calendar: calendarOf({ tz, holidays }) }
      const until = deadline(rule, { fromMs: instantOf(table, from), table })
      return { deadline_utc_exclusive: instantText(until) }
    },
  ),
  recurrence: category(
    z.strictObject({
      tz: shape.zone,
      dtstart_local: shape.local,
      interval_days: shape.count.optional(),
      rrule: shape.rule.optional(),
      count: shape.count.optional(),
      duration_minutes: wholeMs(MINUTE_MS),
    }),
    ({ tz, dtstart_local: start, interval_days: days, rrule, count, duration_minutes: durationMs }) => {
      const ends = count === undefined ? '' : `;COUNT=${count}`
      const rule = `${rrule ?? `FREQ=DAILY;INTERVAL=${days}`}${ends}`
      if (!/COUNT=|UNTIL=/.test(rule)) throw new Fault('bad-request', 'given.count: should be there')
      // A rule may skip most of its periods: 29 February has four years between.
      const years = rrule === undefined ? (days! * count!) / 366 + 1 : 50
      const window = { startMs: start - 2 * DAY_MS, endMs: start + years * 366 * DAY_MS }
      const dtstart = new Date(start).toISOString().slice(0, 19)
      const found = occurrences(
        { dtstart, rrule: rule, durationMs },
        zones(tz, window.startMs, window.endMs),
        window,
      )
      return { occurrences_utc: found.map(pairText) }
    },
  ),
}
