/**
 * Measured incidents: what a timeline tells of outages by itself, before anybody has done anything about
 * them. Pure. Those too short to count under the contract are none.
 */
import type { UnixMs } from '@constat/shared/time'
import { incidentsOf, type Incident } from '../incident.ts'
import { countedTimeline, hulls, type OutageRules } from '../outage.ts'
import { isProvenDown, where, type Timeline } from '../timeline.ts'
import type { IncidentFacts } from './timing.ts'

/** All with an onset before `asOfMs`, in order. */
export function measuredIncidents(timeline: Timeline, rules: OutageRules, asOfMs: UnixMs): IncidentFacts[] {
  const counted = countedTimeline(timeline, rules, asOfMs)
  return incidentsOf(timeline, rules, asOfMs)
    .filter(({ downMs }) => downMs.point > 0)
    .map((incident) => factsOf(incident, { counted, rules }))
}

function factsOf(
  { startMs, endMs, possible }: Incident,
  { counted, rules }: { counted: Timeline; rules: OutageRules },
): IncidentFacts {
  return {
    id: null,
    onsetMs: startMs,
    endMs,
    proved: hulls(where(counted, possible, isProvenDown), rules),
    possible,
    zone: null,
    cause: null,
    alertedMs: null,
    notifiedMs: null,
    acknowledgedMs: null,
    providerClosedMs: null,
  }
}
