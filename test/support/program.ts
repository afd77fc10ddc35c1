/**
 * Programs under test: `constat up` and `constat collector` as processes of their own, from the build or
 * the sources, with their API. Each start has a data directory and a free port of its own.
 */
import { execFile, execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Namespace } from './netns.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CONSTAT = join(ROOT, 'collector/bin/constat.mjs')
const AGENT = join(ROOT, 'agent/bin/constat-agent.mjs')
export const VERIFY = join(ROOT, 'packages/verify/bin/constat-verify.mjs')
const PROGRAMS = { constat: CONSTAT, 'constat-agent': AGENT, 'constat-verify': VERIFY }
const COMMAND_LIMIT_MS = 60_000
/** A start takes 2 s on a quiet machine, and ten times that on one that does much else. */
const START_LIMIT_MS = 90_000
/** Names the folder of made-cluster.ts, in the process that runs the tests and so in its workers, or for several of those. */
export const MADE_CLUSTER = 'CONSTAT_TEST_CLUSTER'

/**
 * Headers of a request with a connection of its own. On a busy machine the collector may have closed a kept
 * one before the process of a test hears of it, and a request on it would fail.
 */
export const OWN_CONNECTION = { connection: 'close' } as const

export type Program = {
  child: ChildProcess
  dataDir: string
  url: string
  /** What it printed, both streams. */
  output(): string
  /** Waits for a line that matches; throws with the output when it does not come. */
  line(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  put(path: string, yaml: string): Promise<Response>
  remove(path: string): Promise<Response>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Below the ports that a host gives out by itself, so that no server or connection of another test takes it. */
const PORTS = { from: 10_000, until: 32_000 }

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.until)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'constat-test-'))
}

/** The same for a collector: with a database where vitest has one made, which saves a second or two. */
export function makeCollectorDir(): string {
  const dataDir = makeDataDir()
  const made = process.env[MADE_CLUSTER]
  // With its owner, which is not root.
  if (made !== undefined)
    execFileSync('cp', ['-a', join(made, 'postgres'), join(made, 'database.password'), dataDir])
  return dataDir
}

/** Moves `folder` to `place`. Whoever is first there stays: what others made is the same, and is removed. */
export function keepFirst(folder: string, place: string): void {
  try {
    renameSync(folder, place)
  } catch (error) {
    if (!existsSync(place)) throw error
    rmSync(folder, { recursive: true, force: true })
  }
}

export function dropDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true })
}

export type StartOptions = {
  args: string[]
  dataDir: string
  port: number
  env?: Record<string, string>
  /** Runs inside, listens everywhere there, and is reached from this host at `address`. */
  inside?: { space: Namespace; address: string }
}

/** Starts `constat …` and waits until it is ready. */
export async function startProgram(options: StartOptions): Promise<Program> {
  const program = launchProgram(options)
  await program.line(/Owner link: /, START_LIMIT_MS)
  return program
}

/** Does not wait until it answers. */
export function launchProgram({ args, dataDir, port, env, inside }: StartOptions): Program {
  // Arguments of node for the program: `--cpu-prof` shows where a bench spends its time.
  const nodeArgs = (process.env['CONSTAT_TEST_NODE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '')
  const listen = `${inside ? '0.0.0.0' : '127.0.0.1'}:${port}`
  const command = [...nodeArgs, CONSTAT, ...args, '--data', dataDir, '--listen', listen]
  const options: SpawnOptions = {
    env: { ...process.env, CONSTAT_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }
  const child = inside
    ? inside.space.start([process.execPath, ...command], options)
    : spawn(process.execPath, command, options)
  return programOf(child, { dataDir, url: `http://${inside?.address ?? '127.0.0.1'}:${port}` })
}

function programOf(child: ChildProcess, { dataDir, url }: { dataDir: string; url: string }): Program {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ask = async (
    method: string,
    path: string,
    body?: string,
    type = 'application/json',
  ): Promise<Response> => {
    const token = readFileSync(join(dataDir, 'owner.token'), 'utf8')
    const headers = { ...OWN_CONNECTION, authorization: `Bearer ${token}`, 'content-type': type }
    return fetch(`${url}/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  }
  // The API answers the shape that the caller names; the assertions of the test check it.
  const read = async <T>(response: Response): Promise<T> => {
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    child,
    dataDir,
    url,
    output: () => output,
    line: async (pattern, withinMs = 15_000) => {
      return until(() => pattern.exec(output), {
        withinMs,
        what: () => `${pattern} in:\n${output.slice(-4000)}`,
      })
    },
    get: async <T>(path: string) => read<T>(await ask('GET', path)),
    post: async <T>(path: string, body?: unknown) =>
      read<T>(await ask('POST', path, JSON.stringify(body ?? {}))),
    put: (path, yaml) => ask('PUT', path, yaml, 'application/yaml'),
    remove: (path) => ask('DELETE', path),
    kill: (signal) => endOf(child, signal),
  }
}

export async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

/** Polls until `look` finds something. */
export async function until<T>(
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  { withinMs, what }: { withinMs: number; what: string | (() => string) },
): Promise<T> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > endMs) {
      throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`)
    }
    await sleep(50)
  }
}

export type Ended = { code: number; out: string; err: string }

/** Runs a command to its end. Servers of the test go on answering meanwhile. */
export function runOnce(
  args: readonly string[],
  env: Record<string, string> = {},
  program: keyof typeof PROGRAMS = 'constat',
): Promise<Ended> {
  const file = PROGRAMS[program]
  const options = { env: { ...process.env, ...env }, timeout: COMMAND_LIMIT_MS }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], options, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

/** An agent as a process of its own, enrolled in `dir` with a token of `program`. */
export async function startAgent(
  program: Program,
  {
    dir,
    name,
    inside,
  }: { dir: string; name: string; inside?: { space: Pick<Namespace, 'start'>; url: string } },
): Promise<ChildProcess> {
  const url = inside?.url ?? program.url
  // In a network of the test the collector may be reached without TLS.
  const env = { ...process.env, CONSTAT_AGENT_DIR: dir, CONSTAT_URL: url, CONSTAT_INSECURE: 'true' }
  const start = (command: [string, ...string[]], options: SpawnOptions): ChildProcess => {
    return inside ? inside.space.start(command, options) : spawn(command[0], command.slice(1), options)
  }
  if (!existsSync(join(dir, 'agent.json'))) {
    const { token } = await program.post<{ token: string }>('/agents/tokens', { name })
    const enroll = ['enroll', '--url', url, '--token', token, '--name', name]
    const done = start([process.execPath, AGENT, ...enroll], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [done.stdout, done.stderr])
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = await once(done, 'close')
    if (code !== 0) throw new Error(`enrolment failed: ${said}`)
  }
  return start([process.execPath, AGENT, 'run'], { env, stdio: 'ignore' })
}
