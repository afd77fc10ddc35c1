/**
 * Percentiles by nearest rank, exact: the p-th percentile is a value that was measured.
 * Pure. The count form gives the same answer without sorting.
 */
import { ceiling, fraction, parseFraction, product, percent, type Fraction } from './fraction.ts'
import { invariant } from '@constat/shared/fault'

/** Which of `count` values in order is the p-th percentile, counted from 1. */
export function rankOf({ p, count }: { p: string | number; count: number }): number {
  return Math.max(1, Number(ceiling(product(percent(rankShare(p)), fraction(count)))))
}

/** 100·within ≥ p·n: exactly "the p-th percentile is within the threshold". True of no values. */
export function shareWithin(given: { n: number; within: number; p: string | number }): boolean {
  const { n, d } = rankShare(given.p)
  return 100n * BigInt(given.within) * d >= n * BigInt(given.n)
}

function rankShare(p: string | number): Fraction {
  const share = parseFraction(p)
  invariant(share && share.n >= 0n && share.n <= 100n * share.d, 'a percentile is 0 … 100')
  return share
}
