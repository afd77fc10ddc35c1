/**
 * Timelines: the states of a service over a span, the quorum's and every vantage's.
 */
import { Fault } from '@constat/shared/fault'
import { parseInstant, type Clock } from '@constat/shared/time'
import { Hono } from 'hono'
import { z } from 'zod'
import type { TimelineView } from '../../judge/view.ts'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, missing, name, query } from '../describe.ts'
import { DEFAULT_TIMELINE_MS, MAX_TIMELINE_MS, MAX_TIMELINE_SEGMENTS } from '../limits.ts'
import { timeline } from '../schemas.ts'

const instant = z
  .string()
  .max(40)
  .describe('RFC 3339')
  .refine((text) => parseInstant(text) !== undefined, 'is not an RFC 3339 instant')

const spanQuery = z.object({
  from: instant.optional(),
  to: instant.optional(),
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
    query(spanQuery),
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

/** The span asked for, within its limits. */
export function spanOf(asked: { from?: string | undefined; to?: string | undefined }, clock: Clock) {
  const toMs = (asked.to === undefined ? undefined : parseInstant(asked.to)) ?? clock.nowMs()
  const fromMs =
    (asked.from === undefined ? undefined : parseInstant(asked.from)) ?? toMs - DEFAULT_TIMELINE_MS
  if (fromMs >= toMs) throw new Fault('bad-request', 'The span ends before it begins.')
  if (toMs - fromMs > MAX_TIMELINE_MS) {
    throw new Fault('too-large', 'The span is longer than 400 days.', { hint: 'Ask for it in parts.' })
  }
  return { fromMs, toMs }
}

function limitSegments({ segments, vantages }: TimelineView): void {
  const count = Object.values(vantages).reduce((sum, list) => sum + list.length, segments.length)
  if (count <= MAX_TIMELINE_SEGMENTS) return
  throw new Fault(
    'too-large',
    `The answer would hold ${count} segments, more than ${MAX_TIMELINE_SEGMENTS}.`,
    {
      hint: 'Ask for a shorter span.',
    },
  )
}
