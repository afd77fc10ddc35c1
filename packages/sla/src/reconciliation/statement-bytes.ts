/** The bytes of a statement read by the terms of its window. Pure. */
import { Fault } from '@constat/shared/fault'
import type { Interval } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import {
  readLines,
  readStatement,
  type ProviderStatement,
  type StatementReading,
} from './provider-statement.ts'
import type { LineAsk, StatedIncident, StatedLine, StatementContext } from './stated-line.ts'
import { plain } from './statement-columns.ts'
import { textOf, type Encoding } from './statement-text.ts'

type Clock = Pick<ExpandedContract, 'reconciliation' | 'zoneTables'>

/** What of the terms of a window reads a statement of it. */
export type StatementTerms = Clock & {
  services: readonly { name: string; displayName: string }[]
  guarantees: readonly { id: string; displayName: string }[]
}

/** What the bytes say, by the provider's clock that the terms name. Fault `bad-request` that names the line. */
export function statementIn(bytes: Buffer, terms: Clock): ProviderStatement {
  return readStatement(textOf(bytes).text, contextOf(terms))
}

export type StatementLines = StatementReading & { encoding: Encoding }

/**
 * The same line by line, services by the name that the terms have for them, and what should be asked of each line.
 * Fault `bad-request` where it is no statement at all, or has keys that mean nothing here.
 */
export function statementLinesIn(
  bytes: Buffer,
  { window, services, guarantees, ...terms }: StatementTerms & { window: Interval },
): StatementLines {
  const { text, encoding } = textOf(bytes)
  const reading = readLines(text, contextOf(terms))
  requireKnown(reading.unknownKeys)
  const named = namesOf(services.map(({ name, displayName }) => [name, displayName]))
  const figured = namesOf(guarantees.map(({ id, displayName }) => [id, displayName]))
  const seen = new Set<string>()
  const lines = reading.lines.map((line) => {
    const service = line.incident?.service ?? null
    const own = service === null ? null : (named.get(plain(service)) ?? null)
    const incident = line.incident && { ...line.incident, service: own ?? service }
    const isOther = service !== null && own === null
    const asks = incident ? asksOf(incident, { window, isOther, seen }) : []
    return { ...line, incident, asks: [...line.asks, ...asks] }
  })
  const figures = Object.entries(reading.availability).map(([name, percent]) => {
    const known = figured.get(plain(name)) ?? named.get(plain(name)) ?? name
    return [known, percent] as const
  })
  return {
    ...reading,
    lines,
    incidents: lines.flatMap(({ incident }) => incident ?? []),
    availability: Object.fromEntries(figures),
    encoding,
  }
}

/** A key with a slip in it would be an outage or a figure that nobody reads. */
function requireKnown(unknown: readonly string[]): void {
  if (unknown.length === 0) return
  const named = unknown.slice(0, MAX_NAMED).map((key) => key.slice(0, MAX_KEY_CHARS))
  throw new Fault('bad-request', `the statement has keys that mean nothing here: ${named.join(', ')}`, {
    hint: 'Write incidents with service, start, end, kind and note, availability, and window.',
  })
}

const MAX_NAMED = 20
const MAX_KEY_CHARS = 80

function contextOf({ reconciliation, zoneTables }: Clock): StatementContext {
  return { rules: reconciliation, table: tableOf(zoneTables, reconciliation.providerClock.timeZone) }
}

/** Written with or without accents, capitals, blanks or hyphens: the id that the terms have. */
function namesOf(pairs: readonly (readonly [id: string, displayName: string])[]): Map<string, string> {
  const spellings = pairs.flatMap(([id, shown]) =>
    [shown, id, id.replaceAll(/[-_]+/g, ' ')].map((one) => [plain(one), id] as const),
  )
  return new Map(spellings)
}

const DAY_MS = 86_400_000
/** Nobody outsourced what is measured here before that. */
const FIRST_POSSIBLE_MS = Date.UTC(2000, 0, 1)

type Beside = { window: Interval; isOther: boolean; seen: Set<string> }

function asksOf({ service, readings, kind }: StatedIncident, { window, isOther, seen }: Beside): LineAsk[] {
  const asks: LineAsk[] = isOther ? ['other-service'] : []
  const startMs = Math.min(...readings.map((one) => one.startMs))
  const endMs = Math.max(...readings.map((one) => one.endMs))
  const isPossible = startMs >= FIRST_POSSIBLE_MS && startMs <= window.endMs + 366 * DAY_MS
  if (!isPossible) asks.push('not-possible')
  else if (endMs <= window.startMs || startMs >= window.endMs) asks.push('outside')
  const key = JSON.stringify([service, kind, readings])
  if (seen.has(key)) asks.push('duplicate')
  seen.add(key)
  return asks
}

/** Asked about before it is relied on. */
const DOUBTED: ReadonlySet<LineAsk> = new Set(['not-possible', 'no-clock', 'length-differs'])

export function isDoubtful({ status, asks }: StatedLine): boolean {
  return status === 'refused' || asks.some((ask) => DOUBTED.has(ask))
}

/**
 * Whether what is missing in a statement is missing: an outage may stand in a line that could not be read, or that
 * lies where it cannot be, and a list of which no line is of this contract's services and time may be another list.
 */
export function saysWhatIsAbsent({ lines, isList }: Pick<StatementReading, 'lines' | 'isList'>): boolean {
  if (!isList || lines.some(isDoubtful)) return false
  const told = lines.filter(({ status }) => status === 'read')
  const isElsewhere = ({ asks }: StatedLine): boolean =>
    asks.includes('outside') || asks.includes('other-service')
  return told.length === 0 || !told.every(isElsewhere)
}
