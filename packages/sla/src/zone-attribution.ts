/**
 * Zone attribution: in whose zone an incident began, so that its owner answers. Pure. (spec: incident)
 *
 * A reference is judged by those who see the incident and run it, no others. By the contract's quorum,
 * because one agent's broken cable is no reason for everybody's outage; and by more than half of them,
 * because two broken cables among forty sites are none either. The rest of the vantages have no say: a
 * healthy site does not hide the failing line of the two that are down, and a reference that fails where
 * nothing else does explains nothing. Failing and answering ask for the same number, so no reference does
 * both; one that nobody who sees the incident runs does neither, and the zone stays undetermined.
 */
import { invariant } from '@constat/shared/fault'
import type { Interval } from '@constat/shared/time'
import type { ResponsibilityZone } from './contract/expanded.ts'
import { quorum, type QuorumRule } from './quorum.ts'
import { isDown, isUp, where, type Timeline } from './timeline.ts'

export type ZoneQuestion = {
  /** From the agent to the service. */
  zones: readonly ResponsibilityZone[]
  /** Zone in which the target of the incident's check stands; null: nobody said. */
  ownZone: string | null
  /** From the onset for one hold of the incident's check, or until now while that is not over. */
  span: Interval
  /** By check: what each vantage that sees the incident, and runs it, knows of the reference. */
  references: ReadonlyMap<string, readonly Timeline[]>
  /** The contract's quorum for the vantages that see the incident. */
  quorum: QuorumRule
}

export type Attribution =
  | { kind: 'reference-failed'; zone: string; reference: string }
  /** Everything on the way to the zone of the check itself answers. */
  | { kind: 'way-answers'; zone: string }
  | { kind: 'undetermined' }

export function attribute(question: ZoneQuestion): Attribution {
  for (const { id, references } of question.zones) {
    const reference = references.find((check) => isFailing(check, question))
    if (reference !== undefined) return { kind: 'reference-failed', zone: id, reference }
  }
  const own = question.zones.findIndex(({ id }) => id === question.ownZone)
  if (own < 0) return { kind: 'undetermined' }
  const doesWayAnswer = question.zones
    .slice(0, own)
    .every(({ references }) => references.some((check) => isAnswering(check, question)))
  return doesWayAnswer ? { kind: 'way-answers', zone: question.zones[own]!.id } : { kind: 'undetermined' }
}

/** How many of `vantages` have to agree on what a reference says of an incident. */
export function vantagesNeeded(vantages: number, rule: QuorumRule): number {
  invariant(vantages >= 1, 'somebody runs the reference')
  return Math.max(Math.min(rule.down, vantages), Math.floor(vantages / 2) + 1)
}

/** Down at one instant of the span at least, for as many as are needed at once. */
function isFailing(check: string, { references, span, quorum: rule }: ZoneQuestion): boolean {
  const seen = references.get(check) ?? []
  if (seen.length === 0) return false
  const needed = vantagesNeeded(seen.length, rule)
  const timeline = quorum(seen, { down: needed, minKnown: needed })
  return where(timeline, span, isDown).length > 0
}

/** Known and never down within the span, for as many as are needed. */
function isAnswering(check: string, { references, span, quorum: rule }: ZoneQuestion): boolean {
  const seen = references.get(check) ?? []
  if (seen.length === 0) return false
  const answering = seen.filter(
    (timeline) => where(timeline, span, isUp).length > 0 && where(timeline, span, isDown).length === 0,
  )
  return answering.length >= vantagesNeeded(seen.length, rule)
}
