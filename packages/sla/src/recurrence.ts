/**
 * Recurrences: a local DTSTART, an RFC 5545 rule, an exact elapsed duration. Pure.
 * The rule is expanded on the local axis and each reading resolved by the zone table, so an occurrence in
 * a gap is kept (offset before the gap) and one in a repeated hour happens once, the first time.
 */
import { Fault, invariant, messageOf } from '@constat/shared/fault'
import { parseInstant, type Interval, type UnixMs } from '@constat/shared/time'
import { RRuleTemporal } from 'rrule-temporal'
import { DAY_MS, parseLocal, type LocalMs } from './civil.ts'
import { instantOf, localAt } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

export type Recurrence = { dtstart: string; rrule: string; durationMs: number }

/** Most occurrences of one recurrence in one span: daily for 27 years. */
export const MAX_OCCURRENCES = 10_000
export const MAX_RRULE_LENGTH = 500

const PARTS: Readonly<Record<string, RegExp>> = {
  FREQ: /^(DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,3}$/,
  COUNT: /^[1-9]\d{0,4}$/,
  UNTIL: /^\d{8}(T\d{6}Z?)?$/,
  BYDAY: /^([+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))(,[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))*$/,
  BYMONTH: /^\d{1,2}(,\d{1,2})*$/,
  BYMONTHDAY: /^-?\d{1,2}(,-?\d{1,2})*$/,
  BYYEARDAY: /^-?\d{1,3}(,-?\d{1,3})*$/,
  BYWEEKNO: /^-?\d{1,2}(,-?\d{1,2})*$/,
  BYSETPOS: /^-?\d{1,3}(,-?\d{1,3})*$/,
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
}

/** What is wrong with a rule, as a sentence; undefined when it can be expanded. */
export function recurrenceProblem(rrule: string): string | undefined {
  if (rrule.length > MAX_RRULE_LENGTH) return `a rule has at most ${MAX_RRULE_LENGTH} characters`
  const seen = new Set<string>()
  for (const part of rrule.split(';')) {
    const [name = '', value = '', ...rest] = part.split('=')
    const shape = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined
    if (!shape) return `${JSON.stringify(name)} is not one of ${Object.keys(PARTS).join(', ')}`
    if (seen.has(name)) return `${name} stands twice`
    if (rest.length > 0 || !shape.test(value)) return `${JSON.stringify(value)} is no value of ${name}`
    seen.add(name)
  }
  if (!seen.has('FREQ')) return 'FREQ is missing: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY'
  if (seen.has('COUNT') && seen.has('UNTIL')) return 'COUNT and UNTIL exclude each other'
  const date = /UNTIL=(\d{8})(?!\d|T)/.exec(rrule)?.[1]
  if (date !== undefined) return `UNTIL needs a time as DTSTART has one: write UNTIL=${date}T235959Z`
  try {
    expander('20260101T000000', rrule)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Occurrences that overlap `window`, in order of time. Fault `bad-contract` above `MAX_OCCURRENCES`. */
export function occurrences(recurrence: Recurrence, table: ZoneTable, window: Interval): Interval[] {
  const start = parseLocal(recurrence.dtstart)
  invariant(start !== undefined, `not a local time: ${recurrence.dtstart}`)
  const rule = expander(compact(start), untilOnLocalAxis(recurrence.rrule, table))
  // Two days of margin: an offset and a gap move a reading by less, and an earlier start may still last.
  const from = window.startMs - recurrence.durationMs - 2 * DAY_MS
  const found = rule.between(new Date(Math.max(from, start)), new Date(window.endMs + 2 * DAY_MS), true)
  if (found.length > MAX_OCCURRENCES) {
    throw new Fault(
      'bad-contract',
      `${recurrence.rrule} recurs more than ${MAX_OCCURRENCES} times in one span`,
    )
  }
  return found
    .map((reading) => reading.epochMilliseconds)
    .filter((local) => withinTable(local, table))
    .map((local) => occurrence(instantOf(table, local), recurrence.durationMs))
    .filter(({ startMs, endMs }) => startMs < window.endMs && endMs > window.startMs)
}

function occurrence(startMs: UnixMs, durationMs: number): Interval {
  return { startMs, endMs: startMs + durationMs }
}

/** The margin may reach past the table; what overlaps the window itself never does. */
function withinTable(local: LocalMs, { fromMs, toMs }: ZoneTable): boolean {
  return fromMs + DAY_MS <= local && local < toMs - DAY_MS
}

function expander(dtstart: string, rrule: string): RRuleTemporal {
  return new RRuleTemporal({ rruleString: `DTSTART:${dtstart}Z\nRRULE:${rrule}`, strict: true })
}

/** UNTIL written in UTC is an instant; the axis of the expansion is local. */
function untilOnLocalAxis(rrule: string, table: ZoneTable): string {
  return rrule.replace(/UNTIL=(\d{8})(?:T(\d{6})(Z?))?/, (_, date: string, time = '235959', zulu = '') => {
    const text = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`
    const atMs = zulu ? parseInstant(`${text}Z`) : undefined
    const local = atMs === undefined ? parseLocal(text) : atMs < table.toMs ? localAt(table, atMs) : atMs
    if (local === undefined) throw new Fault('bad-contract', `UNTIL=${date} is not a date that exists`)
    return `UNTIL=${compact(local)}Z`
  })
}

/** `20260104T020000` */
function compact(local: LocalMs): string {
  return new Date(local).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
}
