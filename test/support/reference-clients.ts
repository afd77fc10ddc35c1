/**
 * Reference clients: how Chromium and curl count an answer. Chromium fetches from a page of the same origin,
 * which is its network code without its screen; what bytes spell is asked of a page that it shows. curl asks
 * as people do, redirects followed and nothing decoded.
 */
import { spawn } from 'node:child_process'
import { chromium, type Page } from 'playwright-core'
import { BROWSER_FLAGS, requireBrowser } from './browser.mjs'

export type Asked = { url: string; method: string; isPage: boolean }
/** `text`: the body as it is shown, or its bytes one character each. */
export type Counted = { kind: 'read'; status: number; text: string } | { kind: 'refused'; reason: string }

export type Browser = { ask: (asked: readonly Asked[]) => Promise<Counted[]>; close: () => Promise<void> }

const WAIT_MS = 10_000
/** Connections of Chromium to one host. */
const AT_ONCE = 6

export async function startBrowser(origin: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: requireBrowser(), args: [...BROWSER_FLAGS] })
  const context = await browser.newContext()
  const page = await context.newPage()
  const shown = await context.newPage()
  const reasons = new Map<string, string>()
  page.on('requestfailed', (request) => reasons.set(request.url(), request.failure()?.errorText ?? ''))
  await page.goto(origin)
  return {
    async ask(asked) {
      const fetched = await page.evaluate(fetchAll, { asked: [...asked], waitMs: WAIT_MS, atOnce: AT_ONCE })
      const counted: Counted[] = []
      for (const [i, one] of fetched.entries()) {
        const { url, isPage } = asked[i]!
        if (one === null) counted.push({ kind: 'refused', reason: reasons.get(url) ?? 'no answer in time' })
        else counted.push({ kind: 'read', ...one, text: isPage ? await textOf(shown, url) : one.text })
      }
      return counted
    },
    close: () => browser.close(),
  }
}

type Fetched = { status: number; text: string } | null

/** Runs in the page, so it knows nothing of this file. */
async function fetchAll({
  asked,
  waitMs,
  atOnce,
}: {
  asked: Asked[]
  waitMs: number
  atOnce: number
}): Promise<Fetched[]> {
  const found: Fetched[] = []
  let next = 0
  // No function of a name: the compiler would have it ask for a helper that the page does not have.
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < asked.length) {
        const i = next
        next += 1
        const { url, method } = asked[i]!
        try {
          const signal = AbortSignal.timeout(waitMs)
          const uncached: RequestInit & { cache: 'no-store' } = { method, cache: 'no-store', signal }
          const answer = await fetch(url, uncached)
          const bytes = new Uint8Array(await answer.arrayBuffer())
          found[i] = { status: answer.status, text: new TextDecoder('latin1').decode(bytes) }
        } catch {
          found[i] = null
        }
      }
    }),
  )
  return found
}

async function textOf(page: Page, url: string): Promise<string> {
  try {
    await page.goto(url, { timeout: WAIT_MS })
    return (await page.locator(':root').textContent()) ?? ''
  } catch {
    return ''
  }
}

/** By one curl for all of them, one connection for each; after some errors it gives up, and another goes on. */
export async function askCurl(asked: readonly Asked[]): Promise<Counted[]> {
  const counted: Counted[] = []
  while (counted.length < asked.length) {
    const more = await askOneCurl(asked.slice(counted.length))
    if (more.length === 0) throw new Error(`curl has nothing to say about ${asked[counted.length]?.url}`)
    counted.push(...more)
  }
  return counted
}

async function askOneCurl(asked: readonly Asked[]): Promise<Counted[]> {
  const mark = '@@constat@@'
  const config = asked.map(({ url, method }) => {
    const how = method === 'HEAD' ? 'head' : `request = "${method}"${method === 'POST' ? '\ndata = ""' : ''}`
    const own = [`url = "${url}"`, how, 'location', 'http1.1', 'cookie = ""', `max-time = ${WAIT_MS / 1_000}`]
    return [
      ...own,
      'output = "-"',
      `write-out = "\\n${mark}%{exitcode} %{http_code} %{errormsg}\\n${mark}"`,
      'silent',
    ].join('\n')
  })
  const said = await outputOf('curl', ['--config', '-'], config.join('\nnext\n'))
  const parts = said.split(mark)
  return asked.slice(0, Math.floor(parts.length / 2)).map((_, i) => {
    const [, exit = '1', status = '0', reason = ''] = /^(\d+) (\d+) ?(.*)/.exec(parts[i * 2 + 1] ?? '') ?? []
    if (exit !== '0') return { kind: 'refused', reason: `${exit} ${reason}` }
    return { kind: 'read', status: Number(status), text: parts[i * 2] ?? '' }
  })
}

function outputOf(program: string, args: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', () => reject(new Error(`${program} is not installed (apt-get install ${program})`)))
    child.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    child.stdin.on('error', reject)
    child.stdin.end(input)
  })
}
