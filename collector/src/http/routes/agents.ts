/**
 * Agents: who measures, how well, and the way to let one more in or put one out.
 */
import { Hono } from 'hono'
import { z } from 'zod'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, jsonBody, limitBody, missing, pageQuery, query } from '../describe.ts'
import { pageOf } from '../../view/paging.ts'
import { listOf } from '../describe.ts'
import { agent } from '../../view/contract.ts'
import { invitation } from '../../view/setup.ts'

const tag = 'agents'
/** As the wire limits it. */
const MAX_AGENT_NAME_CHARS = 64

export const agentName = z
  .string()
  .trim()
  .min(1)
  .max(MAX_AGENT_NAME_CHARS)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'takes letters, digits, spaces, dots, dashes')

export function agentRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/agents',
    allow('read-hosts'),
    describe({ summary: 'Agents and how they are', tag, answer: listOf(agent), problems: [400] }),
    query(pageQuery),
    (c) => c.json(pageOf(c.var.read.agents(), { keyOf: (item) => item.id, ...c.req.valid('query') })),
  )
  app.post(
    '/agents/tokens',
    allow('manage'),
    describe({
      summary: 'A join command for one agent, shown once',
      tag,
      answer: invitation,
      status: 201,
      problems: [400, 413],
    }),
    limitBody(),
    jsonBody(z.object({ name: agentName.nullable().default(null) })),
    async (c) => c.json(await actions.issueAgentToken({ ...c.req.valid('json'), by: c.var.caller }), 201),
  )
  app.delete(
    '/agents/:agent',
    allow('manage'),
    describe({ summary: 'Put an agent out; what it signed stays', tag, status: 204, problems: [404] }),
    async (c) => {
      if (!(await actions.revokeAgent(c.req.param('agent')))) throw missing('agent')
      return c.body(null, 204)
    },
  )
  return app
}
