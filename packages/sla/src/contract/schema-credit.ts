/**
 * Schema of credits, chronic failure, claims. Pure.
 */
import { z } from 'zod'
import { atMost, count, days, decimalText, flag, list, name, natural, percentText } from './scalar.ts'
import { positiveDuration, some } from './scalar.ts'
import { clauseId } from './schema-guarantee.ts'

export const dayKind = z.enum(['calendar', 'working', 'ouvrables', 'clear-working', 'clear'])

const capPercent = percentText.optional()

const schedule = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('tiers'),
      tiers: some(
        z.strictObject({ from: percentText, percent: percentText }),
        'write the tiers from the highest bound down to "0"',
        100,
      ),
    }),
    z.strictObject({ kind: z.literal('flat'), percent: percentText }),
    z.strictObject({
      kind: z.literal('step'),
      per: positiveDuration,
      percent: percentText,
      partialStep: z.enum(['up', 'down']),
      capPercent,
    }),
    z.strictObject({ kind: z.literal('linear'), percentPerPoint: decimalText, capPercent }),
    z.strictObject({
      kind: z.literal('late-restoration'),
      per: positiveDuration,
      divisor: decimalText.refine((value) => Number(value) > 0, 'should be above "0", such as "1000"'),
      partialStep: z.enum(['up', 'down']).optional(),
      capPercent,
    }),
    z.strictObject({
      kind: z.literal('points'),
      points: z.union(
        [
          natural,
          z
            .array(z.strictObject({ from: percentText, points: natural }))
            .min(1)
            .max(100),
        ],
        { error: 'should be a number of points, or a list of {from, points} from the highest bound down' },
      ),
      repeatPoints: z.array(natural).max(24).default([]),
      amountPerPoint: decimalText,
    }),
    z.strictObject({
      kind: z.literal('pool'),
      atRiskPercent: percentText,
      poolPercent: percentText,
      allocationPercent: percentText,
    }),
  ],
  { error: 'should be one of tiers, flat, step, linear, late-restoration, points, pool' },
)

const dayCount = { days, dayKind, calendar: name.optional() }

const right = z.enum(['terminate-service', 'terminate-contract', 'step-in', 'escalate'])

const chronic = z.union(
  [
    z.strictObject({
      id: name,
      guarantee: name,
      failedWindows: count,
      consecutive: flag.default(false),
      within: count.optional(),
      right,
    }),
    z.strictObject({
      id: name,
      service: name,
      outages: count,
      eachOver: positiveDuration,
      withinDays: count,
      aggregateOver: positiveDuration.optional(),
      /** How long after the outage that gives it the right can be used. */
      notice: z.strictObject(dayCount).optional(),
      right,
    }),
  ],
  { error: 'should name a guarantee with failedWindows, or a service with outages, eachOver and withinDays' },
)

const after = z.enum(['window-final', 'window-end'])

const claim = z.strictObject({
  deadline: z.union(
    [
      z.strictObject({ ...dayCount, after: after.default('window-final') }),
      /** The end of so many calendar months after the one in which the window ends, or became final. */
      z.strictObject({ endOfMonth: count.max(24, atMost(24)), after: after.default('window-end') }),
    ],
    { error: 'should be {days, dayKind, after}, or {endOfMonth: 2} for the end of the second month after' },
  ),
  formalNotice: z.enum(['required', 'not-required']).default('not-required'),
  providerAnswer: z.strictObject(dayCount).optional(),
  silence: z.enum(['none', 'acceptance', 'rejection']).default('none'),
})

export const creditsSpec = z.strictObject({
  clause: clauseId.optional(),
  base: z
    .enum(['monthly-charge-of-service', 'monthly-charge-of-contract'])
    .default('monthly-charge-of-service'),
  exclusive: flag.default(false),
  schedules: z.record(name, schedule),
  sameCause: z.enum(['highest-only', 'cumulative']).default('highest-only'),
  repeat: z
    .strictObject({ whenFailedInPreviousWindow: flag.default(true), multiplier: decimalText })
    .optional(),
  earnBack: z.strictObject({ windowsMet: count, percent: percentText }).optional(),
  cap: z
    .strictObject({
      scope: z.enum(['service', 'all-services']).default('all-services'),
      percentOfMonthlyCharges: percentText,
    })
    .optional(),
  chronic: list(chronic).default([]),
  misreport: z
    .strictObject({ absentOutageOver: positiveDuration, countsAs: z.enum(['additional-failure', 'note']) })
    .optional(),
  claim: claim.optional(),
  rounding: z
    .strictObject({
      money: z.enum(['half-up', 'half-even', 'down', 'up']).default('half-up'),
      digits: natural.max(6, atMost(6)).default(2),
    })
    .default({ money: 'half-up', digits: 2 }),
})
