/** Rules of tracks: how the terms of a contract have the samples of a check folded. Pure. */
import { foldRules, type CheckRules } from '../assembly/rules.ts'
import { isolationReferences } from '../isolation.ts'
import type { Life } from '../state/contract-state.ts'
import { rulesText, standingRules } from './track.ts'

/**
 * Every set of rules that some revision folds a check under, and the first leaf it applies to. A reference
 * that can isolate is folded once more, by what it stands at alone.
 */
export function rulesOf({ revisions }: Life, check: string): { rules: CheckRules; fromIndex: number }[] {
  const found = new Map<string, { rules: CheckRules; fromIndex: number }>()
  for (const { terms, leaf } of revisions) {
    const own = terms.checks.find(({ name }) => name === check)
    if (!own) continue
    const isReference = isolationReferences(terms).some((reference) => reference.check === check)
    const standing = isReference ? [standingRules(own.fold.holdMs)] : []
    for (const rules of [foldRules(own, terms), ...standing]) {
      const text = rulesText(rules)
      if (!found.has(text)) found.set(text, { rules, fromIndex: leaf })
    }
  }
  return [...found.values()]
}
