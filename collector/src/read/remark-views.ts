/** Remarks with their words, as far as these were not erased. */
import { formatInstant } from '@constat/shared/time'
import type { Remark } from '@constat/sla/state/remark-record'
import type { Database } from '../db/tx.ts'
import { openAllSaid } from '../ledger/said.ts'
import type { RemarkView } from '../view/remark.ts'

export async function remarkViews(db: Database, remarks: readonly Remark[]): Promise<RemarkView[]> {
  const digests = remarks.flatMap(({ said }) => (said === null ? [] : [Buffer.from(said, 'hex')]))
  const words = await openAllSaid(db, digests)
  return remarks.map(({ said, atMs, sinceMs, bytes: _bytes, ...rest }) => ({
    ...rest,
    at: formatInstant(atMs),
    since: sinceMs === null ? null : formatInstant(sinceMs),
    text: (said && words.get(said)) ?? null,
  }))
}
