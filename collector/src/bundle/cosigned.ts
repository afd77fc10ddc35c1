/** Checkpoints with what witnesses have signed of them, each in one form: the log first, then witnesses by name. */
import { formatSignature } from '@constat/evidence/note'
import { quorumMet, type Policy } from '@constat/evidence/policy'
import { checkpointOver, type SignedNote } from '../db/bundle-rows.ts'
import { cosignaturesOf, cosignedSizes, type CosignatureRow } from '../db/cosignature-rows.ts'
import type { Database } from '../db/tx.ts'

/** Sizes of a log that are looked through at a time for one that a quorum has cosigned. */
const MAX_SIZES = 100

/** `words`: later ones on this size, which go before the first. */
export async function cosignedNote(
  db: Database,
  log: number,
  { size, note, words = [] }: SignedNote & { words?: readonly CosignatureRow[] },
): Promise<string> {
  const rows = newestWords(await cosignaturesOf(db, { log, sizes: [size] }), words)
  return note + rows.map(formatSignature).join('')
}

/** Each word in its place, the later one of the same key on the same size. */
export function newestWords(
  rows: readonly CosignatureRow[],
  later: readonly CosignatureRow[],
): CosignatureRow[] {
  return rows.map(
    (row) =>
      later.find(({ size, name, keyId }) => size === row.size && name === row.name && keyId === row.keyId) ??
      row,
  )
}

/**
 * The checkpoint under which everything below `size` is taken along: the first that a quorum has cosigned, else the
 * first that was signed. Null while there is none.
 */
export async function coveringCheckpoint(
  db: Database,
  policy: Policy | null,
  { log, size }: { log: number; size: number },
): Promise<SignedNote | null> {
  const witnessed = policy && (await firstWitnessed(db, policy, { log, size }))
  return checkpointOver(db, { log, size: witnessed ?? size })
}

async function firstWitnessed(
  db: Database,
  policy: Policy,
  { log, size }: { log: number; size: number },
): Promise<number | null> {
  for (let from = size; ;) {
    const sizes = await cosignedSizes(db, { log, size: from, limit: MAX_SIZES })
    const rows = await cosignaturesOf(db, { log, sizes })
    const met = sizes.find((one) =>
      quorumMet(
        policy,
        rows.filter((row) => row.size === one),
      ),
    )
    if (met !== undefined) return met
    const last = sizes.at(-1)
    if (last === undefined) return null
    from = last + 1
  }
}
