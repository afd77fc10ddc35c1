/**
 * Schema of the kind Contract. One shape for all three sizes: the small contract's keys (`provider`,
 * `target`, `timeZone`, `watch`) stand in for parties, checks and guarantees, and may be mixed with them.
 * Pure.
 */
import { z } from 'zod'
import {
  atMost,
  count,
  currency,
  date,
  days,
  decimalText,
  duration,
  flag,
  list,
  localDateTime,
} from './scalar.ts'
import { name, natural, positiveDuration, rrule, shareText, some, targetText, text } from './scalar.ts'
import { timeZone, tooLong } from './scalar.ts'
import { confirmation, holiday, weekly, yearsCovered } from './schema-check.ts'
import { creditsSpec, dayKind } from './schema-credit.ts'
import { clauseId, guarantees } from './schema-guarantee.ts'
import { MAX_WATCH_LENGTH, watchProblem } from './watch.ts'

const watchUrl = z
  .string('should be a URL')
  .max(MAX_WATCH_LENGTH, tooLong(MAX_WATCH_LENGTH))
  .check((context) => {
    const problem = watchProblem(context.value)
    if (problem) context.issues.push({ code: 'custom', message: problem, input: context.value })
  })

/** The small contract. */
const shorthand = {
  provider: text.optional(),
  customer: text.optional(),
  target: targetText.optional(),
  timeZone: timeZone.optional(),
  watch: some(watchUrl, 'write the URLs to watch').optional(),
  every: positiveDuration.optional(),
  timeout: positiveDuration.optional(),
  hold: positiveDuration.optional(),
  confirm: z
    .union([count, confirmation], { error: 'should be a number of failures, or {down, up, by}' })
    .optional(),
  alertAfter: duration.optional(),
  hours: z
    .strictObject({ weekly, holidays: list(holiday).optional(), yearsCovered: yearsCovered.optional() })
    .optional(),
  monthlyFee: z.strictObject({ amount: decimalText, currency }).optional(),
}

const party = z.strictObject({
  id: name,
  role: z.enum(['customer', 'provider', 'customer-department', 'subcontractor', 'third-party']),
  name: text,
  of: name.optional(),
})

const site = z.strictObject({
  id: name,
  displayName: text.optional(),
  agents: some(name, 'name the agents of the site'),
  administeredBy: name.optional(),
})

const zone = z.strictObject({ id: name, owner: name, boundary: text, reference: list(name).default([]) })

const charges = z.strictObject({
  currency,
  tax: z.enum(['outside-vat', 'vat-included', 'vat-excluded']).default('outside-vat'),
  monthly: some(
    z.strictObject({ service: name.optional(), amount: decimalText }),
    'write what is paid each month',
  ),
})

/** A service is a tree over checks and other services. The recursion ends with the depth of the document. */
export type TreeNode =
  | { check: string }
  | { service: string }
  | { all: TreeNode[] }
  | { any: TreeNode[] }
  | { atLeast: number; of: TreeNode[] }
const parts = z.lazy(() => some(node, 'name the parts', 500))
const node: z.ZodType<TreeNode> = z.lazy(() =>
  z.union(
    [
      z.strictObject({ check: name }),
      z.strictObject({ service: name }),
      z.strictObject({ all: parts }),
      z.strictObject({ any: parts }),
      z.strictObject({ atLeast: count, of: parts }),
    ],
    { error: 'should be {check}, {service}, {all: […]}, {any: […]} or {atLeast: k, of: […]}' },
  ),
)

const service = z.strictObject({ name, displayName: text.optional(), tree: node.optional() })

const isolation = z.discriminatedUnion('rule', [
  z.strictObject({
    rule: z.literal('all-references-failed'),
    references: some(name, 'name the reference checks'),
  }),
  z.strictObject({ rule: z.literal('own-link') }),
])

const digits = natural.max(6, atMost(6))

const measurement = z.strictObject({
  clause: clauseId.optional(),
  vantages: some(name, 'name the agents, or leave it out for all of them').optional(),
  sample: z
    .strictObject({ hold: positiveDuration.optional(), maxClockError: positiveDuration.optional() })
    .optional(),
  isolation: isolation.optional(),
  confirm: confirmation.optional(),
  /** While a check fails it is probed every 2 s. Absent: from intervals of 10 s up. */
  brackets: flag.optional(),
  quorum: z.strictObject({ down: count, minKnown: count.default(1) }).optional(),
  providerHostSilence: z.enum(['unknown', 'down']).optional(),
  blocked: z.enum(['unknown', 'fail']).optional(),
  minimumOutage: duration.optional(),
  granularity: positiveDuration.optional(),
  mergeGap: z.strictObject({ gap: duration, countGapAsDown: flag.default(false) }).optional(),
  noData: z.strictObject({ minimumCoverage: shareText }).optional(),
  bindingFigure: z.enum(['provable', 'point', 'pessimistic']).optional(),
  rounding: z
    .strictObject({
      verdict: z
        .union([z.literal('none'), z.strictObject({ digits, mode: z.enum(['half-up', 'truncate']) })], {
          error: 'should be none, or {digits: 2, mode: half-up}',
        })
        .default('none'),
      display: z
        .strictObject({
          digits: z.literal(4, 'should be 4: every figure is shown with four digits, truncated'),
          mode: z.literal('truncate', 'should be truncate: a figure is never rounded up'),
        })
        .default({ digits: 4, mode: 'truncate' }),
    })
    .optional(),
  latency: z
    .strictObject({
      percentileMethod: z.literal('nearest-rank').default('nearest-rank'),
      minimumSamples: natural,
    })
    .optional(),
  alertAfter: duration.optional(),
})

const notice = z
  .strictObject({
    days: days.optional(),
    dayKind: dayKind.optional(),
    calendar: name.optional(),
    elapsed: positiveDuration.optional(),
  })
  .refine(({ days, elapsed }) => (days === undefined) !== (elapsed === undefined), {
    error: 'should be either {days, dayKind, calendar} or {elapsed: PT72H}',
  })
  .refine(({ days, dayKind: kind }) => days === undefined || kind !== undefined, {
    error: 'counts days: say of which dayKind (calendar, working, ouvrables, clear-working, clear)',
  })

const exclusionKind = z.strictObject({
  id: name,
  clause: clauseId.optional(),
  needs: z.enum(['announcement', 'customer-acceptance', 'agreement-or-decision', 'nothing']).optional(),
  notice: notice.optional(),
  maxPerOccurrence: positiveDuration.optional(),
  recurrence: z
    .strictObject({ dtstart: localDateTime, timeZone, rrule, duration: positiveDuration })
    .optional(),
  zones: list(name).optional(),
})

export const contractSpec = z.strictObject({
  ...shorthand,
  reference: text.optional(),
  revision: count.optional(),
  effective: z
    .strictObject({ from: date.optional(), to: date.optional(), timeZone: timeZone.optional() })
    .optional(),
  prevailingLanguage: z.enum(['en', 'fr']).optional(),
  parties: some(party, 'write customer and provider, or leave it out').optional(),
  sites: list(site).optional(),
  zones: list(zone).optional(),
  services: list(service).optional(),
  charges: charges.optional(),
  clauses: list(z.strictObject({ id: clauseId, title: text, text })).optional(),
  measurement: measurement.optional(),
  finalisation: z
    .strictObject({
      grace: duration.optional(),
      amendmentsUntil: z.enum(['claim-deadline', 'window-final']).optional(),
    })
    .optional(),
  exclusions: z
    .strictObject({
      denominatorMode: z.enum(['remove', 'excuse-only']).optional(),
      capPerMonth: duration.optional(),
      capSpending: z.literal('chronological').optional(),
      kinds: list(exclusionKind).default([]),
    })
    .optional(),
  guarantees: guarantees.optional(),
  credits: creditsSpec.optional(),
  reconciliation: z
    .strictObject({
      tolerance: duration.optional(),
      providerClock: z.strictObject({ timeZone, resolution: positiveDuration.default('PT1M') }).optional(),
      ambiguousLocalTime: z.enum(['list-all-readings', 'first', 'second']).optional(),
      admissions: z.enum(['rebuttable', 'binding']).optional(),
    })
    .optional(),
})

export type ContractSpec = z.output<typeof contractSpec>
