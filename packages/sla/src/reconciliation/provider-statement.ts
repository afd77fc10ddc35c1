/**
 * Provider statements: what the provider says failed and what it makes of that, read from JSON, CSV or a plain
 * percentage. Pure. Times without an offset are readings of the provider's clock; one that happened twice
 * keeps both readings until people have said which is meant. An outage that begins and ends on one reading of
 * that clock lasts one step of it; one without an end is not over. (spec: reconciliation)
 */
import { Fault } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import type { ReconciliationTerms } from '../contract/expanded.ts'
import { parseFraction } from '../fraction.ts'
import type { ZoneTable } from '../zone-table.ts'
import { statedInstants } from './stated-time.ts'

export const MAX_STATEMENT_CHARS = 4 * 1024 * 1024
export const MAX_STATEMENT_LINES = 10_000

export type StatedIncident = {
  /** Line of the document, or place in its list, from 1. */
  line: number
  /** Null: of whichever service is reconciled. */
  service: string | null
  /** At least one; several where the provider's clock read the same twice. `Infinity` ends one that is not over. */
  readings: Interval[]
  /** In the provider's words: an excuse is claimed only by a kind of exclusion that the contract has. */
  kind: string | null
  note: string
}

export type ProviderStatement = {
  incidents: StatedIncident[]
  /** Whether it lists outages at all, be it none: a plain percentage is no list. */
  isList: boolean
  /** Percent by guarantee or service; under `*` where the statement is one figure. */
  availability: Record<string, string>
}

export type StatementContext = { rules: ReconciliationTerms; table: ZoneTable }

/** A document in any of the three forms. Fault `bad-request` that names the line. */
export function readStatement(text: string, context: StatementContext): ProviderStatement {
  if (text.length > MAX_STATEMENT_CHARS) {
    throw new Fault('too-large', `the statement is longer than ${MAX_STATEMENT_CHARS} characters`)
  }
  const trimmed = text.trim()
  const percent = percentOf(trimmed)
  if (percent !== null) return { incidents: [], isList: false, availability: { '*': percent } }
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return statementOfJson(jsonOf(trimmed), context)
  return statementOfCsv(trimmed, context)
}

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

/** Also the `statement` of a scenario. */
export function statementOfJson(value: unknown, context: StatementContext): ProviderStatement {
  const given = isRecord(value) ? value : { incidents: value }
  const { incidents = [], availability = {} } = given
  if (!Array.isArray(incidents)) throw wrong('incidents', 'a list of {service, start, end}')
  if (incidents.length > MAX_STATEMENT_LINES) throw tooLong()
  if (!isRecord(availability)) throw wrong('availability', 'percentages by guarantee or service')
  return {
    incidents: incidents.map((one: unknown, i) => incidentOf(one, i + 1, context)),
    isList: given['incidents'] !== undefined,
    availability: Object.fromEntries(
      Object.entries(availability).map(([name, text]) => {
        const percent = typeof text === 'string' || typeof text === 'number' ? percentOf(String(text)) : null
        if (percent === null) throw wrong(`availability.${name}`, 'a percentage, such as "99.95"')
        return [name, percent]
      }),
    ),
  }
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

function incidentOf(value: unknown, line: number, context: StatementContext): StatedIncident {
  if (!isRecord(value)) throw wrong(`incidents[${line - 1}]`, '{service, start, end}')
  const { service = null, start, end, kind = null, note = '' } = value
  return {
    line,
    service: textOrNull(service, `incidents[${line - 1}].service`),
    readings: readingsOf({ start, end, place: `incident ${line}` }, context),
    kind: textOrNull(kind, `incidents[${line - 1}].kind`),
    note: textOrNull(note, `incidents[${line - 1}].note`) ?? '',
  }
}

const COLUMNS = ['service', 'start', 'end', 'kind', 'note'] as const

/** With a header line; separated by commas, semicolons or tabs, quotes as in RFC 4180. */
function statementOfCsv(text: string, context: StatementContext): ProviderStatement {
  const rows = csvRows(text)
  const header = (rows[0]?.cells ?? []).map((cell) => cell.trim().toLowerCase())
  const at = (name: (typeof COLUMNS)[number]): number => header.indexOf(name)
  if (at('start') < 0 || at('end') < 0) {
    throw new Fault('bad-request', 'the statement has no columns start and end', {
      hint: `Its first line should name the columns: ${COLUMNS.join(', ')}. Or write a percentage, or JSON.`,
    })
  }
  const incidents = rows.slice(1).map(({ cells, line }) => ({
    line,
    service: cells[at('service')]?.trim() || null,
    readings: readingsOf(
      { start: cells[at('start')]?.trim(), end: cells[at('end')]?.trim(), place: `line ${line}` },
      context,
    ),
    kind: cells[at('kind')]?.trim() || null,
    note: cells[at('note')]?.trim() ?? '',
  }))
  return { incidents, isList: true, availability: {} }
}

type Row = { line: number; cells: string[] }

function csvRows(text: string): Row[] {
  const separator = separatorOf(text.split('\n', 1)[0] ?? '')
  const rows: Row[] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let line = 1
  let startLine = 1
  const endRow = (): void => {
    cells.push(cell)
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: startLine, cells })
    if (rows.length > MAX_STATEMENT_LINES + 1) throw tooLong()
    cells = []
    cell = ''
  }
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!
    if (char === '\n') line += 1
    if (isQuoted) {
      if (char !== '"') cell += char
      else if (text[i + 1] === '"') {
        cell += '"'
        i += 1
      } else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === separator) {
      cells.push(cell)
      cell = ''
    } else if (char === '\n') {
      endRow()
      startLine = line
    } else if (char !== '\r') cell += char
  }
  if (isQuoted) throw new Fault('bad-request', `line ${startLine} of the statement: a quote is never closed`)
  endRow()
  return rows
}

function separatorOf(header: string): string {
  return [';', '\t', ','].find((one) => header.includes(one)) ?? ','
}

type Reading = { start: unknown; end: unknown; place: string }

/** Every interval that the words can mean, the shortest walk of the clock first. */
function readingsOf({ start, end, place }: Reading, context: StatementContext): Interval[] {
  const { ambiguousLocalTime, providerClock } = context.rules
  const starts = instantsOf(start, `${place}: start`, context)
  const ends = isOpen(end) ? [Infinity] : instantsOf(end, `${place}: end`, context)
  const readings = starts
    .flatMap((startMs) =>
      ends.map((endMs) => ({
        startMs,
        // One reading of the clock lasts until its next one.
        endMs: endMs === startMs ? startMs + providerClock.resolutionMs : endMs,
      })),
    )
    .filter((one) => one.startMs < one.endMs)
  if (readings.length === 0) throw new Fault('bad-request', `${place} of the statement ends before it begins`)
  if (ambiguousLocalTime === 'first') return readings.slice(0, 1)
  return ambiguousLocalTime === 'second' ? readings.slice(-1) : readings
}

/** What stands in place of an end that has not come. */
const NOT_OVER = new Set(['', '-', '–', '—', 'ongoing', 'open', 'in progress', 'en cours'])

function isOpen(end: unknown): boolean {
  return (
    end === undefined || end === null || (typeof end === 'string' && NOT_OVER.has(end.trim().toLowerCase()))
  )
}

function instantsOf(value: unknown, place: string, context: StatementContext): UnixMs[] {
  const instants = statedInstants(value, context.table)
  if (instants.length > 0) return instants
  throw new Fault('bad-request', `${place} of the statement is ${JSON.stringify(value)}, which is no time`, {
    hint: `W${timeCure(context).slice(1)}.`,
  })
}

function textOrNull(value: unknown, place: string): string | null {
  if (value === null || value === '') return null
  if (typeof value === 'string') return value
  throw wrong(place, 'text')
}

function wrong(place: string, should: string): Fault {
  return new Fault('bad-request', `${place} of the statement should be ${should}`)
}

function tooLong(): Fault {
  return new Fault('too-large', `the statement has more than ${MAX_STATEMENT_LINES} incidents`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
