/**
 * Rows of a scenario: samples and states as columns, in order of instant. Pure. Millions of rows are read
 * without an object for each; what is wrong with one is told with its path, and the others are read on.
 */
import { outcomeCode, OUTCOMES, type Outcome } from '@constat/shared/sample'
import { formatInstant, parseInstant, type UnixMs } from '@constat/shared/time'
import type { Path } from '../contract/problem.ts'
import { NO_LATENCY_US } from '../latency.ts'
import { STATES, timelineOf, type State, type Timeline } from '../timeline.ts'
import { MAX_ROW_PROBLEMS, type Say } from './findings.ts'

/** Samples of one series: a year of one check at 10 s from 30 vantages. */
export const MAX_SAMPLES = 100_000_000

export type SeriesColumns = {
  atMs: Float64Array
  outcome: Uint8Array
  /** µs; `NO_LATENCY_US` where the row has none. */
  latencyUs: Uint32Array
  /** 1 for a re-probe, which is no slot of its own. */
  isReprobe: Uint8Array
}

/** Instants outside this are no dates that can be written. */
const MOST_MS = 8.64e15

/** Integer ms, or RFC 3339 text; undefined otherwise. */
export function instantIn(value: unknown): UnixMs | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) <= MOST_MS ? value : undefined
  return typeof value === 'string' ? parseInstant(value) : undefined
}

export const INSTANT_CURE = 'write integer ms since the epoch, or RFC 3339 text such as 2026-10-01T00:00:00Z'

/** The instant, or what is wrong with it. */
export function readInstant(value: unknown, path: Path, say: Say): UnixMs | undefined {
  const atMs = instantIn(value)
  if (atMs === undefined) say(path, `is ${shown(value)}, which is no instant: ${INSTANT_CURE}`)
  return atMs
}

/** Where the rows lie, what to say of them, and how far they may be. */
export type RowPlace = { path: Path; say: Say; bounds: Bounds }

/** `cutMs`: rows from there on are left out; Infinity: none. */
export type Bounds = { fromMs: UnixMs; untilMs: UnixMs; cutMs: UnixMs }
export const BOUNDLESS: Bounds = { fromMs: -Infinity, untilMs: Infinity, cutMs: Infinity }

const OUTCOME_CODES = new Map<unknown, number>(
  OUTCOMES.map((outcome: Outcome) => [outcome, outcomeCode(outcome)]),
)
const MAX_LATENCY_US = NO_LATENCY_US - 1

/** Marks a row as a re-probe. */
export const REPROBE = 'reprobe'

/** `[instant, outcome]`, then the latency in µs and `reprobe` where they apply; equal instants keep their order. */
export function sampleColumns(
  rows: readonly unknown[],
  place: RowPlace,
): { columns: SeriesColumns; left: number } {
  const { say, bounds } = limited(place)
  const columns = emptyColumns(rows.length)
  let count = 0
  let left = 0
  let isSorted = true
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]
    if (!Array.isArray(row) || row.length < 2) {
      say([i], `is no row: ${SAMPLE_CURE}`)
      continue
    }
    const atMs = instantIn(row[0])
    const code = OUTCOME_CODES.get(row[1])
    if (atMs === undefined) say([i, 0], `is ${shown(row[0])}, which is no instant: ${INSTANT_CURE}`)
    else if (isFar(atMs, bounds)) say([i, 0], farText(row[0], atMs, bounds))
    if (code === undefined)
      say([i, 1], `is ${shown(row[1])}, which is no outcome: write one of ${OUTCOMES.join(', ')}`)
    if (atMs === undefined || code === undefined) continue
    if (atMs >= bounds.cutMs) {
      left += 1
      continue
    }
    columns.atMs[count] = atMs
    columns.outcome[count] = code
    for (let k = 2; k < row.length; k += 1)
      if (!takeRest(columns, { i: count, value: row[k] }))
        say([i, k], `is no latency: write whole µs from 0 to ${MAX_LATENCY_US}`)
    if (count > 0 && atMs < columns.atMs[count - 1]!) isSorted = false
    count += 1
  }
  const read = count === rows.length ? columns : firstOf(columns, count)
  return { columns: isSorted ? read : sorted(read), left }
}

const SAMPLE_CURE =
  'write ["2026-10-01T00:00:00Z", "ok", 81000]: instant, outcome, and latency in µs where there is one'
const STATE_CURE = 'write ["2026-10-01T00:00:00Z", "up"]: instant and state'

function emptyColumns(length: number): SeriesColumns {
  return {
    atMs: new Float64Array(length),
    outcome: new Uint8Array(length),
    latencyUs: new Uint32Array(length).fill(NO_LATENCY_US),
    isReprobe: new Uint8Array(length),
  }
}

/** What stands after the outcome: a number is the latency, other words than the mark say why. */
function takeRest(columns: SeriesColumns, { i, value }: { i: number; value: unknown }): boolean {
  if (value === REPROBE) columns.isReprobe[i] = 1
  if (typeof value === 'string') return true
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_LATENCY_US)
    return false
  columns.latencyUs[i] = value
  return true
}

function firstOf({ atMs, outcome, latencyUs, isReprobe }: SeriesColumns, count: number): SeriesColumns {
  return {
    atMs: atMs.subarray(0, count),
    outcome: outcome.subarray(0, count),
    latencyUs: latencyUs.subarray(0, count),
    isReprobe: isReprobe.subarray(0, count),
  }
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

/**
 * `[instant, state]`, each until the next. The earliest may lie any time before: it says what held since then.
 * `since`: where it lies far before.
 */
export function stateTimeline(
  rows: readonly unknown[],
  place: RowPlace,
): { timeline: Timeline; left: number; since: UnixMs | null } {
  const { say, bounds } = limited(place)
  const states: { atMs: UnixMs; state: State; i: number; given: unknown }[] = []
  for (const [i, row] of rows.entries()) {
    if (!Array.isArray(row) || row.length !== 2) {
      say([i], `is no row: ${STATE_CURE}`)
      continue
    }
    const atMs = instantIn(row[0])
    const state = STATES.find((one): one is State => one === row[1])
    if (atMs === undefined) say([i, 0], `is ${shown(row[0])}, which is no instant: ${INSTANT_CURE}`)
    if (state === undefined)
      say([i, 1], `is ${shown(row[1])}, which is no state: write one of ${STATES.join(', ')}`)
    if (atMs !== undefined && state !== undefined) states.push({ atMs, state, i, given: row[0] })
  }
  const ordered = states.toSorted((a, b) => a.atMs - b.atMs)
  const [first] = ordered
  for (const one of ordered) {
    const isSince = one === first && one.atMs < bounds.fromMs
    if (isFar(one.atMs, bounds) && !isSince) say([one.i, 0], farText(one.given, one.atMs, bounds))
  }
  const kept = ordered.filter(({ atMs }) => atMs < bounds.cutMs)
  const isOld = first !== undefined && first.atMs < bounds.fromMs
  return { timeline: timelineOf(kept), left: ordered.length - kept.length, since: isOld ? first.atMs : null }
}

/** The first few problems of a series are told, under its path. */
function limited({ path, say, bounds }: RowPlace): { say: Say; bounds: Bounds } {
  let told = 0
  return {
    bounds,
    say: (at, message) => {
      told += 1
      if (told <= MAX_ROW_PROBLEMS) say([...path, ...at], message)
      else if (told === MAX_ROW_PROBLEMS + 1) say(path, 'has more rows like these: mend them all')
    },
  }
}

export function isFar(atMs: UnixMs, { fromMs, untilMs }: Bounds): boolean {
  return atMs < fromMs || atMs > untilMs
}

/** Says where an instant lies that is far from the window, and what was probably meant. */
export function farText(value: unknown, atMs: UnixMs, bounds: Bounds): string {
  const isSeconds = typeof value === 'number' && !isFar(value * 1000, bounds)
  const cure = isSeconds ? 'it looks like seconds, write ms' : 'correct it, or the window'
  const side = atMs < bounds.fromMs ? 'before' : 'after'
  return `is ${formatInstant(atMs)}, more than ten years ${side} the window: ${cure}`
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}
