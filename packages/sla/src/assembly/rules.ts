/**
 * Rules: how the samples of a check are folded under the terms of a contract. Pure.
 */
import type { CheckTerms, ExpandedContract } from '../contract/expanded.ts'
import { isolationReferences, type Reference } from '../isolation.ts'
import type { FoldRules } from '../vantage.ts'

export type CheckRules = FoldRules & {
  by: 'reprobes' | 'slots'
  /** In order of name. Absent or empty: the host's own link alone isolates, and its agent says so. */
  isolation?: readonly Reference[]
}

export function foldRules({ fold }: CheckTerms, contract: ExpandedContract): CheckRules {
  const { holdMs, confirm } = fold
  const rules = { holdMs, down: confirm.down, up: confirm.up, by: confirm.by }
  return { ...rules, blockedIs: contract.measurement.blocked, isolation: isolationReferences(contract) }
}
