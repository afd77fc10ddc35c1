/**
 * Durations: the exact part of ISO 8601 (weeks, days of 24 h, hours, minutes, seconds) to ms and back. Pure.
 * Months and years have no length of their own: they are periods of a calendar, never durations.
 */

/** Longest duration of a document: ten years. */
export const MAX_DURATION_MS = 10 * 366 * 86_400_000

const DURATION = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?$/
const UNIT_MS = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000] as const

/** `PT90S` → 90000, `PT0.4S` → 400; undefined when it is no exact duration, or above the limit. */
export function parseDuration(text: string): number | undefined {
  const match = text.length > 40 ? null : DURATION.exec(text)
  if (!match) return undefined
  const parts = UNIT_MS.map((unitMs, i) => Number(match[i + 1] ?? 0) * unitMs)
  const ms = parts.reduce((a, b) => a + b, 0) + Number((match[6] ?? '').padEnd(3, '0'))
  return ms <= MAX_DURATION_MS ? ms : undefined
}

/** 5400000 → `PT1H30M`. Hours are the largest unit, as contracts write them. */
export function durationText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  const seconds = (ms % 60_000) / 1000
  const text = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}${seconds ? `${seconds}S` : ''}`
  return `PT${text || '0S'}`
}
