/**
 * Schema of the answer to a scenario, published so that others can read it without guessing. Pure. It is held
 * to real answers by a test; the types are in `answer.ts`.
 */
import type { Json } from '@constat/shared/canonical-json'
import { z } from 'zod'
import { REFUSALS } from '../judgement/declaration.ts'
import type { Metric } from '../contract/objective.ts'
import { shareSchema } from '../metric/share.ts'
import { downMs, instant, ms, percentages, standing } from '../metric/shape.ts'
import { entryOf, METRIC_NAMES } from '../metric/table.ts'
import { deadlineSchema, noticeSchema, reconciliationSchema } from '../reconciliation/answer.ts'
import { STATES } from '../timeline.ts'

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/)
const name = z.string()
const states = z.strictObject(Object.fromEntries(STATES.map((state) => [state, ms] as const)))
const span = z.strictObject({ start: instant, end: instant })

const incident = z.strictObject({
  onset: instant,
  end: instant.nullable().meta({ description: 'Null while it runs' }),
  zone: name.nullable(),
  cause: name.nullable(),
  possible: span.meta({ description: 'The longest that it can have been, through seen time' }),
})

/** One shape for each metric: what was measured stands flat beside the verdict. */
const guarantee = z.discriminatedUnion('metric', METRIC_NAMES.map(guaranteeAs) as [GuaranteeSchema])

type GuaranteeSchema = ReturnType<typeof guaranteeAs>

function guaranteeAs(metric: Metric) {
  const { shape } = entryOf(metric).measure
  const counts =
    'share' in shape ? shareSchema.pick({ n: true, within: true, missing: true, doubtful: true }).shape : {}
  const scored = standing.extend({ ...shape, ...counts })
  return scored.extend({
    guarantee: name,
    service: name,
    clause: name.nullable(),
    metric: z.literal(metric),
    scope: z.enum(['service', 'each-site']),
    target: decimal.meta({ description: 'Percent, ms or a number, as the metric has it' }),
    excludedMs: ms,
    sites: z.array(scored.extend({ site: name })).meta({ description: 'Worst first' }),
    contested: z
      .strictObject({ accepted: scored, refused: scored })
      .nullable()
      .meta({ description: 'With every contested exclusion accepted, and with none' }),
    partition: z.strictObject({
      committed: states,
      inHoursExcluded: states,
      offHours: states,
      offHoursExcluded: states,
    }),
    incidents: z.array(incident),
  })
}

const exclusion = z.strictObject({
  id: name,
  service: name,
  kind: name,
  clause: name.nullable(),
  start: instant,
  end: instant,
  standing: z.enum(['valid', 'contested', 'refused']),
  refusals: z.array(z.enum(REFUSALS)),
  afterwards: z.boolean().meta({ description: 'Declared once it had begun' }),
  notice: noticeSchema.nullable(),
  excuses: z.array(span).meta({ description: 'Before service hours and the cap' }),
})

const service = z.strictObject({
  service: name,
  states,
  downMs,
  availability: percentages,
  coverage: decimal.nullable(),
  blockedMs: standing.shape.blockedMs,
  incidents: z.array(incident),
})

const credits = z.looseObject({
  currency: name,
  total: decimal,
  lines: z.array(
    z.looseObject({
      guarantee: name.nullable(),
      clause: name.nullable(),
      rule: name,
      text: name,
      amount: decimal,
    }),
  ),
  claim: z.looseObject({ deadline: instant }).nullable(),
})

const policy = z.strictObject({
  guarantee: name.nullable(),
  service: name,
  policy: name,
  formula: name,
  percent: decimal.nullable(),
  fraction: name.nullable(),
  says: name,
})

const reconciliation = reconciliationSchema.extend({ nextDeadline: deadlineSchema })

/** What `constat evaluate` answers to a scenario. */
export const scenarioAnswerSchema = z.strictObject({
  window: z
    .strictObject({ startMs: z.int(), endMs: z.int(), asOfMs: z.int(), phase: z.enum(['open', 'closed']) })
    .nullable(),
  calendars: z.array(
    z.strictObject({
      calendar: name,
      committedMs: ms,
      offHoursMs: ms,
      intervals: z.array(z.strictObject({ startMs: z.int(), endMs: z.int() })),
    }),
  ),
  services: z.array(service),
  guarantees: z.array(guarantee),
  exclusions: z.array(exclusion),
  credits: credits.nullable(),
  losses: z.array(z.looseObject({ model: name, currency: name, total: decimal })),
  policies: z.array(policy),
  reconciliation: z.array(reconciliation),
  notes: z
    .array(z.strictObject({ path: name, message: name }))
    .meta({ description: 'What was given and changes nothing, or is not what it seems' }),
})

/** Draft 2020-12. */
export function scenarioAnswerJsonSchema(): Json {
  // The generator's type is wider than JSON only in what it never writes.
  return z.toJSONSchema(scenarioAnswerSchema, { target: 'draft-2020-12', reused: 'ref' }) as Json
}
