/**
 * The result of a window that goes on, at a size of its log: all leaves folded again with a database connection of
 * its own, so that it can be worked out on any thread.
 */
import { interimResult, resultText } from '@constat/sla/judgement/window-result'
import type { UnixMs } from '@constat/shared/time'
import { Refold } from './refold.ts'
import type { PgConfig } from '../db/open.ts'
import { withOwnConnection } from './own-connection.ts'

/** Plain data: it is handed to a thread. */
export type InterimJob = {
  pgConfig: PgConfig
  log: { id: number; contract: string }
  size: number
  window: string
  /** When its last leaf was received. */
  asOfMs: UnixMs
}

/** RFC 8785; null where nothing is promised in the window. */
export async function interimHere({
  pgConfig,
  log,
  size,
  window,
  asOfMs,
}: InterimJob): Promise<string | null> {
  return withOwnConnection(pgConfig, async (db) => {
    const level = await new Refold({ db, log, nowMs: () => asOfMs }).to(size)
    const result = await interimResult(level, { window, asOfMs })
    return result && resultText(result)
  })
}
