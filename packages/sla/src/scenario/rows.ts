/**
 * Rows of a scenario: samples and states as columns, in order of instant. Pure. Millions of rows are read
 * without an object for each; a bad one is a Fault that names its place.
 */
import { Fault } from '@constat/shared/fault'
import { outcomeCode, OUTCOMES, type Outcome } from '@constat/shared/sample'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { NO_LATENCY_US } from '../latency.ts'
import { STATES, timelineOf, type State, type Timeline } from '../timeline.ts'

/** Samples of all series together: a year of one check at 10 s from 30 vantages. */
export const MAX_SAMPLES = 100_000_000

export type SeriesColumns = {
  atMs: Float64Array
  outcome: Uint8Array
  /** µs; `NO_LATENCY_US` where the row has none. */
  latencyUs: Uint32Array
  /** 1 for a re-probe, which is no slot of its own. */
  isReprobe: Uint8Array
}

/** Integer ms, or RFC 3339 text. Fault `bad-request` otherwise. */
export function instantAt(value: unknown, place: string): UnixMs {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  const atMs = typeof value === 'string' ? parseInstant(value) : undefined
  if (atMs !== undefined) return atMs
  const hint = 'Write integer ms since the epoch, or RFC 3339 text such as 2026-10-01T00:00:00Z.'
  throw new Fault('bad-request', `${place} is ${JSON.stringify(value)}, which is no instant`, { hint })
}

const OUTCOME_CODES = new Map<unknown, number>(
  OUTCOMES.map((outcome: Outcome) => [outcome, outcomeCode(outcome)]),
)
const MAX_LATENCY_US = NO_LATENCY_US - 1

/** Marks a row as a re-probe. */
export const REPROBE = 'reprobe'

/** `[instant, outcome]`, then the latency in µs and `reprobe` where they apply; equal instants keep their order. */
export function sampleColumns(rows: readonly unknown[], place: string): SeriesColumns {
  if (rows.length > MAX_SAMPLES) throw new Fault('too-large', `${place} has more than ${MAX_SAMPLES} rows`)
  const columns: SeriesColumns = {
    atMs: new Float64Array(rows.length),
    outcome: new Uint8Array(rows.length),
    latencyUs: new Uint32Array(rows.length).fill(NO_LATENCY_US),
    isReprobe: new Uint8Array(rows.length),
  }
  let isSorted = true
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]
    if (!Array.isArray(row) || row.length < 2) throw badRow(`${place}[${i}]`)
    const atMs = instantAt(row[0], `${place}[${i}][0]`)
    const code = OUTCOME_CODES.get(row[1])
    if (code === undefined) throw badOutcome(row[1], `${place}[${i}][1]`)
    columns.atMs[i] = atMs
    columns.outcome[i] = code
    for (let k = 2; k < row.length; k += 1)
      takeRest(columns, { i, value: row[k], place: `${place}[${i}][${k}]` })
    if (i > 0 && atMs < columns.atMs[i - 1]!) isSorted = false
  }
  return isSorted ? columns : sorted(columns)
}

type Rest = { i: number; value: unknown; place: string }

/** What stands after the outcome: a number is the latency, other words than the mark say why. */
function takeRest(columns: SeriesColumns, { i, value, place }: Rest): void {
  if (value === REPROBE) columns.isReprobe[i] = 1
  if (typeof value === 'string') return
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_LATENCY_US)
    throw badLatency(place)
  columns.latencyUs[i] = value
}

function sorted({ atMs, outcome, latencyUs, isReprobe }: SeriesColumns): SeriesColumns {
  const order = Array.from(atMs, (_, i) => i).sort((a, b) => atMs[a]! - atMs[b]! || a - b)
  return {
    atMs: Float64Array.from(order, (i) => atMs[i]!),
    outcome: Uint8Array.from(order, (i) => outcome[i]!),
    latencyUs: Uint32Array.from(order, (i) => latencyUs[i]!),
    isReprobe: Uint8Array.from(order, (i) => isReprobe[i]!),
  }
}

/** `[instant, state]`, each until the next. */
export function stateTimeline(rows: readonly unknown[], place: string): Timeline {
  const states = rows.map((row, i) => {
    if (!Array.isArray(row) || row.length !== 2) throw badRow(`${place}[${i}]`)
    const state = STATES.find((one): one is State => one === row[1])
    if (state === undefined) {
      const hint = `Write one of ${STATES.join(', ')}.`
      throw new Fault('bad-request', `${place}[${i}][1] is ${JSON.stringify(row[1])}, which is no state`, {
        hint,
      })
    }
    return { atMs: instantAt(row[0], `${place}[${i}][0]`), state }
  })
  return timelineOf(states.toSorted((a, b) => a.atMs - b.atMs))
}

function badRow(place: string): Fault {
  const hint =
    'Write ["2026-10-01T00:00:00Z", "ok", 81000]: instant, outcome, and latency in µs where there is one.'
  return new Fault('bad-request', `${place} is not a row`, { hint })
}

function badOutcome(value: unknown, place: string): Fault {
  const hint = `Write one of ${OUTCOMES.join(', ')}.`
  return new Fault('bad-request', `${place} is ${JSON.stringify(value)}, which is no outcome`, { hint })
}

function badLatency(place: string): Fault {
  const hint = `Write whole µs from 0 to ${MAX_LATENCY_US}.`
  return new Fault('bad-request', `${place} is no latency`, { hint })
}
