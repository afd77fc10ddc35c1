/**
 * Made cluster: a database as a collector leaves it before its first contract, created once for a run of
 * vitest, or for all those of `npm test`, and copied for each collector. That a collector creates its own is
 * tested on its own.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateDatabase } from '../../collector/src/db/migrate.ts'
import { openDatabase } from '../../collector/src/db/open.ts'
import { keepFirst, MADE_CLUSTER } from './program.ts'
import { createKeptLog } from './silent-log.ts'

/** Called by vitest before the first file of a project. */
export async function setup(): Promise<(() => void) | undefined> {
  const shared = process.env[MADE_CLUSTER]
  if (shared !== undefined && existsSync(shared)) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'constat-cluster-'))
  const log = createKeptLog()
  const database = await openDatabase({ databaseUrl: null, dataDir: folder, log })
  await migrateDatabase(database, { log })
  await database.close()
  if (shared !== undefined) {
    keepFirst(folder, shared)
    return undefined
  }
  process.env[MADE_CLUSTER] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
