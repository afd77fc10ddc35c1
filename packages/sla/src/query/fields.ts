/**
 * Fields: reading the `given` of a query, whose spellings vary with the unit. Pure.
 * What is missing or malformed is a Fault that names the field and what it should be.
 */
import { Fault } from '@constat/shared/fault'
import {
  formatInstant,
  normalise,
  parseInstant,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import { fraction, parseFraction, product, ratio, type Fraction } from '../fraction.ts'

export type Given = Readonly<Record<string, unknown>>

/** Most members of one list of a query. */
export const MAX_MEMBERS = 1_000_000

export function fault(field: string, should: string): Fault {
  return new Fault('bad-request', `given.${field} should be ${should}`)
}

export function isRecord(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first of `names` that is there. */
export function nameIn(given: Given, names: readonly string[]): string | undefined {
  return names.find((name) => Object.hasOwn(given, name) && given[name] !== null && given[name] !== undefined)
}

export function textAt(given: Given, name: string, should: string): string {
  const value = given[name]
  if (typeof value !== 'string') throw fault(name, should)
  return value
}

export function listAt(given: Given, name: string, should: string): readonly unknown[] {
  const value = given[name]
  if (!Array.isArray(value)) throw fault(name, should)
  if (value.length > MAX_MEMBERS) throw fault(name, `a list of at most ${MAX_MEMBERS} members`)
  return value
}

const NUMBER = 'a number, a decimal in quotes such as "99.9", or a fraction such as "1/50"'

export function fractionOf(value: unknown, field: string): Fraction {
  const read =
    typeof value === 'number' || typeof value === 'string' ? parseFraction(plain(value)) : undefined
  if (!read) throw fault(field, NUMBER)
  return read
}

/** JavaScript prints very small and very large numbers with an exponent. */
function plain(value: number | string): number | string {
  return typeof value === 'number' && Math.abs(value) < 1e-6 ? value.toFixed(20).replace(/0+$/, '0') : value
}

export function numberAt(given: Given, ...names: string[]): Fraction {
  const name = nameIn(given, names)
  if (name === undefined) throw fault(names[0]!, `there: ${NUMBER}`)
  return fractionOf(given[name], name)
}

/** A fraction that must be above zero. */
export function positiveAt(given: Given, ...names: string[]): Fraction {
  const value = numberAt(given, ...names)
  if (value.n <= 0n) throw fault(nameIn(given, names) ?? names[0]!, 'above zero')
  return value
}

export function countAt(given: Given, names: readonly string[], least: number): number {
  const { n, d } = numberAt(given, ...names)
  if (d !== 1n || n < BigInt(least) || n > 1_000_000_000n) {
    throw fault(nameIn(given, names) ?? names[0]!, `a whole number from ${least}`)
  }
  return Number(n)
}

const UNITS_MS: readonly (readonly [readonly string[], number])[] = [
  [['ms'], 1],
  [['s', 'seconds'], 1000],
  [['m', 'min', 'minutes'], 60_000],
  [['h', 'hours'], 3_600_000],
  [['d', 'days'], 86_400_000],
]

/** `committed_seconds`, `committed_minutes`, `committed_s`, …: ms, as a fraction. Undefined when absent. */
export function lengthAt(given: Given, stem: string): Fraction | undefined {
  for (const [suffixes, unitMs] of UNITS_MS) {
    const name = nameIn(
      given,
      suffixes.map((suffix) => (stem === '' ? suffix : `${stem}_${suffix}`)),
    )
    if (name !== undefined) return product(fractionOf(given[name], name), fraction(unitMs))
  }
  return undefined
}

/** The same, of one of several stems, there and not below zero. */
export function lengthOf(given: Given, ...stems: string[]): Fraction {
  for (const stem of stems) {
    const value = lengthAt(given, stem)
    if (value === undefined) continue
    if (value.n < 0n) throw fault(`${stem}_…`, 'zero or more')
    return value
  }
  throw fault(`${stems[0]}_seconds`, 'there: a number (also …_minutes or …_hours)')
}

/** Whole ms of a length. */
export function wholeMs(value: Fraction, field: string): number {
  if (value.d !== 1n || value.n > 10n ** 15n) throw fault(field, 'a whole number of milliseconds')
  return Number(value.n)
}

export function secondsToMs(value: unknown, field: string): number {
  const ms = product(fractionOf(value, field), fraction(1000))
  if (ms.d !== 1n || ms.n > 10n ** 15n || ms.n < -(10n ** 15n))
    throw fault(field, 'seconds, to the millisecond')
  return Number(ms.n)
}

/** `[[start, end], …]` in seconds. */
export function secondsSet(value: unknown, field: string): IntervalSet {
  return normalise(secondsList(value, field))
}

export function secondsList(value: unknown, field: string): Interval[] {
  if (!Array.isArray(value)) throw fault(field, 'a list of [start, end] in seconds')
  return value.map((pair: unknown, i) => secondsPair(pair, `${field}[${i}]`))
}

export function secondsPair(value: unknown, field: string): Interval {
  if (!Array.isArray(value) || value.length !== 2) throw fault(field, '[start, end] in seconds')
  return ordered({ startMs: secondsToMs(value[0], field), endMs: secondsToMs(value[1], field) }, field)
}

export function instantOfText(value: unknown, field: string): UnixMs {
  const atMs = typeof value === 'string' ? parseInstant(value) : value
  if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs)) {
    throw fault(field, 'an RFC 3339 instant such as 2026-10-01T00:00:00Z')
  }
  return atMs
}

/** `[start, end]` of instants, or a list of them. */
export function instantSet(value: unknown, field: string): IntervalSet {
  if (!Array.isArray(value)) throw fault(field, 'a list of [start, end] instants')
  const pairs: unknown[] = value.length === 2 && !value.some(Array.isArray) ? [value] : value
  return normalise(pairs.map((pair, i) => instantPair(pair, `${field}[${i}]`)))
}

function instantPair(value: unknown, field: string): Interval {
  if (!Array.isArray(value) || value.length !== 2) throw fault(field, '[start, end] as RFC 3339 instants')
  return ordered({ startMs: instantOfText(value[0], field), endMs: instantOfText(value[1], field) }, field)
}

function ordered(interval: Interval, field: string): Interval {
  if (interval.startMs > interval.endMs) throw fault(field, 'a start that is not after its end')
  return interval
}

/** `2026-03-29T01:00:00Z`, milliseconds only where there are any. */
export function instantText(atMs: UnixMs): string {
  return formatInstant(atMs).replace('.000Z', 'Z')
}

/** A fraction of ms in a unit, as a JSON number. */
export function inUnit(ms: Fraction | number, unitMs: number): number {
  const value = ratio(typeof ms === 'number' ? fraction(ms) : ms, fraction(unitMs))
  return Number(value.n) / Number(value.d)
}

/** A fraction as a JSON number where it is whole, else as reduced text. */
export function jsonNumber({ n, d }: Fraction): number | string {
  return d === 1n && n >= -(2n ** 53n) && n <= 2n ** 53n ? Number(n) : `${n}/${d}`
}
