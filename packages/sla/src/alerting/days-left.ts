/** Days left: at which of a few marks something that ends is told of. Pure. */

/** Days before the end of a certificate. */
export const CERTIFICATE_DAYS: readonly number[] = [30, 14, 7, 3, 1]
/** Days before the end of the time to claim. */
export const CLAIM_DAYS: readonly number[] = [7, 1]

/** The last mark that was passed with so much time left; null before the first, and once it is over. */
export function markPassed(marks: readonly number[], leftMs: number): number | null {
  if (leftMs <= 0) return null
  return marks.toSorted((a, b) => a - b).find((days) => leftMs <= days * DAY_MS) ?? null
}

const DAY_MS = 86_400_000
