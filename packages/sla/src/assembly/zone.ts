/**
 * The zone of an incident: in whose part of the way to the service it began, told by the references of those
 * who see it. Pure. The hold is that of the check which failed first. (spec: incident)
 */
import type { UnixMs } from '@constat/shared/time'
import { quorumFor } from '../contract/expanded.ts'
import { indexAt, isDown, markAt, where, type Timeline } from '../timeline.ts'
import { attribute, type Attribution } from '../zone-attribution.ts'
import { checkOf } from './service.ts'
import { sightings, type Observed } from './observed.ts'

export type ZonePlace = {
  service: string
  onsetMs: UnixMs
  /** What came later is not looked at. */
  untilMs: UnixMs
}

/** Null where the contract draws no zones, or nobody sees the service down at the onset. */
export function zoneOf(observed: Observed, place: ZonePlace): Attribution | null {
  const { terms } = observed
  const { service, onsetMs, untilMs } = place
  if (terms.zones.length === 0) return null
  const seen = sightings(observed, service)
  const first = firstToFail(seen, onsetMs)
  if (!first) return null
  const span = { startMs: onsetMs, endMs: Math.min(onsetMs + first.check.fold.holdMs, untilMs) }
  const seeing = new Set(
    seen.filter(({ timeline }) => where(timeline, span, isDown).length > 0).map(({ agent }) => agent),
  )
  const names = new Set(terms.zones.flatMap(({ references }) => references))
  const references = [...names].map((name) => {
    const own = observed.vantagesOf(checkOf(terms, name)).filter(({ agent }) => seeing.has(agent.id))
    // As they were heard: silence that counts as down tells nothing of the way.
    return [name, own.flatMap(({ heard }) => heard?.timeline() ?? [])] as const
  })
  return attribute({
    zones: terms.zones,
    ownZone: first.check.zone,
    span,
    references: new Map(references),
    quorum: quorumFor(terms.measurement.quorum, seeing.size),
  })
}

export const UNDETERMINED = 'undetermined'

/** A zone, or `undetermined`. */
export function zoneNamed(attribution: Attribution): string {
  return attribution.kind === 'undetermined' ? UNDETERMINED : attribution.zone
}

/** Of those down at an instant, the one that has been for longest; of equals the first. */
export function firstToFail<T extends { timeline: Timeline }>(seen: readonly T[], atMs: UnixMs): T | null {
  let first: T | null = null
  let firstMs = Infinity
  for (const one of seen) {
    const sinceMs = downSinceMs(one.timeline, atMs)
    if (sinceMs >= firstMs) continue
    first = one
    firstMs = sinceMs
  }
  return first
}

/** Infinity where it is not down at that instant. */
function downSinceMs(timeline: Timeline, atMs: UnixMs): UnixMs {
  if (!isDown(markAt(timeline, atMs))) return Infinity
  let i = indexAt(timeline, atMs)
  while (i > 0 && isDown(timeline.mark[i - 1]!)) i -= 1
  return timeline.at[i]!
}
