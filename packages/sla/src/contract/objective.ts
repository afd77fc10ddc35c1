/**
 * Objectives: what is measured and what is promised of it, one entry for each metric: how a document writes it,
 * and the full terms that it means. The types of both are inferred. Pure.
 */
import { z } from 'zod'
import { ms, msOr, name, natural, percentText, positiveDuration, targetText } from './scalar.ts'

export const DEFAULT_SLICE_MS = 60_000
export const DEFAULT_MEAN_SLICE_MS = 300_000

const percentTarget = z.strictObject({
  op: z.literal('gte', 'should be gte').default('gte'),
  percent: targetText,
})
const eachTarget = z.strictObject({
  op: z.literal('lte', 'should be lte').default('lte'),
  each: positiveDuration,
})
const countTarget = z.strictObject({ op: z.literal('lte', 'should be lte').default('lte'), count: natural })

const clock = z.strictObject({
  start: z.enum(['measured-onset', 'alert-sent', 'provider-notified', 'provider-acknowledgement']),
  stop: z.enum(['measured-recovery', 'provider-acknowledgement', 'provider-closed']),
  pausedWhile: z.array(name).max(100).default([]),
})
/** Where a clock of a per-incident metric starts, stops and stands still. */
export type IncidentClock = z.infer<typeof clock>

const badWhen = z.union([z.literal('all-failed'), z.strictObject({ overPercent: percentText })], {
  error: 'should be all-failed, or {overPercent: "5"}',
})

function objective<S extends z.ZodRawShape, T>(spec: S, expand: (own: z.infer<z.ZodObject<S>>) => T) {
  return { spec, expand }
}

function clocked(usual: IncidentClock) {
  const own = clock.extend({
    start: clock.shape.start.default(usual.start),
    stop: clock.shape.stop.default(usual.stop),
  })
  return objective(
    { clock: own.optional(), target: eachTarget },
    ({ clock: given = usual, target: { op, each } }) => ({
      clock: given,
      target: { op, eachMs: ms(each) },
    }),
  )
}

export const OBJECTIVES = {
  'interval-availability': objective({ target: percentTarget }, ({ target }) => ({ target })),
  'share-within': objective(
    { threshold: positiveDuration, target: percentTarget },
    ({ threshold, target }) => ({
      thresholdMs: ms(threshold),
      target,
    }),
  ),
  'request-share': objective({ target: percentTarget }, ({ target }) => ({ target })),
  'restoration-time': clocked({ start: 'measured-onset', stop: 'measured-recovery', pausedWhile: [] }),
  'response-time': clocked({ start: 'alert-sent', stop: 'provider-acknowledgement', pausedWhile: [] }),
  'incident-count': objective({ target: countTarget }, ({ target }) => ({ target })),
  'error-rate-slices': objective(
    { slice: positiveDuration.optional(), badWhen, target: percentTarget },
    ({ slice, badWhen: when, target }) => ({ sliceMs: msOr(slice, DEFAULT_SLICE_MS), badWhen: when, target }),
  ),
  'mean-error-rate': objective(
    { slice: positiveDuration.optional(), target: percentTarget },
    ({ slice, target }) => ({ sliceMs: msOr(slice, DEFAULT_MEAN_SLICE_MS), target }),
  ),
}

export type Metric = keyof typeof OBJECTIVES
type Entry<M extends Metric> = (typeof OBJECTIVES)[M]

/** As a document writes it. */
export type ObjectiveSpec = {
  [M in Metric]: { metric: M } & z.infer<z.ZodObject<Entry<M>['spec']>>
}[Metric]

/** Full terms. */
export type Objective = { [M in Metric]: { metric: M } & ReturnType<Entry<M>['expand']> }[Metric]

export function expandObjective(spec: ObjectiveSpec): Objective {
  const expand = OBJECTIVES[spec.metric].expand as (own: ObjectiveSpec) => object
  // The entry of its own metric.
  return { metric: spec.metric, ...expand(spec) } as Objective
}
