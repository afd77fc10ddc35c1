/**
 * The local agent of `up`: a process of its own, like every agent, enrolled with a token of its own and
 * restarted when it dies. It ends when this process does.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { issueJoinToken, revokeToken } from '../access.ts'
import type { Environment } from '../config.ts'
import type { Log } from '../shell.ts'
import type { Served } from './serve.ts'

const RESTART_MS = 1_000
const STOP_WITHIN_MS = 4_000
const ENROLLED_FILE = 'agent.json'

/** Resolves when the agent is enrolled and started. */
export async function startLocalAgent(
  { collector, config, log }: Served,
  outer: Environment,
): Promise<() => Promise<void>> {
  const dir = join(config.dataDir, 'agent')
  const { url, tlsPin } = collector.door
  // What the outer environment says of the way to a collector is meant for other agents.
  const environment = (): Environment => ({
    ...withoutSecrets(outer),
    CONSTAT_AGENT_DIR: dir,
    CONSTAT_URL: url,
    CONSTAT_PIN: tlsPin() ?? undefined,
    CONSTAT_PROXY: 'none',
    CONSTAT_INSECURE: 'true',
  })
  if (!existsSync(join(dir, ENROLLED_FILE))) {
    const { id, token } = await issueJoinToken(collector.access, { name: 'local', by: 'start' })
    try {
      await runToEnd(['enroll', '--token', token, '--name', 'local'], environment())
    } finally {
      // Used, or never to be: whoever could read it may not join by it.
      await revokeToken(collector.access, { id, by: 'start' })
    }
  }
  const agent = keepRunning(environment, log)
  // It knows the old key: it starts again with the new one.
  collector.door.onPin(() => agent.restart())
  return () => agent.stop()
}

/** An agent has no business in the database, with the mail or elsewhere, nor has whoever takes it over. */
export function withoutSecrets(outer: Environment): Environment {
  return Object.fromEntries(
    Object.entries(outer).filter(([name]) => !/^(DATABASE_URL|PG|CONSTAT_SMTP|CONSTAT_OIDC)/.test(name)),
  )
}

function agentProgram(): string {
  // Beside this package in a checkout and in an installation; the bundle lies one folder deeper.
  const candidates = ['../../agent/bin/constat-agent.mjs', '../../../agent/bin/constat-agent.mjs']
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  return paths.find((path) => existsSync(path)) ?? paths[0]!
}

function startAgent(args: readonly string[], environment: Environment): ChildProcess {
  return spawn(process.execPath, [agentProgram(), ...args], {
    env: environment,
    // The channel tells the agent when this process is gone, however it went.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

function runToEnd(args: readonly string[], environment: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = startAgent(args, environment)
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`the local agent could not enrol (exit ${code})`))
    })
  })
}

type Kept = { restart(): void; stop(): Promise<void> }

function keepRunning(environment: () => Environment, log: Log): Kept {
  let isStopping = false
  let child: ChildProcess | null = null
  let timer: NodeJS.Timeout | null = null
  const run = (): void => {
    child = startAgent(['run'], environment())
    child.once('error', (error) =>
      log.error('the local agent could not be started', { reason: error.message }),
    )
    child.once('exit', (code, signal) => {
      if (isStopping) return
      log.warn('the local agent ended; starting it again', { code, signal })
      timer = setTimeout(run, RESTART_MS)
    })
  }
  run()
  const stop = async (): Promise<void> => {
    isStopping = true
    if (timer) clearTimeout(timer)
    const running = child
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise<void>((resolve) => void running.once('exit', () => resolve()))
    running.kill('SIGTERM')
    const killer = setTimeout(() => running.kill('SIGKILL'), STOP_WITHIN_MS)
    await ended
    clearTimeout(killer)
  }
  return { restart: () => child?.kill('SIGTERM'), stop }
}
