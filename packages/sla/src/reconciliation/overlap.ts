/**
 * Reconciliation: a provider's statement against the measured outages. Pure.
 * Both sides are sets, so overlapping lines of one statement count once.
 */
import { intersect, subtract, totalMs, type IntervalSet } from '@constat/shared/time'

export type Overlap = { bothMs: number; measuredOnlyMs: number; providerOnlyMs: number }

/** How long both say down, and each alone. */
export function overlapOf({ measured, provider }: { measured: IntervalSet; provider: IntervalSet }): Overlap {
  return {
    bothMs: totalMs(intersect(measured, provider)),
    measuredOnlyMs: totalMs(subtract(measured, provider)),
    providerOnlyMs: totalMs(subtract(provider, measured)),
  }
}
