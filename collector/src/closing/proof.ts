/**
 * Proof of closings: every closing of a log judged again on the leaves it names. It appends nothing; a
 * difference is said in words, because somebody may hold the digest that does not come out any more.
 */
import { messageOf } from '@constat/shared/fault'
import { rulesOf, type Rules } from '@constat/sla/semantics'
import { readClosing, resultDigest, type ClosingBody } from '@constat/sla/state/closing'
import { windowGroup } from '@constat/sla/state/in-force'
import { entriesOfType } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '@constat/evidence/leaf'
import { proved } from '../ledger/proved.ts'
import { Refold, type RefoldDeps } from './refold.ts'
import { judgeWindow } from '@constat/sla/judgement/window-judgement'

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
    const rules = rulesOf(body.semantics)
    if (!rules) {
      proof.unchecked += 1
      continue
    }
    const problem = await problemOf(body, { refold, rules }).catch((error: unknown) => messageOf(error))
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

/** Null: everything is as it says. */
async function problemOf(
  body: ClosingBody,
  { refold, rules }: { refold: Refold; rules: Rules },
): Promise<string | null> {
  const { ledger, digest, asOfMs } = body
  if (resultDigest(body.results) !== digest) return 'its results are not those of its own digest'
  const level = await refold.to(ledger.size)
  if (level.root !== ledger.root) return `the first ${ledger.size} leaves have another root than it names`
  const group = windowGroup(level.state.life, body.window, asOfMs)
  if (!group) return 'the terms of its ledger promise nothing in this window'
  const { results } = await judgeWindow(level, { group, asOfMs, phase: 'closed', rules })
  const found = resultDigest(results)
  if (found === digest) return null
  return `judged again on its ${ledger.size} leaves the digest is ${found}, and not ${digest}`
}
