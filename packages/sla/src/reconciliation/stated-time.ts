/**
 * Times as statements write them: ISO 8601 in the spellings that programs print, seconds or ms since the
 * epoch, or the reading of the provider's clock, which may be two instants. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { parseLocal, type LocalMs } from '../civil.ts'
import { resolveLocal } from '../zone.ts'
import type { ZoneTable } from '../zone-table.ts'
import { writtenDate, type DateOrder } from './written-date.ts'

/** Whole numbers below this are seconds (as seconds the year 5138, as ms March 1973), from it on ms. */
const FIRST_MS = 1e11
/** Past the year 2286 a number is of a finer unit, which nobody said. */
const LAST_MS = 1e13
/** Below this a number with a fraction is no count of seconds that anybody exports. */
const FIRST_SECONDS = 1e8

const EPOCH = /^\d{9,14}(?:\.\d{1,9})?$/
const DATE = /^(?<date>\d{4}-\d{2}-\d{2}|\d{8})/
const CLOCK =
  /(?:[Tt]| +)(?<hour>\d{2})(?::?(?<minute>\d{2})(?::?(?<second>\d{2})(?:[.,](?<part>\d{1,9}))?)?)/
const OFFSET =
  /(?: *(?:(?<utc>[Zz]|UTC|GMT)|(?<sign>[+\-−])(?<offsetHour>\d{2})(?::?(?<offsetMinute>\d{2}))?))?$/
const TIME = new RegExp(DATE.source + '(?:' + CLOCK.source + OFFSET.source + '|$)')

/** How the dates of an export are to be taken. */
export type TimeStyle = { order: DateOrder; isUtc: boolean }
const OWN_STYLE: TimeStyle = { order: null, isUtc: false }

/**
 * Every instant that an export can mean, the earlier first; empty where it is no time. `day-or-month`: it is one, and
 * nothing says which of its numbers is the day.
 */
export function exportedInstants(
  value: unknown,
  table: ZoneTable,
  { order, isUtc }: TimeStyle = OWN_STYLE,
): UnixMs[] | 'day-or-month' {
  const text = typeof value === 'string' ? value.trim() : ''
  const own = statedInstants(isUtc && WITHOUT_OFFSET.test(text) ? `${text} UTC` : value, table)
  if (own.length > 0 || text === '') return own
  const written = writtenDate(text, order)
  if (written === null || written === 'day-or-month') return written ?? []
  const offsetMs = writtenOffset(written.offset ?? (isUtc ? 'utc' : ''))
  return offsetMs === undefined ? [] : instantsOf(written.localMs, offsetMs, table)
}

const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?$/i

/** `utc`, `+0200`, `gmt+2`; null where there is none. */
function writtenOffset(text: string): number | null | undefined {
  const [, name, sign, offsetHour, offsetMinute] =
    /^(z|utc|gmt)?(?:([+−-])(\d{1,2})(?::?(\d{2}))?)?$/.exec(text) ?? []
  if (sign !== undefined) return offsetOf({ sign, offsetHour, offsetMinute })
  return name === undefined ? null : 0
}

function instantsOf(local: LocalMs, offsetMs: number | null, table: ZoneTable): UnixMs[] {
  if (offsetMs !== null) return [local - offsetMs]
  const { kind, fold0Ms, fold1Ms } = resolveLocal(table, local)
  return kind === 'overlap' ? [fold0Ms, fold1Ms] : [fold0Ms]
}

/** Every instant that it can mean, the earlier first; empty where it is no time. */
export function statedInstants(value: unknown, table: ZoneTable): UnixMs[] {
  if (typeof value === 'number') return fromEpoch(value)
  if (typeof value !== 'string') return []
  const text = value.trim()
  if (EPOCH.test(text)) return fromEpoch(Number(text))
  const {
    date = '',
    hour = '00',
    minute = '00',
    second = '00',
    part = '',
    ...offset
  } = TIME.exec(text)?.groups ?? {}
  const day = date.length === 8 ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date
  const local = parseLocal(`${day}T${hour}:${minute}:${second}.${part.slice(0, 3).padEnd(3, '0')}`)
  if (local === undefined) return []
  const offsetMs = offsetOf(offset)
  return offsetMs === undefined ? [] : instantsOf(local, offsetMs, table)
}

function fromEpoch(value: number): UnixMs[] {
  if (value >= FIRST_MS) return Number.isInteger(value) && value < LAST_MS ? [value] : []
  if (Number.isInteger(value)) return [value * 1000]
  return value >= FIRST_SECONDS ? [Math.round(value * 1000)] : []
}

/** Null where none is written; undefined where no clock has it. */
function offsetOf({ utc, sign, offsetHour, offsetMinute = '00' }: Record<string, string | undefined>) {
  if (utc !== undefined) return 0
  if (sign === undefined) return null
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined
  const sizeMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000
  return sign === '+' ? sizeMs : -sizeMs
}
