/**
 * Migrate: brings the schema to the version of this program. Not pure.
 * Invariant: what is applied is exactly what the program holds, or the start is refused: drizzle itself
 * neither locks nor notices a migration that is older than the newest applied one.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@constat/shared/fault'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import type { Log } from '../shell.ts'
import { DATABASE_LOCKS } from './lock.ts'
import { databaseFault, drizzleOn, type OpenDatabase } from './open.ts'
import type { Database } from './tx.ts'

/** Beside this file in the sources, beside the bundle when built. */
const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url))
/** Another collector may be migrating a large database. */
const LOCK_TIMEOUT = '10min'

/** Safe to run twice and by two programs at once. `folder` only differs in tests. */
export async function migrateDatabase(
  { connectAlone }: Pick<OpenDatabase, 'connectAlone'>,
  { log, folder = FOLDER }: { log: Log; folder?: string },
): Promise<void> {
  const known = await knownMigrations(folder)
  const sql = connectAlone()
  try {
    await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, false)`
    await sql`select pg_advisory_lock(${DATABASE_LOCKS.space}::int, ${DATABASE_LOCKS.migrate}::int)`
    const before = await appliedMigrations(sql)
    refuseNewer({ known, applied: before })
    if (known.some(({ when }) => !before.has(when)))
      await migrate(drizzleOn(sql), { migrationsFolder: folder })
    const after = await appliedMigrations(sql)
    refuseSkipped({ known, applied: after })
    if (after.size > before.size) log.info('database schema updated', { from: before.size, to: after.size })
  } catch (error) {
    throw error instanceof Fault ? error : databaseFault({ error, name: 'schema' })
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: 0 })
  }
}

/**
 * The schema as a database had it whose steps, by the instant each was made, are `until`. Fault `database` where this
 * program does not know one of them.
 */
export async function migrateAsOf(
  database: Pick<OpenDatabase, 'connectAlone'>,
  { log, until }: { log: Log; until: readonly number[] },
): Promise<void> {
  const applied = new Set(until)
  const known = await knownMigrations(FOLDER)
  refuseNewer({ known, applied })
  const folder = await mkdtemp(join(tmpdir(), 'constat-schema-'))
  try {
    await cp(FOLDER, folder, { recursive: true })
    // drizzle takes every step of a folder: those of later are not in this one's journal.
    const journal = join(folder, JOURNAL)
    const whole = JSON.parse(await readFile(journal, 'utf8')) as Journal
    const entries = whole.entries.filter(({ when }) => applied.has(when))
    await writeFile(journal, JSON.stringify({ ...whole, entries }))
    await migrateDatabase(database, { log, folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const JOURNAL = 'meta/_journal.json'
type Migration = { tag: string; when: number }
/** Written by drizzle-kit and shipped with the program. */
type Journal = { entries: Migration[] }

async function knownMigrations(folder: string): Promise<Migration[]> {
  return (JSON.parse(await readFile(join(folder, JOURNAL), 'utf8')) as Journal).entries
}

/** By the instant each was made, which is what drizzle knows them by. */
async function appliedMigrations(sql: Database): Promise<ReadonlySet<number>> {
  const [table] =
    await sql`select 1 from pg_tables where schemaname = 'drizzle' and tablename = '__drizzle_migrations'`
  if (table === undefined) return new Set()
  const rows = await sql<{ when: number }[]>`select created_at as "when" from drizzle.__drizzle_migrations`
  return new Set(rows.map(({ when }) => when))
}

type Comparison = { known: readonly Migration[]; applied: ReadonlySet<number> }

function refuseNewer({ known, applied }: Comparison): void {
  const strangers = [...applied].filter((when) => !known.some((one) => one.when === when))
  if (strangers.length === 0) return
  throw new Fault(
    'database',
    `the database is newer than this program: ${strangers.length} unknown schema steps`,
    {
      hint: 'start the version of Constat that last wrote it, or a later one',
    },
  )
}

function refuseSkipped({ known, applied }: Comparison): void {
  const skipped = known.filter(({ when }) => !applied.has(when)).map(({ tag }) => tag)
  if (skipped.length === 0) return
  throw new Fault('database', `schema steps are older than the newest applied one: ${skipped.join(', ')}`, {
    hint: 'this is a defect of this version of Constat: please report it',
  })
}
