/** Words that people wrote beside entries of the log: found and erased by the owner of the collector. */
import { Hono } from 'hono'
import { erased, words } from '../../view/words.ts'
import type { AppDeps } from '../actions.ts'
import { allow, type Env } from '../caller.ts'
import { describe, listOf, missing, pageQuery, query } from '../describe.ts'
import { pageOf } from '../../view/paging.ts'

const tag = 'contracts'

export function wordRoutes({ actions }: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/contracts/:contract/words',
    allow('manage'),
    describe({
      summary: 'What people wrote of a contract, oldest first, and what of it was erased',
      tag,
      answer: listOf(words),
      problems: [400, 404],
    }),
    query(pageQuery),
    async (c) => {
      const all = await actions.listWords(c.req.param('contract'))
      if (all === null) throw missing('contract')
      return c.json(pageOf(all, { keyOf: ({ digest }) => digest, ...c.req.valid('query') }))
    },
  )
  app.post(
    '/contracts/:contract/words/:words/erase',
    allow('manage'),
    describe({
      summary: 'Erase what somebody wrote, by its digest; the log keeps its commitment, and holds',
      tag,
      answer: erased,
      problems: [404, 409, 503],
    }),
    async (c) =>
      c.json(await actions.eraseWords({ contract: c.req.param('contract'), digest: c.req.param('words') })),
  )
  return app
}
