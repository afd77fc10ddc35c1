/**
 * Schema of the guarantees: one shape for each metric. Pure.
 * Whatever can flip a verdict is an enum, never free text.
 */
import { z } from 'zod'
import {
  date,
  MAX_LIST,
  name,
  natural,
  percentText,
  positiveDuration,
  targetText,
  text,
  timeZone,
  tooLong,
} from './scalar.ts'

export const clauseId = z
  .string('should be the id of a clause, in quotes')
  .min(1, 'is empty: write the id of a clause')
  .max(60, tooLong(60))

export const windowSpec = z.strictObject({
  period: z.enum(['P1D', 'P1W', 'P1M', 'P3M', 'P1Y'], { error: 'should be P1D, P1W, P1M, P3M or P1Y' }),
  timeZone: timeZone.optional(),
  /** A date on which a window begins: billing periods that are no calendar months. */
  anchor: date.optional(),
})

const percentTarget = z.strictObject({
  op: z.literal('gte', 'should be gte').default('gte'),
  percent: targetText,
})
const eachTarget = z.strictObject({
  op: z.literal('lte', 'should be lte').default('lte'),
  each: positiveDuration,
})
const countTarget = z.strictObject({ op: z.literal('lte', 'should be lte').default('lte'), count: natural })

const clockOf = (
  start: 'measured-onset' | 'alert-sent',
  stop: 'measured-recovery' | 'provider-acknowledgement',
) =>
  z
    .strictObject({
      start: z
        .enum(['measured-onset', 'alert-sent', 'provider-notified', 'provider-acknowledgement'])
        .default(start),
      stop: z.enum(['measured-recovery', 'provider-acknowledgement', 'provider-closed']).default(stop),
      pausedWhile: z.array(name).max(100).default([]),
    })
    .optional()

const common = {
  id: name,
  displayName: text.optional(),
  service: name,
  clause: clauseId.optional(),
  sloRef: name.optional(),
  window: windowSpec.optional(),
  calendar: name.optional(),
  scope: z.enum(['service', 'each-site']).optional(),
  critical: z.boolean('should be true or false').optional(),
}

const badWhen = z.union([z.literal('all-failed'), z.strictObject({ overPercent: percentText })], {
  error: 'should be all-failed, or {overPercent: "5"}',
})

export const guarantee = z.discriminatedUnion(
  'metric',
  [
    z.strictObject({ ...common, metric: z.literal('interval-availability'), target: percentTarget }),
    z.strictObject({
      ...common,
      metric: z.literal('share-within'),
      threshold: positiveDuration,
      target: percentTarget,
    }),
    z.strictObject({
      ...common,
      metric: z.literal('restoration-time'),
      clock: clockOf('measured-onset', 'measured-recovery'),
      target: eachTarget,
    }),
    z.strictObject({
      ...common,
      metric: z.literal('response-time'),
      clock: clockOf('alert-sent', 'provider-acknowledgement'),
      target: eachTarget,
    }),
    z.strictObject({ ...common, metric: z.literal('request-share'), target: percentTarget }),
    z.strictObject({ ...common, metric: z.literal('incident-count'), target: countTarget }),
    z.strictObject({
      ...common,
      metric: z.literal('error-rate-slices'),
      slice: positiveDuration.optional(),
      badWhen,
      target: percentTarget,
    }),
    z.strictObject({
      ...common,
      metric: z.literal('mean-error-rate'),
      slice: positiveDuration.optional(),
      target: percentTarget,
    }),
  ],
  {
    error:
      'should be one of interval-availability, share-within, request-share, restoration-time, response-time, incident-count, error-rate-slices, mean-error-rate',
  },
)

export const guarantees = z.array(guarantee).min(1, 'is empty: write what was promised').max(MAX_LIST)
