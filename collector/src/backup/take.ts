/**
 * Taking a backup: the keys and settings of the data directory and every table that cannot be made again, as of
 * one instant, while the collector runs or not. The folder is there when it is whole, and not before. Not pure.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, constants } from 'node:zlib'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { copyOut } from '../db/backup-rows.ts'
import type { Database } from '../db/tx.ts'
import {
  FILE_FOLDERS,
  MANIFEST_FILE,
  manifestText,
  readManifest,
  tableFile,
  type Manifest,
} from './manifest.ts'

/** What is only true while something runs is not brought back, nor is what the embedded database makes. */
const LEFT = new Set([
  'collector.json',
  'database.password',
  'agent.lock',
  'agent.sock',
  'status.json',
  'agent.log',
])

export type Taking = {
  db: Database
  dataDir: string
  /** Must not be there. */
  folder: string
  version: string
  nowMs: UnixMs
  told: (bytes: number) => void
}

/** Faults `disk`, `conflict` where the folder is there. */
export async function takeBackup(taking: Taking): Promise<Manifest> {
  const { folder } = taking
  if (
    await stat(folder).then(
      () => true,
      () => false,
    )
  ) {
    throw new Fault('conflict', `${folder} is there already`, {
      hint: 'Name a folder that is not: nothing is written over.',
    })
  }
  const unfinished = `${folder}.part`
  try {
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(join(unfinished, 'tables'), { recursive: true, mode: 0o700 })
    const manifest = await fill(unfinished, taking)
    // What a restore would not take is no backup.
    readManifest(manifestText(manifest))
    await rename(unfinished, folder)
    return manifest
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new Fault('disk', `the backup cannot be written: ${messageOf(error)}`, { cause: error })
  }
}

async function fill(into: string, { db, dataDir, version, nowMs, told }: Taking): Promise<Manifest> {
  // Keys first: a table of later may name what they signed, never the other way round.
  const files = await copyFiles(dataDir, into)
  const tables: Manifest['tables'] = []
  let before = 0
  const { migrations } = await copyOut(db, async ({ table, columns }, rows) => {
    const counted = counting((bytes) => told(before + bytes))
    const path = join(into, tableFile(table))
    await pipeline(
      rows,
      counted.stream,
      createGzip({ level: constants.Z_BEST_SPEED }),
      createWriteStream(path, { mode: 0o600 }),
    )
    const { bytes, sha256 } = counted.end()
    before += bytes
    tables.push({ table, columns, bytes, sha256 })
  })
  const manifest = {
    format: 'constat-backup/1' as const,
    version,
    takenAt: formatInstant(nowMs),
    migrations,
    tables,
    files,
  }
  await writeFile(join(into, MANIFEST_FILE), manifestText(manifest), { mode: 0o600 })
  return manifest
}

async function copyFiles(dataDir: string, into: string): Promise<Manifest['files']> {
  const copied: Manifest['files'] = []
  for (const folder of FILE_FOLDERS) {
    const entries = await readdir(join(dataDir, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!entry.isFile() || LEFT.has(entry.name)) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      const [from, to] = [join(dataDir, path), join(into, 'files', path)]
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      await copyFile(from, to)
      copied.push({ path, mode: (await stat(from)).mode & 0o777, sha256: await digestOf(to) })
    }
  }
  return copied
}

/** Hex, SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

type Counting = { stream: Transform; end(): { bytes: number; sha256: string } }

/** Length and digest of what goes through. */
export function counting(told: (bytes: number) => void): Counting {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      bytes += chunk.length
      told(bytes)
      done(null, chunk)
    },
  })
  return { stream, end: () => ({ bytes, sha256: hash.digest('hex') }) }
}
