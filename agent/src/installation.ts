/**
 * Installation: where an agent lives on a host and what keeps it running there. With systemd and root a
 * service of its own user; elsewhere (containers, ordinary users) a process in the background.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import { holderOf } from './lock.ts'
import type { Environment } from './settings.ts'
import { SERVICE, SERVICE_NAME, unitText } from './unit.ts'

export type Place = {
  kind: 'service' | 'background'
  /** Key, spool, status. */
  dir: string
  /** The agent's one file. */
  program: string
}

/** What of the host decides. */
export type Host = { isRoot: boolean; hasSystemd: boolean; env: Environment }

const SERVICE_DIR = `/var/lib/${SERVICE_NAME}`
const PROGRAM_FILE = 'constat-agent.mjs'
const LIBRARY = `/usr/local/lib/${SERVICE_NAME}`
const COMMAND = `/usr/local/bin/${SERVICE_NAME}`
const UNIT = `/etc/systemd/system/${SERVICE}`
const LOG_FILE = 'agent.log'
const COMMAND_LIMIT_MS = 60_000
const STOP_WITHIN_MS = 5_000

export function hostOf(env: Environment): Host {
  return { isRoot: process.getuid?.() === 0, hasSystemd: existsSync('/run/systemd/system'), env }
}

/** `dir` null: the usual one. A directory of one's own is never a service: several may be wanted. */
export function placeOf(
  { isRoot, hasSystemd, env }: Host,
  { dir, mode }: { dir: string | null; mode: 'kept-running' | 'foreground' },
): Place {
  if (dir === null && isRoot && hasSystemd && mode === 'kept-running')
    return { kind: 'service', dir: SERVICE_DIR, program: join(LIBRARY, PROGRAM_FILE) }
  const home = env['XDG_STATE_HOME'] ?? join(env['HOME'] ?? '.', '.local/state')
  const own = dir ?? (isRoot ? SERVICE_DIR : join(home, SERVICE_NAME))
  return { kind: 'background', dir: own, program: join(own, PROGRAM_FILE) }
}

/** Before anything is done: a service cannot read the homes of people. */
export function checkNode({ kind }: Place, node: string): void {
  if (kind !== 'service' || !/^\/(root|home)\//.test(node)) return
  throw new Fault(
    'bad-config',
    `Node.js is in a home directory here (${node}), which a service may not read`,
    {
      hint: 'install Node.js for the whole host and paste the line again, or add --foreground',
    },
  )
}

/** The agent's file where it stays; `source` is the one that runs now. */
export async function copyProgram({ program }: Place, source: string): Promise<void> {
  if (source === program) return
  await mkdir(dirname(program), { recursive: true })
  await copyFile(source, program)
  await chmod(program, 0o755)
}

export async function startService({ dir, program }: Place, node: string): Promise<void> {
  if (!answersWell('id', ['-u', SERVICE_NAME])) {
    const shell = ['--home-dir', dir, '--no-create-home', '--shell', '/usr/sbin/nologin']
    perform('useradd', ['--system', ...shell, SERVICE_NAME])
  }
  await writeFile(UNIT, unitText({ node, program, dir }))
  await rm(COMMAND, { force: true })
  await symlink(program, COMMAND)
  perform('systemctl', ['daemon-reload'])
  perform('systemctl', ['enable', '--now', SERVICE])
}

/** Lives on when this process and its terminal are gone; its log is a file in its directory. */
export function startBackground({ dir, program }: Place, env: Environment): number {
  const log = openSync(join(dir, LOG_FILE), 'a', 0o600)
  const child = spawn(process.execPath, [program, 'run'], {
    cwd: dir,
    env: { ...env, CONSTAT_AGENT_DIR: dir },
    detached: true,
    stdio: ['ignore', log, log],
  })
  child.unref()
  return child.pid ?? 0
}

/** Stops it and removes all that an installation put there. */
export async function removeInstallation({ kind, dir, program }: Place): Promise<void> {
  if (kind === 'service') {
    answersWell('systemctl', ['disable', '--now', SERVICE])
    await rm(UNIT, { force: true })
    await rm(COMMAND, { force: true })
    await rm(dirname(program), { recursive: true, force: true })
    answersWell('systemctl', ['daemon-reload'])
    answersWell('userdel', [SERVICE_NAME])
  } else await stopBackground(dir)
  await rm(dir, { recursive: true, force: true })
}

async function stopBackground(dir: string): Promise<void> {
  const pid = await holderOf(dir)
  if (pid === null) return
  process.kill(pid, 'SIGTERM')
  for (let waitedMs = 0; (await holderOf(dir)) !== null; waitedMs += 50) {
    if (waitedMs > STOP_WITHIN_MS)
      throw new Fault('conflict', `the agent (process ${pid}) does not stop`, {
        hint: 'stop it, then try again',
      })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export function isServiceInstalled(): boolean {
  return existsSync(UNIT)
}

function perform(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: COMMAND_LIMIT_MS })
  } catch (error) {
    const said = messageOf(error).trim().split('\n').at(-1) ?? ''
    throw new Fault('unavailable', `${program} ${args.join(' ')} failed: ${said}`, {
      hint: 'the agent is enrolled: correct this, then run constat-agent uninstall and paste a new line',
      cause: error,
    })
  }
}

function answersWell(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: COMMAND_LIMIT_MS })
    return true
  } catch {
    return false
  }
}
