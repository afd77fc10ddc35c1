/**
 * One line of a statement: what it says, why it could not be read, or what should be asked about it. Pure. Nothing
 * that is wrong with a line says anything of the others, and nothing that is asked accuses anybody.
 */
import { Fault } from '@constat/shared/fault'
import type { Interval, UnixMs } from '@constat/shared/time'
import type { ReconciliationTerms } from '../contract/expanded.ts'
import type { ZoneTable } from '../zone-table.ts'
import { instantOf, localAt } from '../zone.ts'
import { statedLength, type LengthUnit } from './stated-length.ts'
import { exportedInstants, type TimeStyle } from './stated-time.ts'
import { isClockAlone } from './written-date.ts'

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

export const LINE_PROBLEMS = [
  'no-time',
  'no-length',
  'no-unit',
  'day-or-month',
  'backwards',
  'open-quote',
  'no-percentage',
  'shape',
] as const
/** `column` and `value` as they were written; of `shape` what it should be. */
export type LineProblem = { code: (typeof LINE_PROBLEMS)[number]; column: string; value: string }

export const LINE_ASKS = [
  'not-over',
  'twice',
  'one-step',
  'no-clock',
  'length-differs',
  'duplicate',
  'not-possible',
  'outside',
  'other-service',
] as const
export type LineAsk = (typeof LINE_ASKS)[number]

export type StatedLine = {
  line: number
  /** `skipped`: it has no times, so it tells of no outage. */
  status: 'read' | 'skipped' | 'refused'
  incident: StatedIncident | null
  problem: LineProblem | null
  asks: LineAsk[]
}

export type StatementContext = { rules: ReconciliationTerms; table: ZoneTable }

export type WrittenLine = {
  line: number
  service: string | null
  start: unknown
  end: unknown
  duration?: string
  /** A date of its own, beside times of the day. */
  day?: string
  kind: string | null
  note: string
}

export type Reading = StatementContext & { style: TimeStyle; unit: LengthUnit | null }

export function lineOf(written: WrittenLine, reading: Reading): StatedLine {
  const { line, service, kind, note } = written
  const found = timesOf(written, reading)
  if ('code' in found) return { line, status: 'refused', incident: null, problem: found, asks: [] }
  const incident = { line, service, readings: found.readings, kind, note }
  return { line, status: 'read', incident, problem: null, asks: found.asks }
}

export function refusedLine(line: number, problem: LineProblem): StatedLine {
  return { line, status: 'refused', incident: null, problem, asks: [] }
}

type Times = { readings: Interval[]; asks: LineAsk[] }

/** Every interval that the words can mean, the shortest walk of the clock first. */
function timesOf(written: WrittenLine, reading: Reading): Times | LineProblem {
  const starts = instantsIn('start', withDay(written.start, written.day), reading)
  if (!Array.isArray(starts)) return starts
  const length = lengthOf(written, reading)
  if (length !== null && typeof length !== 'number') return length
  const isBare = isOpen(written.end)
  const ends = isBare ? endsBy(starts, length) : endsAfter(written, reading, starts)
  if (!Array.isArray(ends)) return ends
  const { ambiguousLocalTime, providerClock } = reading.rules
  const all = starts
    .flatMap((startMs, i) =>
      // A length belongs to its own start; an end may belong to either.
      (isBare ? ends.slice(i, i + 1) : ends).map((endMs) => ({
        startMs,
        // One reading of the clock lasts until its next one.
        endMs: endMs === startMs ? startMs + providerClock.resolutionMs : endMs,
      })),
    )
    .filter((one) => one.startMs < one.endMs)
  if (all.length === 0) return { code: 'backwards', column: 'end', value: String(written.end) }
  const kept = ambiguousLocalTime === 'first' ? all.slice(0, 1) : all
  const readings = ambiguousLocalTime === 'second' ? all.slice(-1) : kept
  return { readings, asks: asksOf(readings, { starts, ends, written, length }) }
}

function endsBy(starts: readonly UnixMs[], length: number | null): UnixMs[] {
  return starts.map((startMs) => (length === null ? Infinity : startMs + length))
}

/** An end that is a time of the day alone may lie on the day after. */
function endsAfter(
  { end, day }: WrittenLine,
  reading: Reading,
  starts: readonly UnixMs[],
): UnixMs[] | LineProblem {
  const ends = instantsIn('end', withDay(end, day), reading)
  const isLate = Array.isArray(ends) && Math.max(...ends) < Math.min(...starts)
  if (!isLate || day === undefined || typeof end !== 'string' || !isClockAlone(end)) return ends
  // The same time by the clock of the day after, which a change of that clock makes longer or shorter.
  return ends.map((endMs) => instantOf(reading.table, localAt(reading.table, endMs) + 86_400_000))
}

function withDay(value: unknown, day: string | undefined): unknown {
  if (day === undefined || day === '') return value
  const isDayAlone = value === undefined || value === ''
  if (isDayAlone) return day
  return typeof value === 'string' && isClockAlone(value) ? `${day} ${value}` : value
}

function lengthOf({ duration }: WrittenLine, { unit }: Reading): number | null | LineProblem {
  if (duration === undefined || isOpen(duration)) return null
  const length = statedLength(duration, unit)
  if (typeof length === 'number') return length
  return { code: length ?? 'no-length', column: 'duration', value: duration }
}

function instantsIn(
  column: 'start' | 'end',
  value: unknown,
  { table, style }: Reading,
): UnixMs[] | LineProblem {
  const wrong = { column, value: typeof value === 'string' ? value : (JSON.stringify(value) ?? '') }
  try {
    const found = exportedInstants(value, table, style)
    if (found === 'day-or-month') return { code: 'day-or-month', ...wrong }
    return found.length > 0 ? found : { code: 'no-time', ...wrong }
  } catch (error) {
    // A year that no calendar here covers.
    if (error instanceof Fault) return { code: 'no-time', ...wrong }
    throw error
  }
}

type Asked = {
  starts: readonly UnixMs[]
  ends: readonly UnixMs[]
  written: WrittenLine
  length: number | null
}

function asksOf(readings: readonly Interval[], { starts, ends, written, length }: Asked): LineAsk[] {
  const [first] = readings
  const isOver = first !== undefined && first.endMs < Infinity
  const tellsBoth = length !== null && !isOpen(written.end) && isOver
  return [
    ...(isOver ? [] : ['not-over' as const]),
    ...(readings.length > 1 ? ['twice' as const] : []),
    ...(starts.some((startMs) => ends.includes(startMs)) ? ['one-step' as const] : []),
    ...([written.start, written.end].some(isDateAlone) && written.day === undefined
      ? ['no-clock' as const]
      : []),
    ...(tellsBoth && Math.abs(first.endMs - first.startMs - length) > LENGTH_SLACK_MS
      ? ['length-differs' as const]
      : []),
  ]
}

/** Lengths are told in minutes. */
const LENGTH_SLACK_MS = 60_000

function isDateAlone(value: unknown): boolean {
  return typeof value === 'string' && /\d/.test(value) && !/[:h]\d|\dh|t\d|^\d{5,}/i.test(value.trim())
}

/** What stands in place of an end that has not come. */
const NOT_OVER = new Set(
  (
    '|-|–|—|--|n/a|na|null|none|ongoing|open|in progress|en cours|' +
    'not resolved|unresolved|non resolu|non résolu|ouvert|still down|never|jamais'
  ).split('|'),
)

export function isOpen(end: unknown): boolean {
  return (
    end === undefined || end === null || (typeof end === 'string' && NOT_OVER.has(end.trim().toLowerCase()))
  )
}

/** In a sentence that says what to do. `place`: `line 3`. */
export function problemText(place: string, { code, column, value }: LineProblem): string {
  const said = `${place}: ${column} of the statement is ${JSON.stringify(value)}`
  switch (code) {
    case 'no-time':
      return `${said}, which is no time`
    case 'no-length':
      return `${said}, which is no length: write 1h32, 92 min or 01:32:00`
    case 'no-unit':
      return `${said}, without a unit: write 92 min, or name the unit in the head`
    case 'day-or-month':
      return `${said}, and either number may be the day: write 2026-10-05 10:00`
    case 'backwards':
      return `${place} of the statement ends before it begins`
    case 'open-quote':
      return `${place} of the statement: a quote is never closed`
    case 'no-percentage':
      return `${said}, which is no percentage: write 99.95`
    case 'shape':
      return `${column} of the statement should be ${value}`
  }
}
