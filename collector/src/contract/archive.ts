/**
 * Archive: a contract ends now. No window begins any more, nothing is probed, and everything of it stays to be
 * read; the windows under way are judged on the time until now, and close as usual. Applying terms again takes
 * it up again.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { endedMs } from '@constat/sla/state/in-force'
import { jsonDraft } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { configurationDraft } from './assign.ts'
import type { Contracts } from './contracts.ts'

export type Archived = { contract: string; endedAt: string; changed: boolean }

export type ArchiveDeps = { contracts: Contracts; sequencer: Sequencer; nowMs: () => UnixMs }

/** Safe to run twice. Fault `not-found` where there is no such contract. */
export function archiveContract(
  contract: string,
  { contracts, sequencer, nowMs }: ArchiveDeps,
): Promise<Archived> {
  return contracts.inTurn(contract, async () => {
    const state = contracts.of(contract)
    const head = sequencer.headOf(contract)
    if (!state || !head) throw new Fault('not-found', `there is no contract ${contract}`)
    const atMs = nowMs()
    const known = endedMs(state.life, atMs)
    if (known !== null) return { contract, endedAt: formatInstant(known), changed: false }
    const life = { ...state.life, archivedMs: [...state.life.archivedMs, atMs] }
    const configuration = configurationDraft({ ...state, life }, { origin: head.origin, nowMs: atMs })
    const ended = jsonDraft({ kind: 'archive' }, { type: 'declaration', receivedMs: atMs })
    await sequencer.append({ log: head.id, drafts: configuration ? [ended, configuration] : [ended] })
    return { contract, endedAt: formatInstant(atMs), changed: true }
  })
}
