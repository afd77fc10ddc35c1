/**
 * The API over the seed: every route of the published interface, who may use it, what a stranger to a contract
 * sees, and that the OpenAPI document says neither more nor less than the routes do. What changes the seed for
 * good comes last.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sendReport } from '../../collector/src/db/sent-reports.ts'
import { calendarOf } from '../../collector/src/report/calendar.ts'
import type { Asked } from '../support/ask.ts'
import { HOSTING, INTRANET_TERMS } from '../support/seed-terms.ts'
import { openSeeded } from '../support/seeded.ts'

const seeded = await openSeeded()
const { ask, deps, portal, world } = seeded
afterAll(() => seeded.close())

const { read } = deps
const [hook, chat] = await deps.actions.webhooks.list()
const sentOf = (contract: string): Promise<boolean> =>
  sendReport(world.database.sql, {
    report: {
      id: `rpt_${contract}`,
      contract,
      document: 'duty',
      schedule: 'board',
      occasion: '2026-10/v1',
      side: 'customer',
      window: '2026-10',
      version: 1,
      madeMs: Date.parse('2026-11-20T08:00:00Z'),
      digest: '0'.repeat(64),
      termsRevision: 1,
      product: '0.1.0',
      sentTo: [{ endpoint: 'board', mailbox: 'board@customer.example', lang: 'en' }],
    },
    facts: '{}',
    files: [{ form: 'csv', lang: 'en', digest: '1'.repeat(64), body: Buffer.from('a;b\n') }],
    fact: { type: 'report.ready', contract, atMs: Date.parse('2026-11-20T08:00:00Z'), data: {} },
    to: { contract, document: 'duty', endpoints: [] },
  })
await sentOf('intranet')
const failed = (await deps.actions.webhooks.deliveries(chat!.id, { limit: 1 }))![0]!
const [statement] = read.statements(HOSTING)
const listed = await read.exclusions({ contract: HOSTING, limit: 500 })
const waiting = listed.find(({ standing }) => standing === 'waiting')!
const [outage] = await read.incidents({ contract: 'intranet', limit: 1 })
const agent = read.agents().find(({ name }) => name === 'agent-nantes')!
const YAML =
  'apiVersion: constat/v1\nkind: Contract\nmetadata: {name: intranet}\nspec: {target: 1, effective: never}\n'

type Case = Asked & { path: string; status: number; operation: string }

/** One request that succeeds for every operation. */
const by = { role: 'owner', contracts: null, token: 'tok_test', as: 'api' } as const
await deps.actions.remark({
  contract: 'intranet',
  incident: outage!.id,
  kind: 'note',
  service: null,
  text: 'The disk was full.',
  sinceMs: null,
  by,
})
const [written] = (await deps.actions.listWords('intranet'))!
const spare = await deps.actions.tokens.issue({ role: 'viewer', contract: null, by })
const worn = await deps.actions.tokens.issue({ role: 'viewer', contract: null, by })

const invited = await deps.actions.people.invite({ name: 'guest', role: 'viewer', contracts: null, by })
await deps.actions.entry.accept({
  secret: invited.url.split('/').at(-1) ?? '',
  proof: { subject: 'https://id.example guest' },
  browser: null,
})
const [guest] = await deps.actions.people.list()
// The test asks with a token: what is ended is a session of that.
const opened = await deps.actions.sessions.open({ token: seeded.tokens['owner-token'] ?? '', browser: null })
const owner = await deps.actions.sessions.authenticate({ secret: opened!.session, as: 'session' })
const [browser] = await deps.actions.sessions.list({ by: owner!, secret: opened!.session })

const CASES: Case[] = [
  { operation: 'get /people', path: '/people', status: 200 },
  {
    operation: 'post /people',
    path: '/people',
    method: 'POST',
    body: { name: 'somebody', role: 'provider', contracts: [HOSTING] },
    status: 201,
  },
  { operation: 'post /people/{person}/link', path: `/people/${guest!.id}/link`, method: 'POST', status: 201 },
  {
    operation: 'patch /people/{person}',
    path: `/people/${guest!.id}`,
    method: 'PATCH',
    body: { role: 'viewer', contracts: ['intranet'] },
    status: 204,
  },
  {
    operation: 'delete /people/{person}/factor',
    path: `/people/${guest!.id}/factor`,
    method: 'DELETE',
    // They have none.
    status: 404,
  },
  { operation: 'delete /people/{person}', path: `/people/${guest!.id}`, method: 'DELETE', status: 204 },
  { operation: 'get /sessions', path: '/sessions', status: 200 },
  {
    operation: 'delete /sessions/{session}',
    path: `/sessions/${browser!.id}`,
    method: 'DELETE',
    status: 204,
  },
  { operation: 'get /tokens', path: '/tokens', status: 200 },
  { operation: 'get /audit', path: '/audit', status: 200 },
  { operation: 'post /tokens', path: '/tokens', method: 'POST', body: { role: 'viewer' }, status: 201 },
  {
    operation: 'post /tokens/{token}/renew',
    path: `/tokens/${worn.id}/renew`,
    method: 'POST',
    status: 201,
  },
  { operation: 'delete /tokens/{token}', path: `/tokens/${spare.id}`, method: 'DELETE', status: 204 },
  { operation: 'get /contracts', path: '/contracts', status: 200 },
  { operation: 'get /contracts/{contract}', path: '/contracts/intranet', status: 200 },
  {
    operation: 'put /contracts/{contract}',
    path: '/contracts/intranet',
    method: 'PUT',
    body: INTRANET_TERMS[0],
    headers: { 'content-type': 'application/yaml' },
    status: 200,
  },
  { operation: 'get /contracts/{contract}/revisions', path: '/contracts/intranet/revisions', status: 200 },
  {
    operation: 'get /contracts/{contract}/windows',
    path: '/contracts/acme-hosting-2026/windows',
    status: 200,
  },
  {
    operation: 'get /contracts/{contract}/windows/{window}',
    path: '/contracts/intranet/windows/2026-11',
    status: 200,
  },
  { operation: 'get /services/{service}/timeline', path: '/services/branch-vpn/timeline', status: 200 },
  { operation: 'get /checks/{check}/latency', path: '/checks/branch-vpn-echo/latency', status: 200 },
  { operation: 'get /incidents', path: '/incidents?open=true', status: 200 },
  { operation: 'get /incidents/{incident}', path: `/incidents/${portal}`, status: 200 },
  {
    operation: 'post /incidents/{incident}/acknowledge',
    path: `/incidents/${portal}/acknowledge`,
    method: 'POST',
    status: 200,
  },
  {
    operation: 'post /incidents/{incident}/note',
    path: `/incidents/${portal}/note`,
    method: 'POST',
    body: { text: 'the duty desk is on it' },
    status: 201,
  },
  {
    operation: 'post /incidents/{incident}/dispute',
    path: `/incidents/${portal}/dispute`,
    method: 'POST',
    as: 'provider-token',
    body: { reason: 'our own probe saw it answer' },
    status: 201,
  },
  { operation: 'get /status', path: '/status', status: 200 },
  {
    operation: 'post /reports-of-trouble',
    path: '/reports-of-trouble',
    method: 'POST',
    body: { service: 'mail-relay' },
    status: 201,
  },
  {
    operation: 'post /links',
    path: '/links',
    method: 'POST',
    body: { incident: portal, expires: 'PT8H' },
    status: 201,
  },
  { operation: 'get /agents', path: '/agents', status: 200 },
  {
    operation: 'post /agents/tokens',
    path: '/agents/tokens',
    method: 'POST',
    body: { name: 'agent-lyon' },
    status: 201,
  },
  { operation: 'get /webhooks', path: '/webhooks', status: 200 },
  {
    operation: 'get /contracts/{contract}/windows/{window}/closing',
    path: '/contracts/acme-hosting-2026/windows/2026-10/closing',
    status: 200,
  },
  {
    operation: 'get /contracts/{contract}/reports/{report}',
    path: '/contracts/acme-hosting-2026/reports/2026-10.json',
    status: 200,
  },
  {
    operation: 'get /contracts/{contract}/windows/{window}/replay',
    path: '/contracts/acme-hosting-2026/windows/2026-10/replay?policy=zabbix',
    status: 200,
  },
  {
    operation: 'post /contracts/{contract}/windows/{window}/reconcile',
    path: '/contracts/acme-hosting-2026/windows/2026-10/reconcile',
    method: 'POST',
    body: [],
    status: 200,
  },
  {
    operation: 'get /contracts/{contract}/statements',
    path: '/contracts/acme-hosting-2026/statements',
    status: 200,
  },
  {
    operation: 'post /contracts/{contract}/statements',
    path: '/contracts/acme-hosting-2026/statements?window=2026-10',
    method: 'POST',
    body: [],
    status: 201,
  },
  {
    operation: 'get /contracts/{contract}/statements/{statement}/reconciliation',
    path: `/contracts/acme-hosting-2026/statements/${statement!.id}/reconciliation`,
    status: 200,
  },
  {
    operation: 'post /contracts/{contract}/try',
    path: '/contracts/intranet/try',
    method: 'POST',
    body: INTRANET_TERMS[3],
    headers: { 'content-type': 'application/yaml' },
    // Nobody is connected who could.
    status: 503,
  },
  {
    operation: 'post /contracts/{contract}/preview',
    path: '/contracts/acme-hosting-2026/preview',
    method: 'POST',
    body: {},
    status: 422,
  },
  { operation: 'get /exclusions', path: '/exclusions?contract=acme-hosting-2026', status: 200 },
  {
    operation: 'post /exclusions',
    path: '/exclusions',
    method: 'POST',
    body: {
      contract: 'acme-hosting-2026',
      kind: 'planned',
      start: '2026-11-25T22:00:00Z',
      end: '2026-11-25T23:00:00Z',
    },
    status: 201,
  },
  { operation: 'get /exclusions/{exclusion}', path: `/exclusions/${waiting.id}`, status: 200 },
  {
    operation: 'post /exclusions/{exclusion}/accept',
    path: `/exclusions/${waiting.id}/accept`,
    method: 'POST',
    body: { note: 'we knew' },
    status: 200,
  },
  {
    operation: 'post /exclusions/{exclusion}/dispute',
    path: `/exclusions/${waiting.id}/dispute`,
    method: 'POST',
    status: 200,
  },
  ...['object', 'accept'].map((answer) => ({
    operation: `post /contracts/{contract}/revisions/{revision}/${answer}`,
    path: `/contracts/acme-hosting-2026/revisions/1/${answer}`,
    method: 'POST',
    as: 'provider-token',
    body: { note: 'as we said' },
    status: 200,
  })),
  {
    operation: 'get /contracts/{contract}/penalties',
    path: '/contracts/acme-hosting-2026/penalties',
    status: 200,
  },
  {
    operation: 'get /contracts/{contract}/penalties/{window}',
    path: '/contracts/acme-hosting-2026/penalties/2026-10',
    status: 200,
  },
  // In an order in which each may be taken.
  ...(
    [
      ['notify', 'owner-token', {}],
      ['withdraw', 'owner-token', {}],
      ['notify', 'owner-token', {}],
      ['accept', 'provider-token', { amount: '1.00' }],
      ['dispute', 'provider-token', { note: 'the rest' }],
      ['decide', 'owner-token', { forum: 'expert', amount: '2.00' }],
      ['settle', 'owner-token', { by: 'credited' }],
    ] as const
  ).map(([act, as, body]) => ({
    operation: `post /contracts/{contract}/penalties/{window}/${act}`,
    path: `/contracts/acme-hosting-2026/penalties/2026-10/${act}`,
    method: 'POST',
    as,
    body,
    status: 200,
  })),
  {
    operation: 'post /webhooks',
    path: '/webhooks',
    method: 'POST',
    body: { url: 'http://127.0.0.1:9000/hook', types: ['incident.opened'], shape: 'generic' },
    status: 201,
  },
  { operation: 'get /webhooks/{webhook}/deliveries', path: `/webhooks/${hook!.id}/deliveries`, status: 200 },
  {
    operation: 'patch /webhooks/{webhook}',
    path: `/webhooks/${chat!.id}`,
    method: 'PATCH',
    body: { types: ['incident.opened'], ed25519: true },
    status: 200,
  },
  {
    operation: 'post /webhooks/{webhook}/enable',
    path: `/webhooks/${chat!.id}/enable`,
    method: 'POST',
    status: 200,
  },
  {
    operation: 'post /webhooks/{webhook}/secret',
    path: `/webhooks/${hook!.id}/secret`,
    method: 'POST',
    status: 201,
  },
  { operation: 'get /contracts/{contract}/alerting', path: '/contracts/intranet/alerting', status: 200 },
  {
    operation: 'post /webhooks/{webhook}/test',
    path: `/webhooks/${hook!.id}/test`,
    method: 'POST',
    status: 202,
  },
  {
    operation: 'post /deliveries/{delivery}/replay',
    path: `/deliveries/${failed.id}/replay`,
    method: 'POST',
    status: 202,
  },
  { operation: 'get /contracts/{contract}/words', path: '/contracts/intranet/words', status: 200 },
  {
    operation: 'post /contracts/{contract}/words/{words}/erase',
    path: `/contracts/intranet/words/${written!.digest}/erase`,
    method: 'POST',
    status: 200,
  },
  { operation: 'get /contracts/{contract}/reports', path: '/contracts/intranet/reports', status: 200 },
  ...['publish', 'unpublish'].map((act) => ({
    operation: `post /contracts/{contract}/log/${act}`,
    path: `/contracts/intranet/log/${act}`,
    method: 'POST',
    status: 200,
  })),
  {
    operation: 'post /contracts/{contract}/archive',
    path: '/contracts/acme-hosting-2026/archive',
    method: 'POST',
    status: 200,
  },
  { operation: 'delete /agents/{agent}', path: `/agents/${agent.id}`, method: 'DELETE', status: 204 },
  { operation: 'delete /webhooks/{webhook}', path: `/webhooks/${chat!.id}`, method: 'DELETE', status: 204 },
]

const MISSING: [string, string][] = [
  ['GET', '/contracts/none'],
  ['GET', '/contracts/none/revisions'],
  ['GET', '/contracts/none/windows'],
  ['GET', '/contracts/intranet/windows/1999-01'],
  ['GET', '/contracts/intranet/windows/2026-10?version=9'],
  ['GET', '/contracts/none/windows/2026-10/closing'],
  ['GET', '/contracts/intranet/reports/1999-01.pdf'],
  ['GET', '/contracts/none/windows/2026-10/replay'],
  ['GET', '/contracts/none/penalties'],
  ['GET', '/contracts/none/reports'],
  ['POST', '/contracts/none/log/publish'],
  ['GET', '/contracts/intranet/penalties/1999-01'],
  ['POST', '/contracts/intranet/penalties/1999-01/notify'],
  ['GET', '/contracts/intranet/claims/1999-01.zip'],
  ['GET', '/contracts/none/annex/pdf'],
  ['GET', '/contracts/none/calendar.ics'],
  ['GET', '/contracts/none/statements'],
  ['GET', '/contracts/intranet/statements/none/reconciliation'],
  ['GET', '/services/none/timeline'],
  ['GET', '/checks/none/latency'],
  ['GET', '/checks/branch-vpn-echo/latency?agent=nobody'],
  ['GET', '/incidents/none'],
  ['POST', '/incidents/none/acknowledge'],
  ['GET', '/exclusions/none'],
  ['POST', '/exclusions/none/accept'],
  ['DELETE', '/agents/none'],
  ['DELETE', '/people/none'],
  ['POST', '/people/none/link'],
  ['DELETE', '/sessions/none'],
  ['DELETE', '/webhooks/none'],
  ['POST', '/webhooks/none/enable'],
  ['POST', '/webhooks/none/test'],
  ['GET', '/webhooks/none/deliveries'],
  ['POST', '/deliveries/none/replay'],
  ['GET', '/no/such/route'],
]

type Schema = { [key: string]: unknown }

/** References replaced by what they name, and every object closed: an undescribed member is a failure. */
function closed(node: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((part) => closed(part, components))
  if (typeof node !== 'object' || node === null) return node
  // JSON from our own document: an object that is not null or a list.
  const schema = node as Schema
  if (typeof schema['$ref'] === 'string') {
    return closed(components[schema['$ref'].replace('#/components/schemas/', '')], components)
  }
  const parts = Object.entries(schema).map(([key, value]) => [key, closed(value, components)] as const)
  const shut =
    'properties' in schema && !('additionalProperties' in schema) ? { additionalProperties: false } : {}
  return { ...Object.fromEntries(parts), ...shut }
}

type Operation = {
  parameters?: { name: string }[]
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

async function readDocument(): Promise<Document> {
  const answer = await ask('/api/v1/openapi.json')
  expect(answer.status).toBe(200)
  return (await answer.json()) as Document // what the test goes on to check
}

/** What the document promises for this answer; undefined: no body. */
function promised({ paths, components }: Document, operation: string, status: number) {
  const [method = '', path = ''] = operation.split(' ')
  const response = paths[path]?.[method]?.responses[String(status)]
  expect(response, `${operation} ${status} is documented`).toBeDefined()
  const content = Object.values(response?.content ?? {})[0]
  if (content === undefined) return undefined
  // The document's schemas are JSON Schema 2020-12, which is what zod reads.
  return z.fromJSONSchema(
    closed(content.schema, components.schemas) as Parameters<typeof z.fromJSONSchema>[0],
  )
}

describe('to the provider, vantages are sites', () => {
  const WALKED = [HOSTING, 'intranet']
  const agents = read.agents().flatMap(({ id, name }) => [id, name])
  const named = (text: string): string[] => agents.filter((one) => text.includes(one))
  const EVERYTHING = { 'last-event-id': '0' }
  /** Of one kind: the first ones are of every state that a page shows. */
  const MOST = 3

  /** Whatever a route of this contract may be asked for; a parameter that is new needs its line. */
  async function thingsOf(contract: string): Promise<Record<string, readonly string[]>> {
    const terms = read.terms(contract)!
    const idsOf = (things: readonly { id: string }[]): string[] => things.map(({ id }) => id)
    return {
      contract: [contract],
      service: terms.services.map(({ name }) => name),
      check: terms.checks.map(({ name }) => name),
      window: read.windowKeys(contract),
      statement: idsOf(read.statements(contract)),
      incident: idsOf(await read.incidents({ contract, limit: 500 })),
      exclusion: idsOf(await read.exclusions({ contract, limit: 500 })),
      name: ['app.js'],
      // Each leads to one page, and nowhere else.
      key: await keysTo(contract),
      webhook: [hook!.id],
      token: [],
      form: ['md', 'html'],
      report: ['json', 'html', 'csv'].map((format) => `${read.windowKeys(contract)[0]}.${format}`),
      // A bundle and the log hold what the agents signed, and whose keys those are: they prove nothing without.
      file: [],
      rest: [],
      digest: [],
    }
  }

  async function keysTo(contract: string): Promise<string[]> {
    const [incident] = await read.incidents({ contract, limit: 1 })
    const wanted = [null, incident!.id].map((id) => ({ contract, incident: id, lifeMs: null, by }))
    const made = await Promise.all(wanted.map((one) => deps.actions.tokens.link(one)))
    return made.map(({ url }) => url.split('/').at(-1) ?? '')
  }

  /** Every GET there is, with everything that can stand in its path. */
  async function addressesOf(contract: string): Promise<string[][]> {
    const things = await thingsOf(contract)
    const paths = ask.app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path)
    return [...new Set(paths)].map((path) =>
      [...path.matchAll(/:(\w+)(?:\{[^}]*\})?/g)].reduce(
        (made, [param, name = '']) => {
          const values = things[name]
          if (!values) throw new Error(`${path}: what may stand for ${param} is not said here`)
          const shown = values.slice(0, MOST).map((value) => encodeURIComponent(value))
          return made.flatMap((one) => shown.map((value) => one.replace(param, value)))
        },
        [path],
      ),
    )
  }

  async function answered(path: string, as: string): Promise<{ status: number; text: string }> {
    const isStream = path === '/api/v1/events'
    const answer = await ask(path, { as, ...(isStream && { headers: EVERYTHING }) })
    const text = isStream ? await heardOf(answer) : await answer.text()
    return { status: answer.status, text: `${text}\n${JSON.stringify([...answer.headers])}` }
  }

  const nounOf = (path: string): string => path.replace('/api/v1', '').split(/[/?]/)[1] ?? ''

  /** Of a stream that does not end, all up to its first rest. */
  async function heardOf(answer: Response): Promise<string> {
    const reader = answer.body!.getReader()
    let text = ''
    for (let isOver = false; !isOver;) {
      const next = reader.read()
      const chunk = await Promise.race([next, new Promise<null>((rest) => setTimeout(rest, 300, null))])
      if (chunk?.value) text += Buffer.from(chunk.value as Uint8Array).toString()
      isOver = chunk === null || chunk.done
    }
    await reader.cancel()
    return text
  }

  it.each(WALKED)('nothing that can be read of %s names an agent', async (contract) => {
    const { token } = await deps.actions.tokens.issue({ role: 'provider', contract, by })
    const [leaks, refused, toOwner]: [string[], string[], Set<string>] = [[], [], new Set()]
    for (const paths of await addressesOf(contract)) {
      for (const path of paths) {
        const { status, text } = await answered(path, token)
        if (status !== 200 && status !== 303) refused.push(path)
        if (named(text).length > 0) leaks.push(`${path} names ${named(text).join(', ')}`)
      }
      const [path = '/'] = paths
      if (named((await answered(path, 'owner-token')).text).length > 0) toOwner.add(nounOf(path))
    }
    expect(leaks).toEqual([])
    // What is the owner's alone, programs that are not given away here, and windows that have not closed.
    const mayBe =
      /lnk_|verify|invitation|account|sign-in|people|owner|provider|setup|agents|tokens|words|audit|webhooks|alerting|acknowledge|install|constat-agent|closing|replay|windows|penalties/
    expect(refused.filter((path) => !mayBe.test(path))).toEqual([])
    // The same walk finds them where they may be read.
    expect([...toOwner]).toEqual(expect.arrayContaining(['contracts', 'incidents', 'events', 'services']))
  })

  const THIRD = [HOSTING, 'branch-vpn', read.contract(HOSTING)!.displayName, portal, 'archive-search']
  it.each(['viewer', 'provider'] as const)('a %s of two contracts reads nothing of a third', async (role) => {
    const wanted = { name: `Two ${role}`, role, contracts: ['intranet', 'payroll'], by }
    const { url } = await deps.actions.people.invite(wanted)
    const secret = url.split('/').at(-1) ?? ''
    const proof = { password: 'four quiet herons walk' }
    const entered = await deps.actions.entry.accept({ secret, proof, browser: null })
    const cookie = entered && 'opened' in entered ? `constat_session=${entered.opened.session}` : ''
    const read = async (path: string): Promise<string> => {
      const headers = { cookie, ...(path === '/api/v1/events' && EVERYTHING) }
      const answer = await ask(path, { headers })
      if (answer.status !== 200) return ''
      return path === '/api/v1/events' ? heardOf(answer) : answer.text()
    }
    const leaks: string[] = []
    let answers = 0
    for (const contract of WALKED)
      for (const path of (await addressesOf(contract)).flat()) {
        // A link is its own right.
        if (path.includes('lnk_')) continue
        const text = await read(path)
        if (text !== '') answers += 1
        const found = THIRD.filter((one) => text.includes(one))
        if (found.length > 0) leaks.push(`${path} names ${found.join(', ')}`)
      }
    expect(leaks).toEqual([])
    expect(answers).toBeGreaterThan(50)
    const whole = await (await ask('/api/v1/contracts', { as: 'owner-token' })).text()
    expect(THIRD.filter((one) => whole.includes(one))).not.toEqual([])
  })

  it('a vantage is called by its site, and asked for by that', async () => {
    const incident = await (await ask(`/api/v1/incidents/${portal}`, { as: 'provider-token' })).json()
    expect(incident).toMatchObject({
      vantages: expect.arrayContaining([
        expect.objectContaining({ agent: 'lyon/1', name: 'Lyon', site: 'lyon' }),
      ]) as unknown,
    })
    const latency = async (of: string): Promise<number> =>
      (await ask(`/api/v1/checks/branch-vpn-echo/latency?agent=${of}`, { as: 'provider-token' })).status
    expect(await latency('Lyon')).toBe(200)
    expect(await latency('lyon/1')).toBe(200)
    expect(await latency('agent-lyon')).toBe(404)
    expect(await latency(agent.id)).toBe(404)
  })
})

describe('deeds', () => {
  it('an acknowledgement stands as it was first made', async () => {
    const path = `/api/v1/incidents/${portal}/acknowledge`
    const first = await ask(path, { method: 'POST', as: 'provider-token' })
    world.clock.advanceUs(60_000_000)
    const second = await ask(path, { method: 'POST', as: 'owner-token' })
    expect(await first.json()).toMatchObject({ acknowledgedAt: '2026-11-22T17:29:04.250Z' })
    expect(await second.json()).toMatchObject({ acknowledgedAt: '2026-11-22T17:29:04.250Z' })
  })
})

describe('problems', () => {
  it.each(MISSING)('%s %s is not found', async (method, path) => {
    const answer = await ask(`/api/v1${path}`, { method, as: 'owner-token' })
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'not-found',
    })
  })

  it('names every problem of a refused contract', async () => {
    const answer = await ask('/api/v1/contracts/other', {
      method: 'PUT',
      as: 'owner-token',
      body: YAML,
    })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({
      code: 'bad-contract',
      problems: expect.arrayContaining([
        expect.stringMatching(/^other\.yaml:4:16 spec\.target: /),
        expect.stringMatching(/^other\.yaml:4:30 spec\.effective: /),
      ]) as string[],
    })
  })

  it('calls a JSON contract by its own kind of name', async () => {
    const answer = await ask('/api/v1/contracts/other', {
      method: 'PUT',
      as: 'owner-token',
      body: { kind: 'Contract' },
    })
    expect(await answer.json()).toMatchObject({
      problems: expect.arrayContaining([expect.stringMatching(/^other\.json:/)]) as string[],
    })
  })

  it.each([
    ['a body that is no JSON', '/webhooks', '{'],
    ['a webhook without an address', '/webhooks', '{"types":["incident.opened"]}'],
    ['an event type that does not exist', '/webhooks', '{"url":"https://x.example","types":["nonsense"]}'],
    ['a shape that does not exist', '/webhooks', '{"url":"https://x.example","shape":"fax"}'],
    ['an address that is none', '/webhooks', '{"url":"nowhere"}'],
    ['an agent name with a newline', '/agents/tokens', '{"name":"a\\nb"}'],
  ])('%s does not fit', async (_what, path, body) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await ask(`/api/v1${path}`, {
      method: 'POST',
      as: 'owner-token',
      body,
      headers,
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'bad-request' })
  })
})

const OWNER_ONLY = new Set(
  CASES.map(({ operation }) => operation).filter((operation) =>
    /webhooks|deliveries|tokens|people|links|audit|words|alerting$|archive$|publish$|try$|^put|^delete/.test(
      operation,
    ),
  ),
)

function allowed(token: string, operation: string): boolean {
  if (operation.includes('/revisions/{')) return token === 'provider-token'
  if (token === 'owner-token') return true
  // One's own: those of others are not found.
  if (operation === 'delete /sessions/{session}') return true
  if (OWNER_ONLY.has(operation)) return false
  if (operation === 'get /agents') return token === 'viewer-token'
  if (/\/(acknowledge|note)$/.test(operation)) return token === 'provider-token'
  // The customer's own people.
  if (operation.endsWith('/reports-of-trouble')) return token !== 'provider-token'
  // What the other side says: the owner and the provider hand it in.
  if (
    /^post .*\/(statements|preview|exclusions|accept|dispute|notify|withdraw|settle|decide)$/.test(operation)
  )
    return token === 'provider-token'
  return true
}

describe('roles', () => {
  it.each(CASES)('$operation wants a token', async ({ path, status: _status, as: _as, ...asked }) => {
    for (const as of [undefined, 'wrong-token']) {
      const answer = await ask(`/api/v1${path}`, { ...asked, ...(as !== undefined && { as }) })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  const matrix = ['viewer-token', 'provider-token', 'confined-token'].flatMap((as) =>
    CASES.map((one) => ({ ...one, as })),
  )
  it.each(matrix)('$as at $operation', async ({ operation, path, status: _status, ...asked }) => {
    const answer = await ask(`/api/v1${path}`, asked)
    // Out of scope is not found, never forbidden: what exists beyond it is not told.
    if (allowed(asked.as, operation)) expect([200, 201, 404, 409, 422]).toContain(answer.status)
    else expect(answer.status).toBe(403)
  })
})

describe('scope', () => {
  const answerTo = async (path: string): Promise<unknown> =>
    (await ask(`/api/v1${path}`, { as: 'provider-token' })).json()

  it('shows a provider its own contract alone', async () => {
    expect(await answerTo('/contracts')).toMatchObject({ items: [{ name: 'acme-hosting-2026' }], next: null })
    expect(((await answerTo('/contracts')) as { items: unknown[] }).items).toHaveLength(1)
    expect(await answerTo('/incidents')).not.toMatchObject({ items: [{ contract: 'intranet' }] })
    expect(JSON.stringify(await answerTo('/incidents'))).not.toContain('intranet')
    expect(await answerTo('/incidents?contract=intranet')).toEqual({ items: [], next: null })
  })

  it.each([
    '/contracts/intranet',
    '/contracts/intranet/revisions',
    '/contracts/intranet/windows',
    '/contracts/intranet/windows/2026-11',
    '/services/intranet/timeline',
    '/services/intranet/timeline?contract=intranet',
    '/checks/intranet-check/latency?contract=intranet',
    `/incidents/${outage!.id}`,
  ])('hides %s', async (path) => {
    expect((await ask(`/api/v1${path}`, { as: 'provider-token' })).status).toBe(404)
    expect((await ask(`/api/v1${path}`, { as: 'owner-token' })).status).toBe(200)
  })

  it('takes a service of two contracts from the caller’s own', async () => {
    expect(await answerTo('/services/order-portal/timeline?contract=payroll')).toMatchObject({
      contract: 'acme-hosting-2026',
    })
  })
})

/** The calendar as a program reads it: lines unfolded, one map for each entry. */
function entriesOf(text: string): Record<string, string>[] {
  expect(text).toMatch(/^BEGIN:VCALENDAR\r\n[\s\S]*END:VCALENDAR\r\n$/)
  for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
  return text
    .replaceAll('\r\n ', '')
    .split('BEGIN:VEVENT\r\n')
    .slice(1)
    .map((entry) => Object.fromEntries(entry.split('\r\n').map((line) => line.split(/:(.*)/s).slice(0, 2))))
}

describe('declared exclusions', () => {
  it('that touch a span are found, however many came later', async () => {
    const oldest = listed.at(-1)!
    const within = { fromMs: Date.parse(oldest.start), toMs: Date.parse(oldest.end) }
    const found = await read.exclusions({ contract: HOSTING, within, limit: 500 })
    expect(found).toContainEqual(oldest)
    expect(found).toEqual(listed.filter(({ start, end }) => start < oldest.end && end > oldest.start))
    expect(found.length).toBeLessThan(listed.length)
  })

  it('have earlier ones behind those of a page', async () => {
    const [first, second] = listed
    const page = await ask(`/contracts/${HOSTING}/exclusions?before=${first!.id}`, { as: 'owner-token' })
    // The links to other languages say where they are.
    const html = (await page.text()).replaceAll(/href="[^"]*lang=[^"]*"/g, '')
    expect([html.includes(first!.id), html.includes(second!.id)]).toEqual([false, true])
    const wrong = await ask(`/contracts/${HOSTING}/exclusions?before=exc_none`, { as: 'owner-token' })
    expect(wrong.status).toBe(400)
  })
})

describe('the calendar', () => {
  const asked = async (as: string, query = ''): Promise<string> =>
    (await ask(`/api/v1/contracts/${HOSTING}/calendar.ics${query}`, { as })).text()

  it('has what was declared, what the contract repeats, and who has to do what by when', async () => {
    const entries = entriesOf(await asked('owner-token'))
    const uids = entries.map(({ UID }) => UID)
    expect(new Set(uids).size).toBe(uids.length)
    const declared = (await read.exclusions({ contract: HOSTING, limit: 500 })).filter(
      ({ standing }) => standing !== 'refused',
    )
    for (const { id, start, standing } of declared) {
      expect(entries.find(({ UID }) => UID === `${id}@collector.example`)).toMatchObject({
        DTSTART: start.replaceAll(/[-:]|\.\d+/g, ''),
        STATUS: standing === 'counts' ? 'CONFIRMED' : 'TENTATIVE',
      })
    }
    // The first Sunday of the month, 02:00 to 05:00 in Paris.
    const standing = entries.filter(({ SUMMARY }) => SUMMARY === 'Standing maintenance')
    expect(standing.map(({ DTSTART }) => DTSTART)).toContain('20261206T010000Z')
    // It has to be claimed before 5 December begins in Paris.
    expect(entries).toContainEqual(
      expect.objectContaining({
        SUMMARY: 'Last day to claim for October 2026',
        'DTSTART;VALUE=DATE': '20261204',
      }),
    )
    expect(await asked('owner-token')).toBe(await asked('owner-token'))
    const below = { nowMs: deps.clock.nowMs(), publicUrl: 'https://acme.example/constat' }
    const wanted = { contract: HOSTING, lang: 'en', read, isCustomers: true } as const
    expect(await calendarOf(wanted, below)).toContain(`URL:${below.publicUrl}/contracts/${HOSTING}/`)
    expect(await asked('owner-token', '?lang=fr')).toContain('Dernier jour pour réclamer')
  })

  it('tells the provider nothing of what the customer has to do', async () => {
    const theirs = await asked('provider-token')
    expect(theirs).not.toContain('Last day to claim')
    expect(entriesOf(theirs).length).toBe(entriesOf(await asked('viewer-token')).length - 1)
  })

  it('takes any words', async () => {
    const reason = `é;€,\\\r\nEND:VCALENDAR\u0007 ${'Überprüfung der 🚒 '.repeat(20)}`
    const one = { ...read, exclusions: () => Promise.resolve([{ ...waiting, reason }]) }
    const wanted = { contract: HOSTING, lang: 'en', read: one, isCustomers: false } as const
    const [entry] = entriesOf((await deps.actions.calendar(wanted)) ?? '')
    expect(entry!['DESCRIPTION']).toMatch(/^é\\;€\\,\\\\\\nEND:VCALENDAR Überprüfung/)
    expect(entry!['DESCRIPTION']).toContain('Überprüfung der 🚒 '.repeat(20).trim())
  })

  it('is read by programs that know a name and a password, which change nothing by them', async () => {
    const basic = `Basic ${Buffer.from(`anybody:${seeded.tokens['viewer-token']}`).toString('base64')}`
    const headers = { authorization: basic }
    const nobody = await ask(`/api/v1/contracts/${HOSTING}/calendar.ics`)
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
    expect((await ask('/api/v1/contracts')).headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
    expect((await ask(`/api/v1/contracts/${HOSTING}/calendar.ics`, { headers })).status).toBe(200)
    const change = { headers: { authorization: basic.replace('viewer', 'owner') }, method: 'POST' }
    expect((await ask('/api/v1/tokens', { ...change, body: { role: 'viewer' } })).status).toBe(401)
  })
})

it('what was measured all night did not begin with the hours of the next morning', async () => {
  // 1 November 2026 is a Sunday, and the hours of the portal are those of working days.
  const life = await read.window(HOSTING, '2026-11')
  const portal = life!.guarantees.find(({ guarantee }) => guarantee === 'portal-availability')!
  expect(portal.measuredFrom).toBe(portal.window.start)
})

describe('the badge', () => {
  it.each(['provider-token', 'internal-token'])('says to %s how a contract stands', async (as) => {
    const answer = await ask(`/contracts/${HOSTING}/badge.svg`, { as })
    expect(answer.headers.get('content-type')).toBe('image/svg+xml')
    expect(await answer.text()).toContain('<title>Hosting and network outsourcing: Down</title>')
    expect((await ask('/contracts/intranet/badge.svg', { as })).status).toBe(404)
  })

  it('is there for whoever has the link to the states', async () => {
    const link = await deps.actions.tokens.link({ contract: HOSTING, incident: null, lifeMs: null, by })
    const path = new URL(link.url).pathname
    const shown = await ask(`${path}/badge.svg?lang=fr`)
    expect(await shown.text()).toContain('Indisponible')
    // A page of another site may show it, and nothing else of ours.
    expect(shown.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect((await ask(path)).headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect((await ask('/status/none/badge.svg')).status).toBe(404)
  })
})

describe('lists', () => {
  it.each([
    '/contracts',
    '/incidents',
    '/agents',
    '/contracts/intranet/revisions',
    '/contracts/intranet/windows',
  ])('%s pages to its end', async (path) => {
    const whole = (await (await ask(`/api/v1${path}`, { as: 'owner-token' })).json()) as { items: unknown[] }
    const walked: unknown[] = []
    let cursor: string | null = null
    do {
      const suffix: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const answer = await ask(`/api/v1${path}?limit=1${suffix}`, { as: 'owner-token' })
      const page = (await answer.json()) as { items: unknown[]; next: string | null } // a list, by its schema
      expect(page.items).toHaveLength(1)
      walked.push(...page.items)
      cursor = page.next
    } while (cursor !== null)
    expect(walked).toEqual(whole.items)
    expect(walked.length).toBeGreaterThan(1)
  })

  /** Each list as it is served, by the document: no list is forgotten here. */
  const listPaths = async (): Promise<string[]> => {
    const { paths } = await readDocument()
    return Object.entries(paths).flatMap(([path, { get }]) => {
      const asked = get?.parameters?.map(({ name }) => name) ?? []
      return asked.includes('cursor') ? [path] : []
    })
  }
  const owned = (path: string) => ask(`/api/v1${path}`, { as: 'owner-token' })

  it('refuse a cursor that is not theirs, and a parameter that they do not have, by name', async () => {
    const paths = await listPaths()
    expect(paths).toEqual(expect.arrayContaining(['/incidents', '/exclusions', '/audit', '/sessions']))
    const hook = await deps.actions.webhooks.create({
      url: 'http://127.0.0.1:9/lists',
      types: ['*'],
      shape: 'generic',
      contracts: null,
      ed25519: false,
    })
    const answers: Record<string, unknown> = {}
    for (const path of paths) {
      const real = path.replace('{contract}', 'intranet').replace('{webhook}', hook.id)
      const cursor = await owned(`${real}?cursor=gone`)
      const filter = await owned(`${real}?stat=open`)
      const said = [cursor.status, filter.status, /cursor/.test(await cursor.text())]
      answers[path] = [...said, /"stat: is no parameter here; there are [^"]*limit/.test(await filter.text())]
    }
    expect(answers).toEqual(Object.fromEntries(paths.map((path) => [path, [400, 400, true, true]])))
  })

  type Incident = {
    id: string
    contract: string
    service: string
    zone: string
    onsetAt: string
    closedAt: string | null
  }
  const incidents = async (query = ''): Promise<Incident[]> =>
    ((await (await owned(`/incidents?limit=500${query}`)).json()) as { items: Incident[] }).items

  it('of incidents hold those alone that a filter takes', async () => {
    const all = await incidents()
    const one = all.at(-1)!
    const only = (take: (one: Incident) => boolean) => all.filter(take).map(({ id }) => id)
    const filters: [string, string[]][] = [
      [`service=${one.service}`, only(({ service }) => service === one.service)],
      [`zone=${one.zone}`, only(({ zone }) => zone === one.zone)],
      ['open=true', only(({ closedAt }) => closedAt === null)],
      [`to=${one.onsetAt}`, only(({ onsetAt }) => onsetAt < one.onsetAt)],
      ['zone=nowhere', []],
    ]
    for (const [filter, ids] of filters)
      expect([filter, (await incidents(`&${filter}`)).map(({ id }) => id)]).toEqual([filter, ids])
    expect(await incidents(`&from=${one.onsetAt}`)).toContainEqual(one)
  })

  it('of incidents know the guarantee that was promised of the service', async () => {
    const all = await incidents()
    const { contract, service } = all[0]!
    const view = (await (await owned(`/contracts/${contract}`)).json()) as {
      guarantees: { guarantee: string; service: string }[]
    }
    const { guarantee } = view.guarantees.find((one) => one.service === service)!
    const found = await incidents(`&contract=${contract}&guarantee=${guarantee}`)
    expect(found.map(({ id }) => id)).toContain(all[0]!.id)
    expect(new Set(found.map((one) => one.service))).toEqual(new Set([service]))
    expect(await incidents(`&contract=${contract}&guarantee=none`)).toEqual([])
  })

  it('go on behind a cursor that the filter takes no more', async () => {
    const all = await incidents()
    const open = all.find(({ closedAt }) => closedAt === null)!
    const after = all.slice(all.indexOf(open) + 1).filter(({ closedAt }) => closedAt !== null)
    expect(await incidents(`&open=false&cursor=${open.id}`)).toEqual(after)
  })

  it.each([
    ['/incidents?from=yesterday', /from: is not an RFC 3339 instant/],
    ['/incidents?from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z', /ends before it begins/],
    ['/exclusions?standing=good', /standing: /],
    ['/contracts/intranet/penalties?status=paid', /status: /],
    ['/events?type=incident.opend', /type: is no type of event/],
  ])('%s is refused', async (path, said) => {
    const answer = await owned(path)
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(said)])
  })

  it('of exclusions hold those of one standing, and of one kind', async () => {
    type Exclusion = { id: string; standing: string; kind: string }
    const list = async (query: string) =>
      ((await (await owned(`/exclusions?${query}`)).json()) as { items: Exclusion[] }).items
    const all = await list('limit=500')
    expect(all.length).toBeGreaterThan(0)
    for (const key of ['standing', 'kind'] as const) {
      const value = all[0]![key]
      expect(await list(`${key}=${value}&limit=500`)).toEqual(all.filter((one) => one[key] === value))
    }
    expect(await list('kind=none')).toEqual([])
  })
})

/** Streams and files have tests of their own. */
const NO_JSON = [
  'get /events',
  ...['evidence/{file}', 'claims/{file}', 'annex/{form}', 'calendar.ics'].map(
    (path) => `get /contracts/{contract}/${path}`,
  ),
]

describe('the OpenAPI document', () => {
  it('names every route, and only those', async () => {
    const { paths, openapi } = await readDocument()
    expect(openapi).toBe('3.1.0')
    const said = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    )
    expect(said.toSorted()).toEqual(
      [...new Set(CASES.map(({ operation }) => operation)), ...NO_JSON].toSorted(),
    )
  })

  it.each(CASES)('is true of $operation', async ({ operation, path, status, ...asked }) => {
    const schema = promised(await readDocument(), operation, status)
    const answer = await ask(`/api/v1${path}`, { as: 'owner-token', ...asked })
    expect(answer.status).toBe(status)
    if (!schema) return expect(await answer.text()).toBe('')
    const body: unknown = await answer.json()
    expect(schema.safeParse(body).error?.issues).toBeUndefined()
    if (
      asked.method === undefined &&
      !path.includes('/intranet/windows/') &&
      Array.isArray((body as Schema)['items'])
    ) {
      expect((body as { items: unknown[] }).items.length, 'an empty list proves nothing').toBeGreaterThan(0)
    }
  })

  it('is true of problems', async () => {
    const document = await readDocument()
    const schema = promised(document, 'get /contracts/{contract}', 404)
    const answer = await ask('/api/v1/contracts/none', { as: 'owner-token' })
    expect(schema?.safeParse(await answer.json()).success).toBe(true)
  })

  it('would notice a member that it does not describe', async () => {
    const schema = promised(await readDocument(), 'get /contracts/{contract}', 200)
    const answer = await ask('/api/v1/contracts/intranet', { as: 'owner-token' })
    const body = (await answer.json()) as Schema // a contract
    expect(schema?.safeParse(body).success).toBe(true)
    expect(schema?.safeParse({ ...body, extra: 1 }).success).toBe(false)
    expect(schema?.safeParse({ ...body, name: undefined }).success).toBe(false)
  })

  it('a revoked agent is out of the list', async () => {
    expect(await (await ask('/api/v1/agents', { as: 'owner-token' })).text()).not.toContain(agent.id)
  })
})
