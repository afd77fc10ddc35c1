/**
 * Timelines of services: the tracks of every vantage, joined by the contract's quorum and by the service
 * tree; of the whole service, or as one site sees it. The set of vantages changes with enrolments, so the
 * quorum is taken span by span. Derived.
 */
import { invariant } from '@constat/shared/fault'
import {
  clip,
  intersect,
  normalise,
  subtract,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import { quorumFor, type CheckTerms, type ExpandedContract } from '@constat/sla/contract/expanded'
import { isolationReferences } from '@constat/sla/isolation'
import { quorum } from '@constat/sla/quorum'
import { checksOf, serviceTimeline } from '@constat/sla/service-tree'
import { silenceAsDown } from '@constat/sla/silence'
import {
  isMember,
  nameIn,
  type ContractState,
  type Membership,
  type Revision,
} from '@constat/sla/state/contract-state'
import { NOTHING_KNOWN, splice, type Timeline } from '@constat/sla/timeline'
import { foldRules } from '../fold/rules.ts'
import type { Track } from '../fold/track.ts'
import type { Tracks } from '../fold/tracks.ts'
import { isProviderHost, type SiteVantages } from './sites.ts'

/** Whether an agent was heard lately, or this collector was away itself: what is missing may be on its way. */
export type IsAwaited = (agent: string) => boolean

export type ExpectedVantage = Interval & { agent: string; timeline: Timeline }

export type VantageTimeline = { agent: string; timeline: Timeline; track: Track }

/** Whose eyes: all vantages under the contract's quorum, or those of one site under the default one. */
type View = { state: ContractState; revision: Revision; site: SiteVantages | null }

/** Timelines of one service under one revision, by site, and of which versions they were worked out. */
type Kept = { version: string; bySite: Map<string, Timeline> }

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
    return this.#timeline({ state, revision, site: null }, service)
  }

  /** The service as the agents of one site see it, by the default quorum for so many agents. */
  site(
    state: ContractState,
    revision: Revision,
    { service, site }: { service: string; site: SiteVantages },
  ): Timeline {
    return this.#timeline({ state, revision, site }, service)
  }

  /** When an agent was isolated, by the references of the revision. */
  isolated(state: ContractState, { terms: contract }: Revision, agent: string): IntervalSet {
    const isolation = isolationReferences(contract)
    return this.#tracks.isolationOf({ log: state.log, agent }, isolation)?.intervals() ?? []
  }

  /** Agents that may run a check of the service, or could once. */
  agentsOf(state: ContractState, { terms: contract }: Revision, service: string): string[] {
    const checks = checksOf(contract, service)
    const agents = new Set(state.members.map(({ agent }) => agent))
    return [...agents].filter((agent) => checks.some((check) => mayRun(state, check, agent)))
  }

  #timeline(view: View, service: string): Timeline {
    const kept = this.#keptOf(view, service)
    const key = view.site === null ? '' : siteKey(view.site)
    let timeline = kept.get(key)
    if (!timeline) kept.set(key, (timeline = this.#serviceTimeline(view, service)))
    return timeline
  }

  #keptOf(view: View, service: string): Map<string, Timeline> {
    const { terms } = view.revision
    let services = this.#kept.get(terms)
    if (!services) this.#kept.set(terms, (services = new Map()))
    const version = this.#versionOf(view, service)
    let kept = services.get(service)
    if (kept?.version !== version) services.set(service, (kept = { version, bySite: new Map() }))
    return kept.bySite
  }

  /** Everything that a timeline of the service rests on. Where silence can be down, also who is waited for. */
  #versionOf({ state: { log, members, termsVersion }, revision }: View, service: string): string {
    const { terms: contract } = revision
    const checks = checksOf(contract, service).map(({ name }) => name)
    if (contract.measurement.providerHostSilence === 'unknown')
      return [log, termsVersion, ...checks.map((check) => this.#tracks.movedOf(log, check))].join(' ')
    const isolating = isolationReferences(contract).map(({ check }) => check)
    const moved = [...checks, ...isolating].map((check) => this.#tracks.movedOf(log, check))
    const awaited = members.map(({ agent }) => agent).filter((agent) => this.#isAwaited(agent))
    return [log, termsVersion, ...moved, ...awaited].join(' ')
  }

  /** Every vantage of every check below a service. */
  vantages(state: ContractState, revision: Revision, service: string): VantageTimeline[] {
    return checksOf(revision.terms, service).flatMap((check) =>
      this.#allowed(state, revision, check).map((track) => ({
        agent: track.key.agent,
        timeline: this.#seen(state, revision, track),
        track,
      })),
    )
  }

  /** What each agent knows of one check, a reference among them, whatever silence counts as. */
  tracksOf(state: ContractState, revision: Revision, check: string): Track[] {
    return this.#allowed(state, revision, checkOf(revision.terms, check))
  }

  /** Agents that may run a check, each with what it saw and from when to when it was expected to look. */
  expected(state: ContractState, revision: Revision, check: CheckTerms): ExpectedVantage[] {
    const tracks = this.#allowed(state, revision, check)
    const members = state.members.filter(({ agent }) => mayRun(state, check, agent))
    return [...new Set(members.map(({ agent }) => agent))].map((agent) => {
      const spans = members.filter((member) => member.agent === agent)
      const track = tracks.find(({ key }) => key.agent === agent)
      return {
        agent,
        timeline: track?.timeline() ?? NOTHING_KNOWN,
        startMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
        endMs: Math.max(...spans.map(({ toMs }) => toMs ?? Infinity)),
      }
    })
  }

  #serviceTimeline(view: View, service: string): Timeline {
    const { terms } = view.revision
    return serviceTimeline(terms, service, (check) => this.#check(view, checkOf(terms, check)))
  }

  #check({ state, revision, site }: View, check: CheckTerms): Timeline {
    const isSeen = (agent: string): boolean => site === null || site.agents.includes(agent)
    const tracks = this.#allowed(state, revision, check).filter(({ key }) => isSeen(key.agent))
    const timelines = new Map(
      tracks.map((track) => [track.key.agent, this.#seen(state, revision, track)] as const),
    )
    const members = state.members.filter(({ agent }) => mayRun(state, check, agent) && isSeen(agent))
    const spans = membershipSpans(members)
    const rule = site === null ? revision.terms.measurement.quorum : { kind: 'default' as const }
    return splice(
      spans.map(({ startMs, endMs, agents }) => {
        const own = [...agents].flatMap((agent) => timelines.get(agent) ?? [])
        // A vantage that never spoke is a vantage all the same: it is unknown.
        const silent = Array.from({ length: agents.size - own.length }, () => NOTHING_KNOWN)
        const timeline = quorum([...own, ...silent], quorumFor(rule, agents.size))
        return { timeline, interval: { startMs, endMs } }
      }),
    )
  }

  /** What one vantage knows; the silence of a provider's host is what the contract says. */
  #seen(state: ContractState, revision: Revision, track: Track): Timeline {
    const timeline = track.timeline()
    const { terms: contract } = revision
    if (contract.measurement.providerHostSilence === 'unknown') return timeline
    const { agent } = track.key
    if (!isProviderHost(contract, { id: agent, name: nameIn(state, agent) })) return timeline
    // An agent that was cut off has spoken: it says so itself.
    const isolated = this.isolated(state, revision, agent)
    const lastMs = this.#isAwaited(agent) ? track.lastMs : Infinity
    const silence = clip(spokenFor(state, agent, timeline), { startMs: -Infinity, endMs: lastMs })
    return silenceAsDown(timeline, subtract(silence, isolated))
  }

  #allowed(state: ContractState, { terms: contract }: Revision, check: CheckTerms): Track[] {
    const rules = foldRules(check, contract)
    const tracks = this.#tracks.ofCheck({ log: state.log, check: check.name }, rules)
    return tracks.filter(({ key }) => mayRun(state, check, key.agent))
  }
}

function mayRun(state: ContractState, { vantages }: CheckTerms, agent: string): boolean {
  return vantages === 'all' || vantages.includes(nameIn(state, agent)) || vantages.includes(agent)
}

/** Nobody is waited for any more: what has not come by a closing has not come. */
export function closedTimelines(tracks: Tracks): Timelines {
  return new Timelines(tracks, () => false)
}

const SERVICES_OF = new WeakMap<ExpandedContract, Map<string, string[]>>()

/** Services that rest on a check. Worked out once for each contract: terms never change. */
export function servicesOf(contract: ExpandedContract, check: string): readonly string[] {
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

/** From the first word of an agent on, while it is a vantage. */
function spokenFor({ members }: ContractState, agent: string, timeline: Timeline): IntervalSet {
  const spans = members.filter((one) => one.agent === agent)
  const membership = normalise(
    spans.map(({ fromMs, toMs }) => ({ startMs: fromMs, endMs: toMs ?? Infinity })),
  )
  return intersect(membership, [{ startMs: timeline.at[0] ?? Infinity, endMs: Infinity }])
}

/** A site and an agent of the same name are two. */
function siteKey({ id, isDeclared }: SiteVantages): string {
  return isDeclared ? `site ${id}` : `agent ${id}`
}

type Span = { startMs: UnixMs; endMs: UnixMs; agents: Set<string> }

/** Stretches of time during which the set of vantages did not change; the last one has no end. */
function membershipSpans(members: readonly Membership[]): Span[] {
  const edges = new Set(members.flatMap(({ fromMs, toMs }) => (toMs === null ? [fromMs] : [fromMs, toMs])))
  const starts = [...edges].sort((a, b) => a - b)
  return starts
    .map((startMs, i) => {
      const agents = new Set(members.filter((one) => isMember(one, startMs)).map(({ agent }) => agent))
      return { startMs, endMs: starts[i + 1] ?? Infinity, agents }
    })
    .filter(({ agents }) => agents.size > 0)
}

function checkOf({ checks }: ExpandedContract, name: string): CheckTerms {
  const check = checks.find((one) => one.name === name)
  invariant(check, `the terms have the check ${name}`)
  return check
}
