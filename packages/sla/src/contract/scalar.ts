/**
 * Scalars of a contract: durations, decimals, dates, zones, names. Pure.
 * They stay text after parsing, so that JSON Schema and the source keep the same form; expansion makes
 * them numbers. Each says in its message what to write instead.
 */
import { invariant } from '@constat/shared/fault'
import { z } from 'zod'
import { parseClock, parseDate, parseLocal } from '../civil.ts'
import { MAX_DAYS } from '../dayrule.ts'
import { parseDuration } from '../duration.ts'
import { compare, fraction, parseFraction } from '../fraction.ts'
import { recurrenceProblem } from '../recurrence.ts'
import { isZone } from '../zone.ts'

/** Longest text of a name, and of a sentence. */
export const MAX_NAME_LENGTH = 120
export const MAX_TEXT_LENGTH = 4000
/** Most members of one list in a document. */
export const MAX_LIST = 2000
/** Largest whole number of a document. */
export const MAX_COUNT = 1_000_000

export function tooLong(characters: number): string {
  return `is longer than ${characters} characters: shorten it`
}

export function atMost(limit: number): string {
  return `should be at most ${limit}`
}

/** A whole number of a range; `what` it is stands before the bounds. */
export function ranged(form: string, { min, max }: { min: number; max: number }, what = ''): z.ZodInt {
  const bounds = `should be ${what}from ${min} to ${max}`
  return z.int(form).min(min, bounds).max(max, bounds)
}

/** Text of 1 to so many characters; `cure`: what to do about an empty one. */
export function words(form: string, cure: string, max: number): z.ZodString {
  return z.string(form).min(1, `is empty: ${cure}`).max(max, tooLong(max))
}

export function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item).max(MAX_LIST)
}

/** A list of at least one; `cure`: what to do about an empty one. */
export function some<T extends z.ZodType>(item: T, cure: string, max = MAX_LIST): z.ZodArray<T> {
  return z.array(item).min(1, `is empty: ${cure}`).max(max)
}

const HUNDRED = fraction(100)
const ZERO = fraction(0)

export const text = words('should be text', 'write something', MAX_TEXT_LENGTH)

/** What other documents refer to. */
export const name = z
  .string('should be a name')
  .max(MAX_NAME_LENGTH, tooLong(MAX_NAME_LENGTH))
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'should be a name of letters, digits, ".", "_" and "-", without spaces',
  )

export const duration = z
  .string('should be an ISO 8601 duration in quotes or plain, such as PT60S or PT4H')
  .refine(
    (value) => parseDuration(value) !== undefined,
    'should be an ISO 8601 duration such as PT60S, PT4H or P1D',
  )
  .meta({ description: 'ISO 8601 duration of exact length', examples: ['PT60S', 'PT4H'] })

export const positiveDuration = duration.refine(
  (value) => parseDuration(value) !== 0,
  'should be longer than nothing, such as PT60S',
)

const DECIMAL_HINT = 'should be a decimal in quotes, such as "99.9"'
export const decimalText = z
  .string(DECIMAL_HINT)
  .regex(/^\d{1,15}(\.\d{1,12})?$/, DECIMAL_HINT)
  .meta({ description: 'Decimal number as text', examples: ['99.9'] })

export const percentText = decimalText.refine((value) => {
  const share = parseFraction(value)
  return share === undefined || (compare(share, ZERO) >= 0 && compare(share, HUNDRED) <= 0)
}, 'should be a percentage from "0" to "100"')

/** A promise of exactly 0 % promises nothing. */
export const targetText = percentText.refine(
  (value) => parseFraction(value)?.n !== 0n,
  'should be above "0": a target of 0 % promises nothing',
)

export const shareText = decimalText.refine((value) => {
  const share = parseFraction(value)
  return share === undefined || compare(share, fraction(1)) <= 0
}, 'should be a share from "0" to "1", such as "0.95"')

export const date = z
  .string('should be a date in quotes, such as "2026-05-01"')
  .refine((value) => parseDate(value) !== undefined, 'should be a date that exists, written 2026-05-01')

export const localDateTime = z
  .string('should be a local time, such as "2026-01-04T02:00:00"')
  .refine(
    (value) => parseLocal(value) !== undefined,
    'should be a local time that exists, written 2026-01-04T02:00:00, without an offset',
  )

export const clock = z
  .string('should be a clock reading in quotes, such as "08:00"')
  .refine((value) => parseClock(value) !== undefined, 'should be a clock reading from "00:00" to "24:00"')

export const timeZone = z
  .string('should be an IANA time zone, such as Europe/Paris')
  .max(MAX_NAME_LENGTH, tooLong(MAX_NAME_LENGTH))
  .refine(isZone, 'is not an IANA time zone this host knows: write Area/City, such as Europe/Paris, or UTC')

export const rrule = z
  .string('should be an RFC 5545 rule, such as FREQ=MONTHLY;BYDAY=1SU')
  .check((context) => {
    const problem = recurrenceProblem(context.value)
    if (problem) {
      const message = `is not a recurrence rule that can be used: ${problem}`
      context.issues.push({ code: 'custom', message, input: context.value })
    }
  })

export const currency = z
  .string('should be a currency code, such as EUR')
  .regex(/^[A-Z]{3}$/, 'should be an ISO 4217 currency code of three capitals, such as EUR')

/** Years that a calendar may cover. */
export const year = ranged('should be a year, such as 2026', { min: 1970, max: 9998 }, 'a year ')

export const weekday = z.enum(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'])

export const count = z
  .int('should be a whole number')
  .min(1, 'should be 1 or more')
  .max(MAX_COUNT, atMost(MAX_COUNT))
export const natural = z
  .int('should be a whole number')
  .min(0, 'should be 0 or more')
  .max(MAX_COUNT, atMost(MAX_COUNT))

export const days = z
  .int('should be a whole number of days')
  .min(0, 'should be 0 or more')
  .max(MAX_DAYS, atMost(MAX_DAYS))

/** Local hours [start, end) of listed days; an end at or before the start runs into the next day. */
export const weeklySlot = z
  .strictObject({
    days: some(weekday, 'list the days, such as [MO, TU]', 7),
    start: clock,
    end: clock,
  })
  .refine(({ start, end }) => start !== end, 'starts when it ends: write "00:00" to "24:00" for a whole day')

/** Milliseconds of a duration that its schema accepted. */
export function ms(text: string): number {
  const value = parseDuration(text)
  invariant(value !== undefined, `not a duration: ${text}`)
  return value
}

export function msOr<T extends number | undefined>(text: string | undefined, fallbackMs: T): number | T {
  return text === undefined ? fallbackMs : ms(text)
}

export const flag = z.boolean('should be true or false')
