/** Clauses that this version records and shows, but does not judge by. Said at apply, so that nobody counts on them. Pure. */
import type { ExpandedContract } from '@constat/sla/contract/expanded'

/** One sentence for each kind of clause that has no effect yet. */
export function unjudgedClauses(terms: ExpandedContract): string[] {
  const { guarantees, exclusions, credits } = terms
  const told: string[] = []
  for (const { id, metric } of guarantees) {
    if (metric !== 'interval-availability' && metric !== 'share-within')
      told.push(`guarantee ${id}: ${metric}`)
  }
  if (exclusions.kinds.length > 0) told.push(`exclusions: ${exclusions.kinds.map(({ id }) => id).join(', ')}`)
  if (credits) told.push('credits')
  if (told.length === 0) return []
  return [`${terms.name}: recorded, but not judged by this version: ${told.join('; ')}`]
}
