/**
 * Provider statements: what the provider says failed and what it makes of that, read from JSON, CSV or a plain
 * percentage, line by line. Pure. Times without an offset are readings of the provider's clock; one that happened twice
 * keeps both readings until people have said which is meant. An outage that begins and ends on one reading of
 * that clock lasts one step of it; one without an end is not over. (spec: reconciliation)
 */
import { Fault } from '@constat/shared/fault'
import { parseFraction } from '../fraction.ts'
import {
  isOpen,
  lineOf,
  problemText,
  refusedLine,
  type LineProblem,
  type Reading,
  type StatedIncident,
  type StatedLine,
  type StatementContext,
} from './stated-line.ts'
import { headOf, OWN_COLUMNS, type Column, type Head } from './statement-columns.ts'
import { rowsOf, type Row } from './statement-text.ts'
import { statedInstants } from './stated-time.ts'
import { orderIn } from './written-date.ts'

export type { StatedIncident, StatementContext } from './stated-line.ts'

export const MAX_STATEMENT_CHARS = 4 * 1024 * 1024
export const MAX_STATEMENT_LINES = 10_000
/** Titles and empty lines that an export may have above its head. */
const MAX_TITLE_ROWS = 10

export type ProviderStatement = {
  incidents: StatedIncident[]
  /** Whether it lists outages at all, be it none: a plain percentage is no list. */
  isList: boolean
  /** Percent by guarantee or service; under `*` where the statement is one figure. */
  availability: Record<string, string>
}

/** A statement with how each line of it was read. */
export type StatementReading = ProviderStatement & {
  lines: StatedLine[]
  /** Keys of a JSON document that mean nothing here. */
  unknownKeys: string[]
}

/** A document in any of the three forms. Fault `bad-request` that names the first line that cannot be read. */
export function readStatement(text: string, context: StatementContext): ProviderStatement {
  return strict(readLines(text, context), text)
}

/** The same, line by line: a bad one spoils no other. Fault `bad-request` where it has no lines that could be any. */
export function readLines(text: string, context: StatementContext): StatementReading {
  if (text.length > MAX_STATEMENT_CHARS) {
    throw new Fault('too-large', `the statement is longer than ${MAX_STATEMENT_CHARS} characters`)
  }
  const trimmed = text.trim()
  const percent = percentOf(trimmed)
  if (percent !== null) return { ...NO_LINES, isList: false, availability: { '*': percent } }
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return linesOfJson(jsonOf(trimmed), context)
  return linesOfCsv(trimmed, context)
}

const NO_LINES = { incidents: [], lines: [], unknownKeys: [] }

/** Also the `statement` of a scenario. Fault `bad-request` that names the place. */
export function statementOfJson(value: unknown, context: StatementContext): ProviderStatement {
  return strict(linesOfJson(value, context), '{')
}

function strict(
  { incidents, isList, availability, lines }: StatementReading,
  text: string,
): ProviderStatement {
  const bad = lines.find(({ status }) => status === 'refused')
  if (!bad?.problem) return { incidents, isList, availability }
  const place = /^\s*[[{]/.test(text) ? `incident ${bad.line}` : `line ${bad.line}`
  throw new Fault('bad-request', problemText(place, bad.problem), { hint: TIME_HINT })
}

const TIME_HINT =
  'Write 2026-10-05T10:00:00Z, or a local time of the provider’s clock such as 2026-10-05 10:00.'

/** `99.95`, `99,95 %`. */
function percentOf(text: string): string | null {
  const match = /^(\d{1,3})(?:[.,](\d{1,12}))?\s*%?$/.exec(text)
  if (!match) return null
  const percent = match[2] === undefined ? match[1]! : `${match[1]}.${match[2]}`
  const value = parseFraction(percent)
  return value && value.n <= 100n * value.d ? percent : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('bad-request', 'the statement begins like JSON and is none', {
      hint: 'Write {"incidents": [{"service": "…", "start": "…", "end": "…"}], "availability": {"…": "99.95"}}, a CSV with start and end, or a percentage.',
    })
  }
}

const KEYS: ReadonlySet<string> = new Set(['incidents', 'availability', 'window'])
const INCIDENT_KEYS: ReadonlySet<string> = new Set(OWN_COLUMNS)

function linesOfJson(value: unknown, context: StatementContext): StatementReading {
  const given = isRecord(value) ? value : { incidents: value }
  const { incidents = [], availability = {} } = given
  if (!Array.isArray(incidents)) throw wrong('incidents', 'a list of {service, start, end}')
  if (incidents.length > MAX_STATEMENT_LINES) throw tooLong()
  if (!isRecord(availability)) throw wrong('availability', 'percentages by guarantee or service')
  const reading: Reading = { ...context, style: { order: null, isUtc: false }, unit: null }
  const lines = incidents.map((one: unknown, i) => lineOfJson(one, i + 1, reading))
  return {
    incidents: incidentsIn(lines),
    isList: given['incidents'] !== undefined,
    availability: Object.fromEntries(
      Object.entries(availability).map(([name, text]) => {
        const percent = typeof text === 'string' || typeof text === 'number' ? percentOf(String(text)) : null
        if (percent === null) throw wrong(`availability.${name}`, 'a percentage, such as "99.95"')
        return [name, percent]
      }),
    ),
    lines,
    unknownKeys: unknownIn(given, incidents),
  }
}

/** Each once. */
function unknownIn(given: Record<string, unknown>, incidents: readonly unknown[]): string[] {
  const inside = incidents.flatMap((one) => (isRecord(one) ? Object.keys(one) : []))
  return [
    ...Object.keys(given).filter((key) => !KEYS.has(key)),
    ...new Set(inside.filter((key) => !INCIDENT_KEYS.has(key)).map((key) => `incidents[].${key}`)),
  ]
}

function lineOfJson(value: unknown, line: number, reading: Reading): StatedLine {
  const path = `incidents[${line - 1}]`
  if (!isRecord(value)) return refusedLine(line, shape(path, '{service, start, end}'))
  const { service = null, start, end, kind = null, note = '' } = value
  const wrongText = Object.entries({ service, kind, note }).find(
    ([, text]) => text !== null && typeof text !== 'string',
  )
  if (wrongText) return refusedLine(line, shape(`${path}.${wrongText[0]}`, 'text'))
  return lineOf(
    { line, service: textOrNull(service), start, end, kind: textOrNull(kind), note: textOrNull(note) ?? '' },
    reading,
  )
}

function shape(column: string, value: string): LineProblem {
  return { code: 'shape', column, value }
}

/** With a head; what stands above it are titles. Fault `bad-request` where nothing is one. */
function linesOfCsv(text: string, context: StatementContext): StatementReading {
  const rows = rowsOf(text, MAX_STATEMENT_LINES + 1 + MAX_TITLE_ROWS)
  const place = rows.slice(0, MAX_TITLE_ROWS).findIndex(({ cells }) => headOf(cells) !== null)
  const head = headOf(rows[place]?.cells ?? [])
  if (!head) {
    throw new Fault('bad-request', 'the statement has no columns start and end', {
      hint: `Its first line should name the columns: ${OWN_COLUMNS.join(', ')}. Or write a percentage, or JSON.`,
    })
  }
  const body = rows.slice(place + 1)
  if (body.length > MAX_STATEMENT_LINES) throw tooLong()
  if (head.at.start === undefined && head.at.day === undefined) return figuresOf(body, head)
  const reading = { ...context, ...styleOf(body, head), unit: head.unit }
  const lines = body.map((row) => lineOfRow(row, head, reading))
  return { ...NO_LINES, incidents: incidentsIn(lines), isList: true, availability: {}, lines }
}

function styleOf(body: readonly Row[], { at, isFrench, isUtc }: Head): Pick<Reading, 'style'> {
  const dates = [at.start, at.end, at.day].flatMap((i) =>
    i === undefined ? [] : body.map(({ cells }) => cells[i] ?? ''),
  )
  return { style: { order: orderIn(dates, isFrench), isUtc } }
}

function lineOfRow({ line, cells, isOpen: isTorn }: Row, { at }: Head, reading: Reading): StatedLine {
  if (isTorn) return refusedLine(line, { code: 'open-quote', column: 'line', value: '' })
  const cell = (column: Column): string | undefined =>
    at[column] === undefined ? undefined : cells[at[column]]?.trim()
  const [start, end, duration, day] = [cell('start'), cell('end'), cell('duration'), cell('day')]
  // Not of our own form, which says so by its head: a total, or a line in between.
  const isOwn = at.duration === undefined && at.day === undefined
  if (!isOwn && isOpen(start) && isOpen(day))
    return { line, status: 'skipped', incident: null, problem: null, asks: [] }
  const written = {
    line,
    service: cell('service') || null,
    start,
    end,
    kind: cell('kind') || null,
    note: cell('note') ?? '',
    ...(duration === undefined ? {} : { duration }),
    ...(day === undefined ? {} : { day }),
  }
  return lineOf(written, reading)
}

/** A list of percentages is no list of outages. */
function figuresOf(body: readonly Row[], { at }: Head): StatementReading {
  const availability: Record<string, string> = {}
  const lines = body.map(({ line, cells }): StatedLine => {
    const name = cells[at.service ?? -1]?.trim() || '*'
    const value = cells[at.availability ?? -1]?.trim() ?? ''
    const percent = percentOf(value)
    if (percent === null) return refusedLine(line, { code: 'no-percentage', column: 'availability', value })
    availability[name] = percent
    return { line, status: 'read', incident: null, problem: null, asks: [] }
  })
  return { ...NO_LINES, isList: false, availability, lines }
}

function incidentsIn(lines: readonly StatedLine[]): StatedIncident[] {
  return lines.flatMap(({ incident }) => incident ?? [])
}

/**
 * Everything that `statementOfJson` would refuse of a value of the right shape, by path.
 * A scenario names its problems all at once.
 */
export function statementProblems(
  { incidents = [], availability = {} }: StatementValue,
  context: StatementContext,
): { path: (string | number)[]; message: string }[] {
  const times = incidents.flatMap((one, i) => {
    const at = (key: 'start' | 'end') => ({ path: ['incidents', i, key] })
    const [starts, ends] = [statedInstants(one.start, context.table), statedInstants(one.end, context.table)]
    const wrong = (value: unknown) => `is ${JSON.stringify(value)}, which is no time: ${timeCure(context)}`
    if (starts.length === 0) return [{ ...at('start'), message: wrong(one.start) }]
    if (isOpen(one.end)) return []
    if (ends.length === 0) return [{ ...at('end'), message: wrong(one.end) }]
    if (Math.min(...starts) <= Math.max(...ends)) return []
    return [{ ...at('end'), message: 'is before its start: write when it ended, or leave it out' }]
  })
  const figures = Object.entries(availability).flatMap(([name, text]) =>
    percentOf(String(text)) === null
      ? [{ path: ['availability', name], message: 'is no percentage: write one such as "99.95"' }]
      : [],
  )
  return [...times, ...figures]
}

type StatementValue = {
  incidents?: readonly { start?: unknown; end?: unknown }[] | undefined
  availability?: Record<string, string | number> | undefined
}

function timeCure({ table }: StatementContext): string {
  return `write 2026-10-05T10:00:00Z, or a local time of ${table.zone} such as 2026-10-05 10:00`
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function wrong(place: string, should: string): Fault {
  return new Fault('bad-request', problemText('', shape(place, should)))
}

function tooLong(): Fault {
  return new Fault('too-large', `the statement has more than ${MAX_STATEMENT_LINES} incidents`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
