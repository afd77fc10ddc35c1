/**
 * Deliver: the workers that send deliveries. graphile-worker keeps the jobs; this file starts its
 * workers and lets none of them be held by one webhook. Not pure. One per database: at the start,
 * every held job is taken to be a dead process's.
 */
import { Fault, messageOf } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { Logger, run, runMigrations, type RunnerOptions } from 'graphile-worker'
import { cleanDeliveries, freeJobs, restoreJobs, schedule } from '../db/deliveries.ts'
import { DELIVER_TASK } from '../db/events.ts'
import type { PgConfig } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import type { Log, Random } from '../shell.ts'
import { WorkerPool } from './worker-pool.ts'
import { openLanes, type Lanes } from './lanes.ts'
import { resolveName, SEND_TIMEOUT_MS, type Lookup } from './post.ts'
import { RETRY_DELAYS_MS } from './retry.ts'
import { sendDelivery, type DeliverJob, type Sending } from './send.ts'
import type { MessageType } from './types.ts'

/** Requests in flight at once, over all webhooks. */
export const MAX_IN_FLIGHT = 24
/** Connections of the workers; a request in flight holds none. */
const MAX_CONNECTIONS = 6
/** Each worker looks for jobs that fall due; new ones are notified. */
const POLL_MS = 2_000
/** What met a full lane comes back after this; it holds no worker meanwhile. */
const LANE_PAUSE_MS = 250
/** Requests in flight at a stop may end by themselves for this long. */
const STOP_GRACE_MS = 2_000
const CLEAN_EVERY_MS = 6 * 3_600_000
const SCHEMA = 'graphile_worker'

export type DeliveryOptions = {
  pgConfig: PgConfig
  sql: Database
  clock: Clock
  random: Random
  log: Log
  /** Webhooks on loopback and private addresses. */
  allowPrivate: boolean
  /** Called after each delivery that a receiver accepted, when it is written down. Must not throw. */
  delivered?: (type: MessageType) => void
  lookup?: Lookup
  retryDelaysMs?: readonly number[]
  timeoutMs?: number
  pollMs?: number
}

export type Delivering = {
  /** No request of ours is in flight and no job held when it settles. Safe to call twice. */
  stop(): Promise<void>
}

/** Makes or upgrades the job tables: `writeEvent` needs them, also where nothing is delivered. */
export async function migrateQueue({ pgConfig, log }: { pgConfig: PgConfig; log: Log }): Promise<void> {
  try {
    await runMigrations({ ...addressOf(pgConfig), schema: SCHEMA, logger: loggerTo(log), maxPoolSize: 1 })
  } catch (cause) {
    throw new Fault('database', `the job tables could not be made: ${messageOf(cause)}`, { cause })
  }
}

export async function startDelivery(options: DeliveryOptions): Promise<Delivering> {
  const { sql, clock, log } = options
  await migrateQueue(options)
  await freeJobs(sql, 'all')
  const restored = await restoreJobs(sql, clock.nowMs())
  if (restored > 0) log.warn('deliveries without a job: queued again', { deliveries: restored })
  const stopping = new AbortController()
  const work = { lanes: openLanes(), sending: sendingOf(options, stopping.signal) }
  const pool = new WorkerPool({
    startWorkers: () => run(runnerOptions(options, work)),
    free: (workers) => freeJobs(sql, workers),
    log,
  })
  await pool.start()
  const cleaning = setInterval(() => void clean(options), CLEAN_EVERY_MS).unref()
  void clean(options)

  let stopped: Promise<void> | null = null
  const stop = async () => {
    clearInterval(cleaning)
    const grace = setTimeout(() => stopping.abort(), STOP_GRACE_MS)
    await pool.stop()
    clearTimeout(grace)
  }
  return { stop: () => (stopped ??= stop()) }
}

function sendingOf(options: DeliveryOptions, signal: AbortSignal): Sending {
  const { sql, clock, random, log, allowPrivate, lookup = resolveName } = options
  const { retryDelaysMs = RETRY_DELAYS_MS, timeoutMs = SEND_TIMEOUT_MS } = options
  const { delivered = () => undefined } = options
  const reach = { allowPrivate, lookup }
  return { sql, clock, random, log, reach, retryDelaysMs, timeoutMs, delivered, signal }
}

type Work = { lanes: Lanes; sending: Sending }

function runnerOptions({ pgConfig, pollMs = POLL_MS, log }: DeliveryOptions, work: Work): RunnerOptions {
  return {
    ...addressOf(pgConfig),
    schema: SCHEMA,
    concurrency: MAX_IN_FLIGHT,
    maxPoolSize: MAX_CONNECTIONS,
    pollInterval: pollMs,
    noHandleSignals: true,
    // Otherwise a file named `crontab` in the working folder would be read.
    parsedCronItems: [],
    logger: loggerTo(log),
    forbiddenFlags: () => work.lanes.full(),
    taskList: { [DELIVER_TASK]: (payload: unknown) => runJob(payload, work) },
  }
}

async function runJob(payload: unknown, { lanes, sending }: Work): Promise<void> {
  if (!isDeliverJob(payload)) {
    sending.log.error('a delivery job of an unknown form was dropped')
    return
  }
  // Several workers may have taken jobs of one webhook before the first of them was counted.
  if (!lanes.enter(payload.webhook)) {
    return schedule(sending.sql, { id: payload.delivery, delayMs: LANE_PAUSE_MS })
  }
  try {
    await sendDelivery(payload, sending)
  } finally {
    lanes.leave(payload.webhook)
  }
}

function isDeliverJob(payload: unknown): payload is DeliverJob {
  if (typeof payload !== 'object' || payload === null) return false
  if (!('delivery' in payload && 'webhook' in payload && 'attempt' in payload)) return false
  const { delivery, webhook, attempt } = payload
  return typeof delivery === 'string' && typeof webhook === 'string' && typeof attempt === 'number'
}

async function clean({ sql, clock, log }: DeliveryOptions): Promise<void> {
  try {
    const gone = await cleanDeliveries(sql, clock.nowMs())
    if (gone > 0) log.info('old deliveries removed', { deliveries: gone })
  } catch (error) {
    log.warn('old deliveries could not be removed', { error: messageOf(error) })
  }
}

/** graphile-worker takes an address as one text; the folder of a socket stands where a host would. */
function addressOf(pgConfig: PgConfig): { connectionString: string } {
  if ('connectionString' in pgConfig) return pgConfig
  const { host, port, user, password, database } = pgConfig
  const [who, secret, name, where] = [user, password, database, host].map(encodeURIComponent)
  return { connectionString: `postgresql://${who}:${secret}@${where}:${port}/${name}` }
}

/** graphile-worker's warnings and errors in our log; the sender logs progress already. */
function loggerTo(log: Log): Logger {
  return new Logger(() => (level: string, message: string) => {
    // Workers outnumber connections on purpose: they wait for receivers, not for the database.
    if (message.startsWith('WARNING: having maxPoolSize')) return
    if (level === 'error') log.error('job queue', { message })
    else if (level === 'warning') log.warn('job queue', { message })
  })
}
