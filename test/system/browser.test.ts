/**
 * The web view in a real browser: every page at desk and phone width, light and dark, in both languages,
 * without an error, a sideways scroll or a finding of the audit; by keyboard, without script, and live.
 * `npm run pictures` keeps one of each in test/.artifacts/: taking them costs more than all the rest.
 */
import { serve } from '@hono/node-server'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { BROWSER_FLAGS, requireBrowser } from '../support/browser.mjs'
import { audit, auditByAxe } from '../support/page-audit.ts'
import { HOSTING } from '../support/seed-terms.ts'
import { openSeeded } from '../support/seeded.ts'

const PICTURES = fileURLToPath(new URL('../.artifacts/', import.meta.url))
const seeded = await openSeeded()
const { deps, portal, tokens, world } = seeded
const [statement] = deps.read.statements(HOSTING)
const past = await deps.read.incidents({ open: false, contract: HOSTING, limit: 1 })
const by = { role: 'owner', contracts: null, token: 'tok_owner', as: 'api' } as const
const [invitation] = await Promise.all(
  ['Marguerite de La Tour-du-Pin', 'Ada'].map((name) =>
    deps.actions.people.invite({ name, role: 'viewer', contracts: ['intranet'], by }),
  ),
)
const PAGES = {
  overview: '/',
  quarter: '/?range=quarter',
  contracts: '/contracts',
  contract: `/contracts/${HOSTING}`,
  services: `/contracts/${HOSTING}/services`,
  windows: `/contracts/${HOSTING}/windows`,
  exclusions: `/contracts/${HOSTING}/exclusions`,
  terms: `/contracts/${HOSTING}/terms`,
  evidence: `/contracts/intranet/evidence`,
  unknown: '/contracts/archive',
  window: `/contracts/${HOSTING}/windows/2026-10`,
  version: `/contracts/${HOSTING}/windows/2026-10?version=1`,
  statement: `/contracts/${HOSTING}/statements/${statement!.id}`,
  service: `/contracts/${HOSTING}/services/order-portal?range=7d`,
  ended: '/contracts/payroll',
  aside: '/contracts/intranet',
  left: '/contracts/intranet/services/badges?range=30d',
  stopped: '/contracts/intranet/services/wiki?range=7d',
  status: '/status',
  claims: '/claims',
  penalty: `/contracts/${HOSTING}/penalties/2026-10`,
  incidents: '/incidents',
  incident: `/incidents/${portal}`,
  past: `/incidents/${past[0]!.id}`,
  agents: '/setup/agents',
  alerts: '/setup/alerts',
  people: '/setup/people',
  account: '/account',
  door: '/sign-in',
  invited: new URL(invitation!.url).pathname,
  form: '/setup/contract',
  missing: '/no/such/page',
}

let browser: Browser
let close: () => void
let base: string

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  world.line().setAside.failed('intranet', new Error('a rule of this contract could not be read'))
  const app = createApp(deps)
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  close = () => void server.close()
  await new Promise<void>((resolve) => server.once('listening', resolve))
  // A server that listens on a port has an address with one.
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  deps.publicUrl = base
  browser = await chromium.launch({ executablePath: requireBrowser(), args: [...BROWSER_FLAGS] })
})

afterAll(async () => {
  await browser.close()
  close()
  await seeded.close()
})

async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env.CONSTAT_PICTURES === undefined) return
  // As PNG it takes longer than the page itself.
  await page.screenshot({ path: `${PICTURES}${name}.jpeg`, type: 'jpeg', fullPage: true })
}

type Visit = { page: Page; troubles: string[]; leave: () => Promise<void> }

/** A visitor with a session of their own; what the browser complains of is kept. */
async function enter(options: BrowserContextOptions = {}, token = 'owner-token'): Promise<Visit> {
  const context = await browser.newContext({ baseURL: base, ...options })
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text())
  })
  await page.goto(`/owner?token=${tokens[token]}`)
  return { page, troubles, leave: () => context.close() }
}

/** Two for the even pages, two for the odd ones: each page meets both widths, schemes and languages. */
const COMBINATIONS = [
  { width: 1280, colorScheme: 'light', locale: 'en', half: 0 },
  { width: 390, colorScheme: 'dark', locale: 'fr', half: 0 },
  { width: 1280, colorScheme: 'dark', locale: 'fr', half: 1 },
  { width: 390, colorScheme: 'light', locale: 'en', half: 1 },
] as const

describe.concurrent.each(COMBINATIONS)('at $width, $colorScheme, $locale', (combination) => {
  it('every page is whole', async ({ expect }) => {
    const { width, colorScheme, locale, half } = combination
    const viewport = { width, height: 900 }
    // What moves is drawn again all the time, and costs more than the page itself.
    const still = { reducedMotion: 'reduce' } as const
    const { page, troubles, leave } = await enter({ viewport, colorScheme, locale, ...still })
    for (const [i, [name, path]] of Object.entries(PAGES).entries()) {
      if (process.env.CONSTAT_PICTURES === undefined && i % 2 !== half) continue
      const answer = await page.goto(path)
      expect.soft(answer?.status(), name).toBe(name === 'missing' ? 404 : 200)
      // What is folded is looked at, too.
      await page.evaluate(`for (const fold of document.querySelectorAll('main details')) fold.open = true`)
      // A page that is not there is meant to answer 404, which the browser reports.
      if (name === 'missing') troubles.pop()
      expect.soft(await page.locator('html').getAttribute('lang'), name).toBe(locale)
      expect.soft(await audit(page), name).toEqual([])
      // Each page once: they speak of its structure, which neither width nor colours change.
      if (width === 1280) expect.soft(await auditByAxe(page), name).toEqual([])
      await keepPicture(page, `${name}-${width}-${colorScheme}-${locale}`)
    }
    expect(troubles).toEqual([])
    await leave()
  })
})

describe('the audit', () => {
  let page: Page
  beforeAll(async () => {
    page = await browser.newPage()
  })
  afterAll(() => page.close())

  it.each([
    ['<button></button>', 'no name'],
    ['<input type="text">', 'no label'],
    ['<svg width="9" height="9"></svg>', 'drawing without words'],
    ['<nav>x</nav>', 'unnamed'],
    ['<table><tr><th>x</th></tr></table>', 'no scope'],
    ['<h1>x</h1><h3>y</h3>', 'heading skips to 3'],
    ['<button>x</button>', 'target under 24 px'],
    ['<p>grey</p>', 'contrast 3.54'],
    ['<p style="width:3000px">x</p>', 'scrolls sideways'],
    ['<svg class="ribbon" aria-label="x"><rect width="9" height="9"/></svg>', 'graphic contrast 1.36'],
  ])('finds what is wrong with %s', async (html, finding) => {
    await page.setContent(`<style>button{height:20px}p{color:#888}rect{fill:#ddd}</style>${html}`)
    expect(String(await audit(page))).toContain(finding)
  })
})

describe('by keyboard', () => {
  it('the first stop skips to the content, the next ones are the doors, each with a ring', async () => {
    const { page, leave } = await enter({ locale: 'en' })
    await page.goto('/')
    const stops: string[] = []
    for (let n = 0; n < 7; n += 1) {
      await page.keyboard.press('Tab')
      stops.push(String(await page.evaluate('document.activeElement.textContent.trim()')))
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    }
    expect(stops).toEqual([
      'Skip to the content',
      'Constat',
      'Now',
      'Contract',
      'Incidents',
      'Claims',
      'Setup',
    ])
    await page.keyboard.press('Enter')
    await page.waitForURL('**/setup/agents')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('content')
    await leave()
  })
})

describe('live', () => {
  it('a fact moves the page, and leaves alone what a person has open and where they are', async () => {
    const { page, troubles, leave } = await enter({ locale: 'en' })
    await page.goto(`/incidents/${portal}`)
    await page.locator('live-state.is-on').waitFor()
    await page.locator('#timeline-table > summary').click()
    await page.locator('.crumbs a').focus()
    await deps.actions.acknowledge({
      incident: portal,
      by: { role: 'owner', contracts: null, token: 'tok_owner', as: 'api' },
    })
    await page.locator('.marks .stamp', { hasText: /^Acknowledged$/ }).waitFor({ timeout: 3_000 })
    expect(await page.locator('#timeline-table').getAttribute('open')).toBe('')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Incidents')
    expect(troubles).toEqual([])
    await leave()
  })

  it('the bar moves by itself within 6 s, and a burst of facts asks for one page a second', async () => {
    const { page, leave } = await enter()
    await page.goto('/')
    await page.locator('live-state.is-on').waitFor()
    const asked: number[] = []
    page.on('request', (request) => {
      if (request.headers()['constat-fragment'] !== undefined) asked.push(Date.now())
    })
    const fromMs = performance.now()
    for (let n = 0; n < 50; n += 1) {
      await seeded.tell({ type: 'incident.updated', contract: 'intranet', atMs: 0, data: {} })
      await page.waitForTimeout(20)
    }
    expect(asked.length).toBeGreaterThan(0)
    // Facts are written to a database here, which takes the time that it takes.
    expect(asked.length).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - fromMs) / 1_000))
    asked.length = 0
    await page.waitForRequest((request) => request.headers()['constat-fragment'] !== undefined, {
      timeout: 6_000,
    })
    await leave()
  })

  it('one stream a tab, ended when the tab is left', async () => {
    // A tab that was just left may still be heard of.
    await expect.poll(() => seeded.listening(), { timeout: 10_000 }).toBe(0)
    const { page, leave } = await enter()
    await page.goto('/')
    await page.locator('live-state.is-on').waitFor()
    expect(seeded.listening()).toBe(1)
    await leave()
    await expect.poll(() => seeded.listening(), { timeout: 10_000 }).toBe(0)
  })

  it('goes to the door when the session has ended elsewhere', async () => {
    const { page, leave } = await enter()
    await page.goto('/')
    await page.locator('live-state.is-on').waitFor()
    await world.database.sql`delete from token where kind = 'session'`
    await page.locator('#token').waitFor({ timeout: 10_000 })
    await leave()
  })

  it('prints on white, whatever the screen', async () => {
    const { page, leave } = await enter({ colorScheme: 'dark' })
    await page.goto(`/contracts/${HOSTING}`)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(27, 37, 64)')
    expect(await page.locator('nav.doors').isVisible()).toBe(false)
    await keepPicture(page, 'contract-print')
    await leave()
  })

  it('rests where less motion is wanted', async () => {
    const { page, leave } = await enter({ reducedMotion: 'reduce' })
    await page.goto('/')
    await page.locator('live-state.is-on').waitFor()
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.pulse')).animationName`)).toBe(
      'none',
    )
    await leave()
  })
})

describe('without script', () => {
  it('reads and acts the same', async () => {
    const { page, leave } = await enter({ javaScriptEnabled: false, locale: 'en' })
    await page.goto(`/incidents/${portal}`)
    expect(await page.locator('live-state').isVisible()).toBe(false)
    await page.goto('/setup/agents')
    await page.locator('#agent-name').fill('marseille')
    await page.locator('button.primary').click()
    expect(await page.locator('copy-text code').textContent()).toContain('--token join_')
    expect(await page.locator('copy-text button').isVisible()).toBe(false)
    await leave()
  })
})

describe('at the door', () => {
  it('a pasted token lets in, and a wrong one is told so', async () => {
    const context = await browser.newContext({ baseURL: base, locale: 'en' })
    const page = await context.newPage()
    await page.goto('/incidents')
    await page.locator('#token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await audit(page)).toEqual([])
    await keepPicture(page, 'door-1280-light-en')
    await page.locator('#token').fill(tokens['owner-token']!)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/incidents')
    expect(await page.locator('h1').textContent()).toBe('Incidents')
    await context.close()
  })
})
