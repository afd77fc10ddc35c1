/** What people have said of outages, and what the customer's own users are told of services, as it is published. Pure. */
import { REMARK_KINDS } from '@constat/sla/state/remark-record'
import { z } from 'zod'
import { count, instant, state } from './parts.ts'

export const remark = z
  .object({
    id: z.string(),
    kind: z.enum(REMARK_KINDS).describe('trouble: it fails for me'),
    service: z.string(),
    incident: z.string().nullable().describe('That a note or a dispute is about'),
    side: z.enum(['customer', 'provider']),
    role: z.string(),
    at: instant,
    since: instant.nullable().describe('Since when, as the author of a report of trouble says'),
    text: z.string().nullable().describe('Null: nothing was written, it was erased, or it is not for you'),
  })
  .meta({ id: 'Remark' })
export type RemarkView = z.infer<typeof remark>

export const reported = z
  .object({
    id: z.string(),
    at: instant,
    service: z.string(),
    contract: z.string(),
    others: count.describe('Reports of the same service within the hour before it'),
  })
  .meta({ id: 'Reported' })
export type ReportedView = z.infer<typeof reported>

export const serviceStatus = z
  .object({
    contract: z.string(),
    service: z.string(),
    name: z.string().describe('As people call it'),
    state,
    since: instant.nullable(),
    acknowledged: z.boolean().describe('Somebody has it in hand'),
    planned: z
      .object({ start: instant, end: instant })
      .nullable()
      .describe('Work that was announced, going on or within a week'),
    reports: count.describe('"It fails for me" within the hour'),
  })
  .meta({ id: 'ServiceStatus' })
export type ServiceStatus = z.infer<typeof serviceStatus>
