/**
 * Schemas of what the API answers: the published shapes, named in the OpenAPI document. Each is held to
 * its view by the compiler in both directions, so neither can drift from the other. Pure.
 */
import { z } from 'zod'
import type * as View from '../judge/view.ts'
import type { AgentInvitation, Delivery, Webhook } from './actions.ts'
import type { Problem } from './problem.ts'

/** Both types accept each other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? A : never) : never

/** A schema that is the view, no more and no less. */
export function shape<V>() {
  return <S extends z.ZodType<Same<z.infer<S>, V>>>(id: string, schema: S): S => schema.meta({ id })
}

export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .describe('RFC 3339, UTC, ms')
const ms = z.int().describe('Milliseconds')
const count = z.int().min(0)
const percent = z
  .string()
  .regex(/^\d{1,3}\.\d{4}$/)
  .describe('Percent, 4 digits, truncated')
const share = z
  .string()
  .regex(/^[01]\.\d{4}$/)
  .describe('Share of 1, 4 digits, truncated')

const state = shape<View.State>()('State', z.enum(['up', 'degraded', 'partial', 'down', 'unknown']))
const windowState = shape<View.WindowState>()('WindowState', z.enum(['open', 'grace', 'final', 'amended']))
const figures = shape<View.Figures>()('Figures', z.object({ provable: ms, point: ms, pessimistic: ms }))
const readiness = shape<View.Readiness>()(
  'Readiness',
  z.object({ claimable: z.boolean(), lacks: z.array(z.string()) }),
)

export const verdict = z.enum(['met', 'not_met', 'indeterminate'])
const nullablePercents = z.object({
  provable: percent.nullable(),
  point: percent.nullable(),
  pessimistic: percent.nullable(),
})
const amount = z.string().describe('Decimal; what takes away is negative')
const creditLine = shape<View.CreditLineView>()(
  'CreditLine',
  z.object({
    guarantee: z.string().nullable().describe('Null: over several guarantees'),
    service: z.string().nullable(),
    clause: z.string().nullable(),
    rule: z.enum(['schedule', 'same-cause', 'repeat', 'earn-back', 'cap', 'misreport']),
    text: z.string(),
    amount,
  }),
)
const side = shape<View.SideView>()(
  'ContestedSide',
  z.object({
    verdict,
    committedMs: ms,
    downMs: figures.nullable(),
    percent: nullablePercents.nullable(),
  }),
)

const common = {
  guarantee: z.string(),
  service: z.string(),
  clause: z.string().nullable(),
  contract: z.string(),
  state: windowState,
  revision: count,
  window: z.object({ key: z.string(), start: instant, end: instant, timeZone: z.string() }),
  committedMs: ms,
  elapsedCommittedMs: ms,
  excludedMs: ms,
  knownMs: ms,
  coverage: share,
  target: z.string().describe('Percent, milliseconds or a number, as the metric has it'),
  verdict,
  outlook: z.enum(['on_track', 'at_risk']).nullable(),
  insufficientEvidence: z.boolean(),
  readiness,
  measuredFrom: instant.nullable(),
  asOf: instant,
  credit: z
    .object({ amount, currency: z.string(), lines: z.array(creditLine) })
    .nullable()
    .describe('As things stand; theoretical until it is notified'),
  contested: z
    .object({ accepted: side, refused: side })
    .nullable()
    .describe('Where an exclusion is contested: the result either way'),
}

const siteHead = {
  site: z.string(),
  displayName: z.string(),
  administeredBy: z.string().nullable(),
  verdict,
  outlook: common.outlook,
  insufficientEvidence: z.boolean(),
  coverage: share,
  knownMs: ms,
  measuredFrom: instant.nullable(),
}
/** Of a guarantee for each site; the figures beside it are those of the worst. */
function eachSite<S extends z.ZodType>(site: S) {
  return z
    .array(site)
    .exactOptional()
    .describe('Of a guarantee for each site; the figures beside it are those of the worst')
}

const budget = z.object({ allowedMs: ms, spentMs: ms, leftMs: ms })
const availability = z.object({ provable: percent, point: percent, pessimistic: percent })
const exhaustion = z.object({
  exhaustedAt: instant.nullable().describe('When the budget was gone'),
  projectedAt: instant.nullable().describe('When it would be, at the rate so far'),
})

const siteGuarantee = shape<View.SiteGuaranteeView>()(
  'SiteGuarantee',
  z.object({ ...siteHead, downMs: figures, availability, budget }),
)
const availabilityGuarantee = shape<View.AvailabilityView>()(
  'AvailabilityGuarantee',
  z.object({
    ...common,
    metric: z.literal('interval-availability'),
    downMs: figures,
    partialMs: ms,
    degradedMs: ms,
    unknownMs: ms,
    availability,
    budget,
    exhaustion,
    sites: eachSite(siteGuarantee),
  }),
)
const slicesGuarantee = shape<View.SlicesGuaranteeView>()(
  'SlicesGuarantee',
  z.object({
    ...common,
    metric: z.literal('error-rate-slices'),
    sliceMs: ms,
    badOverPercent: z.string().nullable().describe('Null: only a slice in which all failed is bad'),
    downMs: figures.describe('Committed time of the bad slices'),
    availability,
    budget,
    exhaustion,
    sites: eachSite(siteGuarantee),
  }),
)
const sitePercent = shape<View.SitePercentView>()(
  'SitePercent',
  z.object({ ...siteHead, availability: nullablePercents }),
)
const meanGuarantee = shape<View.MeanGuaranteeView>()(
  'MeanErrorRateGuarantee',
  z.object({
    ...common,
    metric: z.literal('mean-error-rate'),
    sliceMs: ms,
    slices: count,
    availability: nullablePercents.describe('100 less the mean error rate of all slices'),
    sites: eachSite(sitePercent),
  }),
)

const us = count.describe('Microseconds').nullable()
const shareOf = z.object({
  n: count.describe('Slot samples that count'),
  within: count.describe('Of these, good: answered, or answered within the threshold'),
  missing: count.describe('Slots that could have counted and of which nothing is known'),
  percent: percent.nullable(),
  provable: percent.nullable().describe('Had all the missing been good'),
  pessimistic: percent.nullable().describe('Had none of the missing'),
})
const percentileUs = z.object({ p50: us, p95: us, p99: us }).describe('Nearest rank; null of no samples')

const siteShare = shape<View.SiteShareView>()(
  'SiteShare',
  z.object({ ...siteHead, share: shareOf, percentileUs }),
)
const latencyGuarantee = shape<View.LatencyGuaranteeView>()(
  'LatencyGuarantee',
  z.object({
    ...common,
    metric: z.literal('share-within'),
    thresholdUs: count.describe('Microseconds'),
    share: shareOf,
    percentileUs,
    percentileErrorPercent: z
      .string()
      .describe('What a percentile may be above the true one: 0 once the window has ended'),
    sites: eachSite(siteShare),
  }),
)
const siteRequests = shape<View.SiteRequestView>()('SiteRequests', z.object({ ...siteHead, share: shareOf }))
const requestGuarantee = shape<View.RequestShareView>()(
  'RequestShareGuarantee',
  z.object({
    ...common,
    metric: z.literal('request-share'),
    share: shareOf,
    sites: eachSite(siteRequests),
  }),
)

const incidentTiming = shape<View.IncidentTimingView>()(
  'IncidentTiming',
  z.object({
    id: z.string().nullable(),
    onsetAt: instant,
    ms: figures.nullable().describe('Null: its clock never started'),
    isRunning: z.boolean(),
    verdict,
  }),
)
const siteTiming = shape<View.SiteTimingView>()(
  'SiteTiming',
  z.object({ ...siteHead, perIncident: z.array(incidentTiming) }),
)
const timingGuarantee = shape<View.TimingGuaranteeView>()(
  'TimingGuarantee',
  z.object({
    ...common,
    metric: z.enum(['restoration-time', 'response-time']),
    eachMs: ms.describe('What each incident may take'),
    clock: z.object({ start: z.string(), stop: z.string() }),
    perIncident: z.array(incidentTiming),
    sites: eachSite(siteTiming),
  }),
)
const siteCount = shape<View.SiteCountView>()('SiteCount', z.object({ ...siteHead, count: figures }))
const countGuarantee = shape<View.CountGuaranteeView>()(
  'IncidentCountGuarantee',
  z.object({
    ...common,
    metric: z.literal('incident-count'),
    count: z.object({ provable: count, point: count, pessimistic: count }),
    sites: eachSite(siteCount),
  }),
)

const guarantee = shape<View.GuaranteeView>()(
  'Guarantee',
  z.discriminatedUnion('metric', [
    availabilityGuarantee,
    slicesGuarantee,
    meanGuarantee,
    latencyGuarantee,
    requestGuarantee,
    timingGuarantee,
    countGuarantee,
  ]),
)

const credits = shape<View.CreditsView>()(
  'Credits',
  z.object({
    state: z.literal('theoretical').describe('Nobody has notified it'),
    currency: z.string(),
    tax: z.enum(['outside-vat', 'vat-included', 'vat-excluded']),
    total: amount,
    lines: z.array(creditLine),
    rights: z.array(
      z.object({ id: z.string(), right: z.string(), clause: z.string().nullable(), text: z.string() }),
    ),
    exclusive: z.boolean().describe('Whether the credit settles the loss'),
    claim: z
      .object({
        deadlineAt: instant,
        formalNotice: z.enum(['required', 'not-required']),
        silence: z.enum(['none', 'acceptance', 'rejection']),
      })
      .nullable(),
  }),
)
const loss = shape<View.LossView>()(
  'Loss',
  z.object({
    model: z.string(),
    currency: z.string(),
    total: amount,
    lines: z.array(z.object({ service: z.string(), onsetAt: instant, minutes: z.string(), amount })),
    showToProvider: z.boolean(),
  }),
)

const check = z.object({ name: z.string(), kind: z.string(), target: z.string(), intervalMs: ms })
const service = shape<View.ServiceView>()(
  'Service',
  z.object({
    service: z.string(),
    contract: z.string(),
    state,
    since: instant.nullable(),
    checks: z.array(check),
  }),
)

const site = shape<View.SiteView>()(
  'Site',
  z.object({
    id: z.string(),
    displayName: z.string(),
    administeredBy: z.string().nullable(),
    agents: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        connected: z.boolean(),
        silent: z.boolean(),
        isolated: z.boolean(),
        clockOffsetMs: z.int(),
      }),
    ),
    state: z.enum(['reachable', 'unreachable', 'isolated', 'unknown']),
  }),
)

export const contract = shape<View.ContractView>()(
  'Contract',
  z.object({
    name: z.string(),
    displayName: z.string(),
    provider: z.string(),
    revision: count,
    terms: z.enum(['unilateral', 'agreed', 'objected']),
    effectiveFrom: instant,
    state,
    sentence: z.string(),
    readiness,
    services: z.array(service),
    guarantees: z.array(guarantee),
    openIncidents: count,
    silentAgents: z.array(z.string()),
    sites: z.array(site),
    log: z.object({ origin: z.string(), size: count, root: z.string() }),
  }),
)

export const window = shape<View.WindowView>()(
  'Window',
  z.object({
    key: z.string(),
    start: instant,
    end: instant,
    state: windowState,
    guarantees: z.array(guarantee),
    credits: credits.nullable().describe('Of the whole window, caps included; null: none are agreed'),
    losses: z.array(loss).describe('By private models; only for those who may see them'),
  }),
)

export const revision = shape<View.RevisionView>()(
  'Revision',
  z.object({
    revision: count,
    digest: z.string(),
    appliedAt: instant,
    effectiveFrom: instant,
    terms: z.string(),
  }),
)

const segment = shape<View.Segment>()('Segment', z.object({ start: instant, end: instant, state }))
export const timeline = shape<View.TimelineView>()(
  'Timeline',
  z.object({
    service: z.string(),
    contract: z.string(),
    from: instant,
    to: instant,
    segments: z.array(segment),
    vantages: z.record(z.string(), z.array(segment)),
    agentNames: z.record(z.string(), z.string()),
    isolated: z.record(z.string(), z.array(z.object({ start: instant, end: instant }))),
    administeredBy: z.record(z.string(), z.string().nullable()),
  }),
)

const latencyPoint = shape<View.LatencyPoint>()(
  'LatencyPoint',
  z.object({
    at: instant.describe('Where the step begins'),
    n: count.describe('Slot samples that answered'),
    p50Us: us.describe('Nearest rank, exact; null where n is 0'),
    p95Us: us,
    p99Us: us,
    failed: count.describe('Slot samples that failed: not among n'),
  }),
)
export const latency = shape<View.LatencyView>()(
  'Latency',
  z.object({ check: z.string(), stepMs: ms, points: z.array(latencyPoint) }),
)

const vantage = shape<View.IncidentVantage>()(
  'IncidentVantage',
  z.object({
    agent: z.string(),
    name: z.string(),
    state,
    since: instant,
    isolated: z.boolean().describe('Cut off by every reference it runs: that is why it knew nothing'),
    site: z.string().nullable(),
    administeredBy: z.string().nullable(),
  }),
)
export const incident = shape<View.IncidentView>()(
  'Incident',
  z.object({
    id: z.string(),
    contract: z.string(),
    service: z.string(),
    check: z.string(),
    onsetAt: instant,
    openedAt: instant,
    closedAt: instant.nullable(),
    endAt: instant.nullable(),
    closeReason: z.string().nullable(),
    cause: z.string(),
    fault: z.string(),
    zone: z.string(),
    owner: z.string(),
    answeredBy: z.string().describe('Party that answers for it: the provider for its subcontractors'),
    zoneReference: z.string().nullable().describe('Check whose failing puts it down to this zone'),
    downMs: figures,
    vantages: z.array(vantage),
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.enum(['owner', 'viewer', 'provider']).nullable(),
    providerAcknowledgedAt: instant
      .nullable()
      .describe('The provider’s own word: the only one that stops a response clock'),
    pagedAt: instant.nullable(),
  }),
)

export const exclusion = shape<View.ExclusionView>()(
  'Exclusion',
  z.object({
    id: z.string(),
    contract: z.string(),
    service: z.string().nullable().describe('Null: every service of the contract'),
    kind: z.string(),
    clause: z.string().nullable(),
    start: instant,
    end: instant,
    announcedAt: instant.nullable(),
    announcementOnRecord: z.boolean().describe('False: the provider says so, and nobody has confirmed it'),
    announced: z.object({ start: instant, end: instant }).nullable(),
    reason: z.string(),
    declaredAt: instant,
    afterwards: z.boolean().describe('Declared when the time had begun'),
    declaredBy: z.string().describe('Party of the contract'),
    side: z.enum(['customer', 'provider']),
    standing: z
      .enum(['counts', 'contested', 'waiting', 'refused'])
      .describe('Contested and waiting: the result is told both ways'),
    refusals: z.array(z.string()),
    notice: z
      .object({
        unit: z.enum(['elapsed-ms', 'days']),
        given: z.int(),
        required: z.int(),
        isEnough: z.boolean(),
      })
      .nullable(),
    answers: z.array(
      z.object({
        answer: z.enum(['accepted', 'disputed']),
        by: z.string(),
        side: z.enum(['customer', 'provider']),
        at: instant,
        note: z.string(),
      }),
    ),
    effects: z.array(
      z.object({ guarantee: z.string(), window: z.string(), excusedMs: ms, contested: z.boolean() }),
    ),
  }),
)

export const agent = shape<View.AgentView>()(
  'Agent',
  z.object({
    id: z.string(),
    name: z.string(),
    enrolledAt: instant,
    lastSeenAt: instant,
    connected: z.boolean(),
    silent: z.boolean(),
    version: z.string(),
    clockOffsetMs: z.int(),
    clockErrorMs: z.int(),
    spoolBatches: count,
    coverage: share,
  }),
)

export const invitation = shape<AgentInvitation>()(
  'AgentInvitation',
  z.object({ token: z.string(), command: z.string(), expiresAt: instant }),
)

export const webhook = shape<Webhook>()(
  'Webhook',
  z.object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    shape: z.string(),
    createdAt: instant,
    disabledAt: instant.nullable(),
  }),
)

export const webhookCreated = z
  .object({ id: z.string(), secret: z.string().describe('Shown once: whsec_ and base64') })
  .meta({ id: 'WebhookCreated' })

export const delivery = shape<Delivery>()(
  'Delivery',
  z.object({
    id: z.string(),
    webhook: z.string(),
    messageId: z.string(),
    type: z.string(),
    state: z.enum(['pending', 'delivered', 'failed', 'disabled']),
    attempts: count,
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    createdAt: instant,
    nextAt: instant.nullable(),
    deliveredAt: instant.nullable(),
  }),
)

export const applied = z
  .object({
    contract: z.string(),
    revision: count,
    digest: z.string(),
    changed: z.boolean().describe('False: these terms were in force already'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Applied' })

/** Codes of the document are those a client may meet; the text of each is in docs/errors.md. */
export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    problems: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<{ [K in keyof Problem]: unknown }>

export function listOf(item: z.ZodType) {
  return z.object({ items: z.array(item), next: z.string().nullable().describe('Cursor of the next page') })
}
