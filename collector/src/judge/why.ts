/**
 * Why a service is unknown, under the terms in force at each instant: what its vantages say, unless the contract
 * itself says that nobody was to measure then. Pure over what it is handed.
 */
import {
  clip,
  formatInstant,
  intersect,
  normalise,
  subtract,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import type { SiteVantages } from '@constat/sla/assembly/sites'
import { whyWithin, type Why } from '@constat/sla/assembly/why'
import { nameIn, type ContractState, type Life, type Revision } from '@constat/sla/state/contract-state'
import { inForceOf, serviceSpans } from '@constat/sla/state/in-force'
import { probingStopped } from '@constat/sla/state/probing'
import type { UnknownShare, WhySpan, WhyView } from '../view/parts.ts'
import { whyVantage } from '@constat/sla/unknown'
import type { Timelines, VantageTimeline } from '@constat/sla/fold/timelines'

type Place = { state: ContractState; service: string }

/** Under the terms of one revision; `site` null: the whole service. */
export function whyUnder(
  timelines: Timelines,
  { state, service, revision, site }: Place & { revision: Revision; site: SiteVantages | null },
  interval: Interval,
): Why[] {
  const seen = timelines.why(state, revision, { service, site }, interval)
  if (seen.length === 0) return []
  const away = awayOf(state.life, inForceOf(state.life))
  const stopped = probingStopped(state.life, { service, revision })
  const byTerms = [...away, ...ofNobody('probing-stopped', subtract(stopped, normalise(away)))]
  const left = subtract([interval], normalise(byTerms))
  // Every unknown instant has a reason: where they stand is where it is unknown.
  return [...whyWithin(seen, left), ...whyWithin(byTerms, normalise(seen))].sort(
    (a, b) => a.startMs - b.startMs,
  )
}

/** Of a service over time, each part under its own terms; outside of them it is no part of the contract. */
export function whyOf(timelines: Timelines, { state, service }: Place, interval: Interval): Why[] {
  const spans = serviceSpans(state.life, service)
  const own = normalise(spans.map(({ fromMs, toMs }) => ({ startMs: fromMs, endMs: toMs })))
  const inForce = intersect(own, inForceOf(state.life))
  const outside = whyWithin(awayOf(state.life, inForce), subtract([interval], own))
  const inside = spans.flatMap(({ revision, fromMs, toMs }) =>
    clip([{ startMs: fromMs, endMs: toMs }], interval).flatMap((part) =>
      whyUnder(timelines, { state, service, revision, site: null }, part),
    ),
  )
  return [...outside, ...inside].sort((a, b) => a.startMs - b.startMs)
}

/** At one instant. */
export function whyAt(timelines: Timelines, place: Place, atMs: UnixMs): WhyView[] {
  return whyOf(timelines, place, { startMs: atMs, endMs: atMs + 1 }).map((one) => whyView(one, place.state))
}

/** What one vantage itself says. */
export function whyOfVantage({ agent, timeline, track }: VantageTimeline, interval: Interval): Why[] {
  return whyVantage(timeline, track.told(), interval).map((one) => ({ ...one, agent }))
}

/** The time outside of `inForce`, and whether it is the archiving that ended it. */
function awayOf(life: Life, inForce: IntervalSet): Why[] {
  const away = subtract([{ startMs: -Infinity, endMs: Infinity }], inForce)
  return away.flatMap((span) => {
    const isArchived = life.archivedMs.includes(span.startMs)
    return ofNobody(isArchived ? 'archived' : 'not-in-force', [span])
  })
}

function ofNobody(reason: Why['reason'], set: IntervalSet): Why[] {
  return set.map((span) => ({
    ...span,
    reason,
    agent: null,
    sinceMs: Number.isFinite(span.startMs) ? span.startMs : null,
  }))
}

export function whyView(
  { reason, agent, sinceMs }: Omit<Why, 'startMs' | 'endMs'>,
  state: ContractState,
): WhyView {
  return {
    reason,
    agent,
    name: agent === null ? null : nameIn(state, agent),
    since: sinceMs === null ? null : formatInstant(sinceMs),
  }
}

/** Each within one of `spans`, as it is published. */
export function whySpans(reasons: readonly Why[], span: Interval, state: ContractState): WhySpan[] {
  return whyWithin(reasons, [span]).map((one) => ({
    ...whyView(one, state),
    start: formatInstant(one.startMs),
    end: formatInstant(one.endMs),
  }))
}

/** How much of `committed` each reason made unknown, the most first. Where several hold at once each has all of it. */
export function unknownShares(
  reasons: readonly Why[],
  committed: IntervalSet,
  state: ContractState,
): UnknownShare[] {
  const byReason = new Map<string, UnknownShare>()
  for (const one of whyWithin(reasons, committed)) {
    const { reason, agent, name } = whyView(one, state)
    const key = `${reason} ${agent}`
    const known = byReason.get(key)
    const ms = one.endMs - one.startMs
    if (known) known.ms += ms
    else byReason.set(key, { reason, agent, name, ms })
  }
  return [...byReason.values()].sort((a, b) => b.ms - a.ms)
}
