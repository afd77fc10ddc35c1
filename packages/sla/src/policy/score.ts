/** Scores as their tools write them. Pure and exact until the last digit. */
import { ceiling, floor, fraction, product, sum, truncatedText, type Fraction } from '../fraction.ts'
import type { Policy, Score } from './policy.ts'

/** `good` of `all`; nothing counted is what the tool then says. */
export function scoreOf({ good, all, empty }: { good: number; all: number; empty: string }): Score {
  return all === 0 ? { kind: 'empty', says: empty } : { kind: 'share', share: fraction(good, all) }
}

/** Percent in the tool's own digits, `95.83`. */
export function percentText(share: Fraction, { digits, mode }: Pick<Policy, 'digits' | 'mode'>): string {
  const value = product(share, fraction(100))
  return mode === 'truncate' ? truncatedText(value, digits) : truncatedText(rounded(value, digits), digits)
}

/** Half away from zero. */
function rounded(value: Fraction, digits: number): Fraction {
  const scale = fraction(10n ** BigInt(digits))
  const scaled = product(value, scale)
  const half = fraction(1, 2)
  const units = scaled.n < 0n ? ceiling(sum(scaled, fraction(-1, 2))) : floor(sum(scaled, half))
  return fraction(units, scale.n)
}
