/** Beside: the database of a collector that runs, read by the test. */
import { findEmbedded } from '../../collector/src/db/embedded.ts'
import { openAddress } from '../../collector/src/db/open.ts'
import type { Database } from '../../collector/src/db/tx.ts'
import { createKeptLog } from './silent-log.ts'

export async function besideOf<T>(dataDir: string, work: (db: Database) => Promise<T>): Promise<T> {
  const address = await findEmbedded(dataDir)
  if (!address) throw new Error(`no collector runs on ${dataDir}`)
  const database = await openAddress({ address, log: createKeptLog() })
  try {
    return await work(database.sql)
  } finally {
    await database.close()
  }
}
