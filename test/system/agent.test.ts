/**
 * The agent as it ships: one built file, real processes, a real disk. It enrols, probes with the collector
 * away, survives being killed, refuses a second one beside it, and stops within two seconds.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CheckConfig } from '@constat/shared/check'
import { OUTCOMES } from '@constat/shared/sample'
import { refusingPort, startFaultServer, type FaultServer } from '../support/fault-server.ts'
import { startWireServer, type WireServer } from '../support/wire-server.ts'

const STOP_WITHIN_MS = 2_000
const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let bundle: string
let web: FaultServer
let collector: WireServer
let dir: string
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'constat-agent-'))
  bundle = join(folder, 'constat-agent.mjs')
  execFileSync(process.execPath, [join(root, 'agent/build.mjs'), bundle])
  web = await startFaultServer()
})
afterAll(async () => {
  await web.close()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  dir = mkdtempSync(join(folder, 'state-'))
  rmSync(dir, { recursive: true })
  collector = await startWireServer()
  collector.configure(configOf(web.port), [0, 1])
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await collector.close()
})

function configOf(port: number): CheckConfig {
  const one = (name: string, path: string): CheckConfig['checks'][number] => ({
    name,
    intervalMs: 500,
    timeoutMs: 300,
    reprobeMs: 200,
    confirm: { down: 2, up: 2 },
    probe: { kind: 'http', url: `http://localhost:${port}${path}` },
  })
  return { origin: 'test/system', version: 1, checks: [one('good', '/'), one('bad', '/status/500')] }
}

type Ended = { code: number | null; out: string; err: string }

function agent(...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, CONSTAT_AGENT_DIR: dir, NO_COLOR: '1' } }
    const child = execFile(process.execPath, [bundle, ...argv], options, (_, out, err) => {
      resolve({ code: child.exitCode, out, err })
    })
  })
}

type Running = { child: ChildProcess; ended: Promise<number | null>; said: () => string }

function startAgent(): Running {
  const env = { ...process.env, CONSTAT_AGENT_DIR: dir }
  const child = spawn(process.execPath, [bundle, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)), said: () => said }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 15_000
  while (!isSo() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20))
  if (!isSo()) throw new Error(`never: ${what}`)
}

async function enrol(): Promise<void> {
  const key = collector.publicKey.toString('hex')
  const ended = await agent(
    'enroll',
    '--url',
    collector.url,
    '--token',
    'join',
    '--name',
    'probe-1',
    '--key',
    key,
    '--json',
  )
  expect(ended).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ended.out)).toMatchObject({ name: 'probe-1', url: collector.url })
}

/** Instants of the samples of one check that were admitted, ms. */
function instants(check: number): number[] {
  return collector.admitted.flatMap(({ batch: { baseS, samples } }) =>
    samples.check.flatMap((one, i) => (one === check ? [baseS * 1_000 + (samples.offsetMs[i] ?? 0)] : [])),
  )
}

/** The same for those that failed. */
function failures(check: number): number[] {
  const isFailure = (code: number | undefined): boolean => code === OUTCOMES.indexOf('fail')
  return collector.admitted.flatMap(({ batch: { baseS, samples } }) =>
    samples.check.flatMap((one, i) =>
      one === check && isFailure(samples.outcome[i]) ? [baseS * 1_000 + (samples.offsetMs[i] ?? 0)] : [],
    ),
  )
}

test('enrols, streams, says how it stands, and stops within two seconds', async () => {
  await enrol()
  const running = startAgent()
  await until(() => instants(0).length >= 4 && instants(1).length >= 4, 'four samples of each check')
  // The running agent writes its status every few seconds: the first one may be from before the welcome.
  let status = await agent('status', '--json')
  for (let tries = 0; status.code !== 0 && tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    status = await agent('status', '--json')
  }
  expect(status.code).toBe(0)
  expect(JSON.parse(status.out)).toMatchObject({
    name: 'probe-1',
    running: true,
    connected: true,
    spoolMode: 'disk',
  })
  const from = Date.now()
  running.child.kill('SIGTERM')
  expect(await running.ended).toBe(0)
  expect(Date.now() - from).toBeLessThan(STOP_WITHIN_MS)
  expect(collector.admitted.at(-1)?.batch.kind).toBe('stop')
  expect(collector.admitted[0]?.batch.kind).toBe('start')
  expect((await agent('status')).code).toBe(1)
})

test('what was sealed while the collector was away survives being killed', async () => {
  await enrol()
  const target = await startFaultServer()
  collector.configure({ ...configOf(target.port), version: 2 }, [0])
  const first = startAgent()
  await until(() => instants(0).length >= 1, 'a sample')
  const port = collector.port
  await collector.close()
  const awayMs = Date.now()
  // A change is sealed and on disk within moments; what is merely collected may be lost with the process.
  await target.close()
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const killedMs = Date.now()
  first.child.kill('SIGKILL')
  await first.ended
  collector = await startWireServer({ port })
  startAgent()
  const ofOutage = (): number[] => failures(0).filter((ms) => ms >= awayMs && ms < killedMs)
  await until(() => ofOutage().length >= 2, 'the failures of the outage')
  await until(() => failures(0).some((ms) => ms > killedMs), 'the failures after it')
  expect(new Set(instants(0)).size).toBe(instants(0).length)
  // The collector that came back knows nothing of the session: what it had is announced as a gap.
  expect(new Set(collector.refused.map(({ reason }) => reason))).toEqual(new Set(['unannounced-gap']))
  expect(collector.admitted.some(({ batch }) => batch.gapCount > 0)).toBe(true)
})

test('a stop with the collector away keeps everything for the next start', async () => {
  await enrol()
  const port = collector.port
  const first = startAgent()
  await until(() => instants(0).length >= 1, 'a sample')
  await collector.close()
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const from = Date.now()
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  expect(Date.now() - from).toBeLessThan(STOP_WITHIN_MS)
  collector = await startWireServer({ port })
  startAgent()
  await until(
    () => collector.admitted.some(({ batch }) => batch.kind === 'stop'),
    'the stop of the first run',
  )
})

test('a second agent in the same directory is refused, and one that was killed leaves no lock', async () => {
  await enrol()
  const first = startAgent()
  await until(() => first.said().includes('agent running'), 'the first agent')
  const second = await agent('run')
  expect(second.code).toBe(4)
  expect(second.err).toContain('conflict: another agent')
  first.child.kill('SIGKILL')
  await first.ended
  const third = startAgent()
  await until(() => third.said().includes('agent running'), 'the third agent')
})

test('one probe, and its exit code', async () => {
  const good = await agent('probe', `http://localhost:${web.port}/`, '--json')
  expect(good.code).toBe(0)
  expect(JSON.parse(good.out)).toMatchObject({ outcome: 'ok', value: 200, phases: { tlsUs: 0 } })
  const bad = await agent('probe', `tcp://localhost:${await refusingPort()}`)
  expect(bad.code).toBe(1)
  expect(bad.out).toContain('fail (connect)')
})

test.each([
  ['no state', ['run'], 2, 'bad-config: nobody enrolled'],
  ['no command of ours', ['enrol'], 3, "usage: unknown command 'enrol'"],
  ['no option of ours', ['run', '--nope'], 3, "usage: unknown option '--nope'"],
  ['no argument', ['probe'], 3, 'usage: missing required argument'],
  ['no address', ['probe', 'nonsense'], 3, 'usage: nonsense: not an address'],
  [
    'everything wrong at once',
    ['enroll', '--url', 'ftp://x', '--key', 'zz'],
    3,
    'ftp://x is no address; CONSTAT_COLLECTOR_KEY',
  ],
  [
    'nobody there',
    ['enroll', '--url', 'http://127.0.0.1:1', '--token', 't'],
    4,
    'network: ws://127.0.0.1:1/agent/v1',
  ],
])('%s is one line with a code, exit as documented', async (_, argv, code, says) => {
  const ended = await agent(...argv)
  expect(ended.code).toBe(code)
  expect(ended.err).toContain(says)
  expect(ended.err.trim().split('\n')).toHaveLength(1)
  const json = await agent(...argv, '--json')
  expect(json.code).toBe(code)
  expect(JSON.parse(json.err)).toHaveProperty('error.code')
})
