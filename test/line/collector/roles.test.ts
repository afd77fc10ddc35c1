/**
 * Roles: every route and page there is, and who is let in. Both lists are made from the app: one that is new is
 * refused here until somebody has decided who may use it, and writes it down below.
 */
import { expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { plainDeps } from '../../support/plain-deps.ts'

const CALLERS = {
  nobody: null,
  'internal user': 'internal-token',
  provider: 'provider-token',
  'viewer of one contract': 'confined-token',
  'owner of one contract': 'half-owner-token',
  viewer: 'viewer-token',
  owner: 'owner-token',
} as const
type Who = keyof typeof CALLERS

const EVERYBODY = Object.keys(CALLERS) as Who[]
const WITH_TOKEN = EVERYBODY.filter((who) => who !== 'nobody')
const SIGNED_IN = WITH_TOKEN.filter((who) => who !== 'internal user')
/** Those for whom the services run. */
const CUSTOMERS = WITH_TOKEN.filter((who) => who !== 'provider')
const HOSTS: Who[] = ['viewer', 'owner']
const SIDES: Who[] = ['provider', 'owner of one contract', 'owner']
const OWNER: Who[] = ['owner']

const API = '/api/v1'
const CONTRACT = '/contracts/:contract'
const WINDOW = `${CONTRACT}/windows/:window`
const PENALTY = `${CONTRACT}/penalties/:window`
const DECIDED: [readonly Who[], readonly string[]][] = [
  [
    EVERYBODY,
    [
      '/livez',
      '/readyz',
      '/metrics',
      '/install.sh',
      '/agent/constat-agent.mjs',
      '/verify/constat-verify.mjs',
      '/static/:name',
      // The overview is the door for whoever has no session.
      '/',
      '/owner',
      '/sign-in',
      // Shows what its key is good for, and nothing without one.
      '/acknowledge/:incident',
      `${API}/openapi.json`,
    ].map((path) => `GET ${path}`),
  ],
  // A link is its own right: a wrong one leads nowhere, whoever sends it.
  [
    EVERYBODY,
    ['GET /status/:key', 'GET /status/:key/badge.svg', 'POST /status/:key/report', 'GET /shared/:key'],
  ],
  [EVERYBODY, ['POST /sign-in', 'POST /sign-in/code', 'POST /sign-out']],
  [EVERYBODY, ['GET /sign-in/elsewhere', 'GET /sign-in/elsewhere/callback']],
  [EVERYBODY, ['GET /invitation/:key', 'POST /invitation/:key', 'GET /invitation/:key/elsewhere']],
  // The signature of a log lets a checkpoint in, and a letter whoever has it.
  [
    EVERYBODY,
    ['/add-checkpoint', '/acknowledge/:incident', '/acknowledge/pagerduty/:webhook'].map(
      (path) => `POST ${path}`,
    ),
  ],
  [WITH_TOKEN, ['GET /status', `GET ${CONTRACT}/badge.svg`, `GET ${API}/status`]],
  // One's own, whatever one may see.
  [WITH_TOKEN, [`GET ${API}/sessions`, `DELETE ${API}/sessions/:session`]],
  [WITH_TOKEN, ['GET /account', 'GET /account/factor']],
  [
    WITH_TOKEN,
    [
      'settings',
      'password',
      'factor',
      'factor/off',
      'factor/codes',
      'sessions/end',
      'sessions/:session/end',
    ].map((path) => `POST /account/${path}`),
  ],
  [CUSTOMERS, ['POST /status/report', `POST ${API}/reports-of-trouble`]],
  [
    SIGNED_IN,
    [
      '/contracts',
      CONTRACT,
      `${CONTRACT}/revisions`,
      `${CONTRACT}/statements`,
      `${CONTRACT}/windows`,
      `${CONTRACT}/statements/:statement/reconciliation`,
      WINDOW,
      `${WINDOW}/closing`,
      `${WINDOW}/replay`,
      `${CONTRACT}/evidence/:file`,
      `${CONTRACT}/penalties`,
      PENALTY,
      '/incidents',
      '/incidents/:incident',
      '/exclusions',
      '/exclusions/:exclusion',
      `${CONTRACT}/reports`,
      `${CONTRACT}/reports/:report`,
      `${CONTRACT}/annex/:form`,
      `${CONTRACT}/calendar.ics`,
      '/events',
      '/services/:service/timeline',
      '/checks/:check/latency',
    ].map((path) => `GET ${API}${path}`),
  ],
  [SIGNED_IN, [`POST ${API}${WINDOW}/reconcile`]],
  [
    SIGNED_IN,
    [
      '/contracts',
      CONTRACT,
      ...['services', 'windows', 'exclusions', 'terms', 'reports', 'evidence'].map(
        (storey) => `${CONTRACT}/${storey}`,
      ),
      `${CONTRACT}/services/:service`,
      `${CONTRACT}/statements/:statement`,
      WINDOW,
      '/claims',
      PENALTY,
      '/incidents',
      '/incidents/:incident',
      '/setup',
    ].map((path) => `GET ${path}`),
  ],
  // Where the owner has not opened it to everybody.
  [
    SIGNED_IN,
    ['checkpoint', 'tile/:rest{.+}', 'beside/:digest', 'result/:window'].map(
      (path) => `GET /log/:contract/${path}`,
    ),
  ],
  [['provider'], [`POST ${API}/incidents/:incident/dispute`, 'POST /incidents/:incident/dispute']],
  [HOSTS, [`GET ${API}/agents`, 'GET /setup/agents']],
  [
    SIDES,
    [
      '/incidents/:incident/acknowledge',
      '/incidents/:incident/note',
      '/exclusions/:exclusion/accept',
      '/exclusions/:exclusion/dispute',
    ].flatMap((path) => [`POST ${path}`, `POST ${API}${path}`]),
  ],
  [
    SIDES,
    [
      `${API}/exclusions`,
      `${CONTRACT}/exclusions`,
      `${API}${CONTRACT}/statements`,
      `${WINDOW}/statements`,
      `${WINDOW}/statements/preview`,
      `${API}${CONTRACT}/preview`,
    ].map((path) => `POST ${path}`),
  ],
  [
    SIDES,
    ['notify', 'accept', 'dispute', 'withdraw', 'settle', 'decide'].flatMap((act) => [
      `POST ${API}${PENALTY}/${act}`,
      `POST ${PENALTY}/${act}`,
    ]),
  ],
  // What a claim still lacks is for the customer.
  [SIGNED_IN.filter((who) => who !== 'provider'), [`GET ${API}${CONTRACT}/claims/:file`]],
  // Nobody speaks for the provider.
  [
    ['provider'],
    ['accept', 'object'].flatMap((act) => [
      `POST ${API}${CONTRACT}/revisions/:revision/${act}`,
      `POST ${CONTRACT}/revisions/:revision/${act}`,
    ]),
  ],
  [
    OWNER,
    [
      '/tokens',
      '/audit',
      '/people',
      '/webhooks',
      '/webhooks/:webhook/deliveries',
      `${CONTRACT}/alerting`,
      `${CONTRACT}/words`,
    ].map((path) => `GET ${API}${path}`),
  ],
  [
    OWNER,
    [
      '/agents/tokens',
      `${CONTRACT}/archive`,
      `${CONTRACT}/words/:words/erase`,
      `${CONTRACT}/log/publish`,
      `${CONTRACT}/log/unpublish`,
      `${CONTRACT}/try`,
      '/tokens',
      '/tokens/:token/renew',
      '/people',
      '/people/:person/link',
      '/links',
      '/webhooks',
      '/webhooks/:webhook/enable',
      '/webhooks/:webhook/secret',
      '/webhooks/:webhook/test',
      '/deliveries/:delivery/replay',
    ].map((path) => `POST ${API}${path}`),
  ],
  [OWNER, [`PUT ${API}${CONTRACT}`, `PATCH ${API}/webhooks/:webhook`, `PATCH ${API}/people/:person`]],
  [
    OWNER,
    [
      '/agents/:agent',
      '/tokens/:token',
      '/people/:person',
      '/people/:person/factor',
      '/webhooks/:webhook',
    ].map((path) => `DELETE ${API}${path}`),
  ],
  [
    OWNER,
    ['/setup/access', '/setup/alerts', '/setup/people', '/setup/contract'].map((path) => `GET ${path}`),
  ],
  [
    OWNER,
    [
      `${CONTRACT}/archive`,
      '/setup/contract',
      '/setup/agents/tokens',
      '/setup/agents/:agent/revoke',
      '/setup/access/links',
      '/setup/access/:token/renew',
      '/setup/access/:token/revoke',
      '/setup/people/invite',
      '/setup/people/invitations/:token/withdraw',
      ...['change', 'factor', 'link', 'remove'].map((deed) => `/setup/people/:person/${deed}`),
      '/setup/alerts',
      '/setup/alerts/:webhook/answers',
      '/setup/alerts/:webhook/edit',
      '/setup/alerts/:webhook/enable',
      '/setup/alerts/:webhook/pause',
      '/setup/alerts/:webhook/resume',
      '/setup/alerts/:webhook/remove',
      '/setup/alerts/:webhook/secret',
      '/setup/alerts/:webhook/test',
      '/setup/alerts/deliveries/:delivery/replay',
    ].map((path) => `POST ${path}`),
  ],
]
const MATRIX = new Map(DECIDED.flatMap(([who, routes]) => routes.map((route) => [route, who] as const)))

const app = createApp(plainDeps().deps)
// Middleware stands under ALL; a page with several handlers is named once for each.
const routes = [
  ...new Set(app.routes.filter(({ method }) => method !== 'ALL').map((r) => `${r.method} ${r.path}`)),
]

it('every route and page is decided, and no other', () => {
  expect(routes.toSorted()).toEqual([...MATRIX.keys()].toSorted())
})

it.each(routes)('%s lets in whom it should', async (route) => {
  const [method = '', path = ''] = route.split(' ')
  const address = path.replaceAll(/:\w+/g, 'some').replace('/static/some', '/static/app.css')
  const letIn = async (who: Who): Promise<boolean> => {
    const token = CALLERS[who]
    const headers = { 'sec-fetch-site': 'same-origin', ...(token && { authorization: `Bearer ${token}` }) }
    const { status, headers: answered } = await app.request(address, { method, headers })
    // A link refuses a wrong token, not a caller.
    if (path === '/owner') return true
    const isTurnedAway = status === 303 && (answered.get('location') ?? '').startsWith('/sign-in?next=')
    return status !== 401 && status !== 403 && !isTurnedAway
  }
  const found: Who[] = []
  for (const who of EVERYBODY) if (await letIn(who)) found.push(who)
  // Without anything to sign in with, these answer 401 to everybody.
  const isEntry = /^(POST|GET) \/sign-in/.test(route)
  expect(isEntry ? EVERYBODY : found).toEqual(MATRIX.get(route))
})
