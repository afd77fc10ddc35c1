/**
 * Webhooks: who is told, what was sent to them, and sending it again.
 */
import { Hono } from 'hono'
import { z } from 'zod'
import type { AppDeps, WebhookActions } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, missing, name, pageQuery, query } from '../describe.ts'
import { MAX_NAME_CHARS, MAX_URL_CHARS, MAX_WEBHOOK_CONTRACTS, MAX_WEBHOOK_TYPES } from '../limits.ts'
import { withinOf, withinQuery } from '../span.ts'
import { cut, pageOf } from '../../view/paging.ts'
import { listOf } from '../describe.ts'
import { alertPlan } from '../../view/alerting.ts'
import { delivery, webhook, webhookCreated, type Webhook } from '../../view/setup.ts'

const tag = 'webhooks'

const written = {
  url: z.string().min(1).max(MAX_URL_CHARS),
  types: z.array(z.string().min(1).max(MAX_NAME_CHARS)).min(1).max(MAX_WEBHOOK_TYPES),
  shape: z.string().min(1).max(MAX_NAME_CHARS),
  contracts: z
    .array(z.string().min(1).max(MAX_NAME_CHARS))
    .min(1)
    .max(MAX_WEBHOOK_CONTRACTS)
    .nullable()
    .describe('Of which it is told; null: of all'),
  ed25519: z.boolean().describe('Signs with a key of its own too (v1a); its public half is listed'),
}

export const wantedWebhook = z.object({
  url: written.url,
  types: written.types.default(['*']),
  shape: written.shape.default('generic'),
  contracts: written.contracts.default(null),
  ed25519: written.ed25519.default(false),
})

export const wantedChanges = z.strictObject({
  url: written.url.optional(),
  types: written.types.optional(),
  shape: written.shape.optional(),
  contracts: written.contracts.optional(),
  ed25519: written.ed25519.optional(),
  answerSecret: z
    .string()
    .min(16)
    .max(MAX_NAME_CHARS)
    .nullable()
    .optional()
    .describe(
      'What PagerDuty signs with when it tells at /acknowledge/pagerduty/ID who has an incident in hand; never shown, null ends it',
    ),
  paused: z.boolean().optional().describe('What it is told waits, for 7 days'),
})

const webhookQuery = pageQuery.extend({ state: webhook.shape.state.optional() })
const deliveryQuery = pageQuery.extend({
  ...withinQuery.shape,
  state: delivery.shape.state.optional(),
  type: name.optional().describe('Of event: incident.opened'),
})

export function webhookRoutes({ actions: { webhooks } }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/webhooks',
    allow('manage'),
    describe({ summary: 'Webhooks', tag, answer: listOf(webhook), problems: [400] }),
    query(webhookQuery),
    async (c) => {
      const { state, ...page } = c.req.valid('query')
      const wanted = (item: Webhook) => state === undefined || item.state === state
      return c.json(pageOf(await webhooks.list(), { keyOf: (item) => item.id, wanted, ...page }))
    },
  )
  app.post(
    '/webhooks',
    allow('manage'),
    describe({
      summary: 'Add one; the secret is shown once',
      tag,
      answer: webhookCreated,
      status: 201,
      problems: [400, 413],
    }),
    limitBody(),
    jsonBody(wantedWebhook),
    async (c) => c.json(await webhooks.create(c.req.valid('json')), 201),
  )
  app.delete(
    '/webhooks/:webhook',
    allow('manage'),
    describe({
      summary: 'Remove one; nothing more is sent to it. One of a contract is removed in its document',
      tag,
      status: 204,
      problems: [404, 409],
    }),
    async (c) => {
      if (!(await webhooks.remove(c.req.param('webhook')))) throw missing('webhook')
      return c.body(null, 204)
    },
  )
  addChanges(app, webhooks)
  addPlanRoute(app)
  addDeliveryRoutes(app, webhooks)
  return app
}

function addChanges(app: Hono<Env>, webhooks: WebhookActions): void {
  app.patch(
    '/webhooks/:webhook',
    allow('manage'),
    describe({
      summary:
        'Change what is named, pause it or let it go on. The secret stays; one of a contract can be paused here',
      tag,
      answer: webhook,
      problems: [400, 404, 409, 413],
    }),
    limitBody(),
    jsonBody(wantedChanges),
    async (c) => {
      const edited = await webhooks.edit(c.req.param('webhook'), c.req.valid('json'))
      if (edited === null) throw missing('webhook')
      return c.json(edited)
    },
  )
  app.post(
    '/webhooks/:webhook/enable',
    allow('manage'),
    describe({
      summary: 'Send to it again what happens from now on; an answer 410 had disabled it',
      tag,
      answer: webhook,
      problems: [404],
    }),
    limitBody(),
    async (c) => {
      const enabled = await webhooks.enable(c.req.param('webhook'))
      if (enabled === null) throw missing('webhook')
      return c.json(enabled)
    },
  )
  app.post(
    '/webhooks/:webhook/secret',
    allow('manage'),
    describe({
      summary: 'Renew its secret, which is shown once; the one before it signs beside it for a day',
      tag,
      answer: webhookCreated,
      status: 201,
      problems: [404],
    }),
    limitBody(),
    async (c) => {
      const renewed = await webhooks.renewSecret(c.req.param('webhook'))
      if (renewed === null) throw missing('webhook')
      return c.json(renewed, 201)
    },
  )
}

function addPlanRoute(app: Hono<Env>): void {
  app.get(
    '/contracts/:contract/alerting',
    allow('manage'),
    describe({
      summary: 'Who would be told of what, when and why, if each of its services went down now',
      tag,
      answer: alertPlan,
      problems: [404],
    }),
    async (c) => {
      const plan = await c.var.read.alertPlan(c.req.param('contract'))
      if (plan === null) throw missing('contract')
      return c.json(plan)
    },
  )
}

function addDeliveryRoutes(app: Hono<Env>, webhooks: WebhookActions): void {
  app.post(
    '/webhooks/:webhook/test',
    allow('manage'),
    describe({ summary: 'Queue a test message', tag, answer: delivery, status: 202, problems: [404] }),
    limitBody(),
    async (c) => {
      const queued = await webhooks.test(c.req.param('webhook'))
      if (queued === null) throw missing('webhook')
      return c.json(queued, 202)
    },
  )
  app.get(
    '/webhooks/:webhook/deliveries',
    allow('manage'),
    describe({
      summary: 'What was sent, newest first',
      tag,
      answer: listOf(delivery),
      problems: [400, 404],
    }),
    query(deliveryQuery),
    async (c) => {
      const { limit, cursor, from, to, ...of } = c.req.valid('query')
      const page = { ...of, limit: limit + 1, before: cursor, within: withinOf({ from, to }) }
      const found = await webhooks.deliveries(c.req.param('webhook'), page)
      if (found === null) throw missing('webhook')
      return c.json(cut(found, { keyOf: (item) => item.id, limit }))
    },
  )
  app.post(
    '/deliveries/:delivery/replay',
    allow('manage'),
    describe({
      summary: 'Send the same message again, under the same webhook-id',
      tag,
      answer: delivery,
      status: 202,
      problems: [404],
    }),
    limitBody(),
    async (c) => {
      const queued = await webhooks.replay(c.req.param('delivery'))
      if (queued === null) throw missing('delivery')
      return c.json(queued, 202)
    },
  )
}
