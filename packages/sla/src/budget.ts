/**
 * Error budget: what the target allows, what is spent, and how fast it burns.
 * Pure and exact: nothing here is a floating-point number.
 */
import { ONE, compare, decimal, floor, fraction, minus, percent, product, ratio } from './fraction.ts'
import type { Fraction } from './fraction.ts'

/** `leftMs` is negative once the budget is gone. */
export type Budget = { allowedMs: number; spentMs: number; leftMs: number }

/** True when availability (committed − down) / committed reaches `target` per cent. */
export function keepsTarget(given: { committedMs: number; downMs: number; target: string }): boolean {
  const { committedMs, downMs, target } = given
  const { n, d } = decimal(target)
  return BigInt(committedMs - downMs) * 100n * d >= n * BigInt(committedMs)
}

/**
 * The allowance is rounded down to a whole millisecond. Downtime is whole too, so the comparison with
 * it stays exact: spent > allowed says the same of the fraction and of its floor.
 */
export function budgetOf(given: { committedMs: number; target: string; spentMs: number }): Budget {
  const { committedMs, target, spentMs } = given
  const allowedMs = Number(floor(product(fraction(committedMs), downShare(target))))
  return { allowedMs, spentMs, leftMs: allowedMs - spentMs }
}

/**
 * The burn rate at which `budgetShare` of the budget goes in one long window. 1 spends it exactly over
 * the whole window. Any unit of time, the same for both; both above zero.
 */
export function burnThreshold(given: {
  budgetShare: Fraction
  committed: Fraction
  longWindow: Fraction
}): Fraction {
  return ratio(product(given.budgetShare, given.committed), given.longWindow)
}

/** The short look-back of a burn alert is this part of the long one: it ends the alert soon after. */
export const SHORT_WINDOW_DIVISOR = 12

export type BurnQuestion = {
  target: string
  /** Committed time of the whole window. */
  committedMs: number
  /** `1/50` or `0.02`. */
  budgetShare: string
  /** Committed downtime within the long look-back, and within the last twelfth of it. */
  longDownMs: number
  shortDownMs: number
}

/** Both look-backs burn at the threshold or above it. */
export function isBurning(question: BurnQuestion): boolean {
  const { target, committedMs, budgetShare, longDownMs, shortDownMs } = question
  // Spending at the threshold for a look-back takes exactly this much downtime.
  const longAllowed = product(decimal(budgetShare), fraction(committedMs), downShare(target))
  const shortAllowed = product(longAllowed, fraction(1, SHORT_WINDOW_DIVISOR))
  // Where nothing is allowed, no downtime lately is still no burning.
  if (shortDownMs === 0) return false
  return compare(fraction(longDownMs), longAllowed) >= 0 && compare(fraction(shortDownMs), shortAllowed) >= 0
}

function downShare(target: string): Fraction {
  return minus(ONE, percent(decimal(target)))
}
