/**
 * Queries about the fold: vantages, quorum, composition, outages, percentiles, verdicts. Pure.
 */
import { OUTCOMES, type Outcome } from '@constat/shared/sample'
import { normalise, totalMs, type Interval, type IntervalSet } from '@constat/shared/time'
import { burnThreshold } from '../budget.ts'
import { compose, type Operator } from '../compose.ts'
import { decimalText, fractionText } from '../fraction.ts'
import { countedOutages } from '../outage.ts'
import { nearestRank, shareWithin } from '../percentile.ts'
import { quorum } from '../quorum.ts'
import { overlapOf } from '../reconciliation/overlap.ts'
import {
  isDown,
  isPossiblyDown,
  isProvenDown,
  isUnknown,
  stateOf,
  timelineOf,
  where,
  type State,
  type Timeline,
} from '../timeline.ts'
import { foldSamples } from '../vantage.ts'
import { boundedVerdict } from '../verdict.ts'
import {
  countAt,
  fault,
  fractionOf,
  inUnit,
  isRecord,
  lengthOf,
  listAt,
  nameIn,
  numberAt,
  positiveAt,
  secondsList,
  secondsPair,
  secondsSet,
  secondsToMs,
  textAt,
  wholeMs,
  type Given,
} from './fields.ts'
import { hullOf } from './place.ts'
import type { Answer } from './time.ts'

const LETTERS: Readonly<Record<string, Outcome>> = {
  O: 'ok',
  F: 'fail',
  U: 'unknown',
  D: 'degraded',
  B: 'blocked',
  OK: 'ok',
  UP: 'ok',
  DOWN: 'fail',
}

export function vantageFold(given: Given): Answer {
  const samples = listAt(given, 'samples', 'a list of [second, "O" | "F" | "U" | "D" | "B"]')
    .map((sample, i) => sampleOf(sample, `samples[${i}]`))
    .sort((a, b) => a.atMs - b.atMs)
  const rules = {
    holdMs: wholeMs(lengthOf(given, 'hold'), 'hold_s'),
    down: countAt(given, ['confirm_down'], 1),
    up: countAt(given, ['confirm_up'], 1),
  }
  const columns = { atMs: samples.map(({ atMs }) => atMs), outcome: samples.map(({ code }) => code) }
  const window = secondsPair(given['window'], 'window')
  const timeline = foldSamples(rules, columns)
  const down = where(timeline, window, isDown)
  return {
    down: secondsOf(down),
    down_s: seconds(down),
    unknown_s: seconds(where(timeline, window, isUnknown)),
    min_down_s: seconds(where(timeline, window, isProvenDown)),
    max_down_s: seconds(where(timeline, window, isPossiblyDown)),
  }
}

function sampleOf(value: unknown, field: string): { atMs: number; code: number } {
  const should = `[second, one of ${Object.keys(LETTERS).join(', ')}]`
  if (!Array.isArray(value) || typeof value[1] !== 'string') throw fault(field, should)
  const word = value[1]
  const letter = word.toUpperCase()
  const outcome = Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : OUTCOMES.find((known) => known === word)
  if (!outcome) throw fault(field, should)
  return { atMs: secondsToMs(value[0], field), code: OUTCOMES.indexOf(outcome) }
}

export function quorumOf(given: Given): Answer {
  const window = secondsPair(given['window'], 'window')
  const vantages = listAt(given, 'vantages', 'a list of {down, unknown}').map((vantage, i) => {
    if (!isRecord(vantage)) throw fault(`vantages[${i}]`, '{down, unknown} with lists of [start, end]')
    return stateTimeline(vantage, { window, field: `vantages[${i}]` })
  })
  const minKnown = nameIn(given, ['min_known']) === undefined ? 1 : countAt(given, ['min_known'], 1)
  const timeline = quorum(vantages, { down: countAt(given, ['down_needed', 'quorum', 'q'], 1), minKnown })
  return {
    down: secondsOf(where(timeline, window, isDown)),
    partial: secondsOf(where(timeline, window, (mark) => stateOf(mark) === 'partial')),
    unknown: secondsOf(where(timeline, window, isUnknown)),
  }
}

/** Up wherever it is said to be neither down nor unknown. */
function stateTimeline(parts: Given, { window, field }: { window: Interval; field: string }): Timeline {
  const set = (name: string) => (nameIn(parts, [name]) ? secondsSet(parts[name], `${field}.${name}`) : [])
  return timelineOfSets({ down: set('down'), unknown: set('unknown') }, window)
}

function timelineOfSets(
  { down, unknown }: Record<'down' | 'unknown', IntervalSet>,
  window: Interval,
): Timeline {
  const edges = new Set([
    window.startMs,
    ...[...down, ...unknown].flatMap(({ startMs, endMs }) => [startMs, endMs]),
  ])
  const inside = (set: IntervalSet, atMs: number) =>
    set.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
  const stateAt = (atMs: number): State => {
    if (inside(unknown, atMs)) return 'unknown'
    return inside(down, atMs) ? 'down' : 'up'
  }
  return timelineOf([...edges].sort((a, b) => a - b).map((atMs) => ({ atMs, state: stateAt(atMs) })))
}

export function composition(given: Given): Answer {
  const lists = (name: string) =>
    listAt(given, name, 'a list with the intervals of each part').map((part, i) =>
      secondsSet(part, `${name}[${i}]`),
    )
  const down = lists('down')
  const unknown = nameIn(given, ['unknown']) === undefined ? undefined : lists('unknown')
  const n =
    nameIn(given, ['n']) === undefined
      ? Math.max(down.length, unknown?.length ?? 0)
      : countAt(given, ['n'], 1)
  if (n < Math.max(1, down.length)) throw fault('n', 'the number of parts')
  const operator = operatorOf(given, n)
  const window = nameIn(given, ['window'])
    ? secondsPair(given['window'], 'window')
    : hullOf([...down, ...(unknown ?? [])])
  if (!window) return { down_s: 0, ...(unknown ? { unknown_s: 0 } : {}) }
  // A part that is not listed is never down.
  const parts = Array.from({ length: n }, (_, i) =>
    timelineOfSets({ down: down[i] ?? [], unknown: unknown?.[i] ?? [] }, window),
  )
  const timeline = compose(parts, operator)
  const answer = { down_s: seconds(where(timeline, window, isDown)) }
  return unknown ? { ...answer, unknown_s: seconds(where(timeline, window, isUnknown)) } : answer
}

function operatorOf(given: Given, n: number): Operator {
  const op = textAt(given, 'op', 'all, any or atLeast')
  if (op === 'all' || op === 'any') return { op }
  if (op !== 'atLeast' && op !== 'at_least') throw fault('op', 'all, any or atLeast')
  const k = countAt(given, ['k'], 1)
  if (k > n) throw fault('k', `at most the number of parts, ${n}`)
  return { op: 'atLeast', k }
}

export function minDuration(given: Given): Answer {
  const optional = (name: string) =>
    nameIn(given, [`${name}_s`]) ? wholeMs(lengthOf(given, name), `${name}_s`) : undefined
  const granularityMs = optional('granularity')
  const rules = {
    mergeGapMs: optional('merge_gap') ?? 0,
    countGapAsDown: given['count_gap_as_down'] === true,
    minimumOutageMs: optional('minimum') ?? 0,
    ...(granularityMs === undefined || granularityMs === 0 ? {} : { granularityMs }),
  }
  const counted = countedOutages(normalise(secondsList(given['incidents'], 'incidents')), rules)
  if (nameIn(given, ['window']) === undefined) return { counted_s: seconds(counted) }
  const window = secondsPair(given['window'], 'window')
  const clipped = counted.map(({ startMs, endMs }) => ({
    startMs: Math.max(startMs, window.startMs),
    endMs: Math.min(endMs, window.endMs),
  }))
  return { counted_s: seconds(normalise(clipped)) }
}

export function percentile(given: Given): Answer {
  const share = numberAt(given, 'p', 'percentile')
  if (share.n < 0n || share.n > 100n * share.d) throw fault('p', 'a percentile from 0 to 100')
  const p = decimalText(share)
  const minimum = nameIn(given, MINIMUMS) === undefined ? 0 : countAt(given, MINIMUMS, 0)
  if (nameIn(given, ['values']) === undefined) {
    const n = countAt(given, ['n', 'count'], 0)
    const within = countAt(given, ['within'], 0)
    if (within > n) throw fault('within', 'at most n')
    // Too few samples say neither yes nor no.
    return { met: n < Math.max(1, minimum) ? null : shareWithin({ n, within, p }) }
  }
  const values = listAt(given, 'values', 'a list of numbers').map((value, i) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw fault(`values[${i}]`, 'a number')
    return value
  })
  return percentileOfValues(values, { p, minimum, threshold: thresholdOf(given) })
}

const MINIMUMS = ['minimum_samples', 'min_samples', 'minimum_n', 'n_minimum', 'minimum', 'min_n']

function thresholdOf(given: Given): number | undefined {
  const name = nameIn(given, ['threshold', 'threshold_ms', 'limit', 'limit_ms'])
  if (name === undefined) return undefined
  const { n, d } = fractionOf(given[name], name)
  return Number(n) / Number(d)
}

type Rule = { p: string; minimum: number; threshold: number | undefined }

function percentileOfValues(values: readonly number[], { p, minimum, threshold }: Rule): Answer {
  const value = values.length < minimum ? null : (nearestRank(values, p) ?? null)
  if (threshold === undefined) return { value }
  const within = values.filter((one) => one <= threshold).length
  return { value, met: value === null ? null : shareWithin({ n: values.length, within, p }) }
}

export function boundedVerdictOf(given: Given): Answer {
  const committedMs = wholeMs(lengthOf(given, 'committed'), 'committed_s')
  const minDownMs = wholeMs(lengthOf(given, 'min_down'), 'min_down_s')
  const maxDownMs = wholeMs(lengthOf(given, 'max_down'), 'max_down_s')
  if (minDownMs > maxDownMs) throw fault('max_down_s', 'not below min_down_s')
  const target = numberAt(given, 'target', 'target_percent')
  if (target.n < 0n || target.n > 100n * target.d) throw fault('target', 'a percentage from 0 to 100')
  return { verdict: boundedVerdict({ committedMs, minDownMs, maxDownMs, target: decimalText(target) }) }
}

export function burnRateOf(given: Given): Answer {
  const longWindow = lengthOf(given, 'long_window')
  if (longWindow.n === 0n) throw fault('long_window_hours', 'above zero')
  const budgetShare = positiveAt(given, 'budget_share', 'share')
  return {
    burn: fractionText(burnThreshold({ budgetShare, committed: lengthOf(given, 'committed'), longWindow })),
  }
}

export function reconciled(given: Given): Answer {
  const measured = secondsSet(given['measured'], 'measured')
  const provider = secondsSet(given['provider'], 'provider')
  const { bothMs, measuredOnlyMs, providerOnlyMs } = overlapOf({ measured, provider })
  return {
    both: inUnit(bothMs, 1000),
    measured_only: inUnit(measuredOnlyMs, 1000),
    provider_only: inUnit(providerOnlyMs, 1000),
  }
}

function seconds(set: IntervalSet): number {
  return inUnit(totalMs(set), 1000)
}

function secondsOf(set: IntervalSet): [number, number][] {
  return set.map(({ startMs, endMs }) => [inUnit(startMs, 1000), inUnit(endMs, 1000)])
}
