/**
 * Schemas of the OpenSLO v1 kinds that a contract may carry: portable and informative. Pure.
 * Strict like the rest; only what OpenSLO leaves open (labels, metric sources) is open here.
 */
import { z } from 'zod'
import { MAX_LIST, name, text, timeZone } from './scalar.ts'

const open = z.record(z.string(), z.json())
export const openSloMetadata = z.strictObject({
  name,
  displayName: text.optional(),
  labels: open.optional(),
  annotations: open.optional(),
})

export const serviceSpec = z.strictObject({ description: text.optional() })

const constatSource = z.strictObject({
  type: z.literal('constat'),
  spec: z.strictObject({ check: name, outcome: z.enum(['ok', 'degraded', 'fail', 'any']).default('any') }),
})
const otherSource = z
  .strictObject({
    type: z.string('should be text').min(1, 'is empty: write the type of the source'),
    metricSourceRef: z.string('should be text').optional(),
    spec: open,
  })
  // Ours is held to its own shape.
  .refine(({ type }) => type !== 'constat', {
    error: 'should be {type: constat, spec: {check, outcome}}',
    abort: true,
  })
const metric = z.strictObject({
  metricSource: z.union([constatSource, otherSource], { error: 'should be {type, spec}' }),
})

export const sliSpec = z
  .strictObject({
    description: text.optional(),
    thresholdMetric: metric.optional(),
    ratioMetric: z
      .strictObject({
        counter: z.boolean('should be true or false').default(false),
        good: metric.optional(),
        bad: metric.optional(),
        total: metric.optional(),
        raw: metric.optional(),
        rawType: z.enum(['success', 'failure']).optional(),
      })
      .optional(),
  })
  .refine(
    ({ thresholdMetric, ratioMetric }) => (thresholdMetric === undefined) !== (ratioMetric === undefined),
    {
      error: 'should have either thresholdMetric or ratioMetric',
    },
  )

const sloWindow = z.strictObject({
  duration: z
    .string('should be an OpenSLO duration, such as 1M')
    .regex(/^\d+[mhdwMQY]$/, 'should be an OpenSLO duration, such as 1M'),
  isRolling: z.boolean('should be true or false').default(false),
  calendar: z
    .strictObject({
      startTime: z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'should be "2026-01-01 00:00:00"'),
      timeZone,
    })
    .optional(),
})

const objective = z.strictObject({
  displayName: text.optional(),
  op: z.enum(['lte', 'gte', 'lt', 'gt']).optional(),
  value: z.number().optional(),
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
  timeSliceTarget: z.number().min(0).max(1).optional(),
  timeSliceWindow: z.string().max(20).optional(),
})

export const sloSpec = z.strictObject({
  description: text.optional(),
  service: name,
  indicatorRef: name.optional(),
  indicator: open.optional(),
  timeWindow: z.array(sloWindow).length(1, 'should hold exactly one window'),
  budgetingMethod: z.enum(['Occurrences', 'Timeslices', 'RatioTimeslices']),
  objectives: z.array(objective).min(1, 'is empty: write what is promised').max(MAX_LIST),
  alertPolicies: z.array(z.json()).max(MAX_LIST).optional(),
})
