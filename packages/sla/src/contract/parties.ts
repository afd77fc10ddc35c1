/**
 * Parties: who answers for whom. Pure.
 */
import type { ExpandedContract } from './expanded.ts'

/** The provider and everybody it answers for: its subcontractors, and theirs. */
export function answeredByProvider({
  parties,
  provider,
}: Pick<ExpandedContract, 'parties' | 'provider'>): Set<string> {
  const found = new Set([provider])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { id, of } of parties) if (of !== null && found.has(of)) found.add(id)
  }
  return found
}
