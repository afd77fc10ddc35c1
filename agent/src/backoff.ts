/**
 * Backoff: how long to wait before the next connection. The first try comes within a second, because
 * most ends are short; then full jitter up to a cap, so that a thousand agents do not come back at once.
 * Only a collector that says so spreads them further. Pure.
 */
import type { Ending } from './uplink.ts'

const FIRST_WITHIN_MS = 1_000
const CAP_MS = 30_000
const FLOOR_MS = 100
/** The most that a collector can ask for, and what 1012 and 1013 ask for without a word. */
const MAX_SPREAD_MS = 120_000
const SILENT_SPREAD_MS = 10_000
const SERVICE_RESTART = 1012
const TRY_AGAIN_LATER = 1013

/** `failures`: tries since the last welcome. `chance` in [0, 1). */
export function waitBeforeMs(failures: number, ending: Ending | null, chance: number): number {
  const spreadMs = spreadOf(ending)
  const jitterMs = Math.min(CAP_MS, FIRST_WITHIN_MS * 2 ** Math.min(failures, 10))
  return Math.max(FLOOR_MS, Math.floor(chance * Math.max(spreadMs, jitterMs)))
}

function spreadOf(ending: Ending | null): number {
  if (!ending) return 0
  if (ending.bye) return Math.min(MAX_SPREAD_MS, ending.bye.retryAfterMs)
  return ending.closeCode === SERVICE_RESTART || ending.closeCode === TRY_AGAIN_LATER ? SILENT_SPREAD_MS : 0
}
