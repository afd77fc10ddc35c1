/**
 * The first run in a real browser against a real collector: nothing is measured, a person fills in the form
 * on a phone, is told of a mistake without losing anything, mends it, sees the document, applies it, and
 * sees the first sample. Then an agent is invited, and its command copied.
 */
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER_FLAGS, requireBrowser } from '../support/browser.mjs'
import { startMoodyServer, type MoodyServer } from '../support/moody-server.ts'
import { audit } from '../support/page-audit.ts'
import { dropDataDir, freePort, makeDataDir, startProgram, type Program } from '../support/program.ts'

let target: MoodyServer
let program: Program
let browser: Browser
let page: Page
const troubles: string[] = []

beforeAll(async () => {
  target = await startMoodyServer()
  program = await startProgram({ args: ['up'], dataDir: makeDataDir(), port: await freePort() })
  browser = await chromium.launch({ executablePath: requireBrowser(), args: [...BROWSER_FLAGS] })
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale: 'en',
    timezoneId: 'America/Guayaquil',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(error.message))
  const [, link = ''] = await program.line(/Owner link: (\S+)/)
  await page.goto(link)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await program?.kill('SIGTERM')
  if (program) dropDataDir(program.dataDir)
  await target?.close()
})

async function expectWhole(name: string): Promise<void> {
  expect.soft(await audit(page), name).toEqual([])
}

describe('the first run', () => {
  it('leads from the empty overview to the form, which knows the clock of the browser', async () => {
    await page.getByRole('link', { name: 'Write down the first contract' }).click()
    await expectWhole('the form')
    expect(await page.getByLabel('Time zone of the contract').inputValue()).toBe('America/Guayaquil')
    expect(await page.getByLabel('Days', { exact: true }).isVisible()).toBe(false)
  })

  it('says what a target allows while it is typed', async () => {
    await page.getByLabel('Availability promised').fill('99.5')
    await page.getByText('3 h 36 min of outage').waitFor()
    await page.getByLabel('Availability promised').fill('99,95')
    await page.getByText('21 min 36 s of outage').waitFor()
  })

  it('fills in the holidays of a place, and keeps the rest', async () => {
    await page.getByLabel('Addresses, one a line').fill(`${target.url}\nintranet`)
    await page.getByText('On some days').click()
    await page.getByLabel('Public holidays of').selectOption('FR')
    await page.getByRole('button', { name: 'Fill in the holidays' }).click()
    await page.getByRole('status').getByText('public holidays filled in').waitFor()
    await page.getByLabel('Region').selectOption('57')
    await page.getByRole('button', { name: 'Fill in the holidays' }).click()
    await expect.poll(() => page.getByLabel('Holidays, one a line').inputValue()).toContain('-12-26 ')
    expect(await page.getByLabel('Addresses, one a line').inputValue()).toBe(`${target.url}\nintranet`)
    await expectWhole('the form with holidays')
  })

  it('tells of what is missing beside its field, and loses nothing', async () => {
    await page.getByLabel('Availability promised').press('Enter')
    await page.getByRole('alert').getByText('2 things need another look').waitFor()
    const watch = page.getByLabel('Addresses, one a line')
    expect(await watch.getAttribute('aria-invalid')).toBe('true')
    expect(await watch.inputValue()).toBe(`${target.url}\nintranet`)
    expect(await page.getByLabel('Availability promised').inputValue()).toBe('99,95')
    await expectWhole('the form with problems')
  })

  it('tries an address before anything is applied, and loses nothing', async () => {
    await page.getByLabel('Addresses, one a line').fill(`${target.url}\nhttp://127.0.0.1:1/`)
    await page.getByRole('button', { name: 'Try it now' }).click()
    const trial = page.getByRole('status').filter({ hasText: 'Tried just now' })
    await trial.getByText('answers as it should').waitFor()
    expect(await trial.innerText()).toContain('fails: the connection was refused')
    expect(await page.getByLabel('Availability promised').inputValue()).toBe('99,95')
    await expectWhole('the form with a trial')
  })

  it('shows the document and what it says', async () => {
    await page.getByLabel('Addresses, one a line').fill(target.url)
    await page.getByLabel('Who provides it').fill('Northstar Hosting')
    await page.getByLabel('Name of the contract').fill('Intranet 2027')
    await page.getByLabel('Monthly fee').fill('1 800,00')
    await page.getByRole('button', { name: 'See the document' }).click()
    const words = await page.locator('.says').innerText()
    expect(words).toContain('Northstar Hosting promised 99.95\u00a0% of the service hours')
    expect(words).toContain('on the clock of America/Guayaquil')
    expect(words).toContain('The monthly fee is 1,800.00\u00a0EUR')
    const text = await page.locator('copy-text code').innerText()
    expect(text).toContain('name: intranet-2027')
    expect(text).toMatch(/\{date: "\d{4}-12-26", name: /)
    await expectWhole('the preview')
  })

  it('goes back without losing anything', async () => {
    await page.getByRole('button', { name: 'Change something' }).click()
    expect(await page.getByLabel('Monthly fee').inputValue()).toBe('1 800,00')
    expect(await page.getByLabel('Friday').isChecked()).toBe(true)
    await page.getByRole('button', { name: 'See the document' }).click()
  })

  it('applies it and shows the first sample by itself', async () => {
    await page.getByRole('button', { name: 'Apply it' }).click()
    await page.waitForURL('**/contracts/intranet-2027?new=1')
    await page.getByText('First sample seen at').waitFor({ timeout: 30_000 })
    await page.locator('.lead .mark.is-up').waitFor({ timeout: 30_000 })
    await expectWhole('the contract')
  }, 90_000)

  it('refuses a second contract of the same name', async () => {
    await page.goto(`${program.url}/setup/contract`)
    await page.getByLabel('Addresses, one a line').fill(target.url)
    await page.getByLabel('Who provides it').fill('Intranet 2027')
    await page.getByRole('button', { name: 'See the document' }).click()
    await page.getByRole('alert').getByText('There is a contract “intranet-2027” already').waitFor()
  })
})

describe('inviting an agent', () => {
  it('makes a command that can be copied, and shows who is there', async () => {
    await page.goto(`${program.url}/setup/agents`)
    await page.getByLabel('Name of the agent').fill('lille')
    await page.getByRole('button', { name: 'Make the command' }).click()
    const command = await page.locator('copy-text code').innerText()
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(command)
    expect(command).toContain('--token ')
    await expectWhole('the agents page')
  }, 90_000)

  it('asks again before it revokes', async () => {
    await page.goto(`${program.url}/setup/agents`)
    const sure = page.getByRole('button', { name: /^Yes, revoke/ })
    expect(await sure.isVisible()).toBe(false)
    await page.locator('.confirm summary').first().click()
    expect(await sure.isVisible()).toBe(true)
    expect(troubles).toEqual([])
  })
})
