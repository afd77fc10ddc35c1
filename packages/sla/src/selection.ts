/**
 * Selection: exact percentiles of many values by counting instead of sorting. Two looks at the values: the
 * first counts them by their upper 16 bits, the second by the lower 16 of those whose upper bits hold the
 * rank. The values stay where they are, in as many parts as they came. Pure.
 */
import { rankOf } from './percentile.ts'

const HALF_BITS = 16
const HALF = 1 << HALF_BITS

/** For each of `ps` the p-th percentile by nearest rank; null of no values. Values are in [0, 2³²). */
export function nearestRanks(
  parts: readonly Uint32Array[],
  ps: readonly (string | number)[],
): (number | null)[] {
  const count = parts.reduce((sum, part) => sum + part.length, 0)
  if (count === 0) return ps.map(() => null)
  const upper = new Uint32Array(HALF)
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 1) upper[part[i]! >>> HALF_BITS]! += 1
  }
  const places = ps.map((p) => find(upper, rankOf({ p, count })))
  const lower = lowerCounts(parts, new Set(places.map(({ at }) => at)))
  return places.map(({ at, rank }) => at * HALF + find(lower.get(at)!, rank).at)
}

/** Counts by the lower bits, of the values whose upper bits are asked for. */
function lowerCounts(parts: readonly Uint32Array[], wanted: ReadonlySet<number>): Map<number, Uint32Array> {
  const byUpper = new Map([...wanted].map((at) => [at, new Uint32Array(HALF)]))
  for (const [at, counts] of byUpper) {
    for (const part of parts) {
      for (let i = 0; i < part.length; i += 1) {
        const value = part[i]!
        if (value >>> HALF_BITS === at) counts[value & (HALF - 1)]! += 1
      }
    }
  }
  return byUpper
}

/** The place that holds the `rank`-th value counted from 1, and its rank within that place. */
function find(counts: Uint32Array, rank: number): { at: number; rank: number } {
  let at = 0
  let left = rank
  while (counts[at]! < left) {
    left -= counts[at]!
    at += 1
  }
  return { at, rank: left }
}
