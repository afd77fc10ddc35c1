/**
 * `constat doctor`: what an operator would look at first, one line each: this host, the data directory, the database,
 * and what the collector that runs says of its agents and webhooks. It changes nothing. Exit 1 when something fails.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { X509Certificate } from 'node:crypto'
import { dirname, join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { CollectorConfig } from '../config.ts'
import { readIdentity } from '../data-dir.ts'
import { DISK_FLOOR_BYTES } from '../health.ts'
import type { Log } from '../shell.ts'
import { mebibytes } from '../view/health.ts'
import { VERSION } from '../version.ts'
import { openAnyway } from './beside.ts'
import { runningFindings, type Finding } from './doctor-running.ts'
import { openLog } from './log.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

/** Less room than this is told, long before the floor is reached. */
const DISK_SOON_BYTES = 4 * DISK_FLOOR_BYTES
const CERTIFICATE_SOON_MS = 30 * 86_400_000
const NODE_MIN = [20, 19] as const

export async function doctor(flags: { data?: string; json?: boolean }, world: World): Promise<number> {
  const findings = [nodeFinding(process.versions.node), ...(await hostFindings(flags, world))]
  const ok = findings.every(({ level }) => level !== 'fail')
  if (flags.json) world.out(JSON.stringify({ ok, findings }))
  else for (const line of findings.map(lineOf)) world.out(line)
  return ok ? EXIT.done : EXIT.no
}

function lineOf({ about, level, what, hint }: Finding): string {
  return `${level.padEnd(4)}  ${about}: ${what}${hint === undefined ? '' : `. ${hint}`}`
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  const about = 'Node.js'
  return isEnough
    ? { about, level: 'ok', what: `${version}, Constat ${VERSION}` }
    : { about, level: 'fail', what: version, hint: `Install ${NODE_MIN.join('.')} or newer.` }
}

async function hostFindings(flags: { data?: string }, world: World): Promise<Finding[]> {
  let config: CollectorConfig
  try {
    config = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.problems.map((what) => ({ about: 'environment', level: 'fail', what }))
  }
  const log = openLog('error', world)
  const known = readIdentity(config.dataDir) !== null
  const findings = [
    ...directoryFindings(config),
    await diskFinding(config),
    await certificateFinding(config, world.clock.nowMs()),
  ]
  if (!known) return findings.filter((one) => one !== null)
  findings.push(await databaseFinding(config, log))
  return [...findings.filter((one) => one !== null), ...(await runningFindings(config, world.clock.nowMs()))]
}

function directoryFindings({ dataDir }: CollectorConfig): Finding[] {
  const about = 'data directory'
  try {
    accessSync(existsSync(dataDir) ? dataDir : dirname(dataDir), constants.W_OK)
  } catch {
    return [
      {
        about,
        level: 'fail',
        what: `${dataDir} cannot be written`,
        hint: 'Run as the user whose it is, or name another with --data.',
      },
    ]
  }
  if (readIdentity(dataDir) === null) {
    return [
      {
        about,
        level: 'warn',
        what: `no collector has run on ${dataDir}`,
        hint: '`npm start` begins one there.',
      },
    ]
  }
  const open = ['collector.key', 'tls.key', 'owner.token', 'database.password'].filter((file) => {
    const path = join(dataDir, file)
    return existsSync(path) && (statSync(path).mode & 0o077) !== 0
  })
  if (open.length === 0) return [{ about, level: 'ok', what: dataDir }]
  return [{ about, level: 'fail', what: `others can read ${open.join(', ')}`, hint: 'chmod 600 them.' }]
}

async function diskFinding({ dataDir, databaseUrl }: CollectorConfig): Promise<Finding | null> {
  if (!existsSync(dataDir)) return null
  const { bavail, bsize } = await statfs(dataDir)
  const free = bavail * bsize
  const what = `${mebibytes(free)} MiB free`
  // Where the database is elsewhere, little is written here.
  if (databaseUrl !== null || free >= DISK_SOON_BYTES) return { about: 'disk', level: 'ok', what }
  const hint = `Below ${mebibytes(DISK_FLOOR_BYTES)} MiB no samples are taken: make room.`
  return { about: 'disk', level: free < DISK_FLOOR_BYTES ? 'fail' : 'warn', what, hint }
}

async function certificateFinding({ tls, dataDir }: CollectorConfig, nowMs: UnixMs): Promise<Finding | null> {
  const path = tls.kind === 'files' ? tls.cert : join(dataDir, 'tls.pem')
  if (tls.kind === 'off' || (tls.kind === 'auto' && !existsSync(path))) return null
  const about = 'certificate'
  try {
    const endMs = Date.parse(new X509Certificate(await readFile(path)).validTo)
    const what = `${path} is valid until ${formatInstant(endMs).slice(0, 10)}`
    if (endMs - nowMs > CERTIFICATE_SOON_MS) return { about, level: 'ok', what }
    return { about, level: endMs <= nowMs ? 'fail' : 'warn', what, hint: 'Renew it.' }
  } catch (error) {
    return { about, level: 'fail', what: `${path}: ${messageOf(error)}`, hint: 'Correct CONSTAT_TLS.' }
  }
}

async function databaseFinding(config: CollectorConfig, log: Log): Promise<Finding> {
  const about = 'database'
  try {
    const database = await openAnyway(config, log)
    try {
      const [row] = await database.sql<{ version: string; bytes: number; logs: number }[]>`
        select current_setting('server_version') as version, pg_database_size(current_database()) as bytes,
          (select count(*) from log)::int as logs`
      const { version, bytes, logs } = row!
      return { about, level: 'ok', what: `PostgreSQL ${version}, ${mebibytes(bytes)} MiB, ${logs} log(s)` }
    } finally {
      await database.close()
    }
  } catch (error) {
    const hint = error instanceof Fault && error.hint !== '' ? { hint: error.hint } : {}
    return { about, level: 'fail', what: messageOf(error), ...hint }
  }
}
