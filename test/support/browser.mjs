/**
 * Browser: the Chromium that the browser tests drive: the system's, or one that Playwright has fetched.
 * Plain Node, as test/run.mjs asks before anything is installed. Reads the disk only.
 */
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

const PROGRAMS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
]
const MAC_PROGRAMS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
]
/** Below one `chromium-NNNN` folder of Playwright. */
const PLAYWRIGHT_PROGRAMS = [
  'chrome-linux/chrome',
  'chrome-linux64/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
]

/** The flags Chromium needs as root and in containers, and to stay off the network. */
export const BROWSER_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

/** The path of a browser, or null. `CHROMIUM_PATH` decides where it is set. */
export function findBrowser() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const installed = folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program)))
  return [...installed, ...MAC_PROGRAMS, ...fetchedByPlaywright()].find((path) => existsSync(path)) ?? null
}

/** What a browser test says when there is none: it fails, as skipping would hide it. */
export function requireBrowser() {
  const path = findBrowser()
  if (path !== null) return path
  throw new Error(
    'no Chromium, Chrome or Edge found: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH',
  )
}

function fetchedByPlaywright() {
  const caches = [
    process.env.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), '.cache', 'ms-playwright'),
    join(homedir(), 'Library', 'Caches', 'ms-playwright'),
  ]
  return caches
    .filter((cache) => cache !== undefined && existsSync(cache))
    .flatMap((cache) =>
      readdirSync(cache)
        .filter((name) => name.startsWith('chromium-'))
        .flatMap((name) => PLAYWRIGHT_PROGRAMS.map((program) => join(cache, name, program))),
    )
}
