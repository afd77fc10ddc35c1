/** Audit of every log, for commands: each to its end or to its first lie. */
import { logRows } from '../db/ledger-rows.ts'
import { Lie, type LieSaid } from '../ledger/lie.ts'
import { auditLog, type AuditDeps, type Audited } from './audit.ts'

/** 1,024 leaves of 60 kB: 60 MB at most, and a query for every four tiles. */
const PAGE_LEAVES = 1_024

export type AuditedLog = Audited & { contract: string; origin: string; size: number; lie: LieSaid | null }

/** `told` hears how far it is, in leaves of all logs. */
export async function auditAll(
  deps: AuditDeps,
  told: (progress: { done: number; of: number }) => void,
): Promise<AuditedLog[]> {
  const rows = await logRows(deps.db)
  const of = rows.reduce((sum, { size }) => sum + size, 0)
  const audited: AuditedLog[] = []
  let before = 0
  for (const row of rows) {
    const { contract, origin, size } = row
    const log: AuditedLog = {
      contract,
      origin,
      size,
      lie: null,
      leaves: 0,
      frames: 0,
      beside: 0,
      checkpoints: 0,
    }
    try {
      for await (const so of auditLog(row, { from: 0, pageLeaves: PAGE_LEAVES }, deps)) {
        Object.assign(log, so)
        told({ done: before + so.leaves, of })
      }
    } catch (error) {
      if (!(error instanceof Lie)) throw error
      log.lie = error.said
    }
    audited.push(log)
    before += size
  }
  return audited
}
