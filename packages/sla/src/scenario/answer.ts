/**
 * The answer to a scenario: plain JSON with instants as RFC 3339 text and lengths in ms. Its schema is published,
 * so that others can read it without guessing, and held to real answers by a test. Pure.
 */
import { formatInstant, type Interval } from '@constat/shared/time'
import { z } from 'zod'
import type { ClaimClock } from '../credit/claim.ts'
import type { LossStatement } from '../credit/loss-statement.ts'
import type { CreditStatement } from '../credit/statement.ts'
import { REFUSALS, type Ruling } from '../judgement/declaration.ts'
import type { GuaranteeResult, Scored, SiteScore } from '../judgement/result.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { Metric } from '../contract/objective.ts'
import { shareSchema } from '../metric/share.ts'
import { downMs, instant, ms, percentages, standing } from '../metric/shape.ts'
import { entryOf, METRIC_NAMES, type MeasureOf } from '../metric/table.ts'
import { deadlineSchema, noticeSchema, reconciliationSchema } from '../reconciliation/answer.ts'
import { STATES, type State } from '../timeline.ts'
import type { Partition } from '../window.ts'

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/)
const name = z.string()
// The entries are one for each state.
const states = z.strictObject(
  Object.fromEntries(STATES.map((state) => [state, ms] as const)) as Record<State, typeof ms>,
)
const span = z.strictObject({ start: instant, end: instant })

const incident = z.strictObject({
  onset: instant,
  end: instant.nullable().meta({ description: 'Null while it runs' }),
  zone: name.nullable(),
  cause: name.nullable(),
  possible: span.meta({ description: 'The longest that it can have been, through seen time' }),
})
export type IncidentAnswer = z.infer<typeof incident>

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

/** What was measured stands flat beside the verdict, as in the collector's interface. */
type Flat<S> = S extends { measure: infer M } ? Omit<S, 'measure'> & Counted<M> : never
/** Those of a share stand beside it too, under the names that scenarios have always answered with. */
type Counted<M> = M extends { share: unknown } ? M & Counts : M
type Counts = Pick<MeasureOf<'request-share'>['share'], 'n' | 'within' | 'missing' | 'doubtful'>
export type GuaranteeAnswer = Flat<Omit<GuaranteeResult, 'sites' | 'contested'>> & {
  sites: Flat<SiteScore>[]
  contested: { accepted: Flat<Scored>; refused: Flat<Scored> } | null
  partition: Partition
  incidents: IncidentAnswer[]
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
export type ServiceAnswer = z.infer<typeof service>

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

/** `guarantee` null: the service has none, so it is scored at all hours. */
const policy = z.strictObject({
  guarantee: name.nullable(),
  service: name,
  policy: name,
  formula: name,
  percent: decimal.nullable(),
  fraction: name.nullable(),
  says: name,
})
export type PolicyAnswer = z.infer<typeof policy>

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
  reconciliation: z.array(reconciliationSchema.extend({ nextDeadline: deadlineSchema })),
  notes: z
    .array(z.strictObject({ path: name, message: name }))
    .meta({ description: 'What was given and changes nothing, or is not what it seems' }),
})

type Published = z.infer<typeof scenarioAnswerSchema>
export type ScenarioAnswer = Omit<Published, 'guarantees' | 'credits' | 'losses'> & {
  guarantees: GuaranteeAnswer[]
  /** Null where the contract has none, or names no charges. */
  credits: (CreditStatement & { claim: ReturnType<typeof claimAnswer> | null }) | null
  losses: ReturnType<typeof lossAnswer>[]
}

export function claimAnswer({ deadlineMs, ...rest }: ClaimClock) {
  return { deadline: formatInstant(deadlineMs), ...rest }
}

export function lossAnswer({ lines, ...rest }: LossStatement) {
  return {
    ...rest,
    lines: lines.map(({ onsetMs, ...line }) => ({ onset: formatInstant(onsetMs), ...line })),
  }
}

export function incidentAnswer({ onsetMs, endMs, zone, cause, possible }: IncidentFacts): IncidentAnswer {
  const end = endMs === null ? null : formatInstant(endMs)
  return { onset: formatInstant(onsetMs), end, zone, cause, possible: spanAnswer(possible) }
}

function spanAnswer({ startMs, endMs }: Interval): z.infer<typeof span> {
  return { start: formatInstant(startMs), end: formatInstant(endMs) }
}

export function guaranteeAnswer(given: {
  result: GuaranteeResult
  parts: Partition
  incidents: readonly IncidentFacts[]
}): GuaranteeAnswer {
  const { result, parts, incidents } = given
  const { sites, contested, ...rest } = result
  return {
    ...flat(rest),
    sites: sites.map(flat),
    contested: contested && { accepted: flat(contested.accepted), refused: flat(contested.refused) },
    partition: parts,
    incidents: incidents.map(incidentAnswer),
  }
}

function flat<S extends { measure: object }>({ measure, ...rest }: S): Flat<S> {
  const { n, within, missing, doubtful } = ('share' in measure ? measure.share : {}) as Partial<Counts>
  const counts = 'share' in measure ? { n, within, missing, doubtful } : {}
  // What `Flat` says, of a type that is not known here.
  return { ...rest, ...measure, ...counts } as Flat<S>
}

export function rulingAnswer(ruling: Ruling, service: string): Published['exclusions'][number] {
  const { id, kind, clause, interval, refusals, afterwards, notice, spans, counts, contested } = ruling
  const standing = contested ? 'contested' : counts ? 'valid' : 'refused'
  const told = { id, service, kind, clause, ...spanAnswer(interval), standing } as const
  return { ...told, refusals, afterwards, notice, excuses: spans.map(spanAnswer) }
}
