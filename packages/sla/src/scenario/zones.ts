/**
 * Zones of a scenario: in whose part of the way each measured outage began, told by the references that the
 * same vantages ran. Pure. A scenario without samples of references leaves it open. (spec: incident)
 */
import type { UnixMs } from '@constat/shared/time'
import { quorumFor, type ExpandedContract } from '../contract/expanded.ts'
import { isDown, where, within } from '../timeline.ts'
import { attribute } from '../zone-attribution.ts'
import { checksOf } from '../service-tree.ts'
import type { Folded } from './measured.ts'

/** Whose zone it is that nobody can say. */
export const UNDETERMINED = 'undetermined'

export type ZonePlace = {
  service: string
  onsetMs: UnixMs
  asOfMs: UnixMs
  /** Vantages of the site that is looked at; null: all. */
  agents: readonly string[] | null
}

/** Null where the contract draws no zones, or no check of the service was seen failing. */
export function zoneOf(terms: ExpandedContract, folded: Folded, place: ZonePlace): string | null {
  const { service, onsetMs, asOfMs, agents } = place
  const seen = checksOf(terms, service).flatMap(({ name }) => {
    const check = terms.checks.find((one) => one.name === name)
    if (!check) return []
    const span = { startMs: onsetMs, endMs: Math.min(onsetMs + check.fold.holdMs, asOfMs) }
    const own = (folded.get(name) ?? []).filter((one) => agents === null || agents.includes(one.name))
    const seeing = own.filter(({ timeline }) => where(timeline, span, isDown).length > 0)
    return seeing.length > 0 ? [{ check, span, vantages: seeing.map((one) => one.name) }] : []
  })[0]
  if (!seen || terms.zones.length === 0) return null
  const names = [...new Set(terms.zones.flatMap(({ references }) => references))]
  const references = names.map((name) => {
    const own = (folded.get(name) ?? []).filter((one) => seen.vantages.includes(one.name))
    return [name, own.map(({ timeline }) => within(timeline, seen.span))] as const
  })
  const attribution = attribute({
    zones: terms.zones,
    ownZone: seen.check.zone,
    span: seen.span,
    references: new Map(references),
    quorum: quorumFor(terms.measurement.quorum, seen.vantages.length),
  })
  return attribution.kind === 'undetermined' ? UNDETERMINED : attribution.zone
}
