/**
 * Owner: one live collector per cluster, before there is a database to ask. The claim is a listening
 * unix socket: the kernel takes it back whatever way its holder dies, and its number is never reused.
 * Not pure.
 */
import { lstat, unlink } from 'node:fs/promises'
import { createServer, connect, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, systemCode } from '@constat/shared/fault'

export type Claim = { release(): Promise<void> }

const CLAIM_ATTEMPTS = 5
/** Longer than another starter needs between finding a dead claim and removing it. */
const SETTLE_MS = 20

/** `folder`: on this host's own disk, shorter than a socket path may be. */
export async function claimOwner({ folder, dataDir }: { folder: string; dataDir: string }): Promise<Claim> {
  const path = join(folder, 'owner.sock')
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
    const server = await listenOn(path)
    if (server !== null) {
      if (await isStillOurs(path)) return { release: () => closeServer(server) }
      await closeServer(server)
    }
    if (await answers(path)) break
    await unlink(path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error
    })
  }
  throw new Fault('conflict', `another collector is running on this data (${dataDir})`, {
    hint: 'stop it first, or choose another data directory with --data',
  })
}

/** Null: the path is taken, by a live owner or by what a dead one left. */
async function listenOn(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy())
  // A claim must not keep a program alive that has nothing else to do.
  server.unref()
  return await new Promise((settle, fail) => {
    server.once('error', (error) => {
      if (systemCode(error) === 'EADDRINUSE') settle(null)
      else fail(error)
    })
    server.listen(path, () => settle(server))
  })
}

/** Two starters may find the same dead claim; the slower then removes the claim of the faster. */
async function isStillOurs(path: string): Promise<boolean> {
  const before = await lstat(path).catch(() => null)
  await sleep(SETTLE_MS)
  const after = await lstat(path).catch(() => null)
  return before !== null && after !== null && before.ino === after.ino
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((settle) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.once('error', () => settle(false))
  })
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((settle) => {
    server.close(() => settle())
  })
}
