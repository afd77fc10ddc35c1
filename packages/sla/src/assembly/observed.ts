/**
 * Observed: what the vantages of a contract know, under one set of terms. The collector has it from its
 * tracks, a scenario from its rows; everything after it (services, sites, zones) is worked out the same way
 * for both. Pure.
 */
import { intersect, subtract, type IntervalSet } from '@constat/shared/time'
import type { CheckTerms, ExpandedContract } from '../contract/expanded.ts'
import { checksOf } from '../service-tree.ts'
import { silenceAsDown } from '../silence.ts'
import { NOTHING_KNOWN, type Timeline } from '../timeline.ts'
import { isNamed, isProviderHost, type Named } from './sites.ts'

/** What one vantage said of one check. */
export type Heard = {
  timeline(): Timeline
  /** When it said nothing at all: past the hold of a sample, up to the next one. */
  silences(): IntervalSet
}

/** An agent that may run a check. */
export type Vantage = {
  agent: Named
  /** When it was enrolled. In order, disjoint, not empty. */
  spans: IntervalSet
  /** Null: it has never spoken of the check. */
  heard: Heard | null
}

export type Observed<V extends Vantage = Vantage> = {
  terms: ExpandedContract
  /** Everybody who may run the check, one for each agent. */
  vantagesOf(check: CheckTerms): readonly V[]
  /** When an agent was cut off, by id. */
  isolatedOf(agent: string): IntervalSet
}

/** What one vantage of a service knows of one check of it. */
export type Sighting<V extends Vantage = Vantage> = {
  agent: string
  check: CheckTerms
  timeline: Timeline
  vantage: V
}

/** Whether a check is meant for an agent. */
export function mayRun({ vantages }: Pick<CheckTerms, 'vantages'>, agent: Named): boolean {
  return vantages === 'all' || isNamed(vantages, agent)
}

/** What a vantage knows; the silence of a provider's host is what the contract says. */
export function seenBy({ terms, isolatedOf }: Observed, { agent, spans, heard }: Vantage): Timeline {
  if (!heard) return NOTHING_KNOWN
  const timeline = heard.timeline()
  if (terms.measurement.providerHostSilence === 'unknown' || !isProviderHost(terms, agent)) return timeline
  // An agent that was cut off has spoken: it says so itself.
  const silence = subtract(intersect(heard.silences(), spans), isolatedOf(agent.id))
  return silenceAsDown(timeline, silence)
}

/** Every vantage that spoke of a check below a service, in order of the checks. */
export function sightings<V extends Vantage>(observed: Observed<V>, service: string): Sighting<V>[] {
  return checksOf(observed.terms, service).flatMap((check) =>
    observed
      .vantagesOf(check)
      .filter(({ heard }) => heard !== null)
      .map((vantage) => ({
        agent: vantage.agent.id,
        check,
        timeline: seenBy(observed, vantage),
        vantage,
      })),
  )
}

/** Agents that may run a check of the service, or could once. */
export function agentsOf({ terms, vantagesOf }: Observed, service: string): Named[] {
  const vantages = checksOf(terms, service).flatMap((check) => vantagesOf(check))
  return [...new Map(vantages.map(({ agent }) => [agent.id, agent])).values()]
}
