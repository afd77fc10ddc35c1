/** Checkpoints: every log that has grown is signed anew, at most ten seconds after it did; none over a lie. */
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { insertCheckpoint } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'
import type { Sequencer } from './sequencer.ts'

/** Growth is under a signed checkpoint within this. */
export const CHECKPOINT_EVERY_MS = 5_000

export async function signCheckpoints(
  db: Database,
  { identity, clock }: Shell,
  sequencer: Sequencer,
): Promise<void> {
  for (const head of sequencer.heads()) {
    const { id, origin, size, root } = head
    if (size <= head.signedSize || sequencer.lieIn(id)) continue
    const note = signCheckpoint({ origin, size, root, extensions: [] }, identity.key)
    await insertCheckpoint(db, { log: id, size, note, signedMs: clock.nowMs() })
    head.signedSize = size
  }
}
