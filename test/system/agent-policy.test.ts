/**
 * The agent as it ships, between a collector that was taken over and a target that means ill: what the owner of the
 * host did not allow is not done, how much is asked stays within bounds, and each refusal is a sample that says so.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CheckConfig, ProbeSpec } from '@constat/shared/check'
import { causeCode, outcomeCode } from '@constat/shared/sample'
import { MAX_KEPT_BYTES } from '../../agent/src/config-store.ts'
import { until } from '../support/program.ts'
import { startWireServer, type WireServer } from '../support/wire-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const WITHIN_MS = 30_000
/** Of an agent with nothing to do: about 60 MB. A body of 16 MiB costs its bytes, twice while its buffer grows. */
const MAX_PEAK_MB = 160

let folder: string
let bundle: string
let dir: string
let collector: WireServer
let target: Server
/** First line of everything that was said to the target, with when. */
let heard: { line: string; atMs: number }[]
const children: ChildProcess[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'constat-policy-'))
  bundle = join(folder, 'constat-agent.mjs')
  execFileSync(process.execPath, [join(root, 'agent/build.mjs'), bundle])
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(async () => {
  dir = mkdtempSync(join(folder, 'state-'))
  rmSync(dir, { recursive: true })
  collector = await startWireServer()
  heard = []
  target = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (bytes) => {
      const line = bytes.toString('latin1').split('\r\n')[0] ?? ''
      heard.push({ line, atMs: Date.now() })
      if (!line.includes('/pieces')) return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const pieces = Buffer.from('1\r\nx\r\n'.repeat(10_000))
      const go = (): void => {
        while (!socket.destroyed && socket.write(pieces));
      }
      socket.on('drain', go)
      go()
    })
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const key = collector.publicKey.toString('hex')
  const ended = await agent(
    'enroll',
    '--url',
    collector.url,
    '--token',
    'join',
    '--name',
    'host',
    '--key',
    key,
  )
  expect(ended).toMatchObject({ code: 0 })
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await collector.close()
  await new Promise((resolve) => target.close(resolve))
})

function agent(...argv: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, CONSTAT_AGENT_DIR: dir, NO_COLOR: '1' } }
    const child = execFile(process.execPath, [bundle, ...argv], options, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    )
  })
}

function startAgent(): ChildProcess {
  const env = { ...process.env, CONSTAT_AGENT_DIR: dir }
  const child = spawn(process.execPath, [bundle, 'run'], { env, stdio: 'ignore' })
  children.push(child)
  return child
}

const port = (): number => (target.address() as AddressInfo).port
const url = (path: string): string => `http://127.0.0.1:${port()}${path}`

function configOf(origin: string, probes: readonly ProbeSpec[], intervalMs = 500): CheckConfig {
  const times = {
    intervalMs,
    timeoutMs: Math.min(intervalMs, 20_000),
    reprobeMs: 0,
    confirm: { down: 1, up: 1 },
    brackets: false,
  }
  return { origin, version: 1, checks: probes.map((probe, i) => ({ name: `check-${i}`, ...times, probe })) }
}

function configure(config: CheckConfig): void {
  collector.configure(
    config,
    config.checks.map((_, i) => i),
  )
}

/** Outcome and cause of the samples that came of each check so far. */
function told(origin: string): Map<number, Set<string>> {
  const all = new Map<number, Set<string>>()
  for (const { batch } of collector.admitted.filter((one) => one.batch.origin === origin)) {
    const { samples } = batch
    for (const [i, check] of samples.check.entries()) {
      const outcome = samples.outcome?.[i] ?? outcomeCode('ok')
      const said = `${outcome}/${samples.cause?.[i] ?? 0}`
      all.set(check, (all.get(check) ?? new Set()).add(said))
    }
  }
  return all
}
const DENIED = `${outcomeCode('unknown')}/${causeCode('denied')}`

test('a taken-over collector does no more than the owner of the host allows', async () => {
  mkdirSync(join(dir, 'secrets'))
  writeFileSync(join(dir, 'secrets/token'), 's3cret')
  writeFileSync(
    join(dir, 'policy.json'),
    JSON.stringify({
      rules: [{ deny: { domains: ['*.bank.test'] } }],
      secrets: { token: ['https://orders.example'] },
    }),
  )
  const asked: ProbeSpec[] = [
    { kind: 'http', url: url('/looked-at') },
    { kind: 'http', url: url('/x'), method: 'DELETE' },
    { kind: 'tcp', host: '127.0.0.1', port: port(), send: 'CONFIG SET dir /root/.ssh\r\n' },
    { kind: 'http', url: url('/x'), auth: { scheme: 'bearer', secret: 'token' } },
    { kind: 'http', url: 'http://[::ffff:169.254.169.254]/latest/meta-data/' },
    {
      kind: 'http',
      url: 'http://192.0.2.1/',
      method: 'POST',
      body: 'FLUSHALL',
      proxy: `http://127.0.0.1:${port()}`,
    },
    { kind: 'transaction', steps: [{ name: 'a', url: url('/x'), method: 'PUT', body: '1' }] },
  ]
  startAgent()
  configure(configOf('test/taken-over', asked, 1_000))
  await until(() => told('test/taken-over').size === asked.length, {
    withinMs: WITHIN_MS,
    what: () => `samples of every check: ${JSON.stringify([...told('test/taken-over').keys()])}`,
  })
  const said = told('test/taken-over')
  expect(said.get(0)).toEqual(new Set([`${outcomeCode('ok')}/0`]))
  for (let i = 1; i < asked.length; i += 1) expect([i, ...(said.get(i) ?? [])]).toEqual([i, DENIED])
  expect(new Set(heard.map(({ line }) => line))).toEqual(new Set(['GET /looked-at HTTP/1.1']))

  const shown = await agent('policy', '--json')
  expect(shown.code).toBe(0)
  expect(JSON.parse(shown.out)).toMatchObject({
    rules: [
      { deny: { domains: ['*.bank.test'] }, why: 'rules[0] of policy.json' },
      { deny: { addresses: expect.arrayContaining(['metadata', 'link-local']) } },
      { deny: { addresses: expect.arrayContaining(['loopback']) } },
      { deny: { send: true } },
    ],
    leastIntervalMs: 100,
    probesPerSecond: 100,
    secrets: { token: ['https://orders.example'] },
  })
  expect((await agent('policy')).out).toMatch(
    /^deny {3}domains \*\.bank\.test {2}\(rules\[0\] of policy\.json\)$/m,
  )
}, 120_000)

test('what it asks for too often, and how much it sends, stays within bounds', async () => {
  const RATE = 10
  writeFileSync(join(dir, 'policy.json'), JSON.stringify({ probesPerSecond: RATE }))
  startAgent()
  // 790 a second.
  const often = Array.from({ length: 79 }, (_, i): ProbeSpec => ({ kind: 'http', url: url(`/often/${i}`) }))
  configure(configOf('test/often', often, 100))
  await until(() => heard.length >= 5 * RATE, { withinMs: WITHIN_MS, what: () => `${heard.length} probes` })
  for (const { atMs } of heard) {
    const within = heard.filter((one) => one.atMs >= atMs && one.atMs < atMs + 2_000)
    // What was begun in time may arrive late on a busy host: half as many again.
    expect(within.length).toBeLessThanOrEqual(2 * RATE * 1.5)
  }
  await until(() => [...told('test/often').values()].some((said) => said.has(DENIED)), {
    withinMs: WITHIN_MS,
    what: 'a sample that says that the host refused',
  })
  // Each of its own log and 1 MB: 100 MB in all.
  for (let i = 0; i < 100; i += 1) {
    const body = 'x'.repeat(60_000)
    const large = Array.from({ length: 16 }, (): ProbeSpec => ({
      kind: 'http',
      url: 'http://192.0.2.1/',
      body,
    }))
    collector.configure(configOf(`test/fill-${i}`, large, 60_000), [0])
  }
  // Answered in order: what comes after them was taken, and all of them were decided.
  configure({ ...configOf('test/often', [{ kind: 'http', url: url('/after') }], 1_000), version: 2 })
  await until(() => heard.some(({ line }) => line.includes('/after')), {
    withinMs: WITHIN_MS,
    what: 'the next',
  })
  const kept = readdirSync(join(dir, 'config')).map((name) => statSync(join(dir, 'config', name)).size)
  // Quotes within the file are written with a backslash.
  expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MAX_KEPT_BYTES * 1.1)
}, 120_000)

test('a body in pieces of one byte costs its bytes', async () => {
  const child = startAgent()
  const pieces: ProbeSpec = { kind: 'http', url: url('/pieces'), maxBytes: 16 * 1024 * 1024 }
  configure(configOf('test/pieces', [pieces], 20_000))
  await until(() => told('test/pieces').size > 0, { withinMs: 2 * WITHIN_MS, what: 'a sample' })
  expect([...(told('test/pieces').get(0) ?? [])]).toEqual([`${outcomeCode('fail')}/${causeCode('protocol')}`])
  if (process.platform !== 'linux') return
  const [, peakKb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
  expect(Number(peakKb) / 1_024).toBeLessThan(MAX_PEAK_MB)
}, 120_000)

test('a wrong policy stops the start, and names every problem', async () => {
  writeFileSync(join(dir, 'policy.json'), '{"rules": [{"deny": {"port": 1}}], "probesPerSecond": "many"}')
  for (const command of [['run'], ['policy'], ['probe', url('/')]]) {
    const { code, err } = await agent(...command)
    expect([command, code]).toEqual([command, 2])
    expect(err).toContain('rules[0].deny.port is not known here')
    expect(err).toContain('probesPerSecond should be a number')
  }
  expect(heard).toEqual([])
}, 120_000)
