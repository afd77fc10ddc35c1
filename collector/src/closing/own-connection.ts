/** A database connection for one piece of work on a thread, ended with it. */
import { connectConfigured, type PgConfig } from '../db/open.ts'
import type { Database } from '../db/tx.ts'

/** What goes wrong is the answer's to say. */
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }

export async function withOwnConnection<T>(
  pgConfig: PgConfig,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await connectConfigured(pgConfig, SILENT)
  try {
    return await work(db)
  } finally {
    await db.end({ timeout: 1 })
  }
}
