/**
 * Schemas of the OpenSLO v1 kinds that may stand beside a contract: portable and informative. Pure.
 * Whatever that specification allows is read. Strict in its keys, so that a slip is told; a key that is left
 * empty is one that is left out; what no figure rests on (labels, metric sources, alert policies) is open.
 */
import { z } from 'zod'
import { flag, list, MAX_TEXT_LENGTH, name, some, text, timeZone, tooLong } from './scalar.ts'

const open = z.record(z.string(), z.json())
const description = z.string('should be text').max(MAX_TEXT_LENGTH, tooLong(MAX_TEXT_LENGTH)).nullish()

export const openSloMetadata = z.strictObject({
  name,
  displayName: text.nullish(),
  labels: open.nullish(),
  annotations: open.nullish(),
})

export const serviceSpec = z.strictObject({ description }).nullish()

/** Data sources, alert policies, their conditions and targets: other tools read them. */
export const openSpec = open.nullish()

const constatSource = z.strictObject({
  type: z.literal('constat'),
  metricSourceRef: z.string('should be text').nullish(),
  spec: z.strictObject({ check: name, outcome: z.enum(['ok', 'degraded', 'fail', 'any']).default('any') }),
})
const otherSource = z
  .strictObject({
    type: z.string('should be text').nullish(),
    metricSourceRef: z.string('should be text').nullish(),
    spec: open,
  })
  // Ours is held to its own shape.
  .refine(({ type }) => type !== 'constat', {
    error: 'should be {type: constat, spec: {check, outcome}}',
    abort: true,
  })
const metric = z
  .strictObject({
    metricSource: z.union([constatSource, otherSource], { error: 'should be {type, spec}' }),
  })
  .nullish()

export const sliSpec = z
  .strictObject({
    description,
    thresholdMetric: metric,
    ratioMetric: z
      .strictObject({
        counter: flag.default(false),
        good: metric,
        bad: metric,
        total: metric,
        raw: metric,
        rawType: z.enum(['success', 'failure']).nullish(),
      })
      .nullish(),
  })
  .refine(({ thresholdMetric, ratioMetric }) => !thresholdMetric !== !ratioMetric, {
    error: 'should have either thresholdMetric or ratioMetric',
  })

const DURATION = /^[1-9]\d*[mhdwMQY]$/
const duration = z
  .string('should be an OpenSLO duration, such as 1M')
  .regex(DURATION, 'should be an OpenSLO duration, such as 1M')

const sloWindow = z.strictObject({
  duration,
  isRolling: flag.default(false),
  calendar: z
    .strictObject({
      startTime: z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'should be "2026-01-01 00:00:00"'),
      timeZone,
    })
    .nullish(),
})

const indicated = { indicatorRef: name.nullish(), indicator: open.nullish() }

const objective = z.strictObject({
  ...indicated,
  displayName: text.nullish(),
  op: z.enum(['lte', 'gte', 'lt', 'gt']).nullish(),
  value: z.number().nullish(),
  target: z
    .number('should be a share, such as 0.999')
    .min(0, 'should be a share from 0 to 1')
    .max(1, 'should be a share from 0 to 1')
    .optional(),
  targetPercent: z
    .number('should be a percentage, such as 99.9')
    .min(0, 'should be from 0 to 100')
    .max(100, 'should be from 0 to 100')
    .optional(),
  timeSliceTarget: z.number().min(0).max(1).nullish(),
  timeSliceWindow: z
    .union([duration, z.number().positive()], { error: 'should be a duration such as 1m, or minutes' })
    .nullish(),
  compositeWeight: z.number().positive('should be above 0').nullish(),
})

export const sloSpec = z.strictObject({
  ...indicated,
  description,
  service: name,
  timeWindow: z.array(sloWindow).length(1, 'should hold exactly one window').nullish(),
  budgetingMethod: z.enum(['Occurrences', 'Timeslices', 'RatioTimeslices']),
  objectives: some(objective, 'write what is promised'),
  alertPolicies: list(z.json()).nullish(),
})
