/**
 * Fractions: exact ratios of integers, for percentages and money that documents write as decimals. Pure.
 * Always reduced, the denominator above zero. No floating point decides anything.
 */
import { invariant } from '@constat/shared/fault'

export type Fraction = { readonly n: bigint; readonly d: bigint }

export const ZERO: Fraction = { n: 0n, d: 1n }
export const ONE: Fraction = { n: 1n, d: 1n }

/** Most characters of a number in a document: more is a mistake or an attack. */
export const MAX_NUMBER_LENGTH = 40

export function fraction(n: bigint | number, d: bigint | number = 1n): Fraction {
  const [top, bottom] = [BigInt(n), BigInt(d)]
  invariant(bottom !== 0n, 'a fraction has a denominator')
  const sign = bottom < 0n ? -1n : 1n
  const common = gcd(top < 0n ? -top : top, bottom * sign)
  return { n: (top * sign) / common, d: (bottom * sign) / common }
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const RATIO = /^(-?\d+)\/(\d+)$/

/** `99.9`, `-3`, `1/50`; a number as JavaScript prints it. Undefined when it is none of them. */
export function parseFraction(value: string | number): Fraction | undefined {
  const text = String(value).trim()
  if (text.length > MAX_NUMBER_LENGTH) return undefined
  const ratio = RATIO.exec(text)
  if (ratio) return BigInt(ratio[2]!) === 0n ? undefined : fraction(BigInt(ratio[1]!), BigInt(ratio[2]!))
  const decimal = DECIMAL.exec(text)
  if (!decimal) return undefined
  const places = decimal[3] ?? ''
  const size = fraction(BigInt(decimal[2]! + places), 10n ** BigInt(places.length))
  return decimal[1] ? negate(size) : size
}

/** A decimal that a parser has already accepted. */
export function decimal(text: string): Fraction {
  const value = parseFraction(text)
  invariant(value, `not a decimal: ${text}`)
  return value
}

export function negate(a: Fraction): Fraction {
  return { n: -a.n, d: a.d }
}

export function sum(...terms: readonly Fraction[]): Fraction {
  return terms.reduce((a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d), ZERO)
}

export function product(...factors: readonly Fraction[]): Fraction {
  return factors.reduce((a, b) => fraction(a.n * b.n, a.d * b.d), ONE)
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return sum(a, negate(b))
}

/** `b` must not be zero. */
export function ratio(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d, a.d * b.n)
}

/** `value` per cent, as a share: 99.9 → 999/1000. */
export function percent(value: Fraction): Fraction {
  return fraction(value.n, value.d * 100n)
}

/** Below zero, zero or above zero, like a sort's comparison. */
export function compare(a: Fraction, b: Fraction): number {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function least(a: Fraction, b: Fraction): Fraction {
  return compare(a, b) <= 0 ? a : b
}

export function most(a: Fraction, b: Fraction): Fraction {
  return compare(a, b) >= 0 ? a : b
}

export function floor({ n, d }: Fraction): bigint {
  const quotient = n / d
  return n < 0n && n % d !== 0n ? quotient - 1n : quotient
}

export function ceiling(a: Fraction): bigint {
  return -floor(negate(a))
}

/** Reduced, as text: `72/5`, `1500`. */
export function fractionText({ n, d }: Fraction): string {
  return d === 1n ? String(n) : `${n}/${d}`
}

/** What `fractionText` wrote, of any length. */
export function fractionOf(text: string): Fraction {
  const [n = '', d = '1'] = text.split('/')
  return fraction(BigInt(n), BigInt(d))
}

/** `259.2` where a finite decimal says it exactly, else the fraction. */
export function decimalText(value: Fraction): string {
  let rest = value.d
  let digits = 0
  for (const prime of [10n, 5n, 2n]) {
    while (rest % prime === 0n) {
      rest /= prime
      digits += 1
    }
  }
  return rest === 1n
    ? truncatedText(value, digits)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')
    : fractionText(value)
}

/** Towards zero at `digits` places: 99.89684 → `99.8968`. Display only: it decides nothing. */
export function truncatedText({ n, d }: Fraction, digits: number): string {
  const scale = 10n ** BigInt(digits)
  const units = ((n < 0n ? -n : n) * scale) / d
  const whole = `${n < 0n && units > 0n ? '-' : ''}${units / scale}`
  return digits === 0 ? whole : `${whole}.${String(units % scale).padStart(digits, '0')}`
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}
