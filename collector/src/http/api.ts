/**
 * The API under /api/v1: who may come in, then one line a noun.
 */
import { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { Fault } from '@constat/shared/fault'
import type { AppDeps } from './actions.ts'
import { identify, type Env } from './caller.ts'
import { MAX_QUERY_CHARS } from './limits.ts'
import { methodsOf, wrongMethod } from './methods.ts'
import { knownFault, problemResponse } from './problem.ts'
import { agentRoutes } from './routes/agents.ts'
import { checkRoutes } from './routes/checks.ts'
import { contractRoutes } from './routes/contracts.ts'
import { eventRoutes } from './routes/events.ts'
import { exclusionRoutes } from './routes/exclusions.ts'
import { incidentRoutes } from './routes/incidents.ts'
import { linkRoutes } from './routes/links.ts'
import { remarkRoutes } from './routes/remarks.ts'
import { peopleRoutes } from './routes/people.ts'
import { penaltyRoutes } from './routes/penalties.ts'
import { CALENDAR_FILE, reportRoutes } from './routes/reports.ts'
import { serviceRoutes } from './routes/services.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { wordRoutes } from './routes/words.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { windowRoutes } from './routes/windows.ts'
import { answerShared, sharedBody, type SharedBody } from './shared-body.ts'

export const API_PATH = '/api/v1'

const TAGS = [
  { name: 'contracts', description: 'What was promised, and what came of it window by window' },
  { name: 'services', description: 'States over time' },
  { name: 'checks', description: 'How long answers took' },
  { name: 'incidents', description: 'What broke, and who has it in hand' },
  { name: 'exclusions', description: 'Time that should not count, and who says so' },
  { name: 'penalties', description: 'What is claimed, and what the other side says to it' },
  { name: 'agents', description: 'Who measures' },
  { name: 'tokens', description: 'Who may come in, and who let them' },
  { name: 'people', description: 'Who has an account, and where they are signed in' },
  { name: 'webhooks', description: 'Who is told' },
  { name: 'events', description: 'Facts as they are told' },
]

export function apiRoutes(deps: AppDeps): Hono<Env> {
  const described = new Hono<Env>()
  for (const routes of [
    contractRoutes,
    windowRoutes,
    penaltyRoutes,
    reportRoutes,
    serviceRoutes,
    checkRoutes,
    incidentRoutes,
    remarkRoutes,
    wordRoutes,
    exclusionRoutes,
    agentRoutes,
    tokenRoutes,
    linkRoutes,
    peopleRoutes,
    webhookRoutes,
    eventRoutes,
  ]) {
    described.route('/', routes(deps))
  }
  const app = new Hono<Env>()
  app.onError((error, c) => {
    if (!knownFault(error)) deps.log.error('a route failed', { error })
    const response = problemResponse(error)
    // Calendar programs send a name and a password only where they are asked for them (RFC 7617).
    if (response.status === 401 && c.req.path.endsWith(CALENDAR_FILE))
      response.headers.set('www-authenticate', 'Basic realm="constat", charset="UTF-8"')
    return response
  })
  // The document names no contract and no service: tools may read it before they have a token.
  let document: Promise<SharedBody> | null = null
  app.get('/openapi.json', async (c) => {
    document ??= documentOf(described, deps).then((spec) => sharedBody(JSON.stringify(spec)))
    return answerShared(c, await document, { type: 'application/json', cacheControl: 'no-cache' })
  })
  app.use(async (c, next) => {
    if (new URL(c.req.url).search.length <= MAX_QUERY_CHARS) return next()
    throw new Fault('too-large', `The query is longer than ${MAX_QUERY_CHARS} characters.`)
  })
  app.use(identify(deps))
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.route('/', described)
  const methods = methodsOf(described)
  app.all('*', (c) => {
    const allowed = methods(c.req.path.slice(API_PATH.length))
    if (allowed.length > 0) return wrongMethod(c.req.method, allowed)
    throw new Fault('not-found', 'There is no such route.', {
      hint: `${API_PATH}/openapi.json lists them all.`,
    })
  })
  return app
}

function documentOf(described: Hono<Env>, { publicUrl, version }: AppDeps) {
  return generateSpecs(described, {
    documentation: {
      info: {
        title: 'Constat',
        version,
        description:
          'Availability judged against the contract. Instants: RFC 3339, UTC, ms. Lists page by cursor.',
      },
      servers: [{ url: publicUrl + API_PATH }],
      tags: TAGS,
      security: [{ bearer: [] }, { session: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'constat_session' },
        },
      },
    },
  })
}
