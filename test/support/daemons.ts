/**
 * Daemons: servers of Debian, started for a test on free ports of loopback in a folder of their own, and
 * always stopped. Started by root they run as `nobody`. A program that is missing is said by its package.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { eventually } from './processes.ts'

const NOBODY = { uid: 65_534, gid: 65_534 }
/** Where daemons are, which an ordinary user's PATH may leave out. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']
const STOP_LIMIT_MS = 10_000

/** The account of the daemons: ours, or `nobody` where we are root. */
export const ACCOUNT = process.getuid?.() === 0 ? NOBODY : null

export type Program = { name: string; debian: string }

/** The path of a program, by its name or absolute; throws with what to install where there is none. */
export function programPath({ name, debian }: Program): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS]
  const paths = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))
  const found = paths.find(canRun)
  if (found === undefined) {
    throw new Error(
      `${name} is not installed: run "apt-get install ${debian}", or npm test as root, which does`,
    )
  }
  return found
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export type Home = {
  dir: string
  /** Writes a file that the daemon may read, and answers its path. */
  file: (name: string, text: string) => string
  folder: (name: string) => string
  read: (name: string) => string
  drop: () => void
}

/** A new folder that belongs to the account of the daemons. */
export function makeHome(name: string): Home {
  const dir = mkdtempSync(join(tmpdir(), `constat-${name}-`))
  const give = (path: string): string => {
    if (ACCOUNT) chownSync(path, ACCOUNT.uid, ACCOUNT.gid)
    return path
  }
  give(dir)
  return {
    dir,
    file(file, text) {
      const path = join(dir, file)
      writeFileSync(path, text, { mode: 0o600 })
      return give(path)
    },
    folder(folder) {
      const path = join(dir, folder)
      mkdirSync(path)
      return give(path)
    },
    read: (file) => readFileSync(join(dir, file), 'utf8'),
    drop: () => rmSync(dir, { recursive: true, force: true }),
  }
}

export type Daemon = { said: () => string; stop: () => Promise<void> }
export type Started = {
  program: Program
  args: readonly string[]
  home: Home
  /** Ports of loopback that take connections once it is ready. */
  ports: readonly number[]
  env?: Readonly<Record<string, string>>
}

/** Starts it in the foreground and waits until all its ports answer. */
export async function startDaemon({ program, args, home, ports, env = {} }: Started): Promise<Daemon> {
  const path = programPath(program)
  const child = spawn(path, args, {
    ...ACCOUNT,
    cwd: home.dir,
    env: { PATH: [dirname(path), ...MORE_FOLDERS, '/usr/bin', '/bin'].join(delimiter), LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it started ends with it.
    detached: true,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const stop = (): Promise<void> => end(child)
  try {
    await eventually(`${program.name} to start`, async () => {
      if (child.exitCode !== null) throw new Error(`${program.name} ended with ${child.exitCode}: ${said}`)
      return (await Promise.all(ports.map(answers))).every(Boolean)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { said: () => said, stop }
}

/** Runs it to its end as the same account. */
export function runAsDaemon(path: string, { args, cwd }: { args: readonly string[]; cwd: string }): void {
  execFileSync(path, args, { ...ACCOUNT, cwd, env: { LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const done = (isThere: boolean) => () => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', done(true)).once('error', done(false))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  const group = -child.pid
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const limitMs = STOP_LIMIT_MS
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  await eventually('the daemon to stop', isGone, { limitMs }).catch(() => child.kill('SIGKILL'))
  try {
    // What a daemon left behind is its own group, and nobody else's.
    process.kill(group, 'SIGKILL')
  } catch {
    return
  }
}
