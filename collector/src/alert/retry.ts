/**
 * Retries: after which answer a delivery ends, and when it is tried again. Pure.
 */
import type { UnixMs } from '@constat/shared/time'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** After the first attempt and each of the next ones; a delivery fails after the last. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]

/** Delays vary by this share, so that an endpoint that comes back is not hit by all at once. */
export const JITTER = 0.1
/** No answer may put a delivery off for longer. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR_MS

/** What came back from one attempt. `status` null: no answer; `error` says why. */
export type Answer = {
  status: number | null
  error: string | null
  body: string | null
  retryAfter: string | null
  /** The receiver will never take it: it is not tried again. */
  isFinal?: boolean
}

export type Outcome =
  | { state: 'delivered' }
  | { state: 'disabled' } // 410: the receiver wants no more
  | { state: 'failed' } // no retries left
  | { state: 'pending'; delayMs: number }

export type Attempt = {
  answer: Answer
  /** Attempts before this one. */
  attemptsBefore: number
  delaysMs: readonly number[]
  nowMs: UnixMs
  /** In [0, 1). */
  chance: number
}

export function outcomeOf({ answer, attemptsBefore, delaysMs, nowMs, chance }: Attempt): Outcome {
  if (isSuccess(answer.status)) return { state: 'delivered' }
  if (answer.isFinal) return { state: 'failed' }
  if (answer.status === 410) return { state: 'disabled' }
  const delayMs = delaysMs[attemptsBefore]
  if (delayMs === undefined) return { state: 'failed' }
  const askedMs = answer.retryAfter === null ? 0 : (retryAfterMs(answer.retryAfter, nowMs) ?? 0)
  // Never sooner than our own table: a receiver that always asks for a second would use up all attempts.
  if (askedMs > delayMs) return { state: 'pending', delayMs: Math.round(askedMs * (1 + JITTER * chance)) }
  return {
    state: 'pending',
    delayMs: Math.max(askedMs, Math.round(delayMs * (1 - JITTER + 2 * JITTER * chance))),
  }
}

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300
}

/** `Retry-After` (RFC 9110, 10.2.3: seconds or an HTTP date) as ms from now, or undefined. */
export function retryAfterMs(text: string, nowMs: UnixMs): number | undefined {
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) return Math.min(Number(trimmed) * SECOND_MS, MAX_RETRY_AFTER_MS)
  // Date.parse takes many things that are no date of HTTP: those begin with a day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(trimmed)) return undefined
  const atMs = Date.parse(trimmed)
  if (Number.isNaN(atMs)) return undefined
  return Math.min(Math.max(0, atMs - nowMs), MAX_RETRY_AFTER_MS)
}
