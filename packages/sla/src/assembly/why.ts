/**
 * Why a service is unknown: the reasons of every vantage of those checks that are unknown themselves, each over
 * the time it holds. What is known by the quorum has no reason here, whatever one vantage lacks. Pure.
 */
import { intersect, normalise, subtract, type Interval, type IntervalSet } from '@constat/shared/time'
import { checksOf } from '../service-tree.ts'
import { isUnknown, where, within, type Timeline } from '../timeline.ts'
import { whyVantage, type ToldBlind, type WhyUnknown } from '../unknown.ts'
import { seenBy, type Observed, type Vantage } from './observed.ts'
import { joined, quorumRuleOf } from './service.ts'
import type { SiteVantages } from './sites.ts'

/** `agent`: by id; null: of nobody in particular. */
export type Why = WhyUnknown & { agent: string | null }

export type WhyPlace = {
  service: string
  /** Null: the whole service. */
  site: SiteVantages | null
  /** Of the service, or of the site. */
  timeline: Timeline
  interval: Interval
}

/** In order of instant. Every unknown instant of the interval has at least one. */
export function whyService<V extends Vantage>(
  observed: Observed<V>,
  { service, site, timeline, interval }: WhyPlace,
  toldOf: (vantage: V) => ToldBlind | null,
): Why[] {
  const unknown = where(timeline, interval, isUnknown)
  if (unknown.length === 0) return []
  const hull = { startMs: unknown[0]!.startMs, endMs: unknown.at(-1)!.endMs }
  const found = checksOf(observed.terms, service).flatMap((check) => {
    const vantages = observed
      .vantagesOf(check)
      .filter(({ agent }) => site === null || site.agents.includes(agent.id))
      .map((vantage) => ({ vantage, ...vantage, timeline: within(seenBy(observed, vantage), hull) }))
    const blind = intersect(unknown, where(joined(vantages, quorumRuleOf(observed, site)), hull, isUnknown))
    const nobody = subtract(blind, normalise(vantages.flatMap(({ spans }) => spans)))
    return [
      ...nobody.map((span): Why => ({ ...span, reason: 'no-agent', sinceMs: null, agent: null })),
      ...vantages.flatMap(({ vantage, agent, spans, timeline: seen }) =>
        intersect(blind, spans)
          .flatMap((span) => whyVantage(seen, toldOf(vantage), span))
          .map((one): Why => ({ ...one, agent: agent.id })),
      ),
    ]
  })
  return joinedReasons(found)
}

/** Reasons within `set` only. */
export function whyWithin(reasons: readonly Why[], set: IntervalSet): Why[] {
  return reasons.flatMap((one) => intersect([one], set).map((span) => ({ ...one, ...span })))
}

/** The same reason of the same agent, told of several checks or stretches that touch, is one. */
export function joinedReasons(reasons: readonly Why[]): Why[] {
  const whole: { -readonly [K in keyof Why]: Why[K] }[] = []
  const last = new Map<string, (typeof whole)[number]>()
  for (const one of reasons.toSorted((a, b) => a.startMs - b.startMs)) {
    const key = `${one.reason} ${one.agent}`
    const before = last.get(key)
    if (before && one.startMs <= before.endMs) {
      const sinceMs = Math.min(before.sinceMs ?? Infinity, one.sinceMs ?? Infinity)
      before.endMs = Math.max(before.endMs, one.endMs)
      before.sinceMs = sinceMs < Infinity ? sinceMs : null
    } else {
      const own = { ...one }
      whole.push(own)
      last.set(key, own)
    }
  }
  return whole
}
