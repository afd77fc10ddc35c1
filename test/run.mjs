/**
 * `npm test`: from a clone with nothing installed to one closing line, `N passed, N failed`. Everything
 * that CI runs: build, types, lint, format, unused code, and all tests. Plain Node. Each tool counts as
 * one test. Exit 0 when nothing failed.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, install, nodeProblem } from '../collector/bin/prepare.mjs'
import { campaignProblem } from './support/network.mjs'
import { fetchNode24, NODE24_MAJOR, NODE24_SUITE } from './support/node24.mjs'
import { installPackages } from './support/packages.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ARTIFACTS = join(ROOT, 'test/.artifacts')
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
function runProgram(name, args, { quiet = false, node = null } = {}) {
  const program = join(ROOT, 'node_modules/.bin', name)
  // Whatever asks for `node` by name gets the one under test as well.
  const path = node === null ? [] : [dirname(node)]
  const env = { PATH: [...path, process.env.PATH].join(delimiter), NO_COLOR: '1' }
  return new Promise((settle) => {
    const child = spawn(node ?? program, node === null ? args : [realpathSync(program), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env, TURBO_TELEMETRY_DISABLED: '1' },
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

/** `name` of the run; `node`: the binary, when it is not the one that runs us. */
async function runTests(name, args, options = {}) {
  const beganMs = performance.now()
  const report = join(ARTIFACTS, `vitest-${name}.json`)
  rmSync(report, { force: true })
  mkdirSync(dirname(report), { recursive: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { ok, output } = await runProgram('vitest', ['run', ...reporters, ...args], options)
  if (output !== '') say(output.trimEnd())
  const { failed } = counts
  countReport(report)
  // An error outside every test, or a run that was ended: vitest says so with its exit code alone.
  if (!ok && counts.failed === failed) counts.failed += 1
  say(`tests (${name}) took ${((performance.now() - beganMs) / 1000).toFixed(0)} s`)
}

function countReport(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
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

/** Where the host cannot, one line says why, and nothing is counted. */
async function runNetwork() {
  const reason = campaignProblem()
  if (reason !== null) say(`not run here: the network campaign (${reason})`)
  else await runTests('network', ['--project', 'network'], { quiet: true })
}

async function runOnNode24() {
  if (Number(process.versions.node.split('.')[0]) >= NODE24_MAJOR) {
    say(`all of it ran on Node.js ${process.versions.node}: no second run on ${NODE24_MAJOR}`)
    return
  }
  const node = fetchNode24(say)
  if (node === null) counts.failed += 1
  else await runTests(`node${NODE24_MAJOR}`, NODE24_SUITE, { node })
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
installPackages(say)
const beganMs = performance.now()
count('build', { ok: (await build()) === 0, beganMs })
await runTools()
await runTests('here', ['--project', '!network'])
// The campaign mostly waits, so it costs the other run next to nothing.
await Promise.all([runNetwork(), runOnNode24()])
finish()
