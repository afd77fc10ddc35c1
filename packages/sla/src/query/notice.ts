/**
 * Queries about notice and time limits: exclusions and deadlines. Pure but for the host's zone rules.
 */
import { normalise, parseInstant, totalMs, union, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { DAY_MS } from '../civil.ts'
import type { DayKind } from '../contract/expanded.ts'
import { deadline } from '../dayrule.ts'
import { countedMs, excused, noticeOf } from '../exclusion.ts'
import { decimalText, fraction } from '../fraction.ts'
import { instantOf } from '../zone.ts'
import {
  countAt,
  fault,
  inUnit,
  instantSet,
  instantText,
  isRecord,
  lengthAt,
  nameIn,
  wholeMs,
  type Given,
} from './fields.ts'
import { dateOf, dayCalendarOf, hullOf, localOf, serviceOf, tableAround, windowOf } from './place.ts'
import type { Answer } from './time.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** How a count of days is spelled, and the kind it means. */
const DAY_FIELDS: readonly (readonly [string, DayKind])[] = [
  ['clear_working_days', 'clear-working'],
  ['clear_days', 'clear'],
  ['francs', 'clear'],
  ['working_days', 'working'],
  ['business_days', 'working'],
  ['ouvres', 'working'],
  ['ouvres_days', 'working'],
  ['jours_ouvres', 'working'],
  ['ouvrables', 'ouvrables'],
  ['ouvrable_days', 'ouvrables'],
  ['ouvrables_days', 'ouvrables'],
  ['jours_ouvrables', 'ouvrables'],
  ['calendar_days', 'calendar'],
  ['days', 'calendar'],
]

export function exclusion(given: Given): Answer {
  const isNotice = nameIn(given, ['announced_local', 'announced_utc']) !== undefined
  if (isNotice && nameIn(given, ['maintenance_utc']) === undefined) return notice(given)
  return capped(given)
}

function notice(given: Given): Answer {
  const announcedMs = momentAt(given, 'announced')
  const startMs = momentAt(given, 'start')
  const elapsed = lengthAt(given, 'required_elapsed') ?? lengthAt(given, 'required')
  const table = tableAround(given, announcedMs, startMs)
  const place = { calendar: dayCalendarOf(given), table }
  const times = { announcedMs, startMs }
  const days = DAY_FIELDS.find(([name]) => nameIn(given, [`required_${name}`]) !== undefined)
  if (days) {
    const [name, dayKind] = days
    const required = countAt(given, [`required_${name}`], 0)
    const { given: count, valid } = noticeOf({ days: required, dayKind, calendar: 'given' }, times, place)
    return { [name]: count, valid }
  }
  if (elapsed === undefined) throw fault('required_elapsed_hours', 'there, or required_clear_working_days')
  const { given: ms, valid } = noticeOf(
    { elapsedMs: wholeMs(elapsed, 'required_elapsed_hours') },
    times,
    place,
  )
  return { elapsed_hours: decimalText(fraction(ms, HOUR_MS)), valid }
}

/** `announced_local`, with or without an offset, or `announced_utc`. */
function momentAt(given: Given, edge: string): UnixMs {
  const field = nameIn(given, [`${edge}_local`, `${edge}_utc`, edge]) ?? `${edge}_local`
  const value = given[field]
  const atMs = typeof value === 'string' ? parseInstant(value) : undefined
  if (atMs !== undefined) return atMs
  const local = localOf(value, field)
  return instantOf(tableAround(given, local), local)
}

function capped(given: Given): Answer {
  const outage =
    nameIn(given, ['outage_utc']) === undefined ? [] : instantSet(given['outage_utc'], 'outage_utc')
  const maintenance = maintenanceOf(given)
  const cap = lengthAt(given, 'cap')
  const hull = hullOf([outage, maintenance])
  if (!hull) return { excluded_minutes: 0, counted_outage_minutes: 0 }
  const spanned = windowOf(given) ?? { window: hull, table: tableAround(given, hull.startMs, hull.endMs) }
  const service = serviceOf(given, spanned)
  const excluded = excused(maintenance, service, cap === undefined ? null : wholeMs(cap, 'cap_minutes'))
  return {
    excluded_minutes: inUnit(totalMs(excluded), MINUTE_MS),
    counted_outage_minutes: inUnit(countedMs(outage, service, excluded), MINUTE_MS),
  }
}

/** Pairs of instants, or `{start, end, valid?}`; those said to be invalid excuse nothing. */
function maintenanceOf(given: Given): IntervalSet {
  const value = given['maintenance_utc']
  if (!Array.isArray(value) || !value.some(isRecord)) return instantSet(value, 'maintenance_utc')
  const valid = value.filter((one: unknown) => isRecord(one) && one['valid'] !== false)
  const sets = valid.map((one: unknown, i) => {
    const { start, end, start_utc: startUtc, end_utc: endUtc }: Given = isRecord(one) ? one : {}
    return instantSet([[start ?? startUtc, end ?? endUtc]], `maintenance_utc[${i}]`)
  })
  return normalise(union(...sets))
}

export function deadlineOf(given: Given): Answer {
  const fromMs = fromOf(given)
  const elapsed = lengthAt(given, 'elapsed')
  if (elapsed !== undefined) {
    return { deadline_utc_exclusive: instantText(fromMs + wholeMs(elapsed, 'elapsed_hours')) }
  }
  const found = DAY_FIELDS.find(([name]) => nameIn(given, [name]) !== undefined)
  if (!found) throw fault('calendar_days', 'there, or working_days, ouvrables or clear_days')
  const [name, written] = found
  const kind = name === 'days' ? kindOf(given) : written
  const days = countAt(given, [name], 0)
  const table = tableAround(given, fromMs, fromMs + (days * 3 + 30) * DAY_MS)
  const untilMs = deadline({ kind, days, calendar: dayCalendarOf(given) }, { fromMs, table })
  return { deadline_utc_exclusive: instantText(untilMs) }
}

const KINDS: Readonly<Record<string, DayKind>> = {
  calendar: 'calendar',
  working: 'working',
  ouvres: 'working',
  ouvrés: 'working',
  ouvrables: 'ouvrables',
  clear: 'clear',
  francs: 'clear',
  'clear-working': 'clear-working',
  clear_working: 'clear-working',
}

function kindOf(given: Given): DayKind {
  const name = nameIn(given, ['day_kind', 'dayKind'])
  if (name === undefined) return 'calendar'
  const value = given[name]
  const kind = typeof value === 'string' && Object.hasOwn(KINDS, value) ? KINDS[value] : undefined
  if (!kind) throw fault(name, `one of ${Object.keys(KINDS).join(', ')}`)
  return kind
}

/** A date is its first instant: the limit begins with that day. */
function fromOf(given: Given): UnixMs {
  if (nameIn(given, ['from_local_date']) === undefined) return momentAt(given, 'from')
  const date = dateOf(given['from_local_date'], 'from_local_date')
  return instantOf(tableAround(given, date), date)
}
