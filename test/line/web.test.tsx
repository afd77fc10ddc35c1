/**
 * The pages: each in both languages with nothing missing, names that try to be code, who sees which button,
 * forms and what they change, and charts in which unknown time is always hatched.
 */
import fc from 'fast-check'
import { renderToString } from 'hono/jsx/dom/server'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CAUSES } from '@constat/shared/sample'
import { en } from '@constat/collector/web/text/en'
import { fr } from '@constat/collector/web/text/fr'
import { acceptedLang } from '@constat/collector/web/text/words'
import type { State } from '../../collector/src/view/parts.ts'
import type { Segment } from '../../collector/src/view/timeline.ts'
import { Ribbon } from '../../collector/src/web/part/ribbon.tsx'
import { asker } from '../support/ask.ts'
import { demoDeps } from '../support/demo-deps.ts'
import { demoOfEndings } from '../support/demo-endings.ts'
import { demoModel } from '../support/demo-model.ts'
import { STORY } from '../support/demo-story.ts'

const OPEN = '/incidents/inc_acme-hosting-2026_order-portal_17'
const PAGES = [
  '/',
  '/?range=day',
  '/contracts',
  '/contracts/acme-hosting-2026',
  '/contracts/archive?window=2026-09',
  '/contracts/acme-hosting-2026/windows/2026-11',
  '/contracts/acme-hosting-2026/windows/2026-10',
  '/contracts/acme-hosting-2026/statements/stm_demo',
  '/contracts/intranet?window=none',
  '/contracts/acme-hosting-2026/services/order-portal?range=30d',
  '/contracts/archive/services/archive-search',
  '/contracts/payroll/services/payroll?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z',
  '/incidents',
  '/incidents?cursor=inc_intranet_intranet_150',
  OPEN,
  '/incidents/inc_acme-hosting-2026_order-portal_410',
  '/setup/agents',
  '/setup/alerts',
  '/sign-in',
  '/owner?token=wrong',
  '/no/such/page',
]
const form = { 'content-type': 'application/x-www-form-urlencoded' }

async function draw(path: string, lang = 'en', as = 'owner-token', demo = demoDeps()): Promise<string> {
  const answer = await asker(demo)(path, { as, headers: { 'accept-language': lang } })
  return answer.text()
}

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
  })

  it('every time carries its zone', async () => {
    for (const path of PAGES) {
      const times = [...(await draw(path, lang)).matchAll(/<time [^>]*>([^<]*)</g)].map((match) => match[1])
      for (const time of times) expect(time).toMatch(/(CET|CEST|UTC|GMT)([+−-]\d+)?$/)
    }
  })
})

/** Words that French and English share, and names. */
const SAME_IN_BOTH =
  /^(product|door\.(incidents|agents)|(incident|agent)\.title|figure\.verdict|overview\.(hour|day)|service\.ranges\..*h|contract\.services|glance\.clauses|incident\.(cause|service)|agent\.version|alert\.shapes\..*|trouble\.code)$/

describe('words', () => {
  type Tree = { [key: string]: unknown }
  const leaves = (tree: Tree, path = ''): [string, unknown][] =>
    Object.entries(tree).flatMap(([key, value]) =>
      // A dictionary holds text, functions and dictionaries.
      typeof value === 'object' ? leaves(value as Tree, `${path}${key}.`) : [[path + key, value]],
    )

  it('say the same things in both languages, in different words', () => {
    const english = new Map(leaves(en))
    const french = new Map(leaves(fr))
    expect([...french.keys()]).toEqual([...english.keys()])
    for (const [key, value] of french) expect(value, key).not.toBe('')
    const same = [...french].filter(([key, value]) => typeof value === 'string' && value === english.get(key))
    expect(same.map(([key]) => key).filter((key) => !SAME_IN_BOTH.test(key))).toEqual([])
  })

  it('exist for every cause that an agent can sign', () => {
    for (const [cause, fault] of CAUSES) {
      expect(Object.keys(en.cause)).toContain(cause)
      expect(Object.keys(en.fault)).toContain(fault)
    }
  })

  it('in French keep the space before high punctuation from breaking', () => {
    for (const [key, value] of leaves(fr)) {
      if (typeof value === 'string') expect(value, key).not.toMatch(/ [:;?!]/)
    }
  })

  it.each([
    ['nobody is subscribed', [], 'no address is set: nobody is told', 'aucune adresse n’est définie'],
    ['the message is on its way', ['*'], 'nobody yet', 'personne encore'],
  ])('of an incident where %s', async (_, types, english, french) => {
    const demo = demoDeps()
    const { read, actions } = demo.deps
    const incident = await read.incident(OPEN.slice('/incidents/'.length))
    demo.deps.read = { ...read, incident: async () => incident && { ...incident, alertedAt: null } }
    const [hook] = await actions.webhooks.list()
    demo.deps.actions = {
      ...actions,
      webhooks: { ...actions.webhooks, list: async () => [{ ...hook!, types }] },
    }
    expect(wordsOf(await draw(OPEN, 'en', 'owner-token', demo))).toContain(english)
    expect(wordsOf(await draw(OPEN, 'fr', 'owner-token', demo))).toContain(french)
  })

  it('in French are those of the trade', async () => {
    expect(await draw('/contracts/acme-hosting-2026', 'fr')).toContain('Taux de disponibilité')
    expect(wordsOf(await draw('/', 'fr'))).toContain('99,4185')
  })

  it.each([
    ['fr', 'fr'],
    ['fr-CH, en;q=0.9', 'fr'],
    ['de, en;q=0.5, fr;q=0.8', 'fr'],
    ['en-US,en;q=0.9', 'en'],
    ['fr;q=0, en', 'en'],
    ['de', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('Accept-Language %j is answered in %s', (header, lang) => {
    expect(acceptedLang(header)).toBe(lang)
  })

  it('follow the choice of the reader before that of the browser', async () => {
    const ask = asker(demoDeps())
    const chosen = await ask('/?lang=fr', { as: 'owner-token', headers: { 'accept-language': 'en' } })
    expect(await chosen.text()).toContain('<html lang="fr">')
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? ''
    const next = await ask('/', { as: 'owner-token', headers: { 'accept-language': 'en', cookie } })
    expect(await next.text()).toContain('<html lang="fr">')
    expect(await draw('/?lang=xx')).toContain('<html lang="en">')
  })
})

describe('names that try to be code', () => {
  const EVIL = `"><script>alert('x')</script><img src=x onerror=alert(1)>`
  const story = STORY.map((contract) => ({
    ...contract,
    name: `c${EVIL}`,
    displayName: EVIL,
    provider: EVIL,
    lacks: [EVIL],
    services: contract.services.map((service) => ({ ...service, service: EVIL, target: EVIL })),
    guarantees: contract.guarantees.map((g) => ({ ...g, guarantee: EVIL, service: EVIL, clause: EVIL })),
  })).slice(0, 1)
  const demo = demoDeps({ model: demoModel({ story }) })
  const name = encodeURIComponent(`c${EVIL}`)

  it.each([
    '/',
    `/contracts/${name}`,
    `/contracts/${name}/services/${encodeURIComponent(EVIL)}`,
    '/incidents',
    `/incidents/${encodeURIComponent(`inc_c${EVIL}_${EVIL}_17`)}`,
    '/setup/alerts',
    `/?lang=${encodeURIComponent(EVIL)}`,
    `/sign-in?next=${encodeURIComponent(EVIL)}`,
    `/${name}`,
  ])('%s stays a page', async (path) => {
    const page = await draw(path, 'en', 'owner-token', demo)
    expect(page).toContain('<html')
    expect(page).not.toMatch(/<script>|<img|onerror=alert\(1\)>/)
  })
})

describe('who sees what', () => {
  it('a viewer has nothing to press', async () => {
    for (const path of [OPEN, '/setup/agents']) {
      const actions = [...(await draw(path, 'en', 'viewer-token')).matchAll(/action="([^"]+)"/g)].map(
        (m) => m[1],
      )
      expect(actions).toEqual(['/sign-out'])
    }
  })

  it('a provider acknowledges, and has no setup', async () => {
    const page = await draw(OPEN, 'en', 'provider-token')
    expect(page).toContain('/acknowledge"')
    expect(page).not.toContain('/setup')
    expect(await draw('/', 'en', 'provider-token')).not.toContain('Intranet')
  })

  it.each([
    ['viewer-token', '/setup/alerts', 403],
    ['provider-token', '/setup/agents', 403],
    ['provider-token', '/contracts/intranet', 404],
    ['confined-token', OPEN, 404],
  ])('%s at %s: %i, told as a page', async (as, path, status) => {
    const answer = await asker(demoDeps())(path, { as })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('text/html')
  })

  it.each([
    ['owner-token', true],
    ['viewer-token', false],
    ['provider-token', false],
  ])('%s is offered to archive: %s', async (as, isOffered) => {
    const page = await draw('/contracts/acme-hosting-2026', 'en', as)
    expect(page.includes('action="/contracts/acme-hosting-2026/archive"')).toBe(isOffered)
  })

  it.each([
    ['viewer-token', {}, 403],
    ['provider-token', {}, 403],
    ['owner-token', {}, 303],
  ])('%s posts to archive: %i', async (as, more, status) => {
    const demo = demoDeps()
    const asked = { method: 'POST', as, headers: { ...form, ...more } }
    const answer = await asker(demo)('/contracts/acme-hosting-2026/archive', asked)
    expect(answer.status).toBe(status)
    expect(demo.archived).toEqual(status === 303 ? ['acme-hosting-2026'] : [])
  })

  it.each(['/setup/agents/tokens', '/setup/alerts', '/setup/alerts/whk_ops/test', `${OPEN}/acknowledge`])(
    'a viewer may not post to %s',
    async (path) => {
      const asked = { method: 'POST', as: 'viewer-token', body: 'name=x', headers: form }
      expect((await asker(demoDeps())(path, asked)).status).toBe(403)
    },
  )

  it('the door of one contract opens on it', async () => {
    const answer = await asker(demoDeps())('/contracts', { as: 'provider-token' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/contracts/acme-hosting-2026'])
  })
})

describe('endings', () => {
  const demo = demoDeps({ model: demoOfEndings() })
  const HOSTING = '/contracts/acme-hosting-2026'

  it.each([
    ['/contracts/payroll', 'Ended on 20 Nov 2026, 04:30', 'Terminé le 20 nov. 2026'],
    ['/contracts/payroll', 'Apply terms again', 'Appliquez à nouveau des termes'],
    ['/contracts/intranet', 'the other contracts go on', 'les autres contrats continuent'],
    ['/', 'Set aside: a rule of this contract', 'Mis de côté\u00a0: a rule of this contract'],
    [HOSTING, '1 service that left', '1 service sorti du contrat'],
    [HOSTING, 'Longer than usual', 'Plus longue que d’habitude'],
    [HOSTING, 'Shorter than usual', 'Plus courte que d’habitude'],
    [`${HOSTING}/services/mail-relay`, 'Left the contract on 1 Nov 2026', 'Sorti du contrat le 1 nov. 2026'],
    [`${HOSTING}/services/branch-vpn`, 'then it leaves the contract', 'puis il sort du contrat'],
    [`${HOSTING}/services/order-portal`, 'those of a newer revision', 'ceux d’une révision plus récente'],
    [`${HOSTING}/services/stock-api`, 'a revision stopped it', 'une révision y a mis fin'],
    [`${HOSTING}/services/stock-api`, 'a revision stopped the probing', 'une révision a arrêté les sondes'],
    ['/contracts/payroll/services/payroll', 'the contract ended', 'le contrat a pris fin'],
  ])('%s says “%s”', async (path, english, french) => {
    expect(wordsOf(await draw(path, 'en', 'owner-token', demo))).toContain(english)
    expect(wordsOf(await draw(path, 'fr', 'owner-token', demo))).toContain(french)
  })

  it('of an archived contract nothing is counted any more, and it cannot be archived twice', async () => {
    const page = await draw('/contracts/payroll', 'en', 'owner-token', demo)
    expect(page).not.toContain('/archive"')
    expect(wordsOf(page)).not.toContain('budget left.')
  })
})

describe('forms', () => {
  const post = (ask: ReturnType<typeof asker>, path: string, body = ''): Promise<Response> =>
    ask(path, { method: 'POST', as: 'owner-token', body, headers: form })

  it('acknowledge, once', async () => {
    const ask = asker(demoDeps())
    const answer = await post(ask, `${OPEN}/acknowledge`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, OPEN])
    const page = await (await ask(OPEN, { as: 'owner-token' })).text()
    expect(page).toContain('Acknowledged')
    expect(page).not.toContain('/acknowledge"')
  })

  it('show a join command once', async () => {
    const ask = asker(demoDeps())
    const answer = await post(ask, '/setup/agents/tokens', 'name=lyon')
    expect(answer.status).toBe(201)
    expect(await answer.text()).toContain('--token join-token')
    expect(await (await ask('/setup/agents', { as: 'owner-token' })).text()).not.toContain('join-token')
  })

  it('add a webhook, show its secret once, test it, remove it', async () => {
    const ask = asker(demoDeps())
    const added = await post(ask, '/setup/alerts', 'url=https%3A%2F%2Fnew.example%2Fhook&shape=slack')
    expect(await added.text()).toContain('whsec_c2VjcmV0')
    const page = async (): Promise<string> => (await ask('/setup/alerts', { as: 'owner-token' })).text()
    expect(await page()).toContain('https://new.example/hook')
    expect(await page()).not.toContain('whsec_')
    expect((await post(ask, '/setup/alerts/whk_3/test')).headers.get('location')).toBe(
      '/setup/alerts?done=tested',
    )
    expect(await page()).toContain('webhook.test')
    await post(ask, '/setup/alerts/whk_3/remove')
    expect(await page()).not.toContain('https://new.example/hook')
  })

  it('take up again a webhook that an answer had disabled', async () => {
    const ask = asker(demoDeps())
    const page = async (): Promise<string> => (await ask('/setup/alerts', { as: 'owner-token' })).text()
    expect(await page()).toContain('action="/setup/alerts/whk_chat/enable"')
    const answer = await post(ask, '/setup/alerts/whk_chat/enable')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/setup/alerts?done=enabled'])
    expect(await page()).not.toContain('/enable"')
    const told = await ask('/setup/alerts?done=enabled', { as: 'owner-token' })
    expect(await told.text()).toContain('Facts go there again from now on.')
  })

  it('take the ticked facts of a webhook, or all', async () => {
    const demo = demoDeps()
    const ask = asker(demo)
    await post(ask, '/setup/alerts', 'url=https%3A%2F%2Fa.example&shape=generic')
    await post(ask, '/setup/alerts', 'url=https%3A%2F%2Fb.example&shape=generic&types=agent.silent')
    const hooks = await demo.deps.actions.webhooks.list()
    expect(hooks.slice(2).map(({ types }) => types)).toEqual([['*'], ['agent.silent']])
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
    const answer = await post(asker(demoDeps()), path, body)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain('<h1')
  })
})

describe('what moves', () => {
  it('asks for the content alone', async () => {
    const headers = { 'constat-fragment': '1' }
    const page = await (await asker(demoDeps())('/', { as: 'owner-token', headers })).text()
    expect(page).toMatch(/^<main id="content"><live-region id="now"/)
    expect(page).not.toContain('<html')
  })

  it('weighs little', () => {
    const read = (name: string): Buffer =>
      readFileSync(new URL(`../../collector/src/web/static/${name}`, import.meta.url))
    expect(gzipSync(read('app.js')).length).toBeLessThan(6_000)
    expect(gzipSync(read('app.css')).length).toBeLessThan(10_000)
  })
})

describe('a ribbon', () => {
  const LENGTH_MS = 1_000_000
  const iso = (atMs: number): string => new Date(atMs).toISOString()
  const drawn = (segments: Segment[]): string =>
    renderToString(<Ribbon segments={segments} span={{ fromMs: 0, toMs: LENGTH_MS }} label="x" />)
  const widthOf = (svg: string, state: State): number =>
    [...svg.matchAll(new RegExp(`class="is-${state}"[^>]* width="([\\d.]+)%"`, 'g'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    )

  it('hatches all that no known segment covers', () => {
    const states = fc.constantFrom<State>('up', 'degraded', 'partial', 'down', 'unknown')
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(cuts, fc.array(states, { minLength: 12, maxLength: 12 }), (edges, kinds) => {
        const sorted = edges.toSorted((a, b) => a - b)
        const segments = sorted.slice(1).flatMap((edge, n) =>
          // Every third stretch is not told of at all.
          n % 3 === 2 ? [] : [{ start: iso(sorted[n]! * 1000), end: iso(edge * 1000), state: kinds[n]! }],
        )
        const known = segments
          .filter(({ state }) => state !== 'unknown')
          .reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0)
        expect(widthOf(drawn(segments), 'unknown')).toBeCloseTo(100 - (known / LENGTH_MS) * 100, 1)
      }),
    )
  })

  it('shows one down second among weeks', () => {
    const svg = drawn([
      { start: iso(0), end: iso(500_000), state: 'up' },
      { start: iso(500_000), end: iso(500_001), state: 'down' },
      { start: iso(500_001), end: iso(LENGTH_MS), state: 'up' },
    ])
    expect(widthOf(svg, 'down')).toBeGreaterThan(0.2)
    expect(svg.lastIndexOf('is-down')).toBeGreaterThan(svg.lastIndexOf('is-up'))
  })

  it('leaves out what lies beyond its span', () => {
    const svg = drawn([
      { start: iso(-9_000), end: iso(-1_000), state: 'down' },
      { start: iso(LENGTH_MS), end: iso(LENGTH_MS + 5_000), state: 'down' },
    ])
    expect(svg).not.toContain('is-down')
    expect(widthOf(svg, 'unknown')).toBe(100)
  })

  it('stays small however many segments there are', () => {
    const segments = Array.from({ length: 20_000 }, (_, n) => ({
      start: iso(n * 50),
      end: iso(n * 50 + 50),
      state: n % 2 === 0 ? ('up' as const) : ('down' as const),
    }))
    expect(drawn(segments).match(/<rect/g)?.length).toBeLessThan(1_000)
  })
})
