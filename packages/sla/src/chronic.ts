/**
 * Chronic failure: when repeated or long outages give a right beyond the credit. Pure.
 */
import { compare, sum, type Fraction } from './fraction.ts'

/** Lengths in one unit. `each` and `aggregate` must be exceeded, not reached. */
export type OutageRule = { count: number; each: Fraction; aggregate: Fraction | null }

export function isChronic(outages: readonly Fraction[], { count, each, aggregate }: OutageRule): boolean {
  const long = outages.filter((outage) => compare(outage, each) > 0)
  return long.length >= count || (aggregate !== null && compare(sum(...outages), aggregate) > 0)
}

/** Failed windows in order of time: `failures` in a row, or within the last `within` windows. */
export type WindowRule = { failures: number; consecutive: boolean; within: number | null }

/** Whether the right stands at the end of the last window. */
export function isChronicFailure(
  failed: readonly boolean[],
  { failures, consecutive, within }: WindowRule,
): boolean {
  const recent = failed.slice(-Math.min(failed.length, consecutive ? failures : (within ?? failed.length)))
  return recent.filter(Boolean).length >= failures
}
