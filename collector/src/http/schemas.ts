/**
 * Schemas of what the API answers: the published shapes, named in the OpenAPI document. Each is held to
 * its view by the compiler in both directions, so neither can drift from the other. Pure.
 */
import { z } from 'zod'
import type * as Exclusion from '../judge/exclusion-view.ts'
import type * as View from '../judge/view.ts'
import type { AgentInvitation, Delivery, Webhook } from './actions.ts'
import type { Problem } from './problem.ts'
import { credits, guarantee, loss } from './schema-guarantee.ts'
import {
  count,
  figures,
  instant,
  ms,
  readiness,
  shape,
  share,
  state,
  us,
  windowState,
} from './schema-parts.ts'

const check = z.object({ name: z.string(), kind: z.string(), target: z.string(), intervalMs: ms })
const service = shape<View.ServiceView>()(
  'Service',
  z.object({
    service: z.string(),
    contract: z.string(),
    state,
    since: instant.nullable(),
    until: instant.nullable().describe('The terms that it is judged by end here'),
    unmeasuredSince: instant.nullable().describe('Nobody measures it any more'),
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
    endedAt: instant.nullable().describe('By its terms, or because it was archived'),
    trouble: z.string().nullable().describe('Why it is set aside: it is not judged until that is over'),
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
    stopProbing: z.boolean().describe('What it no longer needs is not probed any more from its apply on'),
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
    unmeasured: z
      .array(z.object({ start: instant, end: instant, reason: z.enum(['not-in-force', 'probing-stopped']) }))
      .describe('Where nothing is known because nobody measured'),
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
    pagedAt: instant.nullable().describe('When people were due to be told'),
    alertedAt: instant.nullable().describe('The first delivery that a system accepted'),
  }),
)

export const exclusion = shape<Exclusion.ExclusionView>()(
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

export const archived = z
  .object({
    contract: z.string(),
    endedAt: instant,
    changed: z.boolean().describe('False: it had ended already'),
  })
  .meta({ id: 'Archived' })

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
