/**
 * The contract form: what a person typed, read as it stands, and either the small contract it asks for or
 * what has to change, field by field. Nothing typed is lost on the way. Pure.
 */
import { parseClock, parseDate, yearOf } from '@constat/sla/civil'
import type { SmallContract, SmallHours } from '@constat/sla/contract/compose'
import type { Weekday } from '@constat/sla/contract/calendar-terms'
import { parseFraction } from '@constat/sla/fraction'
import { watchProblem } from '@constat/sla/contract/watch'
import { isZone } from '@constat/sla/zone'
import type { UnixMs } from '@constat/shared/time'
import type { Text } from '../text/en.ts'
import { timeText } from '../text/format.ts'

export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const satisfies readonly Weekday[]
const OFFICE_DAYS: readonly Weekday[] = ['MO', 'TU', 'WE', 'TH', 'FR']

/** Every field as text: what comes back on the page is what was typed. */
export type ContractForm = {
  watch: string
  provider: string
  name: string
  target: string
  timeZone: string
  hours: 'always' | 'weekly'
  days: readonly Weekday[]
  from: string
  to: string
  country: string
  region: string
  /** One a line: `2027-01-01 New Year's Day`. */
  holidays: string
  /** Place whose holidays stand in `holidays`; a list is only replaced when the place changes. */
  filledFor: string
  feeAmount: string
  feeCurrency: string
}

export type Field = 'watch' | 'provider' | 'name' | 'target' | 'timeZone' | 'hours' | 'holidays' | 'fee'
export type Problem = { field: Field; message: string }

/** Most characters of one line, and of a list. The body as a whole is limited before. */
const MAX_LINE_CHARS = 200
const MAX_WATCHED = 200
const MAX_HOLIDAYS = 400

export function emptyForm(timeZone: string): ContractForm {
  return {
    watch: '',
    provider: '',
    name: '',
    target: '99.9',
    timeZone,
    hours: 'always',
    days: OFFICE_DAYS,
    from: '08:00',
    to: '20:00',
    country: '',
    region: '',
    holidays: '',
    filledFor: '',
    feeAmount: '',
    feeCurrency: 'EUR',
  }
}

type Posted = Record<string, string | File | (string | File)[]>

export function readContractForm(posted: Posted): ContractForm {
  const text = (key: string): string => {
    const value = posted[key]
    return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : ''
  }
  const line = (key: string): string => text(key).trim()
  const ticked = new Set([posted['days']].flat())
  return {
    watch: text('watch'),
    provider: line('provider'),
    name: line('name'),
    target: line('target'),
    timeZone: line('timeZone'),
    hours: line('hours') === 'weekly' ? 'weekly' : 'always',
    days: WEEKDAYS.filter((day) => ticked.has(day)),
    from: line('from'),
    to: line('to'),
    country: line('country'),
    region: line('region'),
    holidays: text('holidays'),
    filledFor: line('filledFor'),
    feeAmount: line('feeAmount'),
    feeCurrency: line('feeCurrency').toUpperCase(),
  }
}

/** `FR/57`; empty: no holidays are wanted. */
export function placeOf({ country, region }: Pick<ContractForm, 'country' | 'region'>): string {
  return country === '' ? '' : `${country}/${region}`
}

/** This year and the next, on the clock of the contract. */
export function yearsFrom(nowMs: UnixMs, timeZone: string): number[] {
  const zone = isZone(timeZone) ? timeZone : 'UTC'
  const year = Number(timeText(nowMs, 'year', { lang: 'en', zone }))
  return [year, year + 1]
}

export type Checked = { kind: 'ok'; contract: SmallContract } | { kind: 'wrong'; problems: Problem[] }

type Place = { text: Text; nowMs: UnixMs; taken: (name: string) => boolean }

export function checkContractForm(form: ContractForm, { text, nowMs, taken }: Place): Checked {
  const words = text.first.problem
  const problems: Problem[] = []
  const tell = (field: Field, message: string): void => void problems.push({ field, message })
  const watch = linesOf(form.watch)
  for (const message of watchProblems(watch, text)) tell('watch', message)
  if (form.provider === '') tell('provider', words.provider)
  if (form.provider.length > MAX_LINE_CHARS) tell('provider', words.tooLong(MAX_LINE_CHARS))
  const target = decimalOf(form.target.replace(/\s*%$/, ''))
  if (!isTarget(target)) tell('target', words.target)
  if (!isZone(form.timeZone)) tell('timeZone', words.timeZone)
  const displayName = form.name === '' ? form.provider : form.name
  const name = slugOf(displayName)
  if (form.name.length > MAX_LINE_CHARS) tell('name', words.tooLong(MAX_LINE_CHARS))
  else if (taken(name)) tell('name', words.taken(name))
  const hours = form.hours === 'weekly' ? hoursOf(form, { text, nowMs, tell }) : null
  const fee = feeOf(form)
  if (fee === 'wrong') tell('fee', words.fee)
  if (problems.length > 0) return { kind: 'wrong', problems }
  const monthlyFee = fee === 'wrong' ? null : fee
  const { provider, timeZone } = form
  return {
    kind: 'ok',
    contract: { name, displayName, provider, target, timeZone, watch, hours, monthlyFee },
  }
}

/** The addresses alone, to be tried; whatever else is still to be written does not matter yet. */
export function checkWatched(
  form: ContractForm,
  text: Text,
): { kind: 'ok'; watch: string[] } | { kind: 'wrong'; problems: Problem[] } {
  const watch = linesOf(form.watch)
  const problems = watchProblems(watch, text).map((message): Problem => ({ field: 'watch', message }))
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'ok', watch }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Told at once at most: one address per line is soon seen. */
const MAX_TOLD = 5

function watchProblems(watch: readonly string[], { first: { problem } }: Text): string[] {
  if (watch.length === 0) return [problem.watchNone]
  if (watch.length > MAX_WATCHED) return [problem.watchMany(MAX_WATCHED)]
  const twice = watch.filter((url, at) => watch.indexOf(url) < at).map(problem.watchTwice)
  const wrong = watch.filter((url) => watchProblem(url) !== undefined)
  return [...wrong.map((url) => problem.watch(url.slice(0, MAX_LINE_CHARS))), ...twice].slice(0, MAX_TOLD)
}

/** `99,9` is what a French hand writes. */
function decimalOf(text: string): string {
  return text.replaceAll(/[\s\u00a0\u202f]/g, '').replace(',', '.')
}

const DECIMAL = /^\d{1,15}(\.\d{1,12})?$/

function isTarget(target: string): boolean {
  const share = DECIMAL.test(target) ? parseFraction(target) : undefined
  return share !== undefined && share.n > 0n && share.n <= 100n * share.d
}

function feeOf({ feeAmount, feeCurrency }: ContractForm): SmallContract['monthlyFee'] | 'wrong' {
  if (feeAmount === '') return null
  const amount = decimalOf(feeAmount)
  return DECIMAL.test(amount) && /^[A-Z]{3}$/.test(feeCurrency) ? { amount, currency: feeCurrency } : 'wrong'
}

type Teller = { text: Text; nowMs: UnixMs; tell: (field: Field, message: string) => void }

function hoursOf(form: ContractForm, { text, nowMs, tell }: Teller): SmallHours {
  const words = text.first.problem
  if (form.days.length === 0) tell('hours', words.days)
  const clocks = [form.from, form.to].map(parseClock)
  if (clocks.includes(undefined) || clocks[0] === clocks[1]) tell('hours', words.clocks)
  const lines = linesOf(form.holidays)
  if (lines.length > MAX_HOLIDAYS) tell('holidays', words.holidaysMany(MAX_HOLIDAYS))
  const holidays = lines.slice(0, MAX_HOLIDAYS).map(holidayOf)
  const wrong = lines.find((_line, at) => holidays[at] === null)
  if (wrong !== undefined) tell('holidays', words.holiday(wrong.slice(0, MAX_LINE_CHARS)))
  const listed = holidays.filter((one) => one !== null)
  // Whoever lists holidays says by it which years are listed; without any, every year is covered.
  const named = listed.map(({ date }) => yearOf(parseDate(date) ?? nowMs))
  const years = [...new Set([...yearsFrom(nowMs, form.timeZone), ...named])].toSorted((a, b) => a - b)
  return {
    days: form.days,
    start: form.from,
    end: form.to,
    holidays: listed.toSorted((a, b) => a.date.localeCompare(b.date)),
    years: listed.length > 0 ? years : [],
  }
}

function holidayOf(line: string): { date: string; name: string | null } | null {
  const [, date = '', name = ''] = /^(\d{4}-\d{2}-\d{2})(?:\s+(.{1,200}))?$/.exec(line) ?? []
  return parseDate(date) === undefined ? null : { date, name: name === '' ? null : name }
}

const MAX_SLUG_CHARS = 60

/** `Hébergement 2027` → `hebergement-2027`. */
export function slugOf(displayName: string): string {
  const plain = displayName.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const slug = plain.replaceAll(/[^a-z0-9]+/g, '-').slice(0, MAX_SLUG_CHARS)
  return slug.replaceAll(/^-+|-+$/g, '') || 'contract'
}
