/** Access as it is published: tokens that are good, and who gave or took them. A secret is shown once. Pure. */
import { z } from 'zod'
import { count, instant, role } from './parts.ts'

const madeBy = z
  .string()
  .describe(
    'Id of the token or account that did it; operator: whoever has the data directory; start: the first start',
  )
const contracts = z.array(z.string()).nullable().describe('Null: all of them')

export const token = z
  .object({
    id: z.string().describe('What it is called; it opens nothing'),
    kind: z
      .enum(['api', 'agent', 'link', 'invite'])
      .describe(
        'For people and programs, for one agent that joins, an address that shows one page, or one account to be made',
      ),
    role: role.nullable().describe('Null: a join token'),
    contracts,
    name: z.string().nullable().describe('Of the agent or the person that may join by it'),
    incident: z.string().nullable().describe('That a link shows; null: the states of the services'),
    createdAt: instant,
    by: madeBy.nullable().describe('Who made it, as in the audit'),
    byName: z.string().nullable().describe('Of the account that made it, also where that is gone'),
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

export const session = z
  .object({
    id: z.string().describe('Ended by it; it opens nothing'),
    browser: z.string().nullable().describe('Null: it did not say'),
    isThis: z.boolean().describe('The one that asks'),
    createdAt: instant,
    expiresAt: instant,
  })
  .meta({ id: 'Session' })
export type SessionView = z.infer<typeof session>

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
    by: madeBy,
    byName: z.string().nullable().describe('Of the account that did it'),
    deed: z.enum([
      'issued',
      'revoked',
      'joined',
      'changed',
      'signed-in',
      'password',
      'factor-on',
      'factor-off',
      'codes',
      'code-used',
      'signed-out',
    ]),
    token: z.string().describe('Id of the token or account that it was done to'),
    kind: z.enum(['api', 'agent', 'link', 'invite', 'person']),
    role: role.nullable(),
    contracts,
    name: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditView = z.infer<typeof auditEntry>
