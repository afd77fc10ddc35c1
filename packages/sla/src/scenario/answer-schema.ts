/**
 * Schema of the answer to a scenario, published so that others can read it without guessing. Pure. It is held
 * to real answers by a test; the types are in `answer.ts`.
 */
import type { Json } from '@constat/shared/canonical-json'
import { z } from 'zod'
import { REFUSALS } from '../judgement/declaration.ts'
import { STATES } from '../timeline.ts'

const ms = z.int().min(0).meta({ description: 'ms' })
const instant = z.string().meta({ description: 'RFC 3339, UTC, with milliseconds' })
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/)
const percentOrNull = decimal.nullable().meta({ description: 'Percent, truncated; null of nothing' })
const name = z.string()

const figuresOf = <T extends z.ZodType>(value: T) =>
  z
    .strictObject({ provable: value, point: value, pessimistic: value })
    .meta({ description: 'At least, measured, at most' })

const downMs = figuresOf(ms)
const states = z.strictObject(Object.fromEntries(STATES.map((state) => [state, ms] as const)))
const span = z.strictObject({ start: instant, end: instant })

const incident = z.strictObject({
  onset: instant,
  end: instant.nullable().meta({ description: 'Null while it runs' }),
  zone: name.nullable(),
  cause: name.nullable(),
  possible: span.meta({ description: 'The longest that it can have been, through seen time' }),
})

const verdict = z.enum(['met', 'not_met', 'indeterminate'])

const scored = {
  verdict,
  outlook: z.enum(['on_track', 'at_risk']).nullable().meta({ description: 'Of an open window only' }),
  insufficientEvidence: z.boolean(),
  committedMs: ms.meta({ description: 'Of the whole window' }),
  elapsedMs: ms.meta({ description: 'Of it, up to asOf' }),
  knownMs: ms,
  coverage: decimal.nullable().meta({ description: 'knownMs of elapsedMs, as a share' }),
}

const worst = z.strictObject({ lengthMs: ms, start: instant, downMs: ms })

const MEASURES = {
  downtime: {
    kind: z.literal('downtime'),
    downMs,
    availability: figuresOf(percentOrNull),
    budget: z.strictObject({ allowedMs: ms, spentMs: ms, leftMs: z.int() }),
    exhaustion: z.strictObject({ exhaustedAt: instant.nullable(), projectedAt: instant.nullable() }),
    worst: z.array(worst).meta({ description: 'Hour, day and week with the most downtime' }),
  },
  share: {
    kind: z.literal('share'),
    n: z.int().min(0),
    within: z.int().min(0),
    missing: z.int().min(0).meta({ description: 'Slots of which nobody can tell' }),
    doubtful: z
      .strictObject({ n: z.int().min(0), within: z.int().min(0) })
      .meta({ description: 'Counted, at instants that are not proved up' }),
    share: figuresOf(percentOrNull),
    thresholdUs: z.int().nullable(),
    percentileUs: z.strictObject({ p50: z.int(), p95: z.int(), p99: z.int() }).nullable(),
  },
  mean: {
    kind: z.literal('mean'),
    slices: z.int().min(0).meta({ description: 'So far' }),
    slicesOfWindow: z.int().min(0),
    lost: figuresOf(
      z
        .string()
        .regex(/^\d+(\/\d+)?$/)
        .meta({ description: 'Error rates of the slices added up, a reduced fraction such as 21/5' }),
    ),
    availability: figuresOf(percentOrNull),
  },
  timing: {
    kind: z.literal('timing'),
    eachMs: ms,
    perIncident: z.array(
      z.strictObject({
        id: name.nullable(),
        onset: instant,
        ms: downMs.nullable().meta({ description: 'Null: the clock never started' }),
        isRunning: z.boolean(),
        verdict,
      }),
    ),
  },
  count: { kind: z.literal('count'), count: figuresOf(z.int().min(0)) },
}

/** One shape for each kind of metric, with what stands beside it. */
function measuredWith<T extends z.ZodRawShape>(more: T) {
  return z.discriminatedUnion('kind', [
    z.strictObject({ ...scored, ...MEASURES.downtime, ...more }),
    z.strictObject({ ...scored, ...MEASURES.share, ...more }),
    z.strictObject({ ...scored, ...MEASURES.mean, ...more }),
    z.strictObject({ ...scored, ...MEASURES.timing, ...more }),
    z.strictObject({ ...scored, ...MEASURES.count, ...more }),
  ])
}

const bothWays = z.strictObject({ accepted: measuredWith({}), refused: measuredWith({}) })

const guarantee = measuredWith({
  guarantee: name,
  service: name,
  clause: name.nullable(),
  metric: name,
  scope: z.enum(['service', 'each-site']),
  target: decimal.meta({ description: 'Percent, ms or a number, as the metric has it' }),
  excludedMs: ms,
  sites: z.array(measuredWith({ site: name })).meta({ description: 'Worst first' }),
  contested: bothWays
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

const notice = z.strictObject({
  unit: z.enum(['elapsed-ms', 'days']),
  given: z.int(),
  required: z.int(),
  valid: z.boolean(),
})

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
  notice: notice.nullable(),
  excuses: z.array(span).meta({ description: 'Before service hours and the cap' }),
})

const service = z.strictObject({
  service: name,
  states,
  downMs,
  availability: figuresOf(percentOrNull),
  coverage: decimal.nullable(),
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

const reconciliation = z.looseObject({
  guarantee: name,
  matches: z.array(z.looseObject({ class: name, start: instant, end: instant, measured: z.array(span) })),
  credits: z.looseObject({ currency: name, inDispute: decimal }).nullable(),
})

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
