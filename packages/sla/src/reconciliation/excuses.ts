/**
 * Excuses: what the provider's statement calls excused, tried against what was declared: was there a
 * declaration at all, was its notice long enough, does it cover the line, was the cap spent, who accepted it.
 * Pure. (spec: reconciliation, reclassified)
 */
import { intersect, subtract, totalMs, type Interval, type IntervalSet } from '@constat/shared/time'
import type { ExclusionKind } from '../contract/expanded.ts'
import type { Ruling } from '../judgement/declaration.ts'
import type { ExcuseCheck } from './answer.ts'
import type { StatedIncident } from './provider-statement.ts'

export type ExcuseContext = {
  kinds: readonly ExclusionKind[]
  /** Of the service, by the declarations of both sides. */
  rulings: readonly Ruling[]
  inHours: IntervalSet
  /** What is excused in the end: valid, in service hours, within the cap. */
  excluded: IntervalSet
}

/** Nothing for a line that claims no kind of the contract. */
export function excuseChecks(stated: StatedIncident, context: ExcuseContext): ExcuseCheck[] {
  const kind = context.kinds.find(({ id }) => id === stated.kind)
  if (!kind) return []
  const span = stated.readings.slice(0, 1)
  const claimed = intersect(span, context.inHours)
  const own = context.rulings.filter((ruling) => ruling.kind === kind.id && touches(span, ruling.interval))
  const base = { line: stated.line, kind: kind.id, clause: kind.clause, needs: kind.needs }
  if (own.length === 0) {
    const claimedMs = totalMs(claimed)
    const standing = 'not-declared' as const
    const nothing = { ruling: null, refusals: [], notice: null, acceptedBy: [] }
    return [{ ...base, ...nothing, standing, claimedMs, excusedMs: 0, outsideMs: claimedMs, overCapMs: 0 }]
  }
  return own.map((ruling) => ({
    ...base,
    ruling: ruling.id,
    standing: ruling.contested ? 'contested' : ruling.counts ? 'valid' : 'refused',
    refusals: ruling.refusals,
    notice: ruling.notice,
    acceptedBy: ruling.acceptedBy,
    ...lengths(claimed, ruling, context),
  }))
}

function lengths(
  claimed: IntervalSet,
  { spans, counts }: Ruling,
  { excluded }: ExcuseContext,
): Pick<ExcuseCheck, 'claimedMs' | 'excusedMs' | 'outsideMs' | 'overCapMs'> {
  const covered = intersect(claimed, spans)
  const excusedMs = counts ? totalMs(intersect(covered, excluded)) : 0
  return {
    claimedMs: totalMs(claimed),
    excusedMs,
    outsideMs: totalMs(subtract(claimed, spans)),
    overCapMs: counts ? totalMs(covered) - excusedMs : 0,
  }
}

function touches(span: readonly Interval[], interval: Interval): boolean {
  return span.some((one) => one.startMs < interval.endMs && interval.startMs < one.endMs)
}
