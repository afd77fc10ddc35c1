/** Money as text: rounded once, by the rule that the contract names. Pure and exact. */
import type { CreditTerms } from '../contract/expanded.ts'
import { floor, fraction, negate, type Fraction } from '../fraction.ts'

export type MoneyRounding = CreditTerms['rounding']

/** `1800.00`; a negative amount is rounded as its opposite is. */
export function moneyText(amount: Fraction, { money, digits }: MoneyRounding): string {
  const isNegative = amount.n < 0n
  const units = wholeUnits(isNegative ? negate(amount) : amount, { money, digits })
  const scale = 10n ** BigInt(digits)
  const text =
    digits === 0 ? String(units) : `${units / scale}.${String(units % scale).padStart(digits, '0')}`
  return isNegative && units > 0n ? `-${text}` : text
}

function wholeUnits(amount: Fraction, { money, digits }: MoneyRounding): bigint {
  const scaled = fraction(amount.n * 10n ** BigInt(digits), amount.d)
  const below = floor(scaled)
  // Twice what is left of the last unit, against a whole one.
  const rest = 2n * (scaled.n - below * scaled.d)
  if (rest === 0n) return below
  switch (money) {
    case 'down':
      return below
    case 'up':
      return below + 1n
    case 'half-up':
      return rest >= scaled.d ? below + 1n : below
    case 'half-even':
      if (rest === scaled.d) return below + (below % 2n)
      return rest > scaled.d ? below + 1n : below
  }
}
