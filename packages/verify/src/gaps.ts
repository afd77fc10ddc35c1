/**
 * The gap table: when nothing is known of a service in the window, of whose doing, and why; and when an agent of it
 * was not heard, also where others were. Pure.
 */
import { checksOf } from '@constat/sla/service-tree'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import type { WindowResult } from '@constat/sla/judgement/window-result'
import { nameIn, type Revision } from '@constat/sla/state/contract-state'
import { windowGroup } from '@constat/sla/state/in-force'
import type { UnknownReason } from '@constat/sla/unknown'
import {
  clip,
  intersect,
  normalise,
  union,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import { plain } from './failure.ts'

export type Gap = {
  service: string
  /** Name; null: of nobody in particular. */
  agent: string | null
  startMs: UnixMs
  endMs: UnixMs
  reason: UnknownReason
}

/** An agent that may run checks of a service sent nothing of any of them. */
export type Silence = Omit<Gap, 'reason' | 'agent'> & { agent: string }

type Place = { revision: Revision; service: string; interval: Interval }

/** Up to the end of the window, or as far as it was judged. */
export function gapsIn(level: LedgerState, result: WindowResult): { gaps: Gap[]; silences: Silence[] } {
  const places = placesOf(level, result)
  return {
    gaps: places.flatMap((place) => unknownIn(level, place)),
    silences: places.flatMap((place) => silencesIn(level, place)),
  }
}

function placesOf({ state }: LedgerState, { window, asOfMs }: WindowResult): Place[] {
  const promised = windowGroup(state.life, window, asOfMs)?.promised ?? []
  const places = promised.map(({ revision, guarantee, window: { startMs, endMs } }) => {
    const { service } = guarantee
    const place = { revision, service, interval: { startMs, endMs: Math.min(endMs, asOfMs) } }
    return [`${service}/${startMs}/${revision.revision}`, place] as const
  })
  return [...new Map(places).values()]
}

function unknownIn({ state, timelines }: LedgerState, { revision, service, interval }: Place): Gap[] {
  const reasons = timelines.why(state, revision, { service, site: null }, interval)
  return reasons.map(({ agent, startMs, endMs, reason }) => {
    return { service, agent: agent === null ? null : plain(nameIn(state, agent)), startMs, endMs, reason }
  })
}

function silencesIn({ state, timelines }: LedgerState, { revision, service, interval }: Place): Silence[] {
  const observed = timelines.observed(state, revision)
  const byAgent = new Map<string, IntervalSet>()
  for (const check of checksOf(revision.terms, service)) {
    for (const { agent, spans, track } of observed.vantagesOf(check)) {
      const before = { startMs: -Infinity, endMs: track?.knownFromMs ?? Infinity }
      const silent = union(normalise([before]), track?.silences() ?? [])
      const own = clip(intersect(silent, spans), interval)
      const known = byAgent.get(agent.id)
      byAgent.set(agent.id, known ? intersect(known, own) : own)
    }
  }
  return [...byAgent].flatMap(([agent, silent]) =>
    silent.map((span) => ({ service, agent: plain(nameIn(state, agent)), ...span })),
  )
}
