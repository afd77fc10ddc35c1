/**
 * Bringing back a backup, into a data directory that has no key and a database that has no table. Every file is
 * held against its digest before anything is written; the schema is brought to the version of this program by the
 * same steps that an upgrade takes. Not pure.
 */
import { createReadStream } from 'node:fs'
import { copyFile, chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { continueNumbers, copyIn, dropEverything, isEmpty } from '../db/backup-rows.ts'
import { migrateAsOf, migrateDatabase } from '../db/migrate.ts'
import type { OpenDatabase } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import type { Log } from '../shell.ts'
import { MANIFEST_FILE, MAX_MANIFEST_BYTES, readManifest, tableFile, type Manifest } from './manifest.ts'
import { counting, digestOf } from './take.ts'

/** Faults `not-found`, `bad-request`, `evidence` with every file that is not what was written. */
export async function openBackup(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE)
  const size = await stat(path).then(({ size: bytes }) => bytes, missing(path))
  if (size > MAX_MANIFEST_BYTES) throw new Fault('bad-request', `${path} is longer than a manifest can be`)
  const manifest = readManifest(await readFile(path, 'utf8'))
  const problems: string[] = []
  for (const { path: name, sha256 } of manifest.files) {
    const found = await digestOf(join(folder, 'files', name)).catch(() => null)
    if (found !== sha256) problems.push(`files/${name}: ${found === null ? 'missing' : 'changed'}`)
  }
  for (const one of manifest.tables) {
    const problem = await tableProblem(folder, one)
    if (problem) problems.push(`${tableFile(one.table)}: ${problem}`)
  }
  if (problems.length === 0) return manifest
  throw new Fault('evidence', `${folder} is not what was backed up, and nothing was restored`, {
    hint: 'Take another copy of it, or an older backup.',
    problems,
  })
}

function missing(path: string): (error: unknown) => never {
  return (error) => {
    if (systemCode(error) !== 'ENOENT') throw new Fault('disk', `${path} cannot be read: ${messageOf(error)}`)
    throw new Fault('not-found', `there is no ${path}`, {
      hint: 'Name the folder that `constat backup` has made.',
    })
  }
}

async function tableProblem(
  folder: string,
  { table, bytes, sha256 }: Manifest['tables'][number],
): Promise<string | null> {
  const counted = counting(() => undefined)
  try {
    await pipeline(createReadStream(join(folder, tableFile(table))), createGunzip(), counted.stream.resume())
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'missing' : messageOf(error)
  }
  const found = counted.end()
  return found.bytes === bytes && found.sha256 === sha256 ? null : 'changed'
}

export type Restoring = {
  folder: string
  manifest: Manifest
  database: OpenDatabase
  dataDir: string
  log: Log
  told: (bytes: number) => void
}

/** All of it or nothing. Faults `conflict` where the database has tables, `database`. */
export async function bringBack({
  folder,
  manifest,
  database,
  dataDir,
  log,
  told,
}: Restoring): Promise<void> {
  const { sql } = database
  if (!(await isEmpty(sql))) {
    throw new Fault('conflict', 'the database has tables already', {
      hint: 'Restore into an empty one: nothing is written over.',
    })
  }
  try {
    // The schema as it was, so that what later steps do to rows is done to these.
    await migrateAsOf(database, { log, until: manifest.migrations })
    await fillTables({ folder, manifest, told }, sql)
    await migrateDatabase(database, { log })
    // Who was signed in then is not signed in now, and what lets in once may have done so since.
    await sql`delete from token where kind in ('session', 'step', 'invite', 'agent')`
    await fillDirectory({ folder, manifest }, dataDir)
  } catch (error) {
    await dropEverything(sql)
    throw error
  }
}

async function fillTables(
  { folder, manifest, told }: Pick<Restoring, 'folder' | 'manifest' | 'told'>,
  db: Database,
): Promise<void> {
  let before = 0
  await db.begin(async (tx) => {
    for (const one of manifest.tables) {
      const counted = counting((bytes) => told(before + bytes))
      await copyIn(tx, one, (rows) =>
        pipeline(createReadStream(join(folder, tableFile(one.table))), createGunzip(), counted.stream, rows),
      )
      before += one.bytes
    }
    await continueNumbers(tx)
  })
}

/** A data directory that has it is a collector's. */
const KEY_PATH = 'collector.key'

/** The key last. Safe to run again where it was cut short before that. */
async function fillDirectory(
  { folder, manifest }: Pick<Restoring, 'folder' | 'manifest'>,
  dataDir: string,
): Promise<void> {
  const keyLast = manifest.files.toSorted((a, b) => Number(a.path === KEY_PATH) - Number(b.path === KEY_PATH))
  for (const { path, mode } of keyLast) {
    const to = join(dataDir, path)
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await copyFile(join(folder, 'files', path), to)
    await chmod(to, mode)
  }
}
