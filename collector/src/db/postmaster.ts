/**
 * The postmaster: PostgreSQL's first process of one cluster. Reads its pid file, starts it below a
 * supervisor that ends it when we die, and waits for one that an earlier collector left behind.
 * Not pure. Invariant: a process is signalled only when its working folder is our cluster.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Fault, invariant, systemCode } from '@constat/shared/fault'
import type { Log } from '../shell.ts'
import type { Account } from './postgres-binaries.ts'

/** What `postmaster.pid` says. `socketDir` as the postmaster sees it. */
export type Postmaster = { pid: number; port: number; socketDir: string; ready: boolean }

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A running supervisor with its postmaster. `release` asks for a fast shutdown. */
export type Supervised = { exited: Promise<Exit>; release(): void; kill(): void }

const POLL_MS = 100
/** Its supervisor has told it to stop already; past these it hears it from us, each time louder. */
const ORPHAN_FAST_AFTER_POLLS = 10
const ORPHAN_IMMEDIATE_AFTER_POLLS = 200
const ORPHAN_POLLS_MAX = 400

/**
 * Our end of fd 0 closes when we die, however we die. `read` then ends and the postmaster gets SIGINT,
 * which is its fast shutdown. fd 0 is parked on 4 because a background job starts without one.
 */
const SUPERVISOR = `
exec 4<&0 </dev/null
"$@" 4<&- &
postmaster=$!
( while read -r line; do :; done; kill -INT "$postmaster" ) <&4 3<&- &
watcher=$!
exec 4<&-
trap 'kill -INT "$postmaster"' TERM INT HUP
wait "$postmaster"; code=$?
while kill -0 "$postmaster" 2>/dev/null; do wait "$postmaster"; code=$?; done
kill "$watcher" 2>/dev/null
exit "$code"
`

export type Launch = {
  command: readonly string[]
  account: Account
  /** Passed on as fd 3; null where the paths in `command` are reachable as they stand. */
  homeFd: number | null
  logFd: number
}

/** Everything the postmaster inherits: no more of our environment than it needs. */
export const CHILD_ENV = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' }

export function launch({ command, account, homeFd, logFd }: Launch): Supervised {
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'constat-postgres', ...command], {
    ...account,
    cwd: '/',
    env: CHILD_ENV,
    // Its own session: Ctrl-C in our terminal reaches us alone, and we stop it when we are done.
    detached: true,
    stdio: ['pipe', logFd, logFd, homeFd ?? 'ignore'],
  })
  const { stdin } = child
  invariant(stdin, 'a piped stdin exists')
  // The supervisor may die first; its exit is what counts, not the broken pipe.
  stdin.on('error', () => stdin.destroy())
  return { exited: exitOf(child), release: () => stdin.end(), kill: () => child.kill('SIGKILL') }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((settle) => {
    child.once('error', () => settle({ code: 127, signal: null }))
    child.once('exit', (code, signal) => {
      // Lets the watcher of a supervisor that was killed see the end of its input.
      child.stdin?.destroy()
      settle({ code, signal })
    })
  })
}

/** Null: no pid file, or one that is still being written. */
export async function readPostmaster(clusterDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return ''
    throw new Fault('forbidden', `the database in ${clusterDir} belongs to another user`, {
      hint: 'run this as the user who started the collector',
      cause: error,
    })
  })
  const [pid, , , port, socketDir, , , status] = text.split('\n')
  if (socketDir === undefined || status === undefined) return null
  return { pid: Number(pid), port: Number(port), socketDir, ready: status.trim() === 'ready' }
}

/** Whether that pid is a postmaster of this cluster, and not what took its number after a crash. */
export async function isAlive({ pid, clusterDir }: { pid: number; clusterDir: string }): Promise<boolean> {
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => null)
    return cwd !== null && cwd === (await realpath(clusterDir))
  }
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({
    stdout: '',
  }))
  return stdout.includes(clusterDir)
}

/** Returns once no postmaster of the cluster lives. Only for the owner of the cluster. */
export async function awaitOrphan({ clusterDir, log }: { clusterDir: string; log: Log }): Promise<void> {
  for (let polls = 0; polls < ORPHAN_POLLS_MAX; polls += 1) {
    const found = await readPostmaster(clusterDir)
    if (found === null || !(await isAlive({ pid: found.pid, clusterDir }))) return
    if (polls === 0) log.warn('the database of an earlier collector is still stopping', { pid: found.pid })
    if (polls === ORPHAN_FAST_AFTER_POLLS) process.kill(found.pid, 'SIGINT')
    if (polls === ORPHAN_IMMEDIATE_AFTER_POLLS) process.kill(found.pid, 'SIGQUIT')
    await sleep(POLL_MS)
  }
  throw new Fault('conflict', `an earlier database in ${clusterDir} does not stop`, {
    hint: `read postgres.log beside it, then end the process named in ${join(clusterDir, 'postmaster.pid')}`,
  })
}
