/**
 * Erase: words of a person go, wherever they stand: beside the log, in events and in what is still to be sent. The leaf
 * keeps its commitment, and the tree holds. What was sent is with whoever has it.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
import { wordsIn, type Words } from '@constat/sla/state/words'
import { deleteSaid } from '../db/said-rows.ts'
import { eraseMessages } from '../db/events.ts'
import type { Database } from '../db/tx.ts'
import { openAllSaid } from '../ledger/said.ts'
import type { Contracts } from './contracts.ts'

export type WordsOpened = Omit<Words, 'atMs'> & { at: string; text: string | null }
export type Erased = { contract: string; digest: string; changed: boolean }
export type EraseDeps = { contracts: Contracts; db: Database }

/** Oldest first; `text` is null of those that were erased. Null where there is no such contract. */
export async function listWords(
  contract: string,
  { contracts, db }: EraseDeps,
): Promise<WordsOpened[] | null> {
  const state = contracts.of(contract)
  if (!state) return null
  const words = wordsIn(state)
  const digests = words.map(({ digest }) => Buffer.from(digest, 'hex'))
  const opened = await openAllSaid(db, digests)
  return words.map(({ atMs, ...rest }) => ({
    ...rest,
    at: formatInstant(atMs),
    text: opened.get(rest.digest) ?? null,
  }))
}

/** Safe to run twice. `digest`: hex, or its first eight digits and more. Faults `not-found`, `conflict`: of several. */
export function eraseWords(
  { contract, digest }: { contract: string; digest: string },
  { contracts, db }: EraseDeps,
): Promise<Erased> {
  return contracts.inTurn(contract, async () => {
    const state = contracts.of(contract)
    const found = state ? wordsIn(state).filter((words) => words.digest.startsWith(digest)) : []
    const [words] = found
    if (!words) throw new Fault('not-found', `nobody wrote ${digest} in ${contract}`)
    if (found.length > 1) {
      throw new Fault('conflict', `${found.length} begin with ${digest}: name more of its digits`)
    }
    const changed = await db.begin(async (tx) => {
      const text = await deleteSaid(tx, Buffer.from(words.digest, 'hex'))
      if (text !== null) await eraseMessages(tx, { contract, atMs: words.atMs })
      return text !== null
    })
    return { contract, digest: words.digest, changed }
  })
}
