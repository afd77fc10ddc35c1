/**
 * Folder lock: one process for one folder, held by a socket that listens: the kernel lets go of it however its process
 * ends, and gives it to one of those that ask at once. On Linux it has a name without a file, by the folder's device
 * and inode (unix(7), abstract), on Windows that of a pipe; elsewhere it is a file, which a dead process leaves behind
 * and the next one finds to answer nobody. Not pure.
 */
import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { systemCode } from './fault.ts'

/** Of an abstract name, whole: some versions of Node.js fill up a shorter one with NUL, and others do not. */
const NAME_BYTES = 108

/** `use` is a part of the name: an agent and a witness in one folder do not meet. Small letters. */
export type LockedFolder = { dir: string; use: string; platform?: NodeJS.Platform }
export type FolderLock = { release: () => Promise<void> }

/** Null where nothing can be held there. */
export async function lockFolder(folder: LockedFolder): Promise<FolderLock | 'taken' | null> {
  const place = await placeOf(folder)
  const server = (await listenAt(place)) ?? (await listenAfterTheDead(place))
  if (server === 'taken' || server === null) return server
  return {
    async release() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Whether a process holds it. */
export async function isLocked(folder: LockedFolder): Promise<boolean> {
  const place = await placeOf(folder).catch(() => null)
  return place !== null && (await answers(place.name))
}

type Place = { name: string; isFile: boolean }

async function placeOf({ dir, use, platform = process.platform }: LockedFolder): Promise<Place> {
  const { dev, ino } = await stat(dir, { bigint: true })
  const name = `constat-${use}-${createHash('sha256').update(`${dev}/${ino}`).digest('hex')}`
  if (platform === 'linux') return { name: `\0${name}`.padEnd(NAME_BYTES, '-'), isFile: false }
  if (platform === 'win32') return { name: ['', '', '?', 'pipe', name].join('\\'), isFile: false }
  return { name: join(dir, `${use}.sock`), isFile: true }
}

/** Undefined where a file of that name is there that nobody may listen at. */
function listenAt({ name, isFile }: Place): Promise<Server | 'taken' | null | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => {
      if (systemCode(error) !== 'EADDRINUSE') resolve(null)
      else resolve(isFile ? undefined : 'taken')
    })
    // It holds a place, and must not hold the process.
    server.listen(name, () => resolve(server.unref()))
  })
}

async function listenAfterTheDead(place: Place): Promise<Server | 'taken' | null> {
  if (await answers(place.name)) return 'taken'
  await rm(place.name, { force: true })
  return (await listenAt(place)) ?? 'taken'
}

function answers(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
