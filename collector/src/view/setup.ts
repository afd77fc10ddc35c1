/** What people set up, as it is published: terms applied, agents invited, webhooks and their deliveries. Pure. */
import { z } from 'zod'
import { count, instant } from './parts.ts'

export const applied = z
  .object({
    contract: z.string(),
    revision: count,
    digest: z.string().describe('SHA-256 of the expanded terms, hex'),
    changed: z.boolean().describe('False: these terms were in force already'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Applied' })
export type AppliedView = z.infer<typeof applied>

export const archived = z
  .object({
    contract: z.string(),
    endedAt: instant,
    changed: z.boolean().describe('False: it had ended already'),
  })
  .meta({ id: 'Archived' })

export const publication = z
  .object({
    contract: z.string(),
    published: z.boolean().describe('Everybody may read the log'),
    changed: z.boolean().describe('False: it was so already'),
  })
  .meta({ id: 'Publication' })
export type PublicationView = z.infer<typeof publication>

export const invitation = z
  .object({
    token: z.string(),
    command: z.string().describe('Shown once: only the digest of the token is kept'),
    expiresAt: instant,
  })
  .meta({ id: 'AgentInvitation' })
export type AgentInvitation = z.infer<typeof invitation>

export const webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    shape: z.string(),
    createdAt: instant,
    state: z
      .enum(['active', 'paused', 'disabled', 'ended'])
      .describe('disabled: its receiver answered 410; ended: no Alerting document names it any more'),
    disabledAt: instant.nullable(),
    pausedAt: instant.nullable().describe('Since then what it is told waits, for 7 days'),
    contracts: z.array(z.string()).nullable().describe('Of which it is told, made by hand; null: of all'),
    publicKey: z
      .string()
      .nullable()
      .describe('Checks its v1a signatures: whpk_ and base64; null: it has none'),
    answers: z.boolean().describe('It tells who has an incident in hand: see answerSecret'),
    source: z.enum(['api', 'contract']).describe('Made by hand, or named by an Alerting document'),
    contract: z.string().nullable(),
    endpoint: z.string().nullable().describe('Of a contract: document and id'),
    language: z.enum(['en', 'fr']).nullable().describe("Null: the collector's"),
    endedAt: instant.nullable().describe('No document names it any more: nothing is sent to it'),
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof webhook>

/** Whether what is told of a contract goes to a webhook, by whose it is. */
export function hears(hook: Pick<Webhook, 'contract' | 'contracts'>, contract: string): boolean {
  return (hook.contract ?? contract) === contract && (hook.contracts?.includes(contract) ?? true)
}

export const webhookCreated = z
  .object({ id: z.string(), secret: z.string().describe('Shown once: whsec_ and base64') })
  .meta({ id: 'WebhookCreated' })

export const delivery = z
  .object({
    id: z.string(),
    webhook: z.string(),
    messageId: z.string().describe('Same on every retry: the webhook-id header'),
    type: z.string(),
    state: z
      .enum(['pending', 'gathered', 'delivered', 'failed', 'disabled'])
      .describe('Gathered: waits for what has the same cause, or is told by another message'),
    attempts: count,
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    lastBody: z.string().nullable().describe('What the receiver answered, its first characters'),
    tries: z.array(
      z.object({
        at: instant,
        status: z.int().nullable(),
        error: z.string().nullable(),
        tookMs: count,
      }),
    ),
    createdAt: instant,
    nextAt: instant.nullable(),
    deliveredAt: instant.nullable(),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.infer<typeof delivery>
