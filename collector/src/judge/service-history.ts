/**
 * The history of a service: its states and incidents, each under the terms that were in force then. A revision
 * begins where the windows before it end; an incident that is open across it ends by the terms it began under,
 * or with the last instant at which anything measured it. Derived; pure over what it is handed.
 */
import { contains, intersect, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { incidentsOf } from '@constat/sla/incident'
import { outageRulesOf } from '@constat/sla/metric/base'
import { checksOf } from '@constat/sla/service-tree'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import { inForceOf, serviceSpans, type ServiceSpan } from '@constat/sla/state/in-force'
import { checksProbed, probingStopped } from '@constat/sla/state/probing'
import { isDown, splice, where, type Timeline } from '@constat/sla/timeline'

export type TimelineOf = (revision: Revision) => Timeline

/** An incident as the timelines have it. `isEnded`: nothing measures it any more, so it ends there. */
export type SeenIncident = { startMs: UnixMs; endMs: UnixMs | null; isEnded: boolean }

/** The states of a service, each under the terms in force at its instant. */
export function serviceTimelineOf(state: ContractState, service: string, timelineOf: TimelineOf): Timeline {
  const spans = serviceSpans(state.life, service)
  const [only] = spans
  if (only && spans.length === 1 && only.toMs === Infinity) return timelineOf(only.revision)
  return splice(
    spans.map(({ revision, fromMs, toMs }) => ({
      timeline: timelineOf(revision),
      interval: { startMs: fromMs, endMs: toMs },
    })),
  )
}

/** Incidents of a service with an onset before `nowMs`, in order. */
export function incidentsSeen(
  state: ContractState,
  { service, nowMs, timelineOf }: { service: string; nowMs: UnixMs; timelineOf: TimelineOf },
): SeenIncident[] {
  const seen: SeenIncident[] = []
  let untilMs = -Infinity
  for (const span of serviceSpans(state.life, service)) {
    const timeline = timelineOf(span.revision)
    const measured = measuredSpans(state, { service, span, nowMs })
    for (const { startMs, endMs } of incidentsOf(timeline, outageRulesOf(span.revision.terms), nowMs)) {
      const whole = { startMs, endMs: endMs ?? Infinity }
      for (const piece of piecesOf(whole, { timeline, measured, nowMs })) {
        const isOwn = span.fromMs <= piece.startMs && piece.startMs < span.toMs
        // What began under the terms before is one outage, and theirs.
        if (!isOwn || piece.startMs < untilMs) continue
        seen.push(piece)
        untilMs = piece.endMs ?? Infinity
      }
    }
  }
  return seen
}

/** When a service was measured under the terms of a span: while the contract was in force and somebody probed. */
function measuredSpans(
  { life }: ContractState,
  { service, span, nowMs }: { service: string; span: ServiceSpan; nowMs: UnixMs },
): IntervalSet {
  const inForce = inForceOf(life)
  // Measured before the first terms took effect, too.
  const whole = inForce.map((one, i) => (i === 0 ? { ...one, startMs: -Infinity } : one))
  if (span.toMs > nowMs) return whole
  const probed = new Set(checksProbed(life, span.toMs).map(({ name }) => name))
  const goesOn = checksOf(span.revision.terms, service).some(({ name }) => probed.has(name))
  return goesOn ? whole : intersect(whole, [{ startMs: -Infinity, endMs: span.toMs }])
}

/** One outage by the times at which it was measured: what goes on after a pause is an incident of its own. */
function piecesOf(
  outage: Interval,
  { timeline, measured, nowMs }: { timeline: Timeline; measured: IntervalSet; nowMs: UnixMs },
): SeenIncident[] {
  return intersect([outage], measured).flatMap(({ startMs, endMs }): SeenIncident[] => {
    const isWhole = startMs === outage.startMs
    const onsetMs = isWhole ? startMs : where(timeline, { startMs, endMs }, isDown)[0]?.startMs
    if (onsetMs === undefined) return []
    if (endMs === outage.endMs)
      return [{ startMs: onsetMs, endMs: endMs === Infinity ? null : endMs, isEnded: false }]
    const isOver = endMs <= nowMs
    return [{ startMs: onsetMs, endMs: isOver ? endMs : null, isEnded: isOver }]
  })
}

/** Why nothing is known of a service now although it is promised; null where that has another reason. */
export function stoppedSinceMs({ life }: ContractState, service: string, atMs: UnixMs): UnixMs | null {
  const span = serviceSpans(life, service).find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
  const pauses = span ? probingStopped(life, { service, revision: span.revision }) : []
  const stopped = pauses.find((one) => contains(one, atMs))
  if (stopped) return stopped.startMs
  const inForce = inForceOf(life)
  const ended = inForce.findLast(({ endMs }) => endMs <= atMs)
  return ended && !inForce.some((one) => contains(one, atMs)) ? ended.endMs : null
}
