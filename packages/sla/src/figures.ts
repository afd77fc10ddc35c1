/**
 * Figures: the three exact downtimes of one interval, and how they are written.
 * Pure. Text is truncated, never rounded up, and decides nothing.
 */
import { fraction, truncatedText } from './fraction.ts'

export const FIGURES = ['provable', 'point', 'pessimistic'] as const
/** P, D and S: "at least", "measured", "at most". */
export type Figure = (typeof FIGURES)[number]

/** Downtime within committed time, ms. provable ≤ point ≤ pessimistic. */
export type DownMs = Record<Figure, number>

export const DISPLAY_DIGITS = 4

/** Availability in percent, `99.6969`; null when nothing was committed. */
export function availabilityText(given: { committedMs: number; downMs: number }): string | null {
  const { committedMs, downMs } = given
  if (committedMs === 0) return null
  return truncatedText(fraction(BigInt(committedMs - downMs) * 100n, BigInt(committedMs)), DISPLAY_DIGITS)
}

/** The three availabilities of one interval. */
export function availabilityTexts(given: {
  committedMs: number
  downMs: DownMs
}): Record<Figure, string | null> {
  const { committedMs, downMs } = given
  return {
    provable: availabilityText({ committedMs, downMs: downMs.provable }),
    point: availabilityText({ committedMs, downMs: downMs.point }),
    pessimistic: availabilityText({ committedMs, downMs: downMs.pessimistic }),
  }
}

/** Known over committed time as a share, `0.9985`; null when nothing was committed. */
export function coverageText(given: { committedMs: number; knownMs: number }): string | null {
  const { committedMs, knownMs } = given
  return committedMs === 0 ? null : truncatedText(fraction(knownMs, committedMs), DISPLAY_DIGITS)
}
