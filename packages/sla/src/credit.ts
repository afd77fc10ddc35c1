/**
 * Credits: the formulas that turn a figure into a share of a charge, exact. Pure.
 * Percentages and money are fractions; nothing is rounded here.
 */
import {
  ceiling,
  compare,
  floor,
  fraction,
  least,
  minus,
  percent,
  product,
  ratio,
  sum,
  ZERO,
  type Fraction,
} from './fraction.ts'

export type Tier<T> = { from: Fraction; credit: T }

/** The tier of the highest bound that `availability` reaches; undefined below them all. */
export function tierOf<T>(tiers: readonly Tier<T>[], availability: Fraction): Tier<T> | undefined {
  const reached = tiers.filter(({ from }) => compare(availability, from) >= 0)
  return reached.reduce<Tier<T> | undefined>(
    (best, tier) => (best && compare(best.from, tier.from) >= 0 ? best : tier),
    undefined,
  )
}

export type StepRule = {
  /** Length of a step, in the unit of what is measured. */
  per: Fraction
  /** Credit for each step. */
  percent: Fraction
  /** Whether a part of a step counts as a whole one ("or part thereof"), or not at all. */
  partialStep: 'up' | 'down'
  cap: Fraction | null
}

/** Percent for `late` in the same unit as `per`; nothing late earns nothing. */
export function stepPercent(rule: StepRule, late: Fraction): Fraction {
  if (late.n <= 0n) return ZERO
  const steps = ratio(late, rule.per)
  const whole = fraction(rule.partialStep === 'up' ? ceiling(steps) : floor(steps))
  return capped(product(whole, rule.percent), rule.cap)
}

/** P = V × R / divisor: the linear penalty of French public contracts, `divisor` 1000. */
export function latePenalty({
  value,
  late,
  divisor,
}: {
  value: Fraction
  late: Fraction
  divisor: Fraction
}): Fraction {
  return late.n <= 0n ? ZERO : ratio(product(value, late), divisor)
}

/** Part of the amount at risk that one level takes: invoice × at risk × pool × allocation, per cent each. */
export function poolCredit(
  invoice: Fraction,
  shares: { atRisk: Fraction; pool: Fraction; allocation: Fraction },
): Fraction {
  return product(invoice, percent(shares.atRisk), percent(shares.pool), percent(shares.allocation))
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

function capped(value: Fraction, cap: Fraction | null): Fraction {
  return cap === null ? value : least(value, cap)
}
