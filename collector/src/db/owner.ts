/**
 * Owner: one live collector per cluster, before there is a database to ask. The claim is a listening
 * unix socket: the kernel takes it back whatever way its holder dies, and its number is never reused.
 * Not pure.
 */
import { lstatSync, unlinkSync } from 'node:fs'
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
    const found = identityOf(path)
    if (await answers(path)) break
    // Not one that another starter has put there since; nothing else of ours runs between the two calls.
    if (found !== null && identityOf(path) === found) unlinkSync(path)
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
  const before = identityOf(path)
  await sleep(SETTLE_MS)
  return before !== null && identityOf(path) === before
}

/** Inode numbers are used again at once, the instant of creation is not. Null: nothing is there. */
function identityOf(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : `${found.ino}:${found.ctimeNs}`
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
