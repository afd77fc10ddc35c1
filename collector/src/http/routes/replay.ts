/** Replay: what other tools would have said of a window, by their arithmetic on the same measurements. */
import { POLICIES } from '@constat/sla/policy/table'
import { Hono } from 'hono'
import { z } from 'zod'
import { allow, type Env } from '../caller.ts'
import { describe, missing, name, query } from '../describe.ts'
import { replayed } from '../window-schemas.ts'

const NAMES = POLICIES.map((policy) => policy.name).join(', ')

export function replayRoutes(): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/contracts/:contract/windows/:window/replay',
    allow('read'),
    describe({
      summary: 'What other tools would have said of a window',
      tag: 'contracts',
      answer: replayed,
      problems: [400, 404],
    }),
    query(z.object({ policy: name.optional().describe(`Absent: every one. ${NAMES}`) })),
    async (c) => {
      const { read } = c.var
      const contract = read.contract(c.req.param('contract'))
      if (contract === null) throw missing('contract')
      const found = await read.replay(contract.name, c.req.param('window'), c.req.valid('query').policy)
      if (found === null) throw missing('window')
      return c.json(found)
    },
  )
  return app
}
