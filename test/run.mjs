/**
 * `npm test`: from a clone with nothing installed to one closing line, `N passed, N failed`. Everything
 * that CI runs: build, types, lint, format, unused code, and all tests. Plain Node. Each tool counts as
 * one test. Exit 0 when nothing failed.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeProblem } from '../collector/bin/prepare.mjs'
import { campaignProblem } from './support/network.mjs'
import { fetchNode24, NODE24_MAJOR, NODE24_SUITE } from './support/node24.mjs'
import { openScratch } from './support/scratch.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ARTIFACTS = join(ROOT, 'test/.artifacts')
const STEP = join(ROOT, 'test/support/step.mjs')
const PACKAGES = join(ROOT, 'test/support/packages.mjs')
/** Each more than three times what a healthy step takes on two slow cores; what runs one after the other is within an hour. */
const LIMIT_MS = minutes({ prepare: 4, packages: 8, tool: 5, pure: 12, system: 36, again: 12 })
const PARENT_LOOK_MS = 500

/** Read-only, so they run two at a time while the machine has nothing else to do. */
const TOOLS = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check', '.'],
  ['unused', 'knip', '--no-progress'],
]
const TOOLS_AT_ONCE = 2

function minutes(limits) {
  return Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, limit * 60_000]))
}

const scratch = openScratch()
const counts = { passed: 0, failed: 0, skipped: 0 }
const say = (line) => process.stdout.write(`${line}\n`)

function count(name, { ok, beganMs, output = '' }) {
  counts[ok ? 'passed' : 'failed'] += 1
  if (!ok && output !== '') say(output.trimEnd())
  say(`${ok ? 'pass' : 'FAIL'}  ${name}  ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
}

function finish() {
  if (stopped !== null) {
    say(`ended: ${stopped}`)
    counts.failed += 1
  }
  scratch.drop()
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  say(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  process.exit(counts.failed === 0 ? 0 : 1)
}

/** What runs now; each ends with all that it has started when its input closes, also when we are killed. */
const running = new Set()
let stopped = null

function stop(reason) {
  stopped ??= reason
  for (const child of running) child.stdin.destroy()
}

function stopWhenTold() {
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => stop(name))
  // npm starts us through a shell, which passes nothing on.
  const parent = process.ppid
  setInterval(() => process.ppid === parent || stop('what started it has gone'), PARENT_LOOK_MS).unref()
}

/** `quiet` collects the output, so that steps running at once do not mix their lines. */
function run(command, { limitMs, quiet = false, node }) {
  // Whatever asks for `node` by name gets the one under test as well.
  const path = node === undefined ? [] : [dirname(node)]
  const env = { PATH: [...path, process.env.PATH].join(delimiter), NO_COLOR: '1' }
  if (scratch.folder !== null) {
    env.TMPDIR = scratch.folder
    // Of made-cluster.ts, made by the first run of vitest that needs it.
    env.CONSTAT_TEST_CLUSTER = join(scratch.folder, 'made')
  }
  return new Promise((settle) => {
    if (stopped !== null) return settle({ ok: false, output: '' })
    const child = spawn(process.execPath, [STEP, String(limitMs), ...command], {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, ...env, TURBO_TELEMETRY_DISABLED: '1' },
      stdio: ['pipe', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => settle({ ok: false, output: `${command[0]}: ${error.message}` }))
    child.once('close', (code) => {
      running.delete(child)
      settle({ ok: code === 0, output })
    })
  })
}

/** A program of the packages, under the Node.js that is asked for. */
function runProgram(name, args, options) {
  const program = join(ROOT, 'node_modules/.bin', name)
  const { node } = options
  return run(node === undefined ? [program, ...args] : [node, realpathSync(program), ...args], options)
}

/** A function of prepare.mjs, which answers an exit code. */
function prepare(step) {
  const module = new URL('../collector/bin/prepare.mjs', import.meta.url)
  const script = `import { ${step} } from '${module}'; process.exitCode = await ${step}()`
  const command = [process.execPath, '--input-type=module', '--eval', script]
  return run(command, { limitMs: LIMIT_MS.prepare })
}

async function runTools() {
  const waiting = [...TOOLS]
  const worker = async () => {
    for (let tool = waiting.shift(); tool !== undefined; tool = waiting.shift()) {
      const [name, program, ...args] = tool
      if (stopped !== null) return
      const beganMs = performance.now()
      count(name, { ...(await runProgram(program, args, { limitMs: LIMIT_MS.tool, quiet: true })), beganMs })
    }
  }
  await Promise.all(Array.from({ length: TOOLS_AT_ONCE }, worker))
}

/** `name` of the run; `node`: the binary, when it is not the one that runs us. */
async function runTests(name, args, options) {
  if (stopped !== null) return
  const beganMs = performance.now()
  const report = join(ARTIFACTS, `vitest-${name}.json`)
  rmSync(report, { force: true })
  mkdirSync(dirname(report), { recursive: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { ok, output } = await runProgram('vitest', ['run', ...reporters, ...args], options)
  if (output !== '') say(output.trimEnd())
  const failed = countReport(report)
  // An error outside every test, or a run that was ended: vitest says so with its exit code alone.
  if (!ok && failed === 0) counts.failed += 1
  say(`tests (${name}) took ${((performance.now() - beganMs) / 1000).toFixed(0)} s`)
}

/** Answers how many failed. */
function countReport(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    say(`the tests left no report: ${error.message}`)
    counts.failed += 1
    return 1
  }
  // A file that could not be loaded has no tests to count.
  const unread = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  const failed = report.numFailedTests + unread.length
  counts.passed += report.numPassedTests
  counts.failed += failed
  counts.skipped += report.numPendingTests + report.numTodoTests
  return failed
}

/** Where the host cannot, one line says why, and nothing is counted. */
async function runNetwork() {
  const reason = campaignProblem()
  if (reason !== null) say(`not run here: the network campaign (${reason})`)
  else await runTests('network', ['--project', 'network'], { limitMs: LIMIT_MS.again, quiet: true })
}

async function runOnNode24() {
  if (Number(process.versions.node.split('.')[0]) >= NODE24_MAJOR) {
    say(`all of it ran on Node.js ${process.versions.node}: no second run on ${NODE24_MAJOR}`)
    return
  }
  const node = fetchNode24(say)
  if (node === null) counts.failed += 1
  else await runTests(`node${NODE24_MAJOR}`, NODE24_SUITE, { limitMs: LIMIT_MS.again, quiet: true, node })
}

async function runAll() {
  const problem = nodeProblem()
  if (problem !== null) {
    counts.failed += 1
    return say(problem)
  }
  const packages = run([process.execPath, PACKAGES], { limitMs: LIMIT_MS.packages })
  if (!(await prepare('install')).ok) {
    counts.failed += 1
    return say('FAIL  install')
  }
  const beganMs = performance.now()
  count('build', { ...(await prepare('build')), beganMs })
  await runTools()
  await packages
  // What mostly waits runs beside what works. Never more at once: probes with short limits would see the machine.
  const network = runNetwork()
  await runTests('pure', ['--project', 'line', '--project', 'tidy'], { limitMs: LIMIT_MS.pure })
  const waiting = network.then(() =>
    runTests('patient', ['--project', 'patient'], { limitMs: LIMIT_MS.system, quiet: true }),
  )
  const working = runTests('system', ['--project', 'system'], { limitMs: LIMIT_MS.system }).then(runOnNode24)
  await Promise.all([working, waiting])
}

stopWhenTold()
await runAll()
finish()
