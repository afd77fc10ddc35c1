/**
 * Lock: one collector per database, held by a session of its own so that it ends with the process. Not pure.
 * Invariant: a holder that lost its session has the lock again or learns that it lost it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '@constat/shared/fault'
import type { Log } from '../shell.ts'
import type { OpenDatabase } from './open.ts'
import type { Database } from './tx.ts'

/** Advisory locks are numbers shared by everything in one database: a space of our own, then the use. */
export const DATABASE_LOCKS = { space: 0x636f6e73, migrate: 1, collector: 2, events: 3, webhooks: 4 } as const

export type CollectorLock = { release(): Promise<void> }

const RETRY_MS = 250
/** The server sees the end of a killed predecessor's session a moment after the process is gone. */
const TAKE_ATTEMPTS = 12
/** A database that restarts is back within seconds; one that is away longer is tried for ever. */
const RETAKE_MS = 1_000

/**
 * Faults with `conflict` while another collector has it. `onLost` is called when the session broke and
 * somebody else took the lock before we could: stop writing at once.
 */
export async function lockCollector(
  { connectAlone }: Pick<OpenDatabase, 'connectAlone'>,
  { log, onLost }: { log: Log; onLost: () => void },
): Promise<CollectorLock> {
  let isReleased = false
  let isHeld = false
  const retake = async () => {
    while (!isReleased && !isHeld) {
      await sleep(RETAKE_MS, undefined, { ref: false })
      const taken = await tryTake(sql).catch((error: unknown) => {
        log.warn('the collector lock waits for the database', { error: messageOf(error) })
        return null
      })
      if (taken === false && !isReleased) return onLost()
      isHeld = taken === true
    }
  }
  const onClose = () => {
    if (!isHeld) return
    isHeld = false
    if (!isReleased) void retake()
  }
  const sql = connectAlone({ onClose })
  const release = async () => {
    isReleased = true
    await sql.end({ timeout: 0 })
  }
  for (let attempt = 0; attempt < TAKE_ATTEMPTS && !isHeld; attempt += 1) {
    if (attempt > 0) await sleep(RETRY_MS)
    isHeld = await tryTake(sql)
  }
  if (isHeld) return { release }
  await release()
  throw new Fault('conflict', 'another collector is running on this data', {
    hint: 'stop it first, or give this one a database or a data directory of its own',
  })
}

async function tryTake(sql: Database): Promise<boolean> {
  const [row] = await sql<{ taken: boolean }[]>`
    select pg_try_advisory_lock(${DATABASE_LOCKS.space}::int, ${DATABASE_LOCKS.collector}::int) as taken`
  return row?.taken === true
}
