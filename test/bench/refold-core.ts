/**
 * Bench: the exact core on a year of one check at 10 s.   npx tsx test/bench/refold-core.ts [--tiny]
 * Claims: ≥ 5 million samples/s on one core, three vantages (9.5 million samples) judged within 3 s, and
 * a cost after the fold that is linear in state changes. Fails where a figure is missed.
 */
import { outcomeCode } from '@constat/shared/sample'
import { normalise, type IntervalSet } from '@constat/shared/time'
import { incidentsOf } from '@constat/sla/incident'
import { countedTimeline } from '@constat/sla/outage'
import { quorum } from '@constat/sla/quorum'
import type { Timeline } from '@constat/sla/timeline'
import { foldSamples, type FoldRules, type SampleColumns } from '@constat/sla/vantage'
import { judge } from '@constat/sla/verdict'
import { measure } from '@constat/sla/window'
import { sized, state } from '../support/bench.ts'

const SAMPLES_PER_SECOND_MIN = 5_000_000
const YEAR_MS_MAX = 3000
/** What caches and garbage may add to one change when there are sixteen times as many. */
const LINEAR_SLACK = 3
const VANTAGES = 3
const STEP_MS = 10_000
const DAY_MS = 86_400_000
const DAYS = sized({ full: 365, tiny: 4 })
const START_MS = Date.UTC(2026, 0, 1)
const RULES: FoldRules = { holdMs: 25_000, down: 2, up: 1 }
const OUTAGES = { mergeGapMs: 300_000, countGapAsDown: false, minimumOutageMs: 20_000 }

const [OK, FAIL, UNKNOWN] = [outcomeCode('ok'), outcomeCode('fail'), outcomeCode('unknown')]

type TypedColumns = SampleColumns & { atMs: Float64Array; outcome: Uint8Array }

/** A year of samples; at each slot trouble of 1 … 40 samples begins once in `every`. */
function yearOfSamples({ every, seed }: { every: number; seed: number }): TypedColumns {
  const count = (DAYS * DAY_MS) / STEP_MS
  const atMs = new Float64Array(count)
  const outcome = new Uint8Array(count)
  const random = lcg(seed)
  let trouble = 0
  let what = OK
  for (let i = 0; i < count; i += 1) {
    // The phase of a vantage is its own: the boundaries of no two timelines coincide.
    atMs[i] = START_MS + i * STEP_MS + seed
    if (trouble > 0) trouble -= 1
    else if (random() % every === 0) {
      trouble = random() % 40
      what = random() % 4 === 0 ? UNKNOWN : FAIL
    } else what = OK
    outcome[i] = what
  }
  return { atMs, outcome }
}

function lcg(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
}

function serviceHours(): IntervalSet {
  const days = Array.from({ length: DAYS }, (_, day) => START_MS + day * DAY_MS)
  return normalise(days.map((ms) => ({ startMs: ms + 8 * 3_600_000, endMs: ms + 20 * 3_600_000 })))
}

/** Everything after the fold: quorum, outage rules, incidents, twelve windows judged. */
function judgeYear(vantages: readonly Timeline[], committed: IntervalSet): number {
  const service = quorum(vantages, { down: 2, minKnown: 2 })
  const endMs = START_MS + DAYS * DAY_MS
  const timeline = countedTimeline(service, OUTAGES, endMs)
  const incidents = incidentsOf(service, OUTAGES, endMs)
  let lost = 0
  for (let month = 0; month < 12; month += 1) {
    const window = { startMs: Date.UTC(2026, month, 1), endMs: Date.UTC(2026, month + 1, 1) }
    const measured = measure({ timeline, committed, window, asOfMs: endMs })
    const terms = {
      target: '99.9',
      bindingFigure: 'provable',
      minimumCoverage: '0.95',
      phase: 'closed',
    } as const
    if (judge({ measured, ...terms }).verdict === 'not_met') lost += 1
  }
  return incidents.length + lost
}

/** The least of three runs, ms: a shared machine only ever adds. */
function leastMs(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const startMs = performance.now()
    work()
    return performance.now() - startMs
  })
  return Math.min(...times)
}

function benchFold(): void {
  for (const [name, every] of [
    ['quiet year', 5000],
    ['troubled year', 50],
    ['flapping year', 2],
  ] as const) {
    const columns = yearOfSamples({ every, seed: 1 })
    const ms = leastMs(() => foldSamples(RULES, columns))
    const rate = columns.atMs.length / (ms / 1000)
    const changes = foldSamples(RULES, columns).at.length
    state(`samples a second, ${name} of ${changes} state changes`, rate, { atLeast: SAMPLES_PER_SECOND_MIN })
  }
}

function benchYear(): void {
  const columns = Array.from({ length: VANTAGES }, (_, i) => yearOfSamples({ every: 500, seed: i + 1 }))
  const committed = serviceHours()
  const ms = leastMs(() =>
    judgeYear(
      columns.map((c) => foldSamples(RULES, c)),
      committed,
    ),
  )
  const samples = columns.reduce((sum, { atMs }) => sum + atMs.length, 0)
  state(`ms to judge ${samples} samples from ${VANTAGES} vantages`, ms, { atMost: YEAR_MS_MAX })
}

/** The same trouble over a longer time: the cost of one state change must stay what it was. */
function benchAfterFold(): void {
  const committed = serviceHours()
  const costs = [1 / 16, 1 / 4, 1].map((share) => {
    const vantages = Array.from({ length: VANTAGES }, (_, i) => {
      const { atMs, outcome } = yearOfSamples({ every: 50, seed: i + 1 })
      const count = Math.trunc(atMs.length * share)
      return foldSamples(RULES, { atMs: atMs.subarray(0, count), outcome: outcome.subarray(0, count) })
    })
    const changes = vantages.reduce((sum, { at }) => sum + at.length, 0)
    return { changes, usPerChange: (leastMs(() => judgeYear(vantages, committed)) * 1000) / changes }
  })
  const text = costs
    .map(({ changes, usPerChange }) => `${changes} at ${usPerChange.toFixed(2)} µs`)
    .join(', ')
  const [least, most] = [costs[0]!.usPerChange, costs.at(-1)!.usPerChange]
  console.log(`after the fold, state changes: ${text} each`)
  state('cost of one change among the most, of one among the least', most / least, { atMost: LINEAR_SLACK })
}

benchFold()
benchYear()
benchAfterFold()
