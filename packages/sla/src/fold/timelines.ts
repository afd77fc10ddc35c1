/**
 * Timelines: what the vantages of a contract know, out of their tracks, and the timelines of its services and
 * sites, kept while nothing that they rest on has changed. Derived.
 */
import { clip, normalise, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { agentsOf, mayRun, sightings, type Heard, type Observed, type Vantage } from '../assembly/observed.ts'
import { foldRules } from '../assembly/rules.ts'
import { assembled } from '../assembly/service.ts'
import { whyService, whyWithin, type Why } from '../assembly/why.ts'
import type { Named, SiteVantages } from '../assembly/sites.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import { isolationReferences } from '../isolation.ts'
import { checksOf } from '../service-tree.ts'
import { nameIn, type ContractState, type Revision } from '../state/contract-state.ts'
import { isUnknown, toldFrom, where, type Timeline } from '../timeline.ts'
import type { Track } from './track.ts'
import type { Tracks } from './tracks.ts'

/** Whether an agent was heard lately, or this collector was away itself: what is missing may be on its way. */
export type IsAwaited = (agent: string) => boolean

export type VantageTimeline = { agent: string; timeline: Timeline; track: Track }

type Member = { agent: Named; spans: IntervalSet }
type TrackVantage = Vantage & { track: Track | null }
/** A site, or the whole service: null. */
type Place = { service: string; site: SiteVantages | null }

/** The next sample of an agent is awaited until `untilMs`; up to `settledMs` all of its evidence is in. */
type Awaited = { agent: string; settledMs: UnixMs; untilMs: UnixMs }

/** Equal as long as nothing has changed that a timeline rests on. */
type Version = string

/** Reasons from `fromMs` on, for ever: what was unknown before stays so while nothing has changed. */
type KeptWhy = { fromMs: UnixMs; reasons: Why[] }

/** What is known of one service under one revision, by check and by site, and of which versions it was worked out. */
type Kept = {
  version: Version
  byCheck: Map<string, TrackVantage[]>
  bySite: Map<string, Timeline>
  whyBySite: Map<string, KeptWhy>
  awaited: Awaited[] | null
}

/** What figures are taken from: the timelines of a closing, or those of a moment that goes on. */
export type ToldTimelines = Pick<Timelines, 'service' | 'site' | 'agentsOf'>

export class Timelines {
  readonly #tracks: Tracks
  readonly #isAwaited: IsAwaited
  /** Terms of a revision → service → what is kept of it. */
  readonly #kept = new WeakMap<ExpandedContract, Map<string, Kept>>()

  constructor(tracks: Tracks, isAwaited: IsAwaited) {
    this.#tracks = tracks
    this.#isAwaited = isAwaited
  }

  service(state: ContractState, revision: Revision, service: string): Timeline {
    return this.#timeline(state, revision, { service, site: null })
  }

  /** The service as the agents of one site see it, by the default quorum for so many agents. */
  site(state: ContractState, revision: Revision, place: { service: string; site: SiteVantages }): Timeline {
    return this.#timeline(state, revision, place)
  }

  /** The same while time goes on: what only awaits its evidence at `nowMs` is not told as possibly down. */
  asOf(nowMs: UnixMs): ToldTimelines {
    const told = (state: ContractState, revision: Revision, place: Place): Timeline => {
      const awaited = this.#awaited(state, revision, place.service)
      const settledMs = awaited
        .filter(({ agent, untilMs }) => untilMs > nowMs && (place.site?.agents.includes(agent) ?? true))
        .reduce((earliest, one) => Math.min(earliest, one.settledMs), nowMs)
      return toldFrom(this.#timeline(state, revision, place), settledMs)
    }
    return {
      service: (state, revision, service) => told(state, revision, { service, site: null }),
      site: told,
      agentsOf: (state, revision, service) => this.agentsOf(state, revision, service),
    }
  }

  /** When an agent was isolated, by the references of the revision. */
  isolated({ log }: ContractState, { terms }: Revision, agent: string): IntervalSet {
    return this.#tracks.isolationOf({ log, agent }, isolationReferences(terms))?.intervals() ?? []
  }

  /** Why the service, or one site of it, is unknown within an interval. */
  why(state: ContractState, revision: Revision, place: Place, interval: Interval): Why[] {
    const timeline = this.#timeline(state, revision, place)
    if (where(timeline, interval, isUnknown).length === 0) return []
    const { whyBySite } = this.#keptOf(state, revision, place.service)
    const key = placeKey(place)
    let kept = whyBySite.get(key)
    if (!kept || interval.startMs < kept.fromMs) {
      const whole = { startMs: interval.startMs, endMs: Infinity }
      const toldOf = ({ track }: TrackVantage) => track && track.told()
      const observed = this.#observedBy(state, revision, place.service)
      const reasons = whyService(observed, { ...place, timeline, interval: whole }, toldOf)
      whyBySite.set(key, (kept = { fromMs: interval.startMs, reasons }))
    }
    return whyWithin(kept.reasons, [interval])
  }

  /** Agents that may run a check of the service, or could once. */
  agentsOf(state: ContractState, revision: Revision, service: string): Named[] {
    return agentsOf(this.#observedBy(state, revision, service), service)
  }

  /** Every vantage that spoke of a check below a service. */
  vantages(state: ContractState, revision: Revision, service: string): VantageTimeline[] {
    return sightings(this.#observedBy(state, revision, service), service).flatMap(
      ({ agent, timeline, vantage }) => (vantage.track ? [{ agent, timeline, track: vantage.track }] : []),
    )
  }

  /** What the vantages of a contract know, as the terms of a revision read it. */
  observed(state: ContractState, revision: Revision): Observed<TrackVantage> {
    const { terms } = revision
    const members = membersOf(state)
    return {
      terms,
      vantagesOf: (check) => {
        const tracks = this.#tracks.ofCheck({ log: state.log, check: check.name }, foldRules(check, terms))
        const byAgent = new Map(tracks.map((track) => [track.key.agent, track]))
        return members
          .filter(({ agent }) => mayRun(check, agent))
          .map((member) => {
            const track = byAgent.get(member.agent.id) ?? null
            return { ...member, track, heard: track && this.#heard(track) }
          })
      },
      isolatedOf: (agent) => this.isolated(state, revision, agent),
    }
  }

  /** The same for the checks of one service, kept with what is known of it. */
  #observedBy(state: ContractState, revision: Revision, service: string): Observed<TrackVantage> {
    const { byCheck } = this.#keptOf(state, revision, service)
    const observed = this.observed(state, revision)
    return {
      ...observed,
      vantagesOf: (check) => {
        const kept = byCheck.get(check.name) ?? [...observed.vantagesOf(check)]
        byCheck.set(check.name, kept)
        return kept
      },
    }
  }

  #heard(track: Track): Heard {
    return {
      timeline: () => track.timeline(),
      silences: () => {
        const endMs = this.#isAwaited(track.key.agent) ? track.lastMs : Infinity
        return clip(track.silences(), { startMs: -Infinity, endMs })
      },
    }
  }

  #timeline(state: ContractState, revision: Revision, { service, site }: Place): Timeline {
    const { bySite } = this.#keptOf(state, revision, service)
    const key = placeKey({ service, site })
    let timeline = bySite.get(key)
    if (!timeline) {
      timeline = assembled(this.#observedBy(state, revision, service), service, site)
      bySite.set(key, timeline)
    }
    return timeline
  }

  #awaited(state: ContractState, revision: Revision, service: string): Awaited[] {
    const kept = this.#keptOf(state, revision, service)
    const { vantagesOf } = this.#observedBy(state, revision, service)
    kept.awaited ??= checksOf(revision.terms, service)
      .flatMap((check) => vantagesOf(check))
      .flatMap(({ agent, track }) => (track?.awaited ? [{ agent: agent.id, ...track.awaited }] : []))
    return kept.awaited
  }

  #keptOf(state: ContractState, { terms }: Revision, service: string): Kept {
    let services = this.#kept.get(terms)
    if (!services) this.#kept.set(terms, (services = new Map()))
    const version = this.#versionOf(state, terms, service)
    let kept = services.get(service)
    if (kept?.version !== version) services.set(service, (kept = { version, ...nothingKept() }))
    return kept
  }

  /** Everything that the timelines of a service rest on: equal as long as they are the same. */
  version(state: ContractState, revision: Revision, service: string): Version {
    return this.#versionOf(state, revision.terms, service)
  }

  /** Terms are those of one log. Moves only ever grow, so their sum tells of each. */
  #versionOf(
    { log, members, termsVersion }: ContractState,
    contract: ExpandedContract,
    service: string,
  ): Version {
    let moved = 0
    for (const { name } of checksOf(contract, service)) moved += this.#tracks.movedOf(log, name)
    if (contract.measurement.providerHostSilence === 'unknown') return `${termsVersion} ${moved}`
    // Where silence can be down, also who is waited for.
    for (const { check } of isolationReferences(contract)) moved += this.#tracks.movedOf(log, check)
    const awaited = members.map(({ agent }) => agent).filter((agent) => this.#isAwaited(agent))
    return [termsVersion, moved, ...awaited].join(' ')
  }
}

/** Nobody is waited for any more: what has not come by a closing has not come. */
export function closedTimelines(tracks: Tracks): Timelines {
  return new Timelines(tracks, () => false)
}

const SERVICES_OF = new WeakMap<ExpandedContract, Map<string, string[]>>()

/** Services that rest on a check under any terms. */
export function servicesOn({ life }: Pick<ContractState, 'life'>, check: string): Set<string> {
  return new Set(life.revisions.flatMap(({ terms }) => servicesOf(terms, check)))
}

/** Services that rest on a check. Worked out once for each contract: terms never change. */
function servicesOf(contract: ExpandedContract, check: string): readonly string[] {
  let byCheck = SERVICES_OF.get(contract)
  if (!byCheck) {
    byCheck = new Map(contract.checks.map(({ name }) => [name, []]))
    for (const { name } of contract.services) {
      for (const own of checksOf(contract, name)) byCheck.get(own.name)?.push(name)
    }
    SERVICES_OF.set(contract, byCheck)
  }
  return byCheck.get(check) ?? []
}

/** Every agent that was ever enrolled, with when. */
function membersOf(state: ContractState): Member[] {
  const spans = new Map<string, Interval[]>()
  for (const { agent, fromMs, toMs } of state.members) {
    const own = spans.get(agent) ?? []
    own.push({ startMs: fromMs, endMs: toMs ?? Infinity })
    spans.set(agent, own)
  }
  return [...spans]
    .map(([id, own]) => ({ agent: { id, name: nameIn(state, id) }, spans: normalise(own) }))
    .filter((member) => member.spans.length > 0)
}

function nothingKept(): Omit<Kept, 'version'> {
  return { byCheck: new Map(), bySite: new Map(), whyBySite: new Map(), awaited: null }
}

/** A site and an agent of the same name are two; the whole service is none of them. */
function placeKey({ site }: Place): string {
  if (site === null) return ''
  return site.isDeclared ? `site ${site.id}` : `agent ${site.id}`
}
