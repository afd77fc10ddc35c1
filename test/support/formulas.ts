/**
 * Formulas that the tests ask for and the product does not: the plain form of what it works out in another way,
 * and answers to single questions. Exact. Pure.
 */
import { intersect, subtract, totalMs, type IntervalSet } from '@constat/shared/time'
import { spend } from '@constat/sla/exclusion'
import { least, minus, ONE, percent, product, ratio, sum, type Fraction } from '@constat/sla/fraction'
import { rankOf } from '@constat/sla/percentile'

/** The least value that at least `p` per cent of the values do not exceed. Undefined of no values. */
export function nearestRank(values: ArrayLike<number>, p: string | number): number | undefined {
  const sorted = Float64Array.from(values).sort()
  return sorted[rankOf({ p, count: sorted.length }) - 1]
}

/** Valid exclusions cut to committed time and to their cap; null: no cap. */
export function excused(valid: IntervalSet, service: IntervalSet, capMs: number | null): IntervalSet {
  const inside = intersect(valid, service)
  return capMs === null ? inside : spend(inside, capMs)
}

/** Downtime inside service hours that no exclusion excuses, ms. */
export function countedMs(down: IntervalSet, service: IntervalSet, excusedSet: IntervalSet): number {
  return totalMs(subtract(intersect(down, service), excusedSet))
}

/** Credits up to a share of the invoice; the rest is forgone. */
export function cappedCredit(
  credits: readonly Fraction[],
  { invoice, capPercent }: { invoice: Fraction; capPercent: Fraction },
): { credit: Fraction; forgone: Fraction } {
  const total = sum(...credits)
  const credit = least(total, product(invoice, percent(capPercent)))
  return { credit, forgone: minus(total, credit) }
}

/** Points of consecutive windows, 0 where the window was met: a repeated failure counts `multiplier` times. */
export function repeatedPoints(severities: readonly Fraction[], multiplier: Fraction): Fraction[] {
  return severities.map((points, i) => {
    const isRepeated = (severities[i - 1]?.n ?? 0n) > 0n
    return isRepeated ? product(points, multiplier) : points
  })
}

/** 1 − Σ minutes × affected ÷ (users × period): availability weighted by the users that an outage touched. */
export function userAvailability(
  outages: readonly { minutes: Fraction; affected: Fraction }[],
  { users, periodMinutes }: { users: Fraction; periodMinutes: Fraction },
): Fraction {
  const lost = sum(...outages.map(({ minutes, affected }) => product(minutes, affected)))
  return minus(ONE, ratio(lost, product(users, periodMinutes)))
}
