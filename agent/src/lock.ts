/**
 * Lock: one agent for one directory, held by a socket that listens: the kernel lets go of it however its process ends,
 * and gives it to one of those that ask at once. On Linux it has a name without a file, by the directory's device and
 * inode (unix(7), abstract), on Windows that of a pipe; elsewhere it is a file, which a dead agent leaves behind and
 * the next one finds to answer nobody. The file beside it says who holds it, for people: it decides nothing.
 */
import { createHash } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { Fault, systemCode } from '@constat/shared/fault'
import { DISK } from './spool-fs.ts'
import { parseObject } from './state.ts'

const LOCK_FILE = 'agent.lock'
const SOCKET_FILE = 'agent.sock'
/** Of an abstract name, whole: some versions of Node.js fill up a shorter one with NUL, and others do not. */
const NAME_BYTES = 108

export type Lock = { release: () => Promise<void> }

/** Null where nothing can be held there: a directory that cannot be written has no spool to fight over either. */
export async function takeLock(dir: string, platform = process.platform): Promise<Lock | null> {
  const place = await placeOf(dir, platform)
  const server = (await listenAt(place)) ?? (await listenAfterTheDead(place))
  if (server === 'taken') {
    const pid = await writtenPid(dir)
    const who = pid === null ? '' : ` (process ${pid})`
    throw new Fault('conflict', `another agent${who} runs in ${dir}`, {
      hint: 'stop it first, or name another directory in CONSTAT_AGENT_DIR',
    })
  }
  if (server === null) return null
  const path = join(dir, LOCK_FILE)
  await DISK.publish(path, Buffer.from(JSON.stringify({ pid: process.pid }))).catch(() => undefined)
  return {
    async release() {
      await rm(path, { force: true }).catch(() => undefined)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The process that runs in `dir`; null when none does. */
export async function holderOf(dir: string): Promise<number | null> {
  const place = await placeOf(dir, process.platform).catch(() => null)
  return place !== null && (await answers(place.name)) ? await writtenPid(dir) : null
}

type Place = { name: string; isFile: boolean }

async function placeOf(dir: string, platform: NodeJS.Platform): Promise<Place> {
  const { dev, ino } = await stat(dir, { bigint: true })
  const name = `constat-agent-${createHash('sha256').update(`${dev}/${ino}`).digest('hex')}`
  if (platform === 'linux') return { name: `\0${name}`.padEnd(NAME_BYTES, '-'), isFile: false }
  if (platform === 'win32') return { name: ['', '', '?', 'pipe', name].join('\\'), isFile: false }
  return { name: join(dir, SOCKET_FILE), isFile: true }
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

async function writtenPid(dir: string): Promise<number | null> {
  const { pid } = parseObject(await readFile(join(dir, LOCK_FILE), 'utf8').catch(() => ''))
  return typeof pid === 'number' ? pid : null
}
