/** Scores of shares: attempts that were good, answers that came in time. Pure. */
import { intersect, subtract } from '@constat/shared/time'
import { invariant } from '@constat/shared/fault'
import { countedLatencies, countWithin, judgeLatency, shareText, type LatencyTally } from '../latency.ts'
import { nearestRanks } from '../selection.ts'
import { isDown, isUp, where } from '../timeline.ts'
import type { Scored } from './result.ts'
import { base, elapsedOf, measuredOf, spanOf, type Of, type Scope, type ScoreQuestion } from './score-base.ts'
import { attempts } from './slices.ts'

export function shareOf(scope: Scope, question: Of<'share-within' | 'request-share'>): Scored {
  const { guarantee, terms, phase } = question
  const measured = measuredOf(scope, question)
  const { bindingFigure, minimumCoverage, latency } = terms.measurement
  const isLatency = guarantee.metric === 'share-within'
  const counted = isLatency ? latencies(scope, question) : requests(scope, question)
  const { tally } = counted
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure,
    minimumSamples: isLatency ? latency.minimumSamples : 1,
    measured,
    minimumCoverage,
    phase,
  })
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'share',
      ...tally,
      share: {
        provable: shareText(tally, 'provable'),
        point: shareText(tally, 'point'),
        pessimistic: shareText(tally, 'pessimistic'),
      },
      thresholdUs: isLatency ? guarantee.thresholdMs * 1_000 : null,
      percentileUs: percentilesOf(counted.latencyUs),
    },
  }
}

type Counted = { tally: LatencyTally; latencyUs: Uint32Array[] }

/** Answers inside up and committed time. What is missing is counted where it could have been one. */
function latencies({ slots, timeline }: Scope, question: Of<'share-within' | 'request-share'>): Counted {
  const { guarantee } = question
  invariant(guarantee.metric === 'share-within', 'latencies have a threshold')
  const elapsed = elapsedOf(question)
  const up = intersect(where(timeline, spanOf(question), isUp), elapsed)
  const open = subtract(elapsed, where(timeline, spanOf(question), isDown))
  const tally = { n: 0, within: 0, missing: 0 }
  const latencyUs: Uint32Array[] = []
  for (const { columns, intervalMs } of slots) {
    const counted = countedLatencies(columns, { up, open })
    latencyUs.push(counted.latencyUs)
    tally.n += counted.latencyUs.length
    tally.within += countWithin(counted.latencyUs, guarantee.thresholdMs * 1_000)
    tally.missing += counted.undecided
    for (const { isMissing } of attempts(columns, { intervalMs, committed: open }))
      if (isMissing) tally.missing += 1
  }
  return { tally, latencyUs }
}

/** Attempts at committed instants; the good ones are `within`. */
function requests({ slots }: Scope, question: ScoreQuestion): Counted {
  const tally = { n: 0, within: 0, missing: 0 }
  for (const { columns, intervalMs } of slots) {
    for (const { isMissing, isFailed } of attempts(columns, { intervalMs, committed: elapsedOf(question) })) {
      if (isMissing) tally.missing += 1
      else tally.n += 1
      if (!isMissing && !isFailed) tally.within += 1
    }
  }
  return { tally, latencyUs: [] }
}

function percentilesOf(latencyUs: readonly Uint32Array[]): { p50: number; p95: number; p99: number } | null {
  const [p50, p95, p99] = nearestRanks(latencyUs, [50, 95, 99])
  if (
    p50 === undefined ||
    p50 === null ||
    p95 === undefined ||
    p95 === null ||
    p99 === undefined ||
    p99 === null
  )
    return null
  return { p50, p95, p99 }
}
