/**
 * Shapes of single questions: the fields that the shared cases have, each with its one spelling, read into
 * what the engine takes. Pure. Seconds become ms, numbers exact fractions, local dates readings of the clock.
 */
import { Fault } from '@constat/shared/fault'
import { normalise, parseInstant, type Interval } from '@constat/shared/time'
import { parseClock, parseDate, parseLocal } from '@constat/sla/civil'
import type { DayKind } from '@constat/sla/contract/calendar-terms'
import type { WindowPeriod } from '@constat/sla/contract/expanded'
import { fraction, fractionText, parseFraction, product, type Fraction } from '@constat/sla/fraction'
import { recurrenceProblem } from '@constat/sla/recurrence'
import { isZone } from '@constat/sla/zone'
import { z } from 'zod'

export type Given = Readonly<Record<string, unknown>>
export type Answer = Readonly<Record<string, unknown>>
export type Category = (given: Given) => Answer

/** `value` in a shape. Fault `bad-request` that names the field that is wrong, below `name`. */
export function parsed<T extends z.ZodType>(form: T, value: unknown, name: string): z.output<T> {
  const read = form.safeParse(value)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new Fault('bad-request', `${[name, ...path.map(String)].join('.')}: ${message}`)
}

/** Questions of one shape, and how they are answered. */
export function category<T extends z.ZodType>(form: T, answer: (given: z.output<T>) => Answer): Category {
  return (given) => answer(parsed(form, given, 'given'))
}

/** Whole ones as JSON numbers, as the cases have them; others reduced, as text. */
export function jsonNumber(value: Fraction): number | string {
  return value.d === 1n ? Number(value.n) : fractionText(value)
}

/** Text that `parse` reads; what it cannot read is told as `should`. */
function read<T>(should: string, parse: (text: string) => T | undefined) {
  return z.string(should).transform((text, context): T => {
    const value = parse(text)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', message: should, input: text })
    return z.NEVER
  })
}

const SHOULD_NUMBER = 'should be a number, a decimal in quotes such as "99.9", or a fraction such as "1/50"'

export const number = z
  .union([z.number(), z.string()], SHOULD_NUMBER)
  .transform(String)
  .pipe(read(SHOULD_NUMBER, parseFraction))
const atLeast = (least: 0n | 1n, should: string) => number.refine(({ n }) => n >= least, should)
export const positive = atLeast(1n, 'should be above zero')
export const amount = atLeast(0n, 'should be zero or more')
export const percentage = amount.refine(({ n, d }) => n <= 100n * d, 'should be from 0 to 100')
export const count = z.int('should be a whole number').min(1, 'should be a whole number from 1')
export const natural = z.int('should be a whole number').min(0, 'should be a whole number from 0')

/** A length in some unit, as ms. */
export const lengthOf = (unitMs: number) =>
  amount
    .transform((value) => product(value, fraction(unitMs)))
    .refine(({ d }) => d === 1n, 'should be whole ms')
export const wholeMs = (unitMs: number) => lengthOf(unitMs).transform(({ n }: Fraction) => Number(n))

const pair = (edge: z.ZodType<number>) =>
  z
    .array(edge, 'should be [start, end]')
    .length(2, 'should be [start, end]')
    .transform(([startMs, endMs]): Interval => ({ startMs: startMs!, endMs: endMs! }))
    .refine(({ startMs, endMs }) => startMs <= endMs, 'should start before it ends')

const second = number.transform(({ n, d }) => Number(n * 1000n) / Number(d))
export const seconds = pair(second)
const secondsList = z.array(seconds, 'should be a list of [start, end] in seconds')
export const secondsSet = secondsList.transform((list) => normalise(list))

export const zone = z
  .string('should be an IANA time zone')
  .refine(isZone, 'should be an IANA time zone this host knows')
export const instant = read('should be an RFC 3339 instant such as 2026-10-01T00:00:00Z', parseInstant)
const instants = pair(instant)
/** One interval, or a list of them. */
export const instantsSet = z
  .union([instants.transform((one) => [one]), z.array(instants)], 'should be [start, end], or a list of them')
  .transform((list) => normalise(list))
export const date = read('should be a date that exists, such as 2026-03-01', parseDate)
export const local = read('should be a local time such as 2026-03-29T02:30:00', parseLocal)
export const dates = pair(date)

/** What a clock read, and the instant where the text says its offset. */
export const reading = read('should be a local time such as 2026-03-29T01:30:00+01:00', (text) => {
  const localMs = parseLocal(text.replace(/(?:Z|[+-]\d{2}:\d{2})$/, ''))
  return localMs === undefined ? undefined : { localMs, atMs: parseInstant(text) }
})

const clock = z.string().refine((text) => parseClock(text) !== undefined, 'should be a reading such as 08:00')
const slot = z.strictObject({
  days: z.array(z.enum(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'])),
  start: clock,
  end: clock,
})
const holiday = z.string().refine((text) => parseDate(text) !== undefined, 'should be a date that exists')

/** A zone and its holidays; service hours, where there are any. */
export const PLACE = { tz: zone, holidays: z.array(holiday).default([]) }
export const HOURS = { ...PLACE, weekly: z.array(slot).optional() }
export type Hours = z.output<z.ZodObject<typeof HOURS>>
export const SPAN = { start_local_date: date, end_local_date_exclusive: date }

/** Kinds of days as the cases count them: `calendar_days`, and `required_calendar_days` of a notice. */
export const DAYS: Readonly<Record<string, DayKind>> = {
  calendar_days: 'calendar',
  working_days: 'working',
  ouvrables: 'ouvrables',
  clear_days: 'clear',
  clear_working_days: 'clear-working',
}

export const PERIOD: Readonly<Record<string, WindowPeriod>> = {
  day: 'P1D',
  week: 'P1W',
  month: 'P1M',
  quarter: 'P3M',
  year: 'P1Y',
}

export const rule = z.string().superRefine((text, context) => {
  const problem = recurrenceProblem(text)
  if (problem !== undefined) context.addIssue(`should be a rule that can be used: ${problem}`)
})

export const sample = z.tuple([second, z.enum(['O', 'F', 'U', 'D', 'B'])])
export const vantage = z.strictObject({ down: secondsSet, unknown: secondsSet })

const STATES = 'should be a state from 0 to 3, or 99 for pending'
const state = z.union([z.int().min(0).max(3), z.literal(99)], STATES)
export const stateEvent = z.object({
  at: z.int(),
  state,
  previous_state: state.default(99),
  kind: z.enum(['hard', 'soft']),
})
export const currentState = state.nullable().default(null)
export const between = z.strictObject({ from: z.int(), to: z.int() })
export const objectType = z.enum(['host', 'service'])
