/** Access as it is published: tokens that are good, and who gave or took them. A secret is shown once. Pure. */
import { z } from 'zod'
import { count, instant, role } from './parts.ts'

export const token = z
  .object({
    id: z.string().describe('What it is called; it opens nothing'),
    kind: z
      .enum(['api', 'agent', 'link'])
      .describe('For people and programs, for one agent that joins, or an address that shows one page'),
    role: role.nullable().describe('Null: a join token'),
    contract: z.string().nullable().describe('Null: all of them'),
    name: z.string().nullable().describe('Of the agent that may join by it'),
    incident: z.string().nullable().describe('That a link shows; null: the states of the services'),
    createdAt: instant,
    expiresAt: instant.nullable().describe('Null: never'),
    sessions: count.describe('Browsers that are signed in with it'),
  })
  .meta({ id: 'Token' })
export type TokenView = z.infer<typeof token>

export const tokenIssued = z
  .object({
    id: z.string(),
    token: z.string().describe('Shown once: only its digest is kept'),
    role,
    contract: z.string().nullable(),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'TokenIssued' })
export type TokenIssued = z.infer<typeof tokenIssued>

export const linkIssued = z
  .object({
    id: z.string().describe('Revoked by it, as a token is'),
    url: z.string().describe('Shown once: whoever has it sees this one page, and nothing else'),
    contract: z.string(),
    incident: z.string().nullable(),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'LinkIssued' })
export type LinkIssued = z.infer<typeof linkIssued>

export const auditEntry = z
  .object({
    id: z.string(),
    at: instant,
    by: z
      .string()
      .describe(
        'Id of the token that did it; operator: whoever has the data directory; start: the first start',
      ),
    deed: z.enum(['issued', 'revoked']),
    token: z.string().describe('Id of the token that it was done to'),
    kind: z.enum(['api', 'agent', 'link']),
    role: role.nullable(),
    contract: z.string().nullable(),
    name: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditView = z.infer<typeof auditEntry>
