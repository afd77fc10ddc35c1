/**
 * Deliver: the workers that send deliveries. graphile-worker keeps the jobs, incidents before notices; this file
 * starts its workers and lets none of them be held by a webhook. Not pure. One per database: at the start,
 * every held job is taken to be a dead process's.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { Logger, run, runMigrations, type RunnerOptions } from 'graphile-worker'
import { cleanDeliveries, freeJobs, restoreJobs, schedule } from '../db/deliveries.ts'
import { DELIVER_TASK } from '../db/events.ts'
import type { PgConfig } from '../db/open.ts'
import { cleanReminders } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'
import type { Log, Random } from '../shell.ts'
import { WorkerPool } from './worker-pool.ts'
import { openLanes, type Lanes } from './lanes.ts'
import { resolveName, SEND_TIMEOUT_MS, type Lookup } from './post.ts'
import { RETRY_DELAYS_MS } from './retry.ts'
import { headlineOf } from './headline.ts'
import { sendDelivery, type DeliverJob, type Letters, type Sayer, type Sending } from './send.ts'
import type { MessageType } from './types.ts'

/** Jobs looked at at once. */
const WORKERS = 24
/** A worker waits for an answer this long and then takes the next job; the request goes on beside it. */
const PATIENCE_MS = 250
/** Connections of the workers; a request in flight holds none. */
const MAX_CONNECTIONS = 6
/** Each worker looks for jobs that fall due; new ones are notified. */
const POLL_MS = 2_000
/** What met a full lane, or could not be recorded, comes back after this; it holds no worker meanwhile. */
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
  /** Absent: in English, by ids, and no letters. */
  say?: Sayer
  letters?: Letters
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
  const sending = sendingOf(options, stopping.signal)
  const work = { lanes: openLanes(), underWay: new Set<Promise<void>>(), sending }
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
    await Promise.all(work.underWay)
    clearTimeout(grace)
  }
  return { stop: () => (stopped ??= stop()) }
}

function sendingOf(options: DeliveryOptions, signal: AbortSignal): Sending {
  const { sql, clock, random, log, allowPrivate, lookup = resolveName } = options
  const { retryDelaysMs = RETRY_DELAYS_MS, timeoutMs = SEND_TIMEOUT_MS } = options
  const { delivered = () => undefined, say = headlineOf, letters = NO_LETTERS } = options
  const reach = { allowPrivate, lookup }
  return { sql, clock, random, log, reach, retryDelaysMs, timeoutMs, say, letters, delivered, signal }
}

const NO_LETTERS: Letters = {
  send: () =>
    Promise.resolve({ status: null, error: 'no letters are sent here', body: null, retryAfter: null }),
}

type Work = { lanes: Lanes; underWay: Set<Promise<void>>; sending: Sending }

function runnerOptions({ pgConfig, pollMs = POLL_MS, log }: DeliveryOptions, work: Work): RunnerOptions {
  return {
    ...addressOf(pgConfig),
    schema: SCHEMA,
    concurrency: WORKERS,
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

async function runJob(payload: unknown, work: Work): Promise<void> {
  const { lanes, underWay, sending } = work
  if (!isDeliverJob(payload)) {
    sending.log.error('a delivery job of an unknown form was dropped')
    return
  }
  // Several workers may have taken jobs of one webhook before the first of them was counted.
  const passage = { ...payload, isNotice: payload.isNotice === true }
  if (!lanes.enter(passage)) {
    return schedule(sending.sql, { id: payload.delivery, delayMs: LANE_PAUSE_MS })
  }
  const sent = sendAlone(payload, sending).finally(() => {
    lanes.leave(passage)
    underWay.delete(sent)
  })
  underWay.add(sent)
  await Promise.race([sent, sleep(PATIENCE_MS, undefined, { ref: false })])
}

/** Its job may be done before it is: what goes wrong makes another, and a start makes those that are missing. */
async function sendAlone(job: DeliverJob, sending: Sending): Promise<void> {
  const { sql, log, signal } = sending
  try {
    return await sendDelivery(job, sending)
  } catch (error) {
    log.error('a delivery could not be sent; it will be tried again', { reason: messageOf(error) })
  }
  while (!signal.aborted) {
    try {
      return await schedule(sql, { id: job.delivery, delayMs: LANE_PAUSE_MS })
    } catch {
      // The database is away: nothing can be sent meanwhile either.
      await sleep(POLL_MS, undefined, { ref: false })
    }
  }
}

function isDeliverJob(payload: unknown): payload is DeliverJob & { isNotice?: unknown } {
  if (typeof payload !== 'object' || payload === null) return false
  if (!('delivery' in payload && 'webhook' in payload && 'attempt' in payload)) return false
  const { delivery, webhook, attempt } = payload
  return typeof delivery === 'string' && typeof webhook === 'string' && typeof attempt === 'number'
}

async function clean({ sql, clock, log }: DeliveryOptions): Promise<void> {
  try {
    const gone = await cleanDeliveries(sql, clock.nowMs())
    await cleanReminders(sql, clock.nowMs())
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
