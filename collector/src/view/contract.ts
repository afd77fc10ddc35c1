/** Contracts as they are published, with their services, sites and agents. Pure. */
import { z } from 'zod'
import { guarantee } from './guarantee.ts'
import { count, instant, ms, readiness, share, side, state, why } from './parts.ts'
import { deadline } from './penalty.ts'
import { timestamps } from './timestamp.ts'
import { witness } from './witness.ts'

const termsStanding = z
  .enum(['unilateral', 'agreed', 'objected'])
  .describe('Unilateral until the provider has answered; the newest answer counts')

const service = z
  .object({
    service: z.string(),
    contract: z.string(),
    state,
    since: instant.nullable(),
    until: instant.nullable().describe('The terms that it is judged by end here'),
    leavesAt: instant.nullable().describe('It leaves the contract here, or did; null: it stays'),
    unmeasuredSince: instant.nullable().describe('Nobody measures it any more'),
    reasons: z.array(why).describe('Why it is unknown; empty where it is known'),
    checks: z.array(z.object({ name: z.string(), kind: z.string(), target: z.string(), intervalMs: ms })),
  })
  .meta({ id: 'Service' })
export type ServiceView = z.infer<typeof service>

const siteAgent = z.object({
  id: z.string(),
  name: z.string(),
  connected: z.boolean(),
  silent: z.boolean(),
  isolated: z.boolean(),
  clockOffsetMs: z.int(),
})
export type SiteAgent = z.infer<typeof siteAgent>

const site = z
  .object({
    id: z.string(),
    displayName: z.string(),
    administeredBy: z.string().nullable(),
    agents: z.array(siteAgent),
    state: z
      .enum(['reachable', 'unreachable', 'isolated', 'unknown'])
      .describe('Unreachable: nobody there is heard. Isolated: heard, but cut off from what it measures'),
  })
  .meta({ id: 'Site' })
export type SiteView = z.infer<typeof site>
export type SiteState = SiteView['state']

export const contract = z
  .object({
    name: z.string(),
    displayName: z.string(),
    provider: z.string(),
    revision: count,
    terms: termsStanding,
    nextDeadline: deadline
      .extend({ window: z.string() })
      .nullable()
      .describe('The first of its penalties that run out: to claim, or to be answered'),
    effectiveFrom: instant,
    endedAt: instant.nullable().describe('By its terms, or because it was archived'),
    trouble: z.string().nullable().describe('Why it is set aside: it is not judged until that is over'),
    state: state.describe('Worst of its services now'),
    sentence: z.string().describe('State, since when, what is left of the budget, what a claim lacks'),
    readiness,
    services: z.array(service),
    pastServices: z.array(service).describe('Those that left it'),
    guarantees: z.array(guarantee).describe('In the window that is open now'),
    openIncidents: count,
    silentAgents: z.array(z.string()),
    sites: z
      .array(site)
      .describe('Declared ones in the order of the contract, then each agent that stands in none'),
    log: z.object({
      origin: z.string(),
      size: count,
      root: z.string(),
      key: z.string().describe('Of the log, as text: what a witness or a verifier is given'),
      published: z.boolean().describe('Everybody may read it'),
      witnesses: z.array(witness),
      timestamps: timestamps.nullable().describe('Null: no authority is asked'),
    }),
  })
  .meta({ id: 'Contract' })
export type ContractView = z.infer<typeof contract>

export const revision = z
  .object({
    revision: count,
    digest: z.string(),
    appliedAt: instant,
    effectiveFrom: instant,
    stopProbing: z.boolean().describe('What it no longer needs is not probed any more from its apply on'),
    terms: termsStanding,
    answers: z
      .array(
        z.object({
          answer: z.enum(['agreed', 'objected']),
          by: z.string().describe('Party of the contract'),
          side,
          at: instant,
          note: z.string().nullable().describe('Null: none, or erased'),
        }),
      )
      .describe('Of the provider, the first one first'),
  })
  .meta({ id: 'Revision' })
export type RevisionView = z.infer<typeof revision>

export const agent = z
  .object({
    id: z.string(),
    name: z.string(),
    enrolledAt: instant,
    lastSeenAt: instant,
    connected: z.boolean(),
    silent: z.boolean(),
    clonedAt: instant
      .nullable()
      .describe('When two hosts were last seen to use its key at once; null: not within the last 24 h'),
    excessAt: instant
      .nullable()
      .describe('When it last sent more than its checks can say; null: not within the last 24 h'),
    version: z.string(),
    clockOffsetMs: z.int(),
    clockErrorMs: z.int(),
    spoolBatches: count,
    coverage: share.describe('Known share of the last 24 h of its checks'),
    unknown: z
      .array(why.pick({ reason: true, since: true }).extend({ contract: z.string(), check: z.string() }))
      .describe('Checks of which it knows nothing now, and why'),
  })
  .meta({ id: 'Agent' })
export type AgentView = z.infer<typeof agent>
