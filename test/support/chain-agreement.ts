/**
 * Chain agreement: odd chains counted by our probe, by Chromium and by curl, each with one root to trust.
 * Where the two clients differ Chromium is followed. Each difference that is left has its reason in this
 * file; one without is a defect.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProbe } from '@constat/probe/kinds'
import { chromium, type Browser } from 'playwright-core'
import { BROWSER_FLAGS, requireBrowser } from './browser.mjs'
import { makeOddChains, type OddChain } from './odd-chains.ts'
import { probingContext } from './probing.ts'

export type ChainDifference = {
  chain: number
  oddities: string[]
  seen: { probe: string; chromium: string; curl: string }
  /** Why our probe differs from Chromium; undefined: nobody knows. */
  reason: string | undefined
}

type Seen = { odd: OddChain; probe: string; chromium: string; curl: string }

const TIMEOUT_MS = 20_000
const TAKEN = 'taken'

const has = (odd: OddChain, form: RegExp): boolean => odd.oddities.some((one) => form.test(one))

const REASONS: { why: string; fits: (seen: Seen) => boolean }[] = [
  {
    why: 'a key of a kind that Chromium does not know; curl, as every program on OpenSSL, takes it',
    fits: ({ odd, chromium, curl }) =>
      has(odd, /^(?:Ed25519|P-521|secp256k1)$/) &&
      chromium === 'ERR_SSL_VERSION_OR_CIPHER_MISMATCH' &&
      curl === TAKEN,
  },
  {
    why: 'for anything is not for servers to OpenSSL, nor to curl; Chromium takes it',
    fits: ({ odd, curl }) => has(odd, /for anything$/) && curl !== TAKEN,
  },
]

/** `say`: told what is done, now and then. */
export async function agreeOnChains(
  { count, seed }: { count: number; seed: number },
  say: (done: number) => void = () => {},
): Promise<{ chains: number; differences: ChainDifference[]; curlDiffers: number }> {
  const foundry = makeOddChains(count, seed, say)
  const home = mkdtempSync(join(tmpdir(), 'constat-home-'))
  const closing: (() => Promise<unknown>)[] = []
  try {
    const ca = join(home, 'root.pem')
    writeFileSync(ca, foundry.root)
    trustIn(home, ca)
    const browser = await chromium.launch({
      executablePath: requireBrowser(),
      args: [...BROWSER_FLAGS, '--host-resolver-rules=MAP *.odd.test 127.0.0.1'],
      env: { ...process.env, HOME: home, XDG_DATA_HOME: join(home, '.local/share') },
    })
    closing.push(() => browser.close())
    const differences: ChainDifference[] = []
    let curlDiffers = 0
    for (const [i, odd] of foundry.chains.entries()) {
      const server = await serve(odd)
      const url = `https://${odd.host}:${(server.address() as AddressInfo).port}/`
      const [probe, shown, curl] = await Promise.all([
        ours(url, foundry.root),
        askChromium(browser, url),
        askCurl(url, ca),
      ])
      server.closeAllConnections()
      server.close()
      const seen = { odd, probe, chromium: shown, curl }
      if ((shown === TAKEN) !== (curl === TAKEN)) curlDiffers += 1
      if ((probe === TAKEN) === (shown === TAKEN)) continue
      const reason = REASONS.find(({ fits }) => fits(seen))?.why
      differences.push({ chain: i, oddities: odd.oddities, seen: { probe, chromium: shown, curl }, reason })
    }
    return { chains: count, differences, curlDiffers }
  } finally {
    for (const close of closing) await close()
    foundry.close()
    rmSync(home, { recursive: true, force: true })
  }
}

/** The root in the store of the account that Chromium runs under, which is of this run alone. */
function trustIn(home: string, ca: string): void {
  for (const folder of ['.pki/nssdb', '.local/share/pki/nssdb']) {
    const store = join(home, folder)
    mkdirSync(store, { recursive: true })
    const certutil = (...args: string[]): void =>
      void execFileSync('certutil', ['-d', `sql:${store}`, ...args], { stdio: 'ignore' })
    certutil('-N', '--empty-password')
    certutil('-A', '-t', 'C,,', '-n', 'odd root', '-i', ca)
  }
}

async function serve({ key, sent }: OddChain): Promise<Server> {
  // What is too weak for today's defaults has to be served all the same.
  const server = createServer({ key, cert: sent.join(''), ciphers: 'DEFAULT@SECLEVEL=0' }, (_, answer) => {
    answer.end('<p>here</p>')
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** In a context of its own, in which nothing is under way or kept. */
async function askChromium(browser: Browser, url: string): Promise<string> {
  const page = await browser.newPage()
  try {
    await page.goto(url, { timeout: TIMEOUT_MS })
    return TAKEN
  } catch (error) {
    return /net::(\w+)/.exec(String(error))?.[1] ?? String(error)
  } finally {
    await page.close()
  }
}

async function ours(url: string, ca: string): Promise<string> {
  const context = probingContext({ timeoutMs: TIMEOUT_MS, ca })
  const { outcome, cause, detail } = await runProbe({ kind: 'http', url }, context)
  return outcome === 'ok' ? TAKEN : `${outcome} ${cause}: ${detail}`
}

function askCurl(url: string, ca: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const args = [
    '-sS',
    '--cacert',
    ca,
    '--resolve',
    `${hostname}:${port}:127.0.0.1`,
    '-m',
    '20',
    '-o',
    '/dev/null',
    url,
  ]
  return new Promise((resolve) =>
    execFile('curl', args, (error, _, stderr) => resolve(error ? (stderr.split('\n')[0] ?? '') : TAKEN)),
  )
}
