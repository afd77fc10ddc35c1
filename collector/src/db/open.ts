/**
 * Open: one way into the database, whether it is ours or the operator's (`DATABASE_URL`). Not pure.
 * Invariants: int8 arrives as a number and fails loudly beyond 2^53; bytea arrives as a Buffer.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, invariant, messageOf, systemCode } from '@constat/shared/fault'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import type { Log } from '../shell.ts'
import { startEmbedded, type DatabaseAddress, type Embedded } from './embedded.ts'
import { guardClient } from './transaction.ts'
import type { Database } from './tx.ts'

/** For libraries that bring the `pg` driver. */
export type PgConfig =
  | { connectionString: string }
  | { host: string; port: number; user: string; password: string; database: string }

export type OpenDatabase = {
  sql: Database
  orm: PostgresJsDatabase
  pgConfig: PgConfig
  /** Null with DATABASE_URL. */
  embedded: Embedded | null
  /** One more client of one connection that is never replaced for its age: locks live on it. */
  connectAlone(options?: { onClose?: () => void }): Database
  close(): Promise<void>
}

/** Well below the embedded cluster's 40 connections. */
const POOL_MAX = 10
const CONNECT_TIMEOUT_S = 10
/** The driver's own pause grows with the failures of all connections together: to 20 s after one restart. */
const RECONNECT_PAUSE_S = 0.25
/** A database in the next container is often a moment later than we are. */
const WAIT_FOR_START_ATTEMPTS = 10
const WAIT_FOR_START_MS = 500
/**
 * The driver (3.4.9) forgets to reset its write timer when a connection breaks with a write pending: the
 * next startup message, being short, is then never sent and every use of that connection times out. One
 * beyond its 1,024 byte buffer is sent at once, which also resets the timer.
 */
const PADDING = 'x'.repeat(1_024)
const CLOSE_TIMEOUT_S = 5
const SERVER_VERSION_MIN = 140_000
const INT8 = 20
const JSON_TYPES = [114, 3802]

type Place = { databaseUrl: string | null; dataDir: string; log: Log }

/** Faults: `bad-config` (not a PostgreSQL address), `database`, and those of `startEmbedded`. */
export async function openDatabase({ databaseUrl, dataDir, log }: Place): Promise<OpenDatabase> {
  if (databaseUrl !== null) return await openTarget({ target: parseUrl(databaseUrl), embedded: null, log })
  const embedded = await startEmbedded({ dataDir, log })
  try {
    return await openTarget({ target: addressTarget(embedded.address), embedded, log })
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

type Address = { address: DatabaseAddress; log: Log }

/** For commands beside a running collector: its database, without starting or stopping anything. */
export async function openAddress({ address, log }: Address): Promise<OpenDatabase> {
  return await openTarget({ target: addressTarget(address), embedded: null, log })
}

/** As another part of this process has opened it, for a thread of its own: one connection. */
export async function connectConfigured(pgConfig: PgConfig, log: Log): Promise<Database> {
  const sql = connect({ target: { name: 'the database', pgConfig }, log, max: 1 })
  await sql`select 1`
  return sql
}

/** `name` is what messages may show: it holds no password. */
type Target = { name: string; pgConfig: PgConfig }

function parseUrl(databaseUrl: string): Target {
  // URL.parse needs Node 22.
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Fault('bad-config', 'DATABASE_URL is not the address of a PostgreSQL database', {
      hint: 'write it as postgres://user:password@host:5432/database, or unset it to use the embedded one',
    })
  }
  return { name: `${url.host}${url.pathname}`, pgConfig: { connectionString: databaseUrl } }
}

function addressTarget({ host, port, username, password, database }: DatabaseAddress): Target {
  return { name: host, pgConfig: { host, port, user: username, password, database } }
}

type Opening = { target: Target; embedded: Embedded | null; log: Log }

async function openTarget({ target, embedded, log }: Opening): Promise<OpenDatabase> {
  const alone: Database[] = []
  const sql = connect({ target, log, max: POOL_MAX })
  const close = async () => {
    await Promise.all([sql, ...alone].map((one) => one.end({ timeout: CLOSE_TIMEOUT_S })))
    await embedded?.stop()
  }
  try {
    await untilReachable({ sql, target, log })
    await checkServer({ sql, target })
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
  return {
    sql,
    orm: drizzleOn(sql),
    pgConfig: target.pgConfig,
    embedded,
    connectAlone: ({ onClose } = {}) => {
      const one = connect({ target, log, max: 1, ...(onClose && { onClose }) })
      alone.push(one)
      return one
    },
    close,
  }
}

type Connecting = { target: Target; log: Log; max: number; onClose?: () => void }

function connect({ target, log, max, onClose }: Connecting): Database {
  const { pgConfig } = target
  const options = {
    max,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: () => RECONNECT_PAUSE_S,
    connection: { application_name: 'constat', 'constat.padding': PADDING },
    types: { bigint: { to: INT8, from: [INT8], serialize: String, parse: parseInt8 } },
    onnotice: (notice: postgres.Notice) => {
      if (notice['severity'] === 'WARNING') log.warn('database', { notice: notice['message'] })
    },
    ...(max === 1 && { max_lifetime: null, idle_timeout: 0 }),
    ...(onClose && { onclose: onClose }),
  }
  return guardClient(
    'connectionString' in pgConfig
      ? postgres(pgConfig.connectionString, options)
      : postgres({ ...pgConfig, ...options }),
  )
}

function parseInt8(text: string): number {
  const value = Number(text)
  invariant(Number.isSafeInteger(value), `int8 ${text} does not fit a number`)
  return value
}

/**
 * drizzle switches the client's JSON encoding off, as it encodes by itself. Encoding what is not text yet
 * serves both: its own columns and `sql.json(…)` of objects and arrays.
 */
export function drizzleOn(sql: Database): PostgresJsDatabase {
  const orm = drizzle(sql)
  for (const type of JSON_TYPES) {
    sql.options.serializers[type] = (value: unknown) =>
      typeof value === 'string' ? value : JSON.stringify(value)
  }
  return orm
}

type Checking = { sql: Database; target: Target }

async function untilReachable({ sql, target, log }: Checking & { log: Log }): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql`select 1`
      return
    } catch (error) {
      const isStarting = ['ECONNREFUSED', '57P03'].includes(systemCode(error) ?? '')
      if (!isStarting || attempt === WAIT_FOR_START_ATTEMPTS)
        throw databaseFault({ error, name: target.name })
      if (attempt === 1) log.info('waiting for the database', { database: target.name })
      await sleep(WAIT_FOR_START_MS)
    }
  }
}

async function checkServer({ sql, target }: Checking): Promise<void> {
  const [server] = await sql<{ version: number; versionText: string; mayCreate: boolean }[]>`
    select current_setting('server_version_num')::int as version,
      current_setting('server_version') as "versionText",
      has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create, usage')
        as "mayCreate"`
  invariant(server, 'a select without from has one row')
  if (server.version < SERVER_VERSION_MIN) {
    throw new Fault(
      'database',
      `${target.name} runs PostgreSQL ${server.versionText}; 14 or newer is needed`,
      {
        hint: 'upgrade it, or unset DATABASE_URL to use the embedded database',
      },
    )
  }
  if (!server.mayCreate) {
    throw new Fault('database', `the user of DATABASE_URL may not create tables in ${target.name}`, {
      hint: 'make it the owner of the database: ALTER DATABASE … OWNER TO …',
    })
  }
}

/** What to do about it, by SQLSTATE or system code. */
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start it, or correct the host and port in DATABASE_URL',
  ENOENT: 'start it, or correct the socket folder in DATABASE_URL',
  ENOTFOUND: 'correct the host name in DATABASE_URL',
  EAI_AGAIN: 'correct the host name in DATABASE_URL, or the name resolution of this host',
  CONNECT_TIMEOUT: 'check the network and firewalls between here and the database',
  '28P01': 'correct the user and password in DATABASE_URL',
  '28000': "correct the user in DATABASE_URL, or the server's pg_hba.conf",
  '3D000': 'create the database first: CREATE DATABASE …',
  '42501': 'grant the user of DATABASE_URL the rights, or make it the owner of the database',
  '53300': 'raise max_connections of the database server',
}

/** The one place where a driver's error becomes a fault. */
export function databaseFault({ error, name }: { error: unknown; name: string }): Fault {
  const hint = HINTS[systemCode(error) ?? ''] ?? 'check DATABASE_URL and the state of the database server'
  return new Fault('database', `the database ${name} cannot be used: ${messageOf(error)}`, {
    hint,
    cause: error,
  })
}
