/** The app of a closing world: the real pages and routes over the real line, asked as their owner. */
import { fileURLToPath } from 'node:url'
import { issueApiToken } from '../../collector/src/access.ts'
import { openBus } from '../../collector/src/alert/bus.ts'
import { actionsOf } from '../../collector/src/actions.ts'
import { createApp } from '../../collector/src/http/app.ts'
import type { ClosingWorld } from './closing-world.ts'

export type WorldApp = {
  get: (path: string) => Promise<Response>
  post: (path: string) => Promise<Response>
}

/** Of the line as it runs now: made anew after a restart. */
export async function worldApp(world: ClosingWorld): Promise<WorldApp> {
  const { database, shell, clock } = world
  const publicUrl = 'http://127.0.0.1:1'
  const access = { db: database.sql, random: shell.random, nowMs: () => clock.nowMs() }
  const token = await issueApiToken(access, { role: 'owner', contract: null })
  const actions = actionsOf({
    pipeline: world.line(),
    shell,
    access,
    sockets: {
      assignAll: () => Promise.resolve(),
      ask: () => undefined,
      connectionTo: () => null,
      refuse: () => undefined,
      close: () => Promise.resolve(),
    },
    publicUrl,
    invite: () => Promise.resolve((join) => join),
  })
  const app = createApp({
    read: world.line().model,
    actions,
    events: await openBus({ db: database.sql, log: shell.log }),
    metrics: () => Promise.resolve(''),
    ready: () => Promise.resolve({ ok: true, reasons: [] }),
    installer: () => Promise.reject(new Error('nobody joins by a pasted line here')),
    publicUrl,
    language: 'en',
    version: '0.0.0',
    assetDir: fileURLToPath(new URL('../../collector/src/web/static', import.meta.url)),
    clock,
    log: shell.log,
  })
  const headers = { authorization: `Bearer ${token}` }
  return {
    get: async (path) => app.request(path, { headers }),
    post: async (path) => app.request(path, { method: 'POST', headers }),
  }
}
