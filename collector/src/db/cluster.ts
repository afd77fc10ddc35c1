/**
 * Cluster: where the embedded database lives, how it is created and started. One start is here, the life
 * of it in embedded.ts. Not pure. Invariants: fsync stays on; a cluster is whole or not there at all.
 *
 * PostgreSQL refuses root, so root starts it as `nobody` or as whoever owns the cluster. That account
 * often cannot walk to the data directory (one 0700 ancestor is enough), so it is handed the folder as
 * an open descriptor and all its paths begin with /proc/self/fd/3.
 */
import { createHash } from 'node:crypto'
import {
  chown,
  copyFile,
  lstat,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  type FileHandle,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, invariant, messageOf, systemCode } from '@constat/shared/fault'
import type { Log } from '../shell.ts'
import { privateFolder, type Account } from './postgres-binaries.ts'
import { isAlive, launch, readPostmaster, type Supervised } from './postmaster.ts'

export const USERNAME = 'constat'
export const DATABASE = 'postgres'
export const PORT = 5432
const MAJOR_VERSION = '18'
const NOBODY: Account = { uid: 65534, gid: 65534 }
/** sun_path holds 104 bytes on macOS and 108 on Linux, with its final zero. */
const SOCKET_PATH_BYTES_MAX = 103
const LOG_BYTES_MAX = 4 * 1024 * 1024
const LOG_TAIL_BYTES = 4096
const POLL_MS = 5
/** Replaying the log after a crash takes minutes on a slow disk; more than this is a fault. */
const READY_POLLS_MAX = (5 * 60_000) / POLL_MS
const BUSY_RETRIES_MAX = 100
const BUSY_RETRY_MS = 100

/** Given on the command line at every start, so a new version of ours brings its own. */
export const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_compression: 'on',
  max_wal_size: '512MB',
  shared_buffers: '64MB',
  huge_pages: 'off',
  // Files in the cluster: containers have a small /dev/shm and logind empties it when a user leaves.
  dynamic_shared_memory_type: 'mmap',
  max_connections: '40',
  max_worker_processes: '2',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0',
  autovacuum_worker_slots: '4',
  autovacuum_max_workers: '2',
  // Three I/O workers would add 17 MB of resident memory (1.2 MB of their own) for reads from a disk.
  io_method: 'sync',
  jit: 'off',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const

export type Home = {
  /** `<dataDir>/postgres`, owned by the account that runs PostgreSQL. */
  path: string
  /** The same folder as PostgreSQL names it. */
  seenPath: string
  clusterDir: string
  logPath: string
  account: Account
  /** Of `path`, open while we live; null where PostgreSQL can walk there. */
  handle: FileHandle | null
}

export type Socket = { host: string; seenHost: string }

/** Everything one start of the postmaster needs. */
export type Cluster = { home: Home; socket: Socket; native: string; log: Log }

/** Made where it is missing. `dataDir` itself keeps its owner and its mode. */
export async function openHome(dataDir: string): Promise<Home> {
  await mkdir(join(dataDir, 'postgres'), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new Fault('disk', `cannot create ${dataDir}: ${messageOf(cause)}`, {
      hint: 'choose a data directory that this user may write to, with --data or CONSTAT_DATA_DIR',
      cause,
    })
  })
  const path = await realpath(join(dataDir, 'postgres'))
  const account = await accountFor(path)
  if (account !== null) await chown(path, account.uid, account.gid)
  const byDescriptor = account !== null && process.platform === 'linux'
  return {
    path,
    seenPath: byDescriptor ? '/proc/self/fd/3' : path,
    clusterDir: join(path, 'cluster'),
    logPath: join(path, 'postgres.log'),
    account,
    handle: byDescriptor ? await open(path, 'r') : null,
  }
}

/** Only root runs it as somebody else: whoever owns the cluster already, or nobody. */
async function accountFor(home: string): Promise<Account> {
  const found = await stat(home)
  if (process.getuid?.() === 0) return found.uid === 0 ? NOBODY : { uid: found.uid, gid: found.gid }
  if (found.uid === process.getuid?.()) return null
  throw new Fault('forbidden', `the database in ${home} belongs to another user`, {
    hint: 'start as the user who created it, or choose another data directory with --data',
  })
}

/** In the data directory, unless that path is too long for a socket. */
export async function openSocketFolder({ home, log }: { home: Home; log: Log }): Promise<Socket> {
  const { account } = home
  const fits = (folder: string) =>
    Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_BYTES_MAX
  const host = join(home.path, 'socket')
  if (fits(host)) {
    await mkdir(host, { recursive: true, mode: 0o700 })
    if (account !== null) await chown(host, account.uid, account.gid)
    return { host, seenHost: join(home.seenPath, 'socket') }
  }
  const name = `constat-${createHash('sha256').update(home.path).digest('hex').slice(0, 12)}`
  // Root's own temporary folder may be closed to the account that has to bind there.
  const bases = account === null ? [tmpdir(), '/tmp'] : ['/tmp', tmpdir()]
  const short = bases.map((base) => join(base, name)).find(fits)
  invariant(short, 'a folder below /tmp fits')
  await privateFolder({ path: short, account })
  if (account !== null) await chown(short, account.uid, account.gid)
  log.info('the data directory has a long path: the database socket is kept elsewhere', { folder: short })
  return { host: short, seenHost: short }
}

/** Made beside and renamed: a creation cut short leaves nothing that looks like a cluster. */
export async function createCluster(cluster: Cluster): Promise<void> {
  const { home, native, log } = cluster
  const version = await readFile(join(home.clusterDir, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  })
  if (version?.trim() === MAJOR_VERSION) return
  if (version !== null) {
    throw new Fault(
      'database',
      `the data was written by PostgreSQL ${version.trim()}, this is ${MAJOR_VERSION}`,
      {
        hint: 'dump it with pg_dump of the PostgreSQL that wrote it, and load that into a new data directory',
      },
    )
  }
  const unfinished = `${home.clusterDir}.new`
  await rm(unfinished, { recursive: true, force: true })
  const initdb = [join(native, 'bin', 'initdb'), '-D', join(home.seenPath, 'cluster.new')]
  const flags = [
    `--username=${USERNAME}`,
    // Nobody gets in before there is a password (password.ts).
    '--auth=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  const { exited, tail } = await launchLogged(cluster, [...initdb, ...flags])
  const { code } = await exited
  if (code !== 0) {
    throw new Fault('database', `the database could not be created: ${lastLine(await tail())}`, {
      hint: `free some disk space if it is full; ${home.logPath} has the whole story`,
    })
  }
  await rename(unfinished, home.clusterDir)
  log.info('database created', { folder: home.clusterDir })
}

type Logged = Supervised & { tail: () => Promise<string> }

/** `tail` answers what this run alone has written. */
async function launchLogged({ home }: Cluster, command: readonly string[]): Promise<Logged> {
  const log = await open(home.logPath, 'a', 0o600)
  try {
    const { size } = await log.stat()
    const run = launch({ command, account: home.account, homeFd: home.handle?.fd ?? null, logFd: log.fd })
    return { ...run, tail: () => tailOf({ path: home.logPath, fromByte: size }) }
  } finally {
    await log.close()
  }
}

async function tailOf({ path, fromByte }: { path: string; fromByte: number }): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const position = Math.max(fromByte, size - LOG_TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_TAIL_BYTES), 0, LOG_TAIL_BYTES, position)
    return buffer.toString('utf8', 0, bytesRead).trim()
  } finally {
    await file.close()
  }
}

/** The line that says what went wrong, without its time and process. */
function lastLine(text: string): string {
  const lines = text.split('\n')
  const telling = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? ''
  return telling.replace(/^.*?(FATAL|PANIC|error): +/, '')
}

/** Up and accepting connections. Waits while what a killed postmaster left still holds its memory. */
export async function startPostmaster(cluster: Cluster): Promise<Supervised> {
  const { home, socket, native } = cluster
  const settings = { ...SETTINGS, port: PORT, unix_socket_directories: socket.seenHost }
  const command = [
    join(native, 'bin', 'postgres'),
    '-D',
    join(home.seenPath, 'cluster'),
    ...flagsOf(settings),
  ]
  for (let attempt = 0; ; attempt += 1) {
    const run = await launchLogged(cluster, command)
    const problem = await untilReady({ run, clusterDir: home.clusterDir })
    if (problem === null) return run
    const isBusy = /pre-existing shared memory block|lock file .* already exists/.test(problem)
    if (!isBusy || attempt === BUSY_RETRIES_MAX) {
      throw new Fault('database', `the database did not start: ${lastLine(problem)}`, {
        hint: `${home.logPath} has the whole story`,
      })
    }
    await sleep(BUSY_RETRY_MS)
  }
}

export function flagsOf(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

type Waiting = { run: Logged; clusterDir: string }

/** Null when it accepts connections, otherwise what it wrote before it died. */
async function untilReady({ run, clusterDir }: Waiting): Promise<string | null> {
  let hasExited = false
  void run.exited.then(() => (hasExited = true))
  for (let polls = 0; polls < READY_POLLS_MAX; polls += 1) {
    if (hasExited) return await run.tail()
    const found = await readPostmaster(clusterDir)
    if (found?.ready === true && (await isAlive({ pid: found.pid, clusterDir }))) return null
    await sleep(POLL_MS)
  }
  run.release()
  return await run.tail()
}

/** PostgreSQL appends, so cutting the file under it loses nothing but what was copied. */
export async function limitLog(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found === null || found.size <= LOG_BYTES_MAX) return
  await copyFile(path, `${path}.1`)
  await truncate(path)
}
