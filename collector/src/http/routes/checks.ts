/**
 * Checks: how long the answers of one check took, step by step.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, missing, name, query } from '../describe.ts'
import { latency } from '../../view/timeline.ts'
import { latencyQuery, latencySpanOf } from '../span.ts'

const checkQuery = latencyQuery.extend({
  agent: name
    .optional()
    .describe('Name or id of one agent, as the caller is shown it; absent: all of them together'),
  contract: name.optional().describe('Needed only where two contracts have a check of that name'),
})

export function checkRoutes({ clock }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/checks/:check/latency',
    allow('read'),
    describe({
      summary:
        'Percentiles by steps of time, exact, of the samples of slots; the last 24 h unless from and to say otherwise',
      tag: 'checks',
      answer: latency,
      problems: [400, 404, 413],
    }),
    query(checkQuery),
    async (c) => {
      const { agent, contract, ...asked } = c.req.valid('query')
      const span = latencySpanOf(asked, clock)
      const found = await c.var.read.latency(c.req.param('check'), span, { agent, contract })
      if (found === null) throw missing(agent === undefined ? 'check' : 'check, or no such agent measured it')
      return c.json(found)
    },
  )
  return app
}
