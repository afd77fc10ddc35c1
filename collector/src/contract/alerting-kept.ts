/**
 * Alerting that was applied before it had any effect: read once from the documents that are kept. Safe to run twice.
 */
import type { UnixMs } from '@constat/shared/time'
import { alertingIn } from '@constat/sla/alerting/documents'
import type { AlertingDocument } from '@constat/sla/alerting/route'
import { parseContract } from '@constat/sla/contract/parse'
import type { ContractState } from '@constat/sla/state/contract-state'
import { hasAlerting, noteNoAlerting, putAlerting } from '../db/alerting.ts'
import { sourceOf } from '../db/source-rows.ts'
import type { Database } from '../db/tx.ts'

export async function catchUpAlerting(
  all: readonly ContractState[],
  { db, nowMs }: { db: Database; nowMs: UnixMs },
): Promise<void> {
  for (const state of all) {
    const { contract } = state
    if (await hasAlerting(db, contract)) continue
    const documents = await newestDocuments(db, state)
    await db.begin((tx) =>
      documents.length === 0 ? noteNoAlerting(tx, contract) : putAlerting(tx, { contract, documents, nowMs }),
    )
  }
}

/** Of the newest files that hold one. */
async function newestDocuments(db: Database, { contract, life }: ContractState): Promise<AlertingDocument[]> {
  for (const { revision } of life.revisions.toReversed()) {
    const files = await sourceOf(db, { contract, revision })
    const documents = files ? alertingIn(parseContract(files), contract) : []
    if (documents.length > 0) return documents
  }
  return []
}
