/**
 * Quorum: the timeline of a service out of those of its vantages.
 * Pure. Keeps P ⊆ D ⊆ S, and a vantage that goes blind never grows P nor shrinks S: each set asks for a
 * count that blindness can only lower (P, known) or only raise (S). (spec: composition)
 */
import { invariant } from '@constat/shared/fault'
import { combine, type Counts } from './combine.ts'
import { MARK, type Timeline } from './timeline.ts'

export type QuorumRule = {
  /** q: vantages that must agree on down. ≥ 1. */
  down: number
  /** Fewer known than this: the service is unknown. ≥ 1. */
  minKnown: number
}

export function quorum(vantages: readonly Timeline[], rule: QuorumRule): Timeline {
  invariant(rule.down >= 1 && rule.minKnown >= 1, 'a quorum asks for at least one vantage')
  return combine(vantages, (counts) => markOf(counts, { rule, of: vantages.length }))
}

/** What a contract means when it names no quorum: 1 of 1, else 2. */
export function defaultQuorum(vantages: number): QuorumRule {
  return { down: vantages > 1 ? 2 : 1, minKnown: 1 }
}

function markOf(counts: Counts, { rule, of }: { rule: QuorumRule; of: number }): number {
  const possiblyDown = of - counts.provenUp
  if (counts.known < rule.minKnown) return counts.blocked > 0 ? MARK.blocked : 0
  if (counts.down >= rule.down) {
    return MARK.known | MARK.down | (counts.provenDown >= rule.down ? MARK.provenDown : 0)
  }
  const provenUp = possiblyDown < rule.down ? MARK.provenUp : 0
  return MARK.known | provenUp | shade(counts)
}

/** How an instant that counts as up is told: somebody sees it down, or somebody sees it degraded. */
export function shade(counts: Readonly<Counts>): number {
  if (counts.down > 0 || counts.partial > 0) return MARK.partial
  return counts.degraded > 0 ? MARK.degraded : 0
}
