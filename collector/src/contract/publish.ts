/**
 * Publication: whether the log of a contract is open to everybody, or to its readers alone. Each change is a leaf, so
 * that whoever reads the log sees since when others can.
 */
import { Fault } from '@constat/shared/fault'
import type { PublicationBody } from '@constat/sla/state/contract-state'
import { jsonDraft } from '../ledger/body.ts'
import type { ArchiveDeps } from './archive.ts'

export type Publication = { contract: string; published: boolean; changed: boolean }

/** Safe to run twice. Fault `not-found` where there is no such contract. */
export function publishLog(
  { contract, open }: { contract: string; open: boolean },
  { contracts, sequencer, nowMs }: ArchiveDeps,
): Promise<Publication> {
  return contracts.inTurn(contract, async () => {
    const state = contracts.of(contract)
    if (!state) throw new Fault('not-found', `there is no contract ${contract}`)
    if (state.isPublished === open) return { contract, published: open, changed: false }
    const body: PublicationBody = { kind: 'publication', open }
    const draft = jsonDraft(body, { type: 'declaration', receivedMs: nowMs() })
    await sequencer.append({ log: state.log, drafts: [draft] })
    return { contract, published: open, changed: true }
  })
}
