/**
 * Bench: one check each 10 s from three vantages for a year, 9.5 million samples in memory, through fold,
 * quorum and judgement on one core; then how the cost after the fold grows with the state changes. Prints one
 * JSON line and the figure.   npx tsx test/bench/year.ts [--tiny]
 */
import { outcomeCode } from '@constat/shared/sample'
import { judgeGuarantee } from '@constat/sla/judgement/judge-guarantee'
import { NEWEST_RULES } from '@constat/sla/semantics'
import { quorum } from '@constat/sla/quorum'
import { timelineOf, type Timeline } from '@constat/sla/timeline'
import { foldSamples, type SampleColumns } from '@constat/sla/vantage'
import { sized, state } from '../support/bench.ts'
import { accepted } from '../support/contract-text.ts'
import { contractOf } from '../support/scenario.ts'

const LIMIT_S = 3
const STEP_MS = 10_000
const START_MS = Date.parse('2026-01-01T00:00:00Z')
const SAMPLES = sized({ full: 365, tiny: 2 }) * 8640
const VANTAGES = 3
const OUTAGE_EVERY = 20_000
const OUTAGE_SAMPLES = 30
const RULES = { holdMs: 25_000, down: 2, up: 1 }
const RUNS = sized({ full: 3, tiny: 1 })

const GUARANTEE = {
  id: 'up',
  service: 'portal',
  clause: 'A',
  window: { period: 'P1Y', timeZone: 'UTC' },
  calendar: 'office',
  metric: 'interval-availability',
  target: { percent: '99.9' },
}
const TERMS = accepted(JSON.stringify(contractOf({ spec: { guarantees: [GUARANTEE] } })))
const WINDOW = { startMs: START_MS, endMs: START_MS + SAMPLES * STEP_MS }

/** An outage of five minutes every other day, and a lonely failure here and there. */
function yearOf(vantage: number): SampleColumns {
  const atMs = new Float64Array(SAMPLES)
  const outcome = new Uint8Array(SAMPLES).fill(outcomeCode('ok'))
  const fail = outcomeCode('fail')
  for (let i = 0; i < SAMPLES; i += 1) {
    atMs[i] = START_MS + i * STEP_MS + vantage * 700
    const isOut = i % OUTAGE_EVERY < OUTAGE_SAMPLES
    if (isOut || i % (3001 + vantage) === 0) outcome[i] = fail
  }
  return { atMs, outcome }
}

function judged(timeline: Timeline): string {
  const guarantee = TERMS.guarantees[0]!
  const { result } = judgeGuarantee({
    terms: TERMS,
    guarantee,
    window: WINDOW,
    inForce: [{ startMs: -Infinity, endMs: Infinity }],
    asOfMs: WINDOW.endMs,
    phase: 'closed',
    declarations: [],
    facts: { timeline, slots: [], sites: [], incidents: null },
    rules: NEWEST_RULES,
  })
  return result.verdict
}

function secondsOf(run: () => unknown): number {
  const startMs = performance.now()
  run()
  return (performance.now() - startMs) / 1000
}

/** A service that goes down and comes back so many times a year. */
function flapping(changes: number): Timeline {
  const stepMs = (WINDOW.endMs - WINDOW.startMs) / changes
  return timelineOf(
    Array.from({ length: changes }, (_, i) => ({
      atMs: START_MS + Math.floor(i * stepMs),
      state: i % 2 === 0 ? ('up' as const) : ('down' as const),
    })),
  )
}

/** Quorum and judgement of timelines that change so often: the best of some runs. */
function afterFold(changes: number): number {
  const timelines = Array.from({ length: VANTAGES }, () => flapping(changes))
  const runs = Array.from({ length: RUNS }, () =>
    secondsOf(() => judged(quorum(timelines, { down: 2, minKnown: 1 }))),
  )
  return Math.min(...runs)
}

function main(): void {
  const columns = Array.from({ length: VANTAGES }, (_, vantage) => yearOf(vantage))
  let timelines: Timeline[] = []
  let verdict = ''
  const foldS = secondsOf(() => {
    timelines = columns.map((one) => foldSamples(RULES, one))
  })
  const judgeS = secondsOf(() => {
    verdict = judged(quorum(timelines, { down: 2, minKnown: 1 }))
  })
  const sizes = sized({
    full: [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000],
    tiny: [50, 100],
  })
  const curve = sizes.map((changes) => ({ changes, seconds: afterFold(changes) }))
  const round = (value: number): number => Math.round(value * 10_000) / 10_000
  const seconds = foldS + judgeS
  const result = {
    bench: 'year',
    samples: SAMPLES * VANTAGES,
    verdict,
    foldS: round(foldS),
    judgeS: round(judgeS),
    seconds: round(seconds),
    // Twice the changes: about twice the time.
    growth: curve.map((one, i) => ({
      changes: one.changes,
      seconds: round(one.seconds),
      ratio: i === 0 ? null : round(one.seconds / curve[i - 1]!.seconds),
    })),
  }
  console.log(JSON.stringify(result))
  state('seconds from samples to verdict', seconds, { atMost: LIMIT_S })
}

main()
