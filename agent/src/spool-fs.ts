/** The file system as the spool sees it: a handful of verbs, so that a test can fill the disk. */
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  statfs,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname } from 'node:path'

export type SpoolFs = {
  makeFolder: (path: string) => Promise<void>
  list: (folder: string) => Promise<string[]>
  read: (path: string) => Promise<Buffer>
  readAt: (path: string, range: { offset: number; length: number }) => Promise<Buffer>
  /** Appends and waits until the bytes are on the medium; makes the file when it is not there. */
  append: (path: string, bytes: Buffer) => Promise<void>
  /** Whole or not at all, and on the medium when it returns. */
  replace: (path: string, bytes: Buffer) => Promise<void>
  /** Whole or not at all, but lost with the power: for what is derived. */
  publish: (path: string, bytes: Buffer) => Promise<void>
  truncate: (path: string, bytes: number) => Promise<void>
  move: (from: string, to: string) => Promise<void>
  remove: (path: string) => Promise<void>
  freeBytes: (folder: string) => Promise<number>
}

/** Readable by the agent's user alone. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

export const DISK: SpoolFs = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE })
  },
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  async readAt(path, { offset, length }) {
    const file = await open(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await file.read(bytes, 0, length, offset)
      return bytes.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  },
  async append(path, bytes) {
    const file = await open(path, 'a', FILE_MODE)
    try {
      await file.appendFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
  },
  async replace(path, bytes) {
    const draft = `${path}.new`
    const file = await open(draft, 'w', FILE_MODE)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
  },
  async publish(path, bytes) {
    const draft = `${path}.new`
    await writeFile(draft, bytes, { mode: FILE_MODE })
    await rename(draft, path)
  },
  truncate: (path, bytes) => truncate(path, bytes),
  move: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  },
}

/** Makes a file that must not be there yet, whole or not at all: a key is never half written. */
export async function createFile(path: string, bytes: Buffer): Promise<void> {
  const draft = `${path}.new`
  await DISK.replace(draft, bytes)
  try {
    // Unlike a rename, a link fails where the name is taken.
    await link(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(dirname(path))
}

/** A rename is on the medium once its folder is. Windows cannot open folders and does not need it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
