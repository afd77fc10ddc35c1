/**
 * A preview: a closed window under terms that are not in force. The whole log is folded again by these terms, with
 * a database connection of its own, so that it can be worked out on any thread.
 */
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ClosingHead } from '@constat/sla/state/closing'
import type { PgConfig } from '../db/open.ts'
import type { PreviewView } from '../view/window.ts'
import { withOwnConnection } from './own-connection.ts'
import { Refold } from './refold.ts'
import { previewOf, proposedRevision, type Precedent } from './window-answers.ts'

/** Plain data: it is handed to a thread. */
export type PreviewJob = {
  pgConfig: PgConfig
  log: { id: number; contract: string }
  nowMs: UnixMs
  closing: ClosingHead
  precedent: Precedent
}

export async function previewHere(
  { pgConfig, log, nowMs, closing, precedent }: PreviewJob,
  terms: ExpandedContract,
): Promise<PreviewView> {
  return withOwnConnection(pgConfig, async (db) => {
    const proposed = proposedRevision(precedent, terms)
    const refold = new Refold({ db, log, nowMs: () => nowMs, extra: proposed })
    return previewOf(await refold.to(closing.ledger.size), { closing, proposed })
  })
}
