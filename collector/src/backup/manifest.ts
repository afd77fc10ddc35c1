/** The manifest of a backup: what is in it, with the digest of each file. Pure. */
import { Fault } from '@constat/shared/fault'
import { z } from 'zod'

export const MANIFEST_FILE = 'manifest.json'
export const MAX_MANIFEST_BYTES = 1_000_000
const FORMAT = 'constat-backup/1'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const sqlName = z.string().regex(/^[a-z_]{1,63}$/)

/** Folders of the data directory whose own files belong to it; their folders (spools) do not. */
export const FILE_FOLDERS = ['', 'agent', 'contracts']

/** A name in one of the folders: no step upwards, and nothing that begins at the root. */
function isBackedUp(path: string): boolean {
  const [name = '', folder = '', ...more] = path.split('/').toReversed()
  const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && name.length <= 255
  return isName && more.length === 0 && FILE_FOLDERS.includes(folder)
}

const manifestShape = z.strictObject({
  format: z.literal(FORMAT),
  /** Of the program that made it. */
  version: z.string().max(100),
  takenAt: z.iso.datetime(),
  /** Schema steps of the database, by the instant each was made. */
  migrations: z.array(z.number().int()).max(10_000),
  /** Each stands in `tables/NAME.copy.gz`. */
  tables: z
    .array(
      z.strictObject({
        table: sqlName,
        columns: z.array(sqlName).min(1).max(100),
        bytes: z.number().int(),
        sha256,
      }),
    )
    .max(100),
  /** Of the data directory, each in `files/`. */
  files: z
    .array(
      z.strictObject({
        path: z.string().refine(isBackedUp, 'no file of a data directory'),
        mode: z.number().int().min(0).max(0o777),
        sha256,
      }),
    )
    .max(10_000),
})

export type Manifest = z.output<typeof manifestShape>

export function manifestText(manifest: Omit<Manifest, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest } satisfies Manifest, null, 2)}\n`
}

/** Fault `bad-request` for what no `constat backup` has written. */
export function readManifest(text: string): Manifest {
  const parsed = manifestShape.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Fault(
    'bad-request',
    `${MANIFEST_FILE} is not the manifest of a backup: ${issue?.message ?? ''}`,
    {
      hint: 'Name the folder that `constat backup` has made.',
    },
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function tableFile(table: string): string {
  return `tables/${table}.copy.gz`
}
