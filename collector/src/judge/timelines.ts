/**
 * Timelines of services: the tracks of every vantage, joined by the contract's quorum and by the service
 * tree. The set of vantages changes with enrolments, so the quorum is taken span by span. Derived.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { compose, type Operator } from '@constat/sla/compose'
import {
  quorumFor,
  type CheckTerms,
  type ExpandedContract,
  type ServiceNode,
} from '@constat/sla/contract/expanded'
import { quorum } from '@constat/sla/quorum'
import { NOTHING_KNOWN, splice, type Timeline } from '@constat/sla/timeline'
import type { Track } from '../fold/track.ts'
import type { Tracks } from '../fold/tracks.ts'
import { foldRules, isMember, type Membership, type Revision, type Terms } from '../terms/register.ts'

/** Service trees deeper than this are refused by the parser too. */
const MAX_DEPTH = 16

/** What the judge needs to name vantages as contracts do. */
export type Names = { nameOf(agent: string): string }

export type VantageTimeline = { agent: string; timeline: Timeline; track: Track }

export class Timelines {
  readonly #tracks: Tracks
  readonly #names: Names
  /** contract → service → revision → its timeline, until a track of it moves. */
  readonly #kept = new Map<string, Map<string, Map<number, Timeline>>>()

  constructor(tracks: Tracks, names: Names) {
    this.#tracks = tracks
    this.#names = names
  }

  /** A track of the service moved. */
  forget(contract: string, service: string): void {
    this.#kept.get(contract)?.delete(service)
  }

  /** The terms of the contract changed, or its set of vantages did. */
  forgetContract(contract: string): void {
    this.#kept.delete(contract)
  }

  service(terms: Terms, revision: Revision, service: string): Timeline {
    const byRevision = this.#keptOf(terms.contract, service)
    let timeline = byRevision.get(revision.revision)
    if (!timeline) {
      timeline = this.#serviceTree(terms, revision, service, 0)
      byRevision.set(revision.revision, timeline)
    }
    return timeline
  }

  #keptOf(contract: string, service: string): Map<number, Timeline> {
    let services = this.#kept.get(contract)
    if (!services) this.#kept.set(contract, (services = new Map()))
    let byRevision = services.get(service)
    if (!byRevision) services.set(service, (byRevision = new Map()))
    return byRevision
  }

  /** Every vantage of every check below a service. */
  vantages(terms: Terms, revision: Revision, service: string): VantageTimeline[] {
    return checksOf(revision.terms, service).flatMap((check) =>
      this.#allowed(terms, revision, check).map((track) => ({
        agent: track.key.agent,
        timeline: track.timeline(),
        track,
      })),
    )
  }

  #serviceTree(terms: Terms, revision: Revision, service: string, depth: number): Timeline {
    invariant(depth < MAX_DEPTH, 'a service tree is not deeper than its limit')
    const node = revision.terms.services.find(({ name }) => name === service)
    invariant(node, `the terms name the service ${service}`)
    return this.#node(terms, revision, node.tree, depth)
  }

  #node(terms: Terms, revision: Revision, node: ServiceNode, depth: number): Timeline {
    if ('check' in node) return this.#check(terms, revision, checkOf(revision.terms, node.check))
    if ('service' in node) return this.#serviceTree(terms, revision, node.service, depth + 1)
    const { operator, parts } = partsOf(node)
    return compose(
      parts.map((part) => this.#node(terms, revision, part, depth + 1)),
      operator,
    )
  }

  #check(terms: Terms, revision: Revision, check: CheckTerms): Timeline {
    const tracks = this.#allowed(terms, revision, check)
    const members = terms.members.filter(({ agent }) => this.#mayRun(check, agent))
    const spans = membershipSpans(members)
    const rule = revision.terms.measurement.quorum
    return splice(
      spans.map(({ startMs, endMs, agents }) => {
        const own = tracks.filter(({ key }) => agents.has(key.agent)).map((track) => track.timeline())
        // A vantage that never spoke is a vantage all the same: it is unknown.
        const silent = Array.from({ length: agents.size - own.length }, () => NOTHING_KNOWN)
        const timeline = quorum([...own, ...silent], quorumFor(rule, agents.size))
        return { timeline, interval: { startMs, endMs } }
      }),
    )
  }

  #allowed(terms: Terms, { terms: contract }: Revision, check: CheckTerms): Track[] {
    const rules = foldRules(check, contract)
    const tracks = this.#tracks.ofCheck({ log: terms.log, check: check.name }, rules)
    return tracks.filter(({ key }) => this.#mayRun(check, key.agent))
  }

  #mayRun({ vantages }: CheckTerms, agent: string): boolean {
    return vantages === 'all' || vantages.includes(this.#names.nameOf(agent)) || vantages.includes(agent)
  }
}

/** Checks a service rests on, those of its parts included. */
export function checksOf(contract: ExpandedContract, service: string): CheckTerms[] {
  const names = new Set<string>()
  const walk = (node: ServiceNode, depth: number): void => {
    invariant(depth < MAX_DEPTH, 'a service tree is not deeper than its limit')
    if ('check' in node) names.add(node.check)
    else if ('service' in node) {
      const part = contract.services.find(({ name }) => name === node.service)
      if (part) walk(part.tree, depth + 1)
    } else for (const part of partsOf(node).parts) walk(part, depth + 1)
  }
  const found = contract.services.find(({ name }) => name === service)
  if (found) walk(found.tree, 0)
  return contract.checks.filter(({ name }) => names.has(name))
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

function partsOf(node: Exclude<ServiceNode, { check: string } | { service: string }>): {
  operator: Operator
  parts: readonly ServiceNode[]
} {
  if ('all' in node) return { operator: { op: 'all' }, parts: node.all }
  if ('any' in node) return { operator: { op: 'any' }, parts: node.any }
  return { operator: { op: 'atLeast', k: node.atLeast }, parts: node.of }
}

function checkOf({ checks }: ExpandedContract, name: string): CheckTerms {
  const check = checks.find((one) => one.name === name)
  invariant(check, `the terms have the check ${name}`)
  return check
}
