/**
 * Timelines: the states of a service over a span, the quorum's and every vantage's.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, missing, name, query } from '../describe.ts'
import { timeline } from '../../view/timeline.ts'
import { limitSegments, spanOf, spanQuery } from '../span.ts'

const timelineQuery = spanQuery.extend({
  contract: name.optional().describe('Needed only where two contracts have a service of that name'),
})

export function serviceRoutes({ clock }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/services/:service/timeline',
    allow('read'),
    describe({
      summary: 'States over a span; the last 24 h unless from and to say otherwise',
      tag: 'services',
      answer: timeline,
      problems: [400, 404, 413],
    }),
    query(timelineQuery),
    (c) => {
      const { contract, ...asked } = c.req.valid('query')
      const found = c.var.read.timeline(c.req.param('service'), spanOf(asked, clock), contract)
      if (found === null) throw missing('service')
      limitSegments(found)
      return c.json(found)
    },
  )
  return app
}
