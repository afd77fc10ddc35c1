/** Alerting of a contract, as it is published: its endpoints, and who would be told of an outage that began now. Pure. */
import { z } from 'zod'
import { count, instant, ms } from './parts.ts'

const planEndpoint = z.object({
  webhook: z.string(),
  source: z.enum(['api', 'contract']),
  endpoint: z.string().nullable().describe('Of a contract: document and id'),
  address: z.string().describe('Without what stands behind a question mark: it is often a key'),
  shape: z.string(),
  problem: z
    .enum(['disabled', 'paused', 'no-mail-server'])
    .nullable()
    .describe(
      'Why nothing reaches it: its receiver answered 410, it was paused, or no mail server is configured',
    ),
})

const planned = z.object({
  webhook: z.string(),
  type: z.enum(['incident.opened', 'incident.escalated']),
  step: count.nullable().describe('Of the escalation, from 1; null: told at first'),
  afterMs: ms.describe('After people are to be told, with nobody acknowledging'),
  everyMs: ms.nullable().describe('Told again after each of these'),
  at: instant,
  gatherMs: ms.describe('Held so long for what has the same cause: people are told of it in one message'),
  heldUntil: instant.nullable().describe('Quiet hours hold it until then'),
  why: z.enum(['subscription', 'all', 'route', 'step']),
})

const heartbeat = z.object({
  document: z.string(),
  address: z.string(),
  everyMs: ms,
  lastAt: instant.nullable().describe('When it was last answered; null: not since the collector began'),
  error: z.string().nullable().describe('What the last one met; null: it was answered'),
})
export type HeartbeatView = z.infer<typeof heartbeat>

const plannedReport = z.object({
  document: z.string(),
  id: z.string(),
  every: z.enum(['closing', 'week', 'month']),
  on: z
    .union([z.enum(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']), count])
    .nullable()
    .describe('Null: on closing'),
  at: z.string().nullable().describe('By the clock of the time zone'),
  timeZone: z.string().nullable(),
  of: z
    .enum(['closed', 'current'])
    .describe('Windows that became final since the last time, or those that go on'),
  forms: z.array(z.enum(['pdf', 'html', 'csv'])),
  nextAt: instant.nullable().describe('Null: when the next window becomes final'),
  webhooks: z.array(z.string()).describe('Who is sent it'),
})
export type PlannedReportView = z.infer<typeof plannedReport>

export const alertPlan = z
  .object({
    contract: z.string(),
    at: instant,
    timeZone: z.string(),
    alertAfterMs: ms
      .nullable()
      .describe('People are told so long after the onset; null: at once where two agents agree, else 60 s'),
    documents: z.array(z.string()).describe('Alerting documents in effect'),
    paused: z.array(z.string()).describe('Those that are at rest'),
    endpoints: z.array(planEndpoint),
    services: z.array(
      z.object({
        service: z.string(),
        displayName: z.string(),
        critical: z.boolean(),
        told: z.array(planned).describe('In order of time'),
      }),
    ),
    heartbeats: z.array(heartbeat),
    reports: z.array(plannedReport).describe('Reports that are sent by a schedule'),
  })
  .meta({ id: 'AlertPlan' })
export type AlertPlanView = z.infer<typeof alertPlan>
export type PlannedView = AlertPlanView['services'][number]['told'][number]
