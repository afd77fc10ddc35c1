/** `POST /add-checkpoint`, C2SP tlog-witness: for logs that are known, by whoever has their signature. */
import { Hono } from 'hono'
import { ADD_CHECKPOINT_PATH, MAX_SUBMISSION_BYTES } from '@constat/evidence/witness'
import type { AppDeps } from '../actions.ts'
import { limitBody } from '../describe.ts'
import { problemResponse } from '../problem.ts'

export function witnessRoutes({ addCheckpoint }: Pick<AppDeps, 'addCheckpoint'>): Hono {
  const app = new Hono()
  app.onError((error) => problemResponse(error))
  app.post(ADD_CHECKPOINT_PATH, limitBody(MAX_SUBMISSION_BYTES), async (c) => {
    const { status, type, text } = await addCheckpoint(await c.req.text())
    return c.body(text, status, { 'content-type': type, 'cache-control': 'no-store' })
  })
  return app
}
