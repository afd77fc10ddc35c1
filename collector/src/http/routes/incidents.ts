/**
 * Incidents: what broke, from when to when, and who has said that they know.
 */
import { Hono } from 'hono'
import { z } from 'zod'
import type { ReadModel } from '../../view/reads.ts'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, limitBody, missing, name, pageQuery, query } from '../describe.ts'
import { withinOf, withinQuery } from '../span.ts'
import { cut } from '../../view/paging.ts'
import { listOf } from '../describe.ts'
import { incident, incidentRoom } from '../../view/timeline.ts'

const tag = 'incidents'

const incidentQuery = pageQuery.extend({
  ...withinQuery.shape,
  open: z.enum(['true', 'false']).optional().describe('Absent: open and closed'),
  contract: name.optional(),
  service: name.optional(),
  guarantee: name.optional().describe('One that was promised of the service at the onset'),
  zone: name.optional().describe('In which it began, or undetermined'),
})

export function incidentRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/incidents',
    allow('read'),
    describe({ summary: 'Incidents, latest onset first', tag, answer: listOf(incident), problems: [400] }),
    query(incidentQuery),
    async (c) => {
      const { open, cursor, limit, from, to, ...of } = c.req.valid('query')
      const found = await c.var.read.incidents({
        ...of,
        limit: limit + 1,
        open: open === undefined ? undefined : open === 'true',
        before: cursor,
        within: withinOf({ from, to }),
      })
      return c.json(cut(found, { keyOf: (item) => item.id, limit }))
    },
  )
  app.get(
    '/incidents/:incident',
    allow('read'),
    describe({
      summary: 'One incident: every vantage, and what was said',
      tag,
      answer: incidentRoom,
      problems: [404],
    }),
    async (c) => c.json(await known(c.var.read, c.req.param('incident'))),
  )
  app.post(
    '/incidents/:incident/acknowledge',
    allow('acknowledge'),
    describe({
      summary: 'Say that somebody has it in hand; the first time stands',
      tag,
      answer: incidentRoom,
      problems: [404],
    }),
    limitBody(),
    async (c) => {
      const { id } = await known(c.var.read, c.req.param('incident'))
      await actions.acknowledge({ incident: id, by: c.var.caller })
      return c.json(await known(c.var.read, id))
    },
  )
  return app
}

async function known(read: ReadModel, id: string) {
  const found = await read.incident(id)
  if (found === null) throw missing('incident')
  return found
}
