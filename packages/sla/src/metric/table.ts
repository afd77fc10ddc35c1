/**
 * The table of metrics: one entry for each, and scoring by it. Pure. Every metric ends in the same three-valued
 * verdict: `not_met` once the binding figure cannot be mended, `met` only at close and only where even the
 * pessimistic figure keeps the target. (spec: window)
 */
import type { z } from 'zod'
import type { Metric } from '../contract/objective.ts'
import { excusedTimeline } from '../judgement/committed.ts'
import { countedTimeline } from '../outage.ts'
import type { Timeline } from '../timeline.ts'
import { intervalAvailability } from './availability.ts'
import { outageRulesOf, type Scope, type ScoreQuestion } from './base.ts'
import type { MetricEntry } from './entry.ts'
import { errorRateSlices, meanErrorRate } from './error-rate.ts'
import { incidentCount, responseTime, restorationTime } from './incidents.ts'
import { requestShare, shareWithin } from './share.ts'
import type { ScoredAs } from './shape.ts'

export const METRICS = {
  'interval-availability': intervalAvailability,
  'error-rate-slices': errorRateSlices,
  'mean-error-rate': meanErrorRate,
  'share-within': shareWithin,
  'request-share': requestShare,
  'restoration-time': restorationTime,
  'response-time': responseTime,
  'incident-count': incidentCount,
} satisfies { [M in Metric]: MetricEntry<M> }

// The keys are those of the table.
export const METRIC_NAMES = Object.keys(METRICS) as Metric[]

export type MeasureOf<M extends Metric> = z.infer<(typeof METRICS)[M]['measure']>
export type Measure = MeasureOf<Metric>

/** For whoever holds a measure and its metric apart: the two belong together. */
export function entryOf(metric: Metric): MetricEntry {
  // Methods of one metric are called with what belongs to it.
  return METRICS[metric] as unknown as MetricEntry
}

/** One guarantee on one timeline: the whole service, or one site of it. */
export function score(scope: Scope, question: ScoreQuestion): ScoredAs<Measure> {
  const { guarantee, commitment, terms, asOfMs } = question
  // Counted first: which outages count is tried on whole outages, before anything is cut from them.
  const counted = countedTimeline(scope.timeline, outageRulesOf(terms), asOfMs)
  const asExcused = (timeline: Timeline): Timeline => excusedTimeline(timeline, commitment)
  const seen = { counted: asExcused(counted), timeline: asExcused(scope.timeline), asSeen: scope.timeline }
  // What an entry gives is a measure of its own.
  return entryOf(guarantee.metric).score({ ...scope, ...seen }, question) as ScoredAs<Measure>
}
