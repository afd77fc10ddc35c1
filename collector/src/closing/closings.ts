/** Closings read back: a state holds their heads, the ledger the whole of them. */
import { Fault } from '@constat/shared/fault'
import { readClosing, type ClosingBody, type ClosingHead } from '@constat/sla/state/closing'
import { entryRange } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { proved } from '../ledger/proved.ts'
import { leafCode } from '@constat/evidence/leaf'

/** The whole closing. Fault `evidence` where the leaf is not what its head says. */
export async function closingBody(db: Database, { log, leaf, digest }: ClosingHead): Promise<ClosingBody> {
  const range = { log, from: leaf, to: leaf + 1, limit: 1 }
  const [row] = await proved(db, log, await entryRange(db, range))
  const isClosing = row?.type === leafCode('closing')
  const body = isClosing ? readClosing((await openBody(db, row.body)).toString()) : null
  if (body?.digest === digest) return body
  throw new Fault('evidence', `leaf ${leaf} is not the closing that was read there before`, {
    hint: 'Do not delete anything: run `constat rebuild`, which checks every closing.',
  })
}
