/**
 * Incidents compared: what is stored against what the timeline now says. The answer is a list of
 * changes, each safe to make twice; an id is given once and never reused. Late data may move ends, join
 * two incidents, reopen one, or leave nothing of it: each is said as such. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import type { CloseReason } from '@constat/sla/state/incident-record'
import type { SeenIncident } from './service-history.ts'

export type KnownIncident = {
  id: string
  onsetMs: UnixMs
  /** Null while open. */
  endMs: UnixMs | null
  closeReason: CloseReason | null
}

export type Change =
  /** Open now: people are told once the contract's delay is over. */
  | { kind: 'opened'; onsetMs: UnixMs }
  /** Found when it was over already: recorded, never paged. */
  | { kind: 'recorded'; onsetMs: UnixMs; endMs: UnixMs; isEnded: boolean }
  /** `isEnded`: nothing measures it any more. */
  | { kind: 'closed'; id: string; onsetMs: UnixMs; endMs: UnixMs; isEnded: boolean }
  | { kind: 'reopened'; id: string; onsetMs: UnixMs }
  | { kind: 'moved'; id: string; onsetMs: UnixMs; endMs: UnixMs | null }
  | { kind: 'merged'; id: string; into: string }
  | { kind: 'revised'; id: string }

/** Both lists of one service, in order of onset; `known` without those merged or revised away. */
export function compareIncidents(
  known: readonly KnownIncident[],
  computed: readonly SeenIncident[],
): Change[] {
  const changes: Change[] = []
  const taken = new Set<string>()
  for (const incident of computed) {
    const own = known.filter((one) => !taken.has(one.id) && overlaps(one, incident))
    for (const { id } of own) taken.add(id)
    const [first, ...rest] = own
    if (!first) changes.push(fresh(incident))
    else changes.push(...same(first, incident), ...rest.map((one) => mergedInto(one.id, first.id)))
  }
  for (const { id } of known) if (!taken.has(id)) changes.push({ kind: 'revised', id })
  return changes
}

function overlaps(known: KnownIncident, { startMs, endMs }: SeenIncident): boolean {
  const knownEndMs = known.endMs ?? Infinity
  const endsMs = endMs ?? Infinity
  return known.onsetMs === startMs || (known.onsetMs < endsMs && startMs < knownEndMs)
}

function fresh({ startMs, endMs, isEnded }: SeenIncident): Change {
  if (endMs === null) return { kind: 'opened', onsetMs: startMs }
  return { kind: 'recorded', onsetMs: startMs, endMs, isEnded }
}

function same(known: KnownIncident, { startMs, endMs, isEnded }: SeenIncident): Change[] {
  const { id } = known
  if (known.endMs === null && endMs !== null)
    return [{ kind: 'closed', id, onsetMs: startMs, endMs, isEnded }]
  if (known.endMs !== null && endMs === null) return [{ kind: 'reopened', id, onsetMs: startMs }]
  const hasMoved = known.onsetMs !== startMs || known.endMs !== endMs
  return hasMoved ? [{ kind: 'moved', id, onsetMs: startMs, endMs }] : []
}

function mergedInto(id: string, into: string): Change {
  return { kind: 'merged', id, into }
}
