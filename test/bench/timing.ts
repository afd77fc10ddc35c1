/**
 * How exact the agent's timing is: a real agent and prometheus-blackbox-exporter time the same HTTP server
 * in the same run, each answer held for a known time, in turns. Error: what was measured less what the
 * server held, each request against its own hold; so it has the connection in it, for both alike.
 * Asked: p95 of 1 ms at most, and no worse than the exporter. Needs Debian's prometheus-blackbox-exporter.
 *
 *   npx tsx test/bench/timing.ts [--seconds 60] [--tiny]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CheckConfig } from '@constat/shared/check'
import { OUTCOMES, PHASES } from '@constat/shared/sample'
import { enroll } from '../../agent/src/enroll.ts'
import { sized, state } from '../support/bench.ts'
import { freePort } from '../support/program.ts'
import { startWireServer, type WireServer } from '../support/wire-server.ts'
import type { Hold } from '../support/holding-child.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: sized({ full: '60', tiny: '4' }) },
    tiny: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const DELAYS_MS = [0, 5, 50, 500]
const INTERVAL_MS = 1_000
/** The first probes of either load code and open files. */
const WARM_UP_MS = sized({ full: 5_000, tiny: 0 })
const ASKED_P95_MS = 1
const EXPORTER = 'prometheus-blackbox-exporter'
/** How each names itself to the server. */
const AGENTS = { constat: /^constat/, exporter: /^Blackbox/ } as const
type Prober = keyof typeof AGENTS

const root = fileURLToPath(new URL('../..', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'constat-timing-'))

/** µs that a prober measured at one delay, in the order of its requests; null where it was no answer. */
type Measured = Record<Prober, Map<number, (number | null)[]>>

function startHolder(port: number): ChildProcess {
  const script = join(root, 'test/support/holding-child.ts')
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] as const }
  return spawn(process.execPath, ['--import', 'tsx', script, String(port)], {
    ...options,
    stdio: [...options.stdio],
  })
}

async function holdsOf(holder: ChildProcess): Promise<Hold[]> {
  const answer = once(holder, 'message')
  holder.send('holds')
  const [holds] = await answer
  // Only holding-child.ts is at the other end.
  return holds as Hold[]
}

async function startExporter(port: number): Promise<ChildProcess> {
  const file = join(dir, 'blackbox.yml')
  const module = '{prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}'
  writeFileSync(file, `modules: {plain: ${module}}\n`)
  const args = [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']
  const child = spawn(EXPORTER, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise((resolve, reject) => {
    child.once('error', () => reject(new Error(`${EXPORTER} is not installed (apt-get install ${EXPORTER})`)))
    child.once('spawn', resolve)
  })
  return child
}

/** One agent as it ships, with one check for each delay. */
async function startAgent(collector: WireServer, targetPort: number): Promise<ChildProcess> {
  const bundle = join(dir, 'constat-agent.mjs')
  execFileSync(process.execPath, [join(root, 'agent/build.mjs'), bundle], { stdio: 'inherit' })
  const checks = DELAYS_MS.map((delayMs): CheckConfig['checks'][number] => ({
    name: `hold-${delayMs}`,
    intervalMs: INTERVAL_MS,
    timeoutMs: INTERVAL_MS - 100,
    reprobeMs: INTERVAL_MS,
    confirm: { down: 2, up: 1 },
    probe: { kind: 'http', url: urlOf(targetPort, delayMs) },
  }))
  collector.configure({ origin: 'bench/timing', version: 1, checks }, [...checks.keys()])
  const agentDir = join(dir, 'state')
  const way = { urls: [collector.url], tlsPin: null, proxy: null, plain: 'refused' as const, env: {} }
  const enrolment = { ...way, dir: agentDir, token: 't', name: 'timing', collectorKey: collector.publicKey }
  await enroll(enrolment, { random: { bytes: randomBytes } })
  const env = { ...process.env, CONSTAT_AGENT_DIR: agentDir, CONSTAT_LOG_LEVEL: 'warn' }
  return spawn(process.execPath, [bundle, 'run'], { env, stdio: ['ignore', 'inherit', 'inherit'] })
}

function urlOf(port: number, delayMs: number): string {
  return `http://127.0.0.1:${port}/${delayMs}`
}

/** Asks the exporter for one probe after the other of each delay, spread over the interval. */
async function askExporter(port: number, targetPort: number, untilMs: number): Promise<Measured['exporter']> {
  const measured = new Map<number, (number | null)[]>(DELAYS_MS.map((delayMs) => [delayMs, []]))
  const askOne = async (delayMs: number, i: number): Promise<void> => {
    await sleep((i * INTERVAL_MS) / DELAYS_MS.length)
    while (performance.now() < untilMs) {
      const beganMs = performance.now()
      const target = encodeURIComponent(urlOf(targetPort, delayMs))
      const answer = await fetch(`http://127.0.0.1:${port}/probe?module=plain&target=${target}`)
      const text = await answer.text()
      const duration = /^probe_duration_seconds (\S+)$/m.exec(text)?.[1]
      const isUp = /^probe_success 1$/m.test(text)
      measured.get(delayMs)!.push(isUp && duration !== undefined ? Number(duration) * 1e6 : null)
      await sleep(Math.max(0, INTERVAL_MS - (performance.now() - beganMs)))
    }
  }
  await Promise.all(DELAYS_MS.map(askOne))
  return measured
}

/** In the order of the requests: batches are numbered, samples of one check lie in order within. */
function agentMeasured({ admitted }: WireServer): Measured['constat'] {
  const measured = new Map<number, (number | null)[]>(DELAYS_MS.map((delayMs) => [delayMs, []]))
  for (const { batch } of admitted) {
    const { check, outcome, latencyUs } = batch.samples
    for (const [i, at] of check.entries()) {
      const isOk = OUTCOMES[outcome[i]!] === 'ok'
      measured.get(DELAYS_MS[at]!)!.push(isOk ? latencyUs[i]! : null)
    }
  }
  return measured
}

/** Median of each phase of the agent's answers at one delay, as text: where an error comes from. */
function phasesText({ admitted }: WireServer, delayMs: number): string {
  const at = DELAYS_MS.indexOf(delayMs)
  const medians = PHASES.map((phase, column) => {
    const us = admitted.flatMap(({ batch: { samples } }) =>
      samples.check.flatMap((check, i) => (check === at ? [samples.phases?.[column]?.[i] ?? 0] : [])),
    )
    const sorted = us.toSorted((a, b) => a - b)
    return `${phase.replace('Us', '')} ${((sorted[Math.floor(sorted.length / 2)] ?? 0) / 1_000).toFixed(3)}`
  })
  return medians.join(', ')
}

type Row = { delayMs: number; prober: Prober; n: number; medianMs: number; p95Ms: number; maxMs: number }

function rowOf(
  prober: Prober,
  delayMs: number,
  { measured, holds }: { measured: Measured; holds: Hold[] },
): Row {
  const own = holds.filter((hold) => hold.path === `/${delayMs}` && AGENTS[prober].test(hold.userAgent))
  const errors = measured[prober].get(delayMs)!.flatMap((us, i) => {
    const hold = own[i]
    return us === null || !hold ? [] : [Math.abs(us - hold.heldUs) / 1_000]
  })
  const sorted = errors.slice(Math.ceil(WARM_UP_MS / INTERVAL_MS)).toSorted((a, b) => a - b)
  const rank = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { delayMs, prober, n: sorted.length, medianMs: rank(0.5), p95Ms: rank(0.95), maxMs: rank(1) }
}

function report(rows: readonly Row[], holds: readonly Hold[]): void {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const ms = (value: number): string => value.toFixed(3).padStart(8)
  for (const delayMs of DELAYS_MS) {
    const held = holds.filter(({ path }) => path === `/${delayMs}`).map(({ heldUs }) => heldUs / 1_000)
    say(
      `held ${delayMs} ms: ${Math.min(...held).toFixed(3)} … ${Math.max(...held).toFixed(3)} ms by the server`,
    )
  }
  say('delay ms  prober        n  median ms    p95 ms    max ms   (error)')
  for (const { delayMs, prober, n, medianMs, p95Ms, maxMs } of rows) {
    const figures = [medianMs, p95Ms, maxMs].map(ms).join('  ')
    say(`${String(delayMs).padStart(8)}  ${prober.padEnd(8)}  ${String(n).padStart(5)}   ${figures}`)
  }
  for (const delayMs of DELAYS_MS) {
    const of = (prober: Prober): Row => rows.find((row) => row.delayMs === delayMs && row.prober === prober)!
    const [ours, theirs] = [of('constat'), of('exporter')]
    state(`ms of error at p95, at ${delayMs} ms`, ours.p95Ms, { atMost: ASKED_P95_MS })
    state(`error at p95 of the exporter's, at ${delayMs} ms`, ours.p95Ms / theirs.p95Ms, { atMost: 1 })
  }
}

async function measure(): Promise<void> {
  const [targetPort, exporterPort] = [await freePort(), await freePort()]
  const children: ChildProcess[] = []
  const collector = await startWireServer()
  try {
    const holder = startHolder(targetPort)
    children.push(holder)
    await once(holder, 'message')
    children.push(await startExporter(exporterPort))
    await sleep(1_000)
    const agent = await startAgent(collector, targetPort)
    children.push(agent)
    const exporter = await askExporter(
      exporterPort,
      targetPort,
      performance.now() + WARM_UP_MS + seconds * 1_000,
    )
    const ended = once(agent, 'exit')
    agent.kill('SIGTERM')
    await ended
    const holds = await holdsOf(holder)
    const measured = { constat: agentMeasured(collector), exporter }
    const probers: Prober[] = ['constat', 'exporter']
    const rows = DELAYS_MS.flatMap((delayMs) =>
      probers.map((prober) => rowOf(prober, delayMs, { measured, holds })),
    )
    report(rows, holds)
    process.stdout.write(`constat's phases at 0 ms, median ms: ${phasesText(collector, 0)}\n`)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await collector.close()
  }
}

try {
  await measure()
} finally {
  rmSync(dir, { recursive: true })
}
