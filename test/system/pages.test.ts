/**
 * The pages over the seed: each in both languages with nothing missing, who sees which button, how things end,
 * forms and what they change, and names that try to be code.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_TIMELINE_SEGMENTS } from '@constat/collector/http/limits'
import type { ReadModel } from '@constat/collector/view/reads'
import { exclusionForm } from '../../collector/src/web/form/exclusion-form.ts'
import { asker } from '../support/ask.ts'
import { HOSTING, smallTerms } from '../support/seed-terms.ts'
import { openSeeded } from '../support/seeded.ts'

const seeded = await openSeeded()
const { ask, deps, portal, tokens, world } = seeded
afterAll(() => seeded.close())

const { read } = deps
const OPEN = `/incidents/${portal}`
const closed = await read.incidents({ open: false, limit: 100 })
const [statement] = read.statements(HOSTING)
const [declared] = await read.exclusions({ contract: HOSTING, limit: 1 })
const [hook, chat] = await deps.actions.webhooks.list()
const STOREYS = ['', '/services', '/windows', '/exclusions', '/terms', '/evidence'].map(
  (storey) => `/contracts/${HOSTING}${storey}`,
)
const PAGES = [
  '/',
  '/?range=day',
  '/?range=quarter',
  '/contracts',
  ...STOREYS,
  `/contracts/${HOSTING}?window=2026-10`,
  `/contracts/${HOSTING}?find=portal&verdict=at_risk&page=9`,
  '/contracts/archive?window=2026-11',
  `/contracts/${HOSTING}/windows/2026-11`,
  `/contracts/${HOSTING}/windows/2026-10`,
  `/contracts/${HOSTING}/windows/2026-10?version=1`,
  `/contracts/${HOSTING}/statements/${statement!.id}`,
  '/contracts/intranet?window=none',
  `/contracts/${HOSTING}/services/order-portal?range=30d`,
  '/contracts/archive/services/archive-search',
  '/contracts/payroll/services/payroll?from=2026-11-10T00:00:00Z&to=2026-11-11T00:00:00Z',
  '/incidents',
  `/incidents?cursor=${closed[0]!.id}`,
  OPEN,
  ...closed.map(({ id }) => `/incidents/${id}`),
  '/setup/agents',
  '/setup/alerts',
  '/setup/contract',
  '/claims',
  `/contracts/${HOSTING}/penalties/2026-10`,
  '/setup/access',
  '/setup/people',
  '/account',
  '/sign-in',
  '/owner?token=wrong',
  '/no/such/page',
]
const form = { 'content-type': 'application/x-www-form-urlencoded' }

async function draw(path: string, lang = 'en', as = 'owner-token', asking = ask): Promise<string> {
  const answer = await asking(path, { as, headers: { 'accept-language': lang } })
  return answer.text()
}

const post = (path: string, body = '', as = 'owner-token'): Promise<Response> =>
  ask(path, { method: 'POST', as, body, headers: form })

/** What a person reads: tags gone. */
const wordsOf = (page: string): string => page.replace(/<[^>]*>/g, ' ')

describe.each(['en', 'fr'])('in %s', (lang) => {
  it.each(PAGES)('%s is whole', async (path) => {
    const page = await draw(path, lang)
    expect(page).toMatch(new RegExp(`^<!doctype html><html lang="${lang}">`))
    expect(wordsOf(page)).not.toMatch(/undefined|NaN|null\b|\[object|Invalid Date|=>/)
    expect(page.match(/<h1[ >]/g)).toHaveLength(1)
    // The policy forbids both: a page that had them would be broken.
    expect(page).not.toMatch(/ style="|<script(?![^>]* src="\/static\/)|<style| on[a-z]+="/)
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])
    expect(ids.length).toBe(new Set(ids).size)
    const times = [...page.matchAll(/<time [^>]*>([^<]*)</g)].map((match) => match[1])
    for (const time of times) expect(time).toMatch(/(CET|CEST|EST|EDT|UTC|GMT)([+−-]\d+)?$/)
  })
})

describe('words', () => {
  it.each([
    ['nobody is subscribed', [], 'no address is set: nobody is told', 'aucune adresse n’est définie'],
    ['the message is on its way', ['*'], 'nobody yet', 'personne encore'],
  ])('of an incident where %s', async (_, types, english, french) => {
    const incident = await read.incident(portal)
    const webhooks = { ...deps.actions.webhooks, list: () => Promise.resolve([{ ...hook!, types }]) }
    const untold = {
      ...deps,
      read: { ...read, incident: () => Promise.resolve(incident && { ...incident, alertedAt: null }) },
      actions: { ...deps.actions, webhooks },
    }
    const asking = asker({ deps: untold, tokens })
    expect(wordsOf(await draw(OPEN, 'en', 'owner-token', asking))).toContain(english)
    expect(wordsOf(await draw(OPEN, 'fr', 'owner-token', asking))).toContain(french)
  })

  it('in French are those of the trade', async () => {
    const page = wordsOf(await draw(`/contracts/${HOSTING}`, 'fr'))
    expect(page).toContain('Taux de disponibilité')
    expect(page).toMatch(/\d{2},\d{4}/)
  })

  it('follow the choice of the reader before that of the browser', async () => {
    const chosen = await ask('/?lang=fr', { as: 'owner-token', headers: { 'accept-language': 'en' } })
    expect(await chosen.text()).toContain('<html lang="fr">')
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? ''
    const next = await ask('/', { as: 'owner-token', headers: { 'accept-language': 'en', cookie } })
    expect(await next.text()).toContain('<html lang="fr">')
    expect(await draw('/?lang=xx')).toContain('<html lang="en">')
  })
})

describe('who sees what', () => {
  it('a viewer has nothing to press', async () => {
    for (const path of [OPEN, '/setup/agents', ...STOREYS]) {
      const page = await draw(path, 'en', 'viewer-token')
      const posted = [...page.matchAll(/<form method="post"(?: class="[^"]*")?(?: action="([^"]+)")?/g)]
      expect(posted.map(([, action]) => action)).toEqual(['/sign-out'])
    }
  })

  it('a provider acknowledges, and has no setup', async () => {
    const page = await draw(OPEN, 'en', 'provider-token')
    expect(page).toContain('/acknowledge"')
    expect(page).not.toContain('/setup')
    expect(await draw('/', 'en', 'provider-token')).not.toContain('Intranet')
  })

  it('what outages cost the customer is nobody else’s business', async () => {
    const path = `/contracts/${HOSTING}/windows/2026-10`
    expect(await draw(path, 'en', 'owner-token')).toContain('What the outages cost you')
    for (const as of ['viewer-token', 'provider-token'])
      expect(await draw(path, 'en', as), as).not.toContain('What the outages cost you')
  })

  it.each([
    ['viewer-token', '/setup/alerts', 403],
    ['provider-token', '/setup/agents', 403],
    ['provider-token', '/contracts/intranet', 404],
    ['confined-token', OPEN, 404],
  ])('%s at %s: %i, told as a page', async (as, path, status) => {
    const answer = await ask(path, { as })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('text/html')
  })

  it.each([
    ['owner-token', true],
    ['viewer-token', false],
    ['provider-token', false],
  ])('%s is offered to archive: %s', async (as, isOffered) => {
    const page = await draw(`/contracts/${HOSTING}/terms`, 'en', as)
    expect(page.includes(`action="/contracts/${HOSTING}/archive"`)).toBe(isOffered)
  })

  it.each([
    ['viewer-token', HOSTING, 403],
    ['provider-token', HOSTING, 403],
    ['owner-token', 'archive', 303],
  ])('%s posts to archive %s: %i', async (as, contract, status) => {
    expect((await post(`/contracts/${contract}/archive`, '', as)).status).toBe(status)
    expect(read.contract(contract)?.endedAt === null).toBe(status === 403)
  })

  it.each(['/setup/agents/tokens', '/setup/alerts', `/setup/alerts/${hook!.id}/test`, `${OPEN}/acknowledge`])(
    'a viewer may not post to %s',
    async (path) => {
      expect((await post(path, 'name=x', 'viewer-token')).status).toBe(403)
    },
  )

  it('the door of one contract opens on it', async () => {
    const answer = await ask('/contracts', { as: 'provider-token' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/contracts/${HOSTING}`])
  })
})

describe('endings', () => {
  const SERVICES = '/contracts/intranet/services'
  beforeAll(() => world.line().setAside.failed('intranet', new Error('a rule of this contract')))

  it.each([
    ['/contracts/payroll', 'Ended on 20 Nov 2026, 04:30', 'Terminé le 20 nov. 2026'],
    ['/contracts/payroll/terms', 'Apply terms again', 'Appliquez à nouveau des termes'],
    ['/contracts/intranet', 'the other contracts go on', 'les autres contrats continuent'],
    ['/', 'Set aside: a rule of this contract', 'Mis de côté\u00a0: a rule of this contract'],
    ['/contracts/intranet/services', '1 service that left', '1 service sorti du contrat'],
    ['/contracts/payroll', 'Longer than usual', 'Plus longue que d’habitude'],
    ['/contracts/intranet', 'Shorter than usual', 'Plus courte que d’habitude'],
    [`${SERVICES}/badges`, 'Left the contract on 1 Nov 2026', 'Sorti du contrat le 1 nov. 2026'],
    [`${SERVICES}/directory`, 'then it leaves the contract', 'puis il sort du contrat'],
    [`${SERVICES}/intranet`, 'those of a newer revision', 'ceux d’une révision plus récente'],
    [`${SERVICES}/wiki`, 'a revision stopped it', 'une révision y a mis fin'],
    [`${SERVICES}/wiki?range=7d`, 'a revision stopped the probing', 'une révision a arrêté les sondes'],
    ['/contracts/payroll/services/payroll', 'the contract ended', 'le contrat a pris fin'],
  ])('%s says “%s”', async (path, english, french) => {
    expect(wordsOf(await draw(path, 'en'))).toContain(english)
    expect(wordsOf(await draw(path, 'fr'))).toContain(french)
  })

  it('of an archived contract nothing is counted any more, and it cannot be archived twice', async () => {
    const page = `${await draw('/contracts/payroll')}${await draw('/contracts/payroll/terms')}`
    expect(page).not.toContain('/archive"')
    expect(wordsOf(page)).not.toContain('budget left.')
    expect(read.contract('payroll')?.sentence).toBe('Ended on 2026-11-20 09:30 UTC.')
  })
})

describe('forms', () => {
  it('acknowledge, once', async () => {
    const answer = await post(`${OPEN}/acknowledge`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, OPEN])
    const page = await draw(OPEN)
    expect(page).toContain('Acknowledged')
    expect(page).not.toContain('/acknowledge"')
  })

  /** What the page that a form sends to shows this once. */
  const shownAfter = async (answer: Response): Promise<{ first: string; again: string }> => {
    expect(answer.status).toBe(303)
    const to = answer.headers.get('location') ?? ''
    expect(await draw(to, 'en', 'confined-token')).not.toMatch(/whsec_|join_|token=cst_/)
    return { first: await draw(to), again: await draw(to) }
  }

  it('show a join command once', async () => {
    const { first, again } = await shownAfter(await post('/setup/agents/tokens', 'name=marseille'))
    expect(first).toContain('--token join_')
    expect(again).not.toContain('join_')
    expect(again).toContain('It was shown once.')
  })

  it('add a webhook, show its secret once, test it, remove it', async () => {
    const before = (await deps.actions.webhooks.list()).length
    const added = await post('/setup/alerts', 'url=https%3A%2F%2Fnew.example%2Fhook&shape=slack')
    const { first, again } = await shownAfter(added)
    expect([first, again].map((one) => one.includes('whsec_'))).toEqual([true, false])
    expect(await deps.actions.webhooks.list()).toHaveLength(before + 1)
    const page = (): Promise<string> => draw('/setup/alerts')
    expect(await page()).toContain('https://new.example/hook')
    expect(await page()).not.toContain('whsec_')
    const made = (await deps.actions.webhooks.list()).at(-1)!
    expect((await post(`/setup/alerts/${made.id}/test`)).headers.get('location')).toBe(
      '/setup/alerts?done=tested',
    )
    expect(await page()).toContain('Test message')
    const edited = `url=https%3A%2F%2Fmoved.example&shape=teams&types=agent.silent&contracts=${HOSTING}&ed25519=on`
    expect((await post(`/setup/alerts/${made.id}/edit`, edited)).status).toBe(303)
    expect((await deps.actions.webhooks.list()).at(-1)).toMatchObject({
      url: 'https://moved.example',
      shape: 'teams',
      types: ['agent.silent'],
      contracts: [HOSTING],
    })
    expect(await page()).toMatch(/whpk_[\w+/]{43}=/)
    expect((await post(`/setup/alerts/${made.id}/pause`)).status).toBe(303)
    expect(wordsOf(await draw('/setup/alerts?state=paused'))).toContain('https://moved.example')
    expect(wordsOf(await draw('/setup/alerts?state=active'))).not.toContain('https://moved.example')
    await post(`/setup/alerts/${made.id}/resume`)
    expect((await deps.actions.webhooks.list()).at(-1)).toMatchObject({ state: 'active' })
    await post(`/setup/alerts/${made.id}/remove`)
    expect(await page()).not.toContain('https://new.example/hook')
  })

  it('take up again a webhook that an answer had disabled', async () => {
    await world.database.sql`update webhook set disabled_ms = ${world.clock.nowMs()} where id = ${chat!.id}`
    const page = (): Promise<string> => draw('/setup/alerts')
    expect(await page()).toContain(`action="/setup/alerts/${chat!.id}/enable"`)
    const answer = await post(`/setup/alerts/${chat!.id}/enable`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/setup/alerts?done=enabled'])
    expect(await page()).not.toContain('/enable"')
    expect(await draw('/setup/alerts?done=enabled')).toContain('Events go there again from now on.')
  })

  it('take the ticked facts of a webhook, or all', async () => {
    await post('/setup/alerts', 'url=https%3A%2F%2Fa.example&shape=generic')
    await post('/setup/alerts', 'url=https%3A%2F%2Fb.example&shape=generic&types=agent.silent')
    const hooks = await deps.actions.webhooks.list()
    expect(hooks.slice(-2).map(({ types }) => types)).toEqual(
      expect.arrayContaining([['*'], ['agent.silent']]),
    )
  })

  it.each([
    ['/setup/alerts', 'url=nowhere&shape=generic', 400],
    ['/setup/agents/tokens', 'name=%00', 400],
    ['/setup/alerts/none/test', '', 404],
    ['/setup/alerts/none/enable', '', 404],
    ['/setup/agents/none/revoke', '', 404],
    ['/setup/alerts/deliveries/none/replay', '', 404],
    ['/incidents/none/acknowledge', '', 404],
    ['/setup/agents/tokens', `name=${'x'.repeat(70_000)}`, 413],
  ])('tell what is wrong with %s %s', async (path, body, status) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain('<h1')
  })

  it('ask for the content alone where something moves', async () => {
    const headers = { 'constat-fragment': '1' }
    const page = await (await ask('/', { as: 'owner-token', headers })).text()
    expect(page).toMatch(/^<main id="content"[^>]*><live-region id="now"/)
    expect(page).not.toContain('<html')
  })

  it.each([0, 1])('draw a chart of as many segments as there may be, and %i more: not', async (more) => {
    const segment = {
      start: '2026-11-22T00:00:00.000Z',
      end: '2026-11-22T00:00:01.000Z',
      state: 'up',
    } as const
    const segments = Array.from({ length: MAX_TIMELINE_SEGMENTS + more }, () => segment)
    const timeline: ReadModel['timeline'] = (...asked) => {
      const found = read.timeline(...asked)
      return found && { ...found, segments, vantages: {} }
    }
    const asking = asker({ deps: { ...deps, read: { ...read, timeline } }, tokens })
    const path = `/contracts/${HOSTING}/services/order-portal`
    expect((await asking(path, { as: 'owner-token' })).status).toBe(more === 0 ? 200 : 413)
  })
})

it('leads through all open incidents, however many they are', async () => {
  const [one] = await read.incidents({ open: true, limit: 1 })
  const all = Array.from({ length: 230 }, (_, i) => ({ ...one!, id: `inc_${i}` }))
  const incidents = ({ open, before, limit }: Parameters<typeof read.incidents>[0]) => {
    const from = all.findIndex(({ id }) => id === before) + 1
    return Promise.resolve(open ? all.slice(from, from + limit) : [])
  }
  const asking = asker({ deps: { ...deps, read: { ...read, incidents } }, tokens })
  const seen: string[] = []
  let path: string | undefined = '/incidents'
  const pages: string[] = []
  while (path !== undefined) {
    pages.push(path)
    const html: string = await (await asking(path, { as: 'owner-token' })).text()
    seen.push(...[...html.matchAll(/href="\/incidents\/(inc_\d+)"/g)].map(([, id]) => id!))
    path = /href="(\/incidents\?open=\w+)"/.exec(html)?.[1]
  }
  expect(pages).toEqual(['/incidents', '/incidents?open=inc_99', '/incidents?open=inc_199'])
  expect([...new Set(seen)]).toEqual(all.map(({ id }) => id))
})

it('of many services the overview draws the worst, and says where the others are', async () => {
  const contracts: ReadModel['contracts'] = () =>
    read.contracts().map((one) => {
      const [first] = one.services
      const isMany = one.name === 'intranet' && first
      return isMany ? { ...one, services: Array.from({ length: 60 }, () => first) } : one
    })
  const asking = asker({ deps: { ...deps, read: { ...read, contracts } }, tokens })
  expect(wordsOf(await draw('/', 'en', 'owner-token', asking))).toContain('10 more services')
  expect(wordsOf(await draw('/', 'fr', 'owner-token', asking))).toContain('10 autres services')
})

describe('the form of an exclusion', () => {
  const contract = read.contract(HOSTING)!
  const fields = {
    kind: 'planned',
    service: '',
    start: '2026-10-05T22:00',
    end: '2026-10-05T23:00:30',
    reason: ' x ',
  }
  const filled = (change: Record<string, unknown>) =>
    exclusionForm({ ...fields, ...change }, { contract, terms: read.terms(HOSTING) })

  it('reads the clock in the zone of the windows', () => {
    expect(contract.guarantees[0]!.window.timeZone).toBe('Europe/Paris')
    expect(filled({})).toMatchObject({
      kind: 'filled',
      wanted: {
        startMs: Date.UTC(2026, 9, 5, 20),
        endMs: Date.UTC(2026, 9, 5, 21, 0, 30),
        reason: 'x',
        service: null,
      },
    })
  })

  it.each([{ start: '' }, { end: 'tomorrow' }, { start: '2026-13-40T25:00' }, { announcedAt: 'soon' }])(
    'refuses %j',
    (change) => {
      expect(filled(change)).toMatchObject({ kind: 'refused' })
    },
  )
})

describe('names that try to be code', () => {
  const EVIL = `"><script>alert('x')</script><img src=x onerror=alert(1)>`
  const body = smallTerms({
    name: 'evil',
    displayName: EVIL,
    provider: EVIL,
    timeZone: 'UTC',
    services: { evil: 'evil.example' },
    clause: EVIL,
    more: {
      services: [{ name: 'evil', displayName: EVIL }],
      clauses: [{ id: EVIL, title: EVIL, text: EVIL }],
      exclusions: { kinds: [{ id: 'planned', clause: EVIL, needs: 'announcement' }] },
    },
  })

  beforeAll(async () => {
    const yaml = { 'content-type': 'application/yaml' }
    const put = await ask('/api/v1/contracts/evil', { method: 'PUT', as: 'owner-token', body, headers: yaml })
    expect(await put.json()).toMatchObject({ contract: 'evil' })
    const span = { start: '2026-11-25T22:00:00Z', end: '2026-11-25T23:00:00Z' }
    const excluded = { contract: 'evil', kind: 'planned', reason: EVIL, ...span }
    const said = await ask('/api/v1/exclusions', { method: 'POST', as: 'owner-token', body: excluded })
    expect(said.status).toBe(201)
    await post('/setup/alerts', `url=${encodeURIComponent(`https://x.example/${EVIL}`)}&shape=generic`)
  })

  it.each([
    '/',
    '/contracts',
    '/contracts/evil',
    '/contracts/evil/windows/2026-11',
    '/contracts/evil/services/evil',
    '/setup/alerts',
    `/contracts/${encodeURIComponent(EVIL)}`,
    `/incidents/${encodeURIComponent(EVIL)}`,
    `/?lang=${encodeURIComponent(EVIL)}`,
    `/sign-in?next=${encodeURIComponent(EVIL)}`,
    `/${encodeURIComponent(EVIL)}`,
  ])('%s stays a page', async (path) => {
    const page = await draw(path)
    expect(page).toContain('<html')
    expect(page).not.toMatch(/<script>|<img|onerror=alert\(1\)>/)
    if (path === '/contracts/evil') expect(page).toContain('&lt;script&gt;')
  })
})

describe('post, redirect, get', () => {
  /** Whatever is asked is done. */
  const done = (value: unknown) => () => Promise.resolve(value as never)
  const some = { id: 'some', secret: 's', token: 'cst_some', url: 'http://x', at: '2026-11-22T00:00:00.000Z' }
  const link = { id: 'tok', contract: HOSTING, incident: null }
  const opened = { session: 'ses_x', expiresMs: 1 }
  const password = 'password=four+quiet+herons&again=four+quiet+herons'
  const actions = {
    ...Object.fromEntries(
      Object.keys(deps.actions).map((name) => [name, done({ kind: 'applied', ...some })]),
    ),
    declareExclusion: done({ kind: 'declared', id: 'some' }),
    remark: done({ service: 'mail-relay', contract: HOSTING, at: some.at }),
    revokeAgent: done(true),
    previewStatement: deps.actions.previewStatement,
    parse: deps.actions.parse,
    webhooks: { ...deps.actions.webhooks, ...all(deps.actions.webhooks) },
    tokens: { ...deps.actions.tokens, ...all(deps.actions.tokens), openLink: done(link) },
    sessions: {
      ...deps.actions.sessions,
      open: done(opened),
      close: done(undefined),
      end: done(1),
    },
    people: { ...deps.actions.people, ...all(deps.actions.people) },
    entry: {
      ...Object.fromEntries(
        Object.keys(deps.actions.entry).map((name) => [name, done({ opened, lang: null })]),
      ),
      invited: done({ name: 'some', role: 'viewer', isNew: true }),
      newBrowser: () => 'browser',
      stepping: done('some'),
    },
    account: {
      ...Object.fromEntries(Object.keys(deps.actions.account).map((name) => [name, done(['some'])])),
      read: done({ name: 'some', hasPassword: true, hasFactor: false }),
    },
  } as unknown as typeof deps.actions
  function all(deeds: object): object {
    const names = Object.keys(deeds).filter((name) => !['list', 'shapes', 'types', 'audit'].includes(name))
    return Object.fromEntries(names.map((name) => [name, done(some)]))
  }
  const willing = asker({ deps: { ...deps, actions, links: { isGood: () => true } }, tokens })
  const PARAMS: Record<string, string> = {
    contract: HOSTING,
    window: '2026-10',
    incident: portal,
    exclusion: declared!.id,
    revision: '1',
  }
  const ACTS = ['notify', 'accept', 'dispute', 'withdraw', 'settle', 'decide']
  const BODIES: Record<string, string> = {
    '/setup/alerts': 'url=https%3A%2F%2Fa.example&shape=generic',
    '/setup/alerts/:webhook/edit': 'url=https%3A%2F%2Fa.example&shape=generic',
    '/setup/access/links': `contract=${HOSTING}`,
    '/incidents/:incident/note': 'text=seen',
    '/incidents/:incident/dispute': 'text=seen',
    '/status/report': `service=order-portal&contract=${HOSTING}`,
    '/status/:key/report': `service=order-portal&contract=${HOSTING}`,
    '/contracts/:contract/exclusions':
      'kind=planned&service=&start=2026-11-22T02%3A00&end=2026-11-22T03%3A00&reason=patches',
    '/contracts/:contract/windows/:window/statements': 'statement=99.9',
    '/contracts/:contract/windows/:window/statements/preview': 'statement=99.9',
    '/sign-in': 'token=good',
    '/sign-in/code': 'step=some&code=123456',
    '/invitation/:key': password,
    '/account/password': `old=some&${password}`,
    '/setup/people/invite': 'name=some&role=viewer',
    '/setup/people/:person/change': 'role=viewer',
    ...Object.fromEntries(
      ACTS.map((act) => [
        `/contracts/:contract/penalties/:window/${act}`,
        'amount=1&note=so&by=credited&forum=expert',
      ]),
    ),
  }
  /** Programs send these: nobody reloads them. */
  const PROGRAMS = new Set(['/add-checkpoint', '/acknowledge/pagerduty/:webhook'])
  /** Nothing is written: the page is what was asked for, and a reload asks for it again. */
  const DRAWN = new Set(['/contracts/:contract/windows/:window/statements/preview', '/setup/contract'])
  const posts = willing.app.routes
    .filter(({ method, path }) => method === 'POST' && !path.startsWith('/api/') && !PROGRAMS.has(path))
    .map(({ path }) => path)

  it.each([...new Set(posts)])('%s', async (path) => {
    const address = path.replaceAll(/:(\w+)/g, (_, name: string) => PARAMS[name] ?? 'some')
    const as = /revisions|\/dispute$/.test(path) ? 'provider-token' : 'owner-token'
    const headers = { ...form, 'sec-fetch-site': 'same-origin' }
    const answer = await willing(address, { method: 'POST', as, body: BODIES[path] ?? '', headers })
    expect(DRAWN.has(path) ? [200, 422] : [303]).toContain(answer.status)
  })
})
