/**
 * Migrate: brings the schema to the version of this program. Not pure.
 * Invariant: what is applied is exactly what the program holds, or the start is refused: drizzle itself
 * neither locks nor notices a migration that is older than the newest applied one.
 */
import { readFile } from 'node:fs/promises'
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

type Migration = { tag: string; when: number }

async function knownMigrations(folder: string): Promise<Migration[]> {
  // Written by drizzle-kit and shipped with the program.
  const journal = JSON.parse(await readFile(`${folder}/meta/_journal.json`, 'utf8')) as {
    entries: Migration[]
  }
  return journal.entries
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
