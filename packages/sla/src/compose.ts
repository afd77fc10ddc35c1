/**
 * Composition: a service made of parts. `all` is down where any part is, `any` where all are,
 * `atLeast k` where fewer than k are up; set by set, unknown after Kleene's three-valued logic.
 * Pure. Percentages are never multiplied. (spec: composition)
 */
import { invariant } from '@constat/shared/fault'
import { combine, type Counts } from './combine.ts'
import { shade } from './quorum.ts'
import { MARK, type Timeline } from './timeline.ts'

export type Operator = { op: 'all' } | { op: 'any' } | { op: 'atLeast'; k: number }

/** The timeline of the whole. At least one part. */
export function compose(parts: readonly Timeline[], operator: Operator): Timeline {
  invariant(parts.length > 0, 'a composition has parts')
  const needed = partsDownForDown(operator, parts.length)
  return combine(parts, (counts) => markOf(counts, { needed, of: parts.length }))
}

/** How many of `of` parts must be down for the whole to be down. */
export function partsDownForDown(operator: Operator, of: number): number {
  if (operator.op === 'all') return 1
  if (operator.op === 'any') return of
  invariant(operator.k >= 1 && operator.k <= of, 'atLeast asks for 1 … n parts')
  return of - operator.k + 1
}

function markOf(counts: Readonly<Counts>, { needed, of }: { needed: number; of: number }): number {
  if (counts.down >= needed) {
    return MARK.known | MARK.down | (counts.provenDown >= needed ? MARK.provenDown : 0)
  }
  // Kleene: known up once enough parts are known up, whatever the unknown ones are.
  const knownUp = counts.known - counts.down
  if (knownUp <= of - needed) return counts.blocked > 0 ? MARK.blocked : 0
  const provenUp = of - counts.provenUp < needed ? MARK.provenUp : 0
  return MARK.known | provenUp | shade(counts)
}
