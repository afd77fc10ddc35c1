/**
 * Proof of closings: every closing of a log judged again on the leaves it names. It appends nothing; a
 * difference is said in words, because somebody may hold the digest that does not come out any more.
 */
import { messageOf } from '@constat/shared/fault'
import { closingProblem } from '@constat/sla/judgement/window-result'
import { rulesOf } from '@constat/sla/semantics'
import { readClosing, type ClosingBody } from '@constat/sla/state/closing'
import { entriesOfType } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '@constat/evidence/leaf'
import { proved } from '../ledger/proved.ts'
import { Refold, type RefoldDeps } from './refold.ts'

export type ClosingProof = {
  /** Closings that came out as they stand. */
  reproduced: number
  /** Judged by other rules than this program has: neither proved nor disproved. */
  unchecked: number
  /** One sentence for each that did not. */
  differing: string[]
}

export async function proveClosings(deps: RefoldDeps): Promise<ClosingProof> {
  const proof: ClosingProof = { reproduced: 0, unchecked: 0, differing: [] }
  const refold = new Refold(deps)
  for (const body of await closingsOf(deps.db, deps.log.id)) {
    if (!rulesOf(body.semantics)) {
      proof.unchecked += 1
      continue
    }
    const problem = await refold
      .to(body.ledger.size)
      .then((level) => closingProblem(body, level))
      .catch((error: unknown) => messageOf(error))
    if (problem === null) proof.reproduced += 1
    else proof.differing.push(`${body.contract}, window ${body.window}, version ${body.version}: ${problem}`)
  }
  return proof
}

/** By the size they were judged on: a log is read once, from its first leaf on. */
async function closingsOf(db: Database, log: number): Promise<ClosingBody[]> {
  const found: ClosingBody[] = []
  const rows = await proved(db, log, await entriesOfType(db, { log, type: leafCode('closing') }))
  for (const { body } of rows) {
    found.push(readClosing((await openBody(db, body)).toString()))
  }
  return found.sort((a, b) => a.ledger.size - b.ledger.size || a.version - b.version)
}
