/**
 * The HTTP side as one app: health, API, assets, pages. What it needs of the collector comes as arguments;
 * the server mounts `fetch` and the tests call `request`.
 */
import { Fault } from '@constat/shared/fault'
import { Hono } from 'hono'
import { assetRoutes } from '../web/assets.ts'
import { createSite, tellTrouble } from '../web/site.tsx'
import type { AppDeps } from './actions.ts'
import { API_PATH, apiRoutes } from './api.ts'
import { securityHeaders } from './headers.ts'
import { healthRoutes } from './health.ts'
import { knownHosts } from './hosts.ts'
import { knownFault, problemResponse } from './problem.ts'
import { installRoutes } from './routes/install.ts'
import { logRoutes } from './routes/log.ts'
import { witnessRoutes } from './routes/witness.ts'

/** What only programs ask for: where nothing answers there, a page to sign in would mislead them. */
const MACHINE_PATHS = ['/api/*', '/agent/*', '/verify/*', '/log/*', '/add-checkpoint', '/.well-known/*']
const NO_SUCH_PATH = new Fault('not-found', 'There is nothing at this address.')

export function createApp(deps: AppDeps): Hono {
  const app = new Hono()
  app.use(securityHeaders())
  app.use(knownHosts(deps))
  app.route('/', healthRoutes(deps))
  app.route('/static', assetRoutes(deps.assetDir))
  app.use((_, next) => deps.health.within(next()))
  app.route(API_PATH, apiRoutes(deps))
  app.route('/', installRoutes(deps))
  app.route('/', logRoutes(deps))
  app.route('/', witnessRoutes(deps))
  for (const path of MACHINE_PATHS) app.all(path, () => problemResponse(NO_SUCH_PATH))
  app.route('/', createSite(deps))
  app.notFound((c) => tellTrouble(c, new Fault('not-found', 'There is no such page.'), deps))
  app.onError((error, c) => {
    const forPeople = c.req.header('accept')?.includes('text/html') ?? false
    if (forPeople) return tellTrouble(c, error, deps)
    if (!knownFault(error)) deps.log.error('a request failed', { error })
    return problemResponse(error)
  })
  return app
}
