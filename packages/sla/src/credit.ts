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
  percent,
  product,
  ratio,
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
  const credit = product(whole, rule.percent)
  return rule.cap === null ? credit : least(credit, rule.cap)
}

/** P = V × R / divisor: the linear penalty of French public contracts, `divisor` 1000. */
export function latePenalty({
  value,
  late,
  divisor,
}: Record<'value' | 'late' | 'divisor', Fraction>): Fraction {
  return late.n <= 0n ? ZERO : ratio(product(value, late), divisor)
}

/** Part of the amount at risk that one level takes: invoice × at risk × pool × allocation, per cent each. */
export function poolCredit(
  invoice: Fraction,
  shares: { atRisk: Fraction; pool: Fraction; allocation: Fraction },
): Fraction {
  return product(invoice, percent(shares.atRisk), percent(shares.pool), percent(shares.allocation))
}
