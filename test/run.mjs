/**
 * `npm test`: from a clone with nothing installed to one closing line, `N passed, N failed`. Everything
 * that CI runs: build, types, lint, format, unused code, and all tests. Plain Node. Each tool counts as
 * one test. Exit 0 when nothing failed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, install, nodeProblem } from '../collector/bin/prepare.mjs'
import { findBrowser } from './support/browser.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const REPORT = join(ROOT, 'test/.artifacts/vitest.json')
/** No step of a healthy tree comes near it; a hanging one must not hold CI. */
const STEP_LIMIT_MS = 13 * 60_000

/** Read-only, so they run two at a time while the machine has nothing else to do. */
const TOOLS = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check', '.'],
  ['unused', 'knip', '--no-progress'],
]
const TOOLS_AT_ONCE = 2

const counts = { passed: 0, failed: 0, skipped: 0 }
const say = (line) => process.stdout.write(`${line}\n`)

function count(name, { ok, beganMs, output = '' }) {
  counts[ok ? 'passed' : 'failed'] += 1
  if (!ok && output !== '') say(output.trimEnd())
  say(`${ok ? 'pass' : 'FAIL'}  ${name}  ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
}

function finish() {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  say(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  process.exit(counts.failed === 0 ? 0 : 1)
}

/** `quiet` collects the output, so that tools running at once do not mix their lines. */
function runProgram(name, args, { quiet = false } = {}) {
  return new Promise((settle) => {
    const child = spawn(join(ROOT, 'node_modules/.bin', name), args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', TURBO_TELEMETRY_DISABLED: '1' },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    const limit = setTimeout(() => {
      output += `${name} took longer than ${STEP_LIMIT_MS / 60_000} minutes and was ended\n`
      child.kill('SIGTERM')
    }, STEP_LIMIT_MS)
    child.once('error', (error) => {
      clearTimeout(limit)
      settle({ ok: false, output: `${name}: ${error.message}` })
    })
    child.once('close', (code) => {
      clearTimeout(limit)
      settle({ ok: code === 0, output })
    })
  })
}

/** The browser tests fail by themselves where there is none; this only tries to make one be there. */
function installBrowser() {
  if (findBrowser() !== null) return
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (!isRoot || !hasApt) {
    say(
      'no Chromium, Chrome or Edge found, and only root on Debian can install one: the browser tests will fail',
    )
    return
  }
  say('installing Chromium for the browser tests …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
  const flags = ['install', '-y', '-qq', '--no-install-recommends', 'chromium']
  const { status } = spawnSync('apt-get', flags, { stdio: ['ignore', 'ignore', 'inherit'], env })
  if (status !== 0) say('Chromium could not be installed: the browser tests will fail')
}

async function runTools() {
  const waiting = [...TOOLS]
  const worker = async () => {
    for (let tool = waiting.shift(); tool !== undefined; tool = waiting.shift()) {
      const [name, program, ...args] = tool
      const beganMs = performance.now()
      count(name, { ...(await runProgram(program, args, { quiet: true })), beganMs })
    }
  }
  await Promise.all(Array.from({ length: TOOLS_AT_ONCE }, worker))
}

async function runTests() {
  rmSync(REPORT, { force: true })
  mkdirSync(dirname(REPORT), { recursive: true })
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  const { ok } = await runProgram('vitest', args)
  const { failed } = counts
  countReport()
  // An error outside every test, or a run that was ended: vitest says so with its exit code alone.
  if (!ok && counts.failed === failed) counts.failed += 1
}

function countReport() {
  let report
  try {
    report = JSON.parse(readFileSync(REPORT, 'utf8'))
  } catch (error) {
    say(`the tests left no report: ${error.message}`)
    counts.failed += 1
    return
  }
  counts.passed += report.numPassedTests
  counts.failed += report.numFailedTests
  counts.skipped += report.numPendingTests + report.numTodoTests
  // A file that could not be loaded has no tests to count.
  counts.failed += report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  ).length
}

const problem = nodeProblem()
if (problem !== null) {
  say(problem)
  counts.failed += 1
  finish()
}
if ((await install()) !== 0) {
  say('FAIL  install')
  counts.failed += 1
  finish()
}
installBrowser()
const beganMs = performance.now()
count('build', { ok: (await build()) === 0, beganMs })
await runTools()
await runTests()
finish()
