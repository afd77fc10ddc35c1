/** Schemas of guarantees in a window, one for each metric, and of what they are worth. Pure. */
import { z } from 'zod'
import type * as Credit from '../judge/credit-view.ts'
import type * as View from '../judge/view.ts'
import {
  count,
  figures,
  instant,
  ms,
  percent,
  readiness,
  shape,
  share,
  us,
  windowState,
} from './schema-parts.ts'

export const verdict = z.enum(['met', 'not_met', 'indeterminate'])
const nullablePercents = z.object({
  provable: percent.nullable(),
  point: percent.nullable(),
  pessimistic: percent.nullable(),
})
const amount = z.string().describe('Decimal; what takes away is negative')
const creditLine = shape<Credit.CreditLineView>()(
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
  window: z.object({
    key: z.string(),
    start: instant,
    end: instant,
    timeZone: z.string(),
    length: z
      .enum(['shorter', 'longer'])
      .nullable()
      .describe('Where the terms have changed its bounds: than usual'),
  }),
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

export const guarantee = shape<View.GuaranteeView>()(
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

export const credits = shape<Credit.CreditsView>()(
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
export const loss = shape<Credit.LossView>()(
  'Loss',
  z.object({
    model: z.string(),
    currency: z.string(),
    total: amount,
    lines: z.array(z.object({ service: z.string(), onsetAt: instant, minutes: z.string(), amount })),
    showToProvider: z.boolean(),
  }),
)
