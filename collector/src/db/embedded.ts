/**
 * Embedded PostgreSQL: a cluster of our own in `<dataDir>/postgres`, reachable over a unix socket alone.
 * Started, kept running and stopped with the collector; never outlives it. Not pure.
 * Invariants: at most one live collector per cluster; nothing but programs that can be copied again is
 * kept outside the data directory.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '@constat/shared/fault'
import type { Log } from '../shell.ts'
import {
  createCluster,
  DATABASE,
  limitLog,
  openHome,
  openSocketFolder,
  PORT,
  startPostmaster,
  USERNAME,
  type Cluster,
} from './cluster.ts'
import { claimOwner, type Claim } from './owner.ts'
import { demandPassword, readPassword } from './password.ts'
import { findBinaries } from './postgres-binaries.ts'
import { awaitOrphan, isAlive, readPostmaster, type Supervised } from './postmaster.ts'

/** How a driver reaches it. `host` is the folder of the unix socket. */
export type DatabaseAddress = {
  host: string
  port: number
  username: string
  password: string
  database: string
}

export type Embedded = {
  address: DatabaseAddress
  /** Called once, when the database has died and could not be brought back. */
  onExit(callback: (reason: string) => void): void
  /** Fast shutdown, waited for. Safe to call twice. */
  stop(): Promise<void>
}

const LOG_CHECK_MS = 10 * 60_000
const REVIVALS_MAX = 8
const REVIVAL_BACKOFF_MS = 100
const STABLE_AFTER_MS = 60_000
const STOP_FAST_MS = 20_000
const STOP_IMMEDIATE_MS = 5_000

/** Creates the cluster on first use. Faults: `database`, `conflict`, `forbidden`, `disk`. */
export async function startEmbedded({ dataDir, log }: { dataDir: string; log: Log }): Promise<Embedded> {
  if (process.platform === 'win32') {
    throw new Fault('database', 'there is no embedded database on Windows', { hint: 'set DATABASE_URL' })
  }
  const home = await openHome(dataDir)
  let claim: Claim | null = null
  try {
    const socket = await openSocketFolder({ home, log })
    claim = await claimOwner({ folder: socket.host, dataDir })
    const native = await findBinaries({ account: home.account, log })
    const cluster = { home, socket, native, log }
    await awaitOrphan({ clusterDir: home.clusterDir, log })
    await createCluster(cluster)
    const password = await demandPassword(cluster, dataDir)
    await limitLog(home.logPath)
    return keepRunning({ cluster, first: await startPostmaster(cluster), claim, password })
  } catch (error) {
    await claim?.release()
    await home.handle?.close()
    throw error
  }
}

/** The address of the embedded database of a collector that is running now, or null. */
export async function findEmbedded(dataDir: string): Promise<DatabaseAddress | null> {
  const home = join(dataDir, 'postgres')
  const clusterDir = join(home, 'cluster')
  const found = await readPostmaster(clusterDir)
  if (found === null || !found.ready) return null
  if (!(await isAlive({ pid: found.pid, clusterDir }))) return null
  const host = found.socketDir.startsWith('/proc/self/fd/') ? join(home, 'socket') : found.socketDir
  const password = await readPassword(dataDir)
  if (password === null) return null
  return { host, port: found.port, username: USERNAME, password, database: DATABASE }
}

type Keeping = { cluster: Cluster; first: Supervised; claim: Claim; password: string }

function keepRunning({ cluster, first, claim, password }: Keeping): Embedded {
  const { home, socket, log } = cluster
  const callbacks: ((reason: string) => void)[] = []
  const state: Life = { current: first, failures: 0, isStopping: false }
  const life = live({ cluster, state }).then((reason) => {
    if (reason !== null) for (const callback of callbacks) callback(reason)
  })
  const rotation = setInterval(() => {
    limitLog(home.logPath).catch((error: unknown) => {
      log.warn('postgres.log could not be cut', { error: messageOf(error) })
    })
  }, LOG_CHECK_MS).unref()

  let stopped: Promise<void> | null = null
  const stop = async () => {
    state.isStopping = true
    clearInterval(rotation)
    await shutDown({ cluster, state })
    await life
    await home.handle?.close()
    await claim.release()
  }
  return {
    address: { host: socket.host, port: PORT, username: USERNAME, password, database: DATABASE },
    onExit: (callback) => void callbacks.push(callback),
    stop: () => (stopped ??= stop()),
  }
}

type Life = { current: Supervised; failures: number; isStopping: boolean }
type Living = { cluster: Cluster; state: Life }

/** Restarts what dies. Settles with null when it was stopped, with the reason when it gives up. */
async function live({ cluster, state }: Living): Promise<string | null> {
  let stable: NodeJS.Timeout | undefined
  while (!state.isStopping && state.failures <= REVIVALS_MAX) {
    const { code, signal } = await state.current.exited
    clearTimeout(stable)
    if (state.isStopping) return null
    cluster.log.error('the database died', { code, signal, log: cluster.home.logPath })
    await sleep(REVIVAL_BACKOFF_MS * 2 ** state.failures)
    state.failures += 1
    const revived = await restart(cluster)
    if (revived === null) continue
    state.current = revived
    stable = setTimeout(() => (state.failures = 0), STABLE_AFTER_MS).unref()
    // Asked to stop while it was starting: the shutdown has seen only its dead predecessor.
    if (state.isStopping) await shutDown({ cluster, state })
  }
  return state.isStopping ? null : `the database died ${state.failures} times in a row`
}

async function restart(cluster: Cluster): Promise<Supervised | null> {
  try {
    await awaitOrphan({ clusterDir: cluster.home.clusterDir, log: cluster.log })
    const run = await startPostmaster(cluster)
    cluster.log.warn('database restarted')
    return run
  } catch (error) {
    cluster.log.error('the database did not restart', { error: messageOf(error) })
    return null
  }
}

async function shutDown({ cluster, state }: Living): Promise<void> {
  const run = state.current
  run.release()
  if (await endsWithin(run, STOP_FAST_MS)) return
  cluster.log.warn('the database is slow to stop: ending it at once, it will recover at the next start')
  const { clusterDir } = cluster.home
  const found = await readPostmaster(clusterDir)
  if (found !== null && (await isAlive({ pid: found.pid, clusterDir }))) process.kill(found.pid, 'SIGQUIT')
  if (!(await endsWithin(run, STOP_IMMEDIATE_MS))) run.kill()
}

async function endsWithin(run: Supervised, limitMs: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(limitMs, false, { signal: timer.signal }).catch(() => false)
  const ended = await Promise.race([run.exited.then(() => true), late])
  timer.abort()
  return ended
}
