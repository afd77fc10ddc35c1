/**
 * Dates as people and programs write them beside ISO 8601: `05/10/2026 10:00`, `5 octobre 2026 à 10h00`,
 * `05/Oct/26 10:00 AM`, `Oct 5, 2026, 10:00 AM`, the number of a day of a spreadsheet. To a local reading. Pure.
 */
import { parseLocal, type LocalMs } from '../civil.ts'
import { plain } from './statement-columns.ts'

/** Which of two numbers is the day; null: nobody knows yet. */
export type DateOrder = 'day-first' | 'month-first' | null

export type WrittenDate = { localMs: LocalMs; offset: string | null; hasClock: boolean }

/** By their first letters, without accents. */
const MONTHS: readonly RegExp[] = [
  /^jan/,
  /^fe[bv]/,
  /^mar/,
  /^a[pv]r/,
  /^ma[iy]/,
  /^jui?n/,
  /^jui?l/,
  /^a(ug|ou)/,
  /^sep/,
  /^oct/,
  /^nov/,
  /^dec/,
]
const NUMBERS = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/
const YEAR_FIRST = /^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?!\d)/
const DAY_FIRST = /^(\d{1,2})(?:er|st|nd|rd|th)?[ /-]+([a-z]{3,9})\.?[ /,-]+(\d{4}|\d{2})(?!\d)/
const MONTH_FIRST = /^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?!\d)/
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,? (?=\d|[a-z]+\.? \d)/
const CLOCK =
  /^[ ,t]*(?:a |at |- )?(\d{1,2})(?:[:h] ?(\d{2})?(?:[:m] ?(\d{2})(?:[.,](\d{1,9}))?)?)?s?( ?[ap]\.?m\.?)? ?((?:z|utc|gmt)?(?:[+−-]\d{1,2}(?::?\d{2})?)?)$/
const SERIAL = /^(\d{5})(?:[.,](\d{1,15}))?$/
/** Days of a spreadsheet: 1 January 2000 and the end of 2099. */
const [FIRST_SERIAL, LAST_SERIAL] = [36_526, 73_050]
/** Of 1 January 1970. */
const EPOCH_SERIAL = 25_569
const DAY_S = 86_400

/** Without the day of the week; `Mar 5, 2026` begins with a month, and *mar. 5* with a Tuesday. */
function undated(written: string): string {
  const text = plain(written)
  return MONTH_FIRST.test(text) ? text : text.replace(WEEKDAY, '')
}

/** `day-or-month` where both are possible and nobody has said; null where it is no date. */
export function writtenDate(written: string, order: DateOrder): WrittenDate | 'day-or-month' | null {
  const text = undated(written)
  const serial = SERIAL.exec(text)
  if (serial) return ofSerial(Number(serial[1]), Number(`0.${serial[2] ?? '0'}`))
  const day = dayOf(text, order)
  if (day === null || day === 'day-or-month') return day
  const rest = text.slice(day.length)
  if (rest === '') return madeOf(day.date, '00:00:00', { offset: null, hasClock: false })
  const clock = CLOCK.exec(rest)
  if (!clock) return null
  const [, hour = '', minute = '00', second = '00', part = '', half, offset = ''] = clock
  // A number alone is no time of the day.
  if (clock[2] === undefined && half === undefined && !rest.includes('h')) return null
  const hours = half === undefined ? Number(hour) : ofHalf(Number(hour), half)
  if (hours === null) return null
  const ms = part.slice(0, 3).padEnd(3, '0')
  const reading = `${String(hours).padStart(2, '0')}:${minute}:${second}.${ms}`
  return madeOf(day.date, reading, { offset: offset === '' ? null : offset, hasClock: true })
}

/** `10:30`, `9h`, `23h59`, `10:30:15`: what stands beside a date of its own. */
export function isClockAlone(text: string): boolean {
  return /^\d{1,2}(?:[:h]\d{2}(?:[:m]\d{2})?|h)(?: ?[ap]\.?m\.?)?$/i.test(text.trim())
}

/** What a column says of its own order: a number past 12 can be no month. */
export function orderIn(cells: readonly string[], isFrench: boolean): DateOrder {
  const pairs = cells.flatMap((cell) => {
    const found = NUMBERS.exec(undated(cell))
    return found ? [{ first: Number(found[1]), second: Number(found[3]), mark: found[2], cell }] : []
  })
  const dayFirst = pairs.some(({ first, mark }) => first > 12 || mark === '.')
  const monthFirst = pairs.some(({ second }) => second > 12)
  if (dayFirst !== monthFirst) return dayFirst ? 'day-first' : 'month-first'
  if (dayFirst) return null
  if (isFrench) return 'day-first'
  return pairs.some(({ cell }) => /\d ?[ap]\.?m/i.test(cell)) ? 'month-first' : null
}

type Day = { date: string; length: number }

function dayOf(text: string, order: DateOrder): Day | 'day-or-month' | null {
  const numbers = NUMBERS.exec(text)
  if (numbers) return ofNumbers(numbers, order)
  const year = YEAR_FIRST.exec(text)
  if (year) return dated(year[1], Number(year[2]), year[3], year[0].length)
  const dayFirst = DAY_FIRST.exec(text)
  if (dayFirst) return dated(dayFirst[3], monthOf(dayFirst[2]!), dayFirst[1], dayFirst[0].length)
  const monthFirst = MONTH_FIRST.exec(text)
  if (monthFirst) return dated(monthFirst[3], monthOf(monthFirst[1]!), monthFirst[2], monthFirst[0].length)
  return null
}

function ofNumbers(found: RegExpExecArray, order: DateOrder): Day | 'day-or-month' | null {
  const [all, first = '', mark, second = '', year] = found
  const known = Number(first) > 12 || mark === '.' ? 'day-first' : Number(second) > 12 ? 'month-first' : order
  // The same day by either reading.
  if (known === null && Number(first) !== Number(second)) return 'day-or-month'
  return known === 'month-first'
    ? dated(year, Number(first), second, all.length)
    : dated(year, Number(second), first, all.length)
}

function monthOf(word: string): number {
  return MONTHS.findIndex((month) => month.test(word)) + 1
}

function dated(year = '', month: number, day = '', length: number): Day {
  const whole = year.length === 2 ? `20${year}` : year
  return { date: `${whole}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`, length }
}

function madeOf(
  date: string,
  clock: string,
  more: Pick<WrittenDate, 'offset' | 'hasClock'>,
): WrittenDate | null {
  const localMs = parseLocal(`${date}T${clock}`)
  return localMs === undefined ? null : { localMs, ...more }
}

function ofHalf(hour: number, half: string): number | null {
  if (hour < 1 || hour > 12) return null
  return (hour % 12) + (half.includes('p') ? 12 : 0)
}

function ofSerial(days: number, part: number): WrittenDate | null {
  if (days < FIRST_SERIAL || days > LAST_SERIAL) return null
  const localMs = ((days - EPOCH_SERIAL) * DAY_S + Math.round(part * DAY_S)) * 1000
  return { localMs, offset: null, hasClock: true }
}
