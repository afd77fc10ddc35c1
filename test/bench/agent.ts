/**
 * What an agent costs: the built program with 50 checks every 10 s, beside a bare node of the same
 * version in the same run. Prints resident and anonymous memory, share of a core, bytes sent, and the
 * ratios that the project's goals are about. Linux only (/proc).
 *
 *   npx tsx test/bench/agent.ts [--seconds 60] [--checks 50] [--tls] [--tiny]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CheckConfig } from '@constat/shared/check'
import { enroll } from '../../agent/src/enroll.ts'
import { CA, GOOD_LEAF, LEAF_KEY } from '../support/certificates.ts'
import { sized, state } from '../support/bench.ts'
import { startFaultServer, startTlsServer } from '../support/fault-server.ts'
import { startWireServer } from '../support/wire-server.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: sized({ full: '60', tiny: '2' }) },
    checks: { type: 'string', default: sized({ full: '50', tiny: '5' }) },
    tls: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const checks = Number(values.checks)
/** Start-up, the first probes and the first collections are not what an hour costs. */
const BATCH_WITHIN_S = 60
const WARM_UP_S = sized({ full: 15, tiny: 1 })
const INTERVAL_MS = sized({ full: 10_000, tiny: 1_000 })
const CLOCK_TICKS_PER_S = 100

const root = fileURLToPath(new URL('../..', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'constat-bench-'))

type Usage = { cpuS: number; rssKb: number; anonymousKb: number }

function usageOf(child: ChildProcess): Usage {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const kb = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN)
  // Fields 14 and 15 of proc(5): time in user and kernel mode.
  const cpuS = (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S
  return { cpuS, rssKb: kb('VmRSS'), anonymousKb: kb('RssAnon') }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function configOf(port: number): CheckConfig {
  const scheme = values.tls ? 'https' : 'http'
  const one = (i: number): CheckConfig['checks'][number] => ({
    name: `check-${i}`,
    intervalMs: INTERVAL_MS,
    timeoutMs: INTERVAL_MS / 2,
    reprobeMs: INTERVAL_MS / 5,
    confirm: { down: 2, up: 2 },
    probe: { kind: 'http', url: `${scheme}://localhost:${port}/${i}` },
  })
  return { origin: 'bench/agent', version: 1, checks: Array.from({ length: checks }, (_, i) => one(i)) }
}

async function measure(): Promise<void> {
  const bundle = join(dir, 'constat-agent.mjs')
  execFileSync(process.execPath, [join(root, 'agent/build.mjs'), bundle], { stdio: 'inherit' })
  const target = values.tls
    ? await startTlsServer({ key: LEAF_KEY, cert: GOOD_LEAF })
    : await startFaultServer()
  const collector = await startWireServer()
  collector.configure(
    configOf(target.port),
    Array.from({ length: checks }, (_, i) => i),
  )
  const agentDir = join(dir, 'state')
  const way = { urls: [collector.url], tlsPin: null, proxy: null, plain: 'refused' as const, env: {} }
  const enrolment = { ...way, dir: agentDir, token: 't', name: 'bench', collectorKey: collector.publicKey }
  await enroll(enrolment, { random: { bytes: randomBytes } })
  const caFile = join(dir, 'ca.pem')
  execFileSync('tee', [caFile], { input: CA, stdio: ['pipe', 'ignore', 'inherit'] })
  const env = {
    ...process.env,
    CONSTAT_AGENT_DIR: agentDir,
    CONSTAT_LOG_LEVEL: 'warn',
    NODE_EXTRA_CA_CERTS: caFile,
  }
  const agent = spawn(process.execPath, [bundle, 'run'], { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  try {
    await sleep(WARM_UP_S * 1_000)
    const before = { agent: usageOf(agent), bare: usageOf(bare) }
    const from = collector.admitted.length
    await sleep(seconds * 1_000)
    const after = { agent: usageOf(agent), bare: usageOf(bare) }
    // A batch stays open for ten seconds: a short run may end before the first one with samples is closed.
    const hasSamples = (): boolean =>
      collector.admitted.slice(from).some(({ batch }) => batch.samples.outcome.length > 0)
    for (let waitedS = 0; !hasSamples() && waitedS < BATCH_WITHIN_S; waitedS += 1) await sleep(1_000)
    report({ before, after, frames: collector.admitted.slice(from) })
  } finally {
    agent.kill('SIGTERM')
    bare.kill('SIGTERM')
    await new Promise((resolve) => agent.once('exit', resolve))
    await collector.close()
    await target.close()
  }
}

type Measured = {
  before: { agent: Usage; bare: Usage }
  after: { agent: Usage; bare: Usage }
  frames: Awaited<ReturnType<typeof startWireServer>>['admitted']
}

function report({ before, after, frames }: Measured): void {
  const mb = (kb: number): number => Number((kb / 1024).toFixed(1))
  const share = (a: Usage, b: Usage): number => Number((((b.cpuS - a.cpuS) / seconds) * 100).toFixed(2))
  const outcomes = frames.flatMap(({ batch }) => batch.samples.outcome)
  const bytes = frames.reduce((sum, one) => sum + one.bytes.length, 0)
  const figures = {
    node: process.version,
    checks,
    seconds,
    tls: values.tls,
    samples: outcomes.length,
    notOk: outcomes.filter((outcome) => outcome !== 0).length,
    bytesPerS: Math.round(bytes / seconds),
    agent: {
      rssMb: mb(after.agent.rssKb),
      anonymousMb: mb(after.agent.anonymousKb),
      cpuPercent: share(before.agent, after.agent),
    },
    bareNode: {
      rssMb: mb(after.bare.rssKb),
      anonymousMb: mb(after.bare.anonymousKb),
      cpuPercent: share(before.bare, after.bare),
    },
    rssGrowthMb: mb(after.agent.rssKb - before.agent.rssKb),
  }
  if (outcomes.length === 0) throw new Error('the agent sent nothing')
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  state('resident memory of the agent, of a bare node', after.agent.rssKb / after.bare.rssKb)
}

try {
  await measure()
} finally {
  rmSync(dir, { recursive: true })
}
