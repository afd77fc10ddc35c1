/**
 * Latency guarantees in a window: what to count, from which places, and the answer as published. Time that is
 * down or outside committed time is the same as for availability. Pure over the answer it is handed.
 */
import { clip, formatInstant, intersect, type IntervalSet } from '@constat/shared/time'
import { judgeLatency, shareText } from '@constat/sla/latency'
import { isDown, isUnknown, isUp, where } from '@constat/sla/timeline'
import { foldRules } from '../terms/register.ts'
import type { Expected } from './latency-sums.ts'
import type { LatencyAnswer, LatencyWindowQuestion } from './latency-window.ts'
import { checksOf, type ExpectedVantage, type Timelines } from './timelines.ts'
import type { LatencyGuaranteeView } from './view.ts'
import {
  asOfOf,
  committedTime,
  countedIn,
  coverOf,
  headOf,
  measuredFrom,
  measuredIn,
  phaseOf,
  type LatencyGuarantee,
  type Measurable,
  type WindowQuestion,
} from './windows.ts'

type Place = Measurable<LatencyGuarantee>

const US_PER_MS = 1000

export function latencyQuestion(question: Place, timelines: Timelines): LatencyWindowQuestion {
  const { terms, revision, guarantee, window, nowMs } = question
  const asOfMs = asOfOf(question)
  const counted = countedIn(question)
  const span = { startMs: window.startMs, endMs: asOfMs }
  const committed = clip(committedTime(question), span)
  const up = intersect(where(counted, span, isUp), committed)
  const open = intersect(
    where(counted, span, (mark) => !isDown(mark)),
    committed,
  )
  const places = checksOf(revision.terms, guarantee.service).flatMap((check) =>
    timelines.expected(terms, revision, check).map((vantage): Expected => {
      const { holdMs } = foldRules(check, revision.terms)
      const place = { log: terms.log, check: check.name, agent: vantage.agent }
      const expected = {
        startMs: Math.max(span.startMs, vantage.startMs),
        endMs: Math.min(asOfMs, vantage.endMs),
      }
      const population = populationOf(vantage, { up, open, span: expected })
      return { ...place, ...population, intervalMs: check.spec.intervalMs, holdMs, expected }
    }),
  )
  return {
    name: answerName(question),
    places: places.filter(({ expected }) => expected.startMs < expected.endMs),
    thresholdUs: guarantee.thresholdMs * US_PER_MS,
    startMs: window.startMs,
    asOfMs,
    hasEnded: nowMs >= window.endMs,
  }
}

/** What an agent said while it was cut off is unknown, also of how long it took. */
function populationOf(
  { timeline }: ExpectedVantage,
  { up, open, span }: { up: IntervalSet; open: IntervalSet; span: { startMs: number; endMs: number } },
) {
  const known = where(timeline, span, (mark) => !isUnknown(mark))
  return { up: intersect(up, known), open: clip(open, span) }
}

export function answerName({ terms, revision, guarantee, window }: Place): string {
  return [terms.contract, revision.revision, guarantee.id, window.key].join('/')
}

/** Before the first answer nothing is counted, and nothing is claimed. */
export function latencyView(
  question: WindowQuestion<LatencyGuarantee>,
  answer: LatencyAnswer | null,
): LatencyGuaranteeView {
  const { revision, guarantee } = question
  const { measurement } = revision.terms
  const committed = committedTime(question)
  const measured = measuredIn(question, committed)
  const tally = answer?.tally ?? { n: 0, within: 0, missing: 0 }
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumSamples: measurement.latency.minimumSamples,
    measured,
    minimumCoverage: measurement.minimumCoverage,
    phase: phaseOf(question),
  })
  return {
    metric: 'share-within',
    ...headOf(question),
    ...coverOf(measured),
    target: guarantee.target.percent,
    thresholdUs: guarantee.thresholdMs * US_PER_MS,
    share: {
      ...tally,
      percent: shareText(tally, 'point'),
      provable: shareText(tally, 'provable'),
      pessimistic: shareText(tally, 'pessimistic'),
    },
    percentileUs: answer?.percentileUs ?? { p50: null, p95: null, p99: null },
    percentileErrorPercent: answer?.percentileErrorPercent ?? '0',
    ...judgement,
    measuredFrom: measuredFrom(question, committed),
    asOf: formatInstant(answer?.asOfMs ?? asOfOf(question)),
  }
}
