/** What a scoring policy is: a share of good time, and how its tool writes it. Pure and exact until the last digit. */
import { ceiling, floor, fraction, product, sum, truncatedText, type Fraction } from '../fraction.ts'
import type { Stretch } from './stretch.ts'

export type Score =
  /** Good over counted time, 0 … 1. */
  | { kind: 'share'; share: Fraction }
  /** Nothing was counted: what the tool then says. */
  | { kind: 'empty'; says: string }

export type Policy = {
  name: string
  /** The formula, in one sentence. */
  formula: string
  /** Digits behind the point, and what happens to the rest. */
  digits: number
  mode: 'truncate' | 'round'
  score: (stretches: readonly Stretch[]) => Score
}

type Rule = (stretch: Stretch) => boolean

/** The good time of what counts; `empty`: what the tool says of nothing. */
export function shareOf(counts: Rule, isGood: Rule, empty = 'no data'): Policy['score'] {
  return (stretches) => {
    const counted = stretches.filter(counts)
    const all = sumMs(counted)
    if (all === 0) return { kind: 'empty', says: empty }
    return { kind: 'share', share: fraction(sumMs(counted.filter(isGood)), all) }
  }
}

function sumMs(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { ms }) => sum + ms, 0)
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
