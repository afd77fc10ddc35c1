/**
 * The result of a window as a bundle has it: of one that is closed the closing, of one that goes on what its
 * leaves come to so far. Pure.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { NEWEST_RULES, rulesOf, SEMANTICS_VERSION, type Rules } from '../semantics.ts'
import { jsonOf, resultDigest, type ClosingBody } from '../state/closing.ts'
import { windowGroup } from '../state/in-force.ts'
import type { LedgerState } from './ledger-state.ts'
import { judgeWindow } from './window-judgement.ts'

/** Nothing of it is final: the next leaf may make it another. */
export type InterimBody = Omit<
  ClosingBody,
  'kind' | 'version' | 'amendableUntilMs' | 'previous' | 'trace'
> & { kind: 'interim' }

export type WindowResult = ClosingBody | InterimBody

/** RFC 8785. */
export function resultText(result: WindowResult): string {
  return canonicalJson(jsonOf(result))
}

/** Judged by the newest rules up to `asOfMs`; null where nothing is promised in the window. */
export async function interimResult(
  level: LedgerState,
  { window, asOfMs }: { window: string; asOfMs: UnixMs },
): Promise<InterimBody | null> {
  const group = windowGroup(level.state.life, window, asOfMs)
  const first = group?.promised[0]
  if (!group || !first) return null
  const { results } = await judgeWindow(level, { group, asOfMs, phase: 'open', rules: NEWEST_RULES })
  return {
    kind: 'interim',
    contract: level.state.contract,
    window: group.key,
    startMs: group.startMs,
    endMs: group.endMs,
    semantics: SEMANTICS_VERSION,
    revision: first.revision.revision,
    contractDigest: first.revision.digest,
    ledger: { size: level.size, root: level.root },
    asOfMs,
    digest: resultDigest(results),
    results,
  }
}

/** A closing judged again on the leaves that it names. Null: it came out as it stands. */
export async function closingProblem(body: ClosingBody, level: LedgerState): Promise<string | null> {
  const { ledger, digest, asOfMs } = body
  const rules = rulesOf(body.semantics)
  if (!rules) return `it was judged by semantics ${body.semantics}, which this program does not have`
  if (resultDigest(body.results) !== digest) return 'its results are not those of its own digest'
  if (level.root !== ledger.root) return `the first ${ledger.size} leaves have another root than it names`
  const found = await digestAgain(body, { level, rules, asOfMs })
  if (found === null) return 'the terms of its ledger promise nothing in this window'
  if (found === digest) return null
  return `judged again on its ${ledger.size} leaves the digest is ${found}, and not ${digest}`
}

async function digestAgain(
  { window }: ClosingBody,
  { level, rules, asOfMs }: { level: LedgerState; rules: Rules; asOfMs: UnixMs },
): Promise<string | null> {
  const group = windowGroup(level.state.life, window, asOfMs)
  if (!group) return null
  const { results } = await judgeWindow(level, { group, asOfMs, phase: 'closed', rules })
  return resultDigest(results)
}
