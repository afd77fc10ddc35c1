/** The app of a closing world: the real pages and routes over the real line, asked as their owner. */
import { fileURLToPath } from 'node:url'
import { issueApiToken, type Grant } from '../../collector/src/access.ts'
import { openBus, type EventBus } from '../../collector/src/alert/bus.ts'
import { isGoodLink } from '../../collector/src/alert/link.ts'
import { actionsOf } from '../../collector/src/actions.ts'
import type { AppDeps } from '../../collector/src/http/actions.ts'
import { createApp } from '../../collector/src/http/app.ts'
import { Guesses } from '../../collector/src/http/guesses.ts'
import { Passwords } from '../../collector/src/people/password.ts'
import { metricsOf } from '../../collector/src/metrics.ts'
import type { ClosingWorld } from './closing-world.ts'

export type WorldApp = {
  get: (path: string) => Promise<Response>
  post: (path: string) => Promise<Response>
}

/** Of links that acknowledge. */
export const LINK_KEY = Buffer.alloc(32, 7)
const PUBLIC_URL = 'http://127.0.0.1:1'

function accessOf({ database, shell, clock }: ClosingWorld) {
  return { db: database.sql, random: shell.random, nowMs: () => clock.nowMs() }
}

export async function worldToken(world: ClosingWorld, grant: Grant): Promise<string> {
  return (await issueApiToken(accessOf(world), { ...grant, by: 'start' })).token
}

/** Of the line as it runs now: made anew after a restart. `joinLine`: how a command is made of a token. */
export async function worldDeps(
  world: ClosingWorld,
  { publicUrl = PUBLIC_URL, joinLine = (token: string) => token } = {},
): Promise<{ deps: AppDeps; bus: EventBus }> {
  const { database, shell, clock } = world
  const bus = await openBus({ db: database.sql, log: shell.log })
  const actions = actionsOf({
    pipeline: world.line(),
    shell,
    access: accessOf(world),
    // Cheap: what a password costs is tried by itself.
    passwords: new Passwords(shell.random, { ln: 10, r: 8, p: 1 }),
    sockets: {
      assignAll: () => Promise.resolve(),
      ask: () => undefined,
      connectionTo: () => null,
      refuse: () => undefined,
      close: () => Promise.resolve(),
    },
    publicUrl,
    invite: () => Promise.resolve(joinLine),
  })
  const deps: AppDeps = {
    read: world.line().model,
    actions,
    events: bus,
    links: { isGood: (link) => isGoodLink(link, { key: LINK_KEY, nowMs: clock.nowMs() }) },
    guesses: new Guesses(() => clock.monotonicUs() / 1_000),
    openId: null,
    metrics: metricsOf(world.line()),
    health: { look: () => Promise.resolve([]), known: () => [], within: (work) => work },
    installer: () => Promise.reject(new Error('nobody joins by a pasted line here')),
    addCheckpoint: () => Promise.reject(new Error('no witness is asked here')),
    verifier: () => Promise.reject(new Error('nobody fetches the verifier here')),
    publicUrl,
    hosts: [],
    language: 'en',
    version: '0.1.0',
    assetDir: fileURLToPath(new URL('../../collector/src/web/static', import.meta.url)),
    clock,
    log: shell.log,
  }
  return { deps, bus }
}

export async function worldApp(world: ClosingWorld): Promise<WorldApp> {
  const { deps } = await worldDeps(world)
  const token = await worldToken(world, { role: 'owner', contract: null })
  const app = createApp(deps)
  const headers = { authorization: `Bearer ${token}` }
  return {
    get: async (path) => app.request(path, { headers }),
    post: async (path) => app.request(path, { method: 'POST', headers }),
  }
}
