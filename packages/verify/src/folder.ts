/** A folder of one's own: held by one process, files on the disk when a call returns. Not pure. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, messageOf, systemCode } from '@constat/shared/fault'
import { lockFolder, type FolderLock } from '@constat/shared/folder-lock'

export type FolderUse = 'witness' | 'mirror'

/** Makes it where it is not there. Faults `conflict`, `disk`. */
export async function holdFolder(dir: string, use: FolderUse): Promise<FolderLock> {
  const held = await Promise.resolve()
    .then(() => mkdirSync(dir, { recursive: true, mode: 0o700 }))
    .then(() => lockFolder({ dir, use }))
    .catch((error: unknown) => {
      throw unusable(use, error)
    })
  if (held === 'taken') {
    throw new Fault('conflict', `another ${use} uses ${dir}`, { hint: 'Stop it, or name another folder.' })
  }
  if (held === null) throw unusable(use, new Error('it cannot be held'))
  return held
}

export function unusable(use: FolderUse, error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('disk', `the folder of the ${use} cannot be used: ${messageOf(error)}`)
}

/** In its place as a whole or not at all, whenever the power goes. */
export function writeDurably(path: string, bytes: string | Uint8Array): void {
  const unfinished = `${path}.new`
  const file = openSync(unfinished, 'w', 0o600)
  try {
    writeFileSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

export function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}
