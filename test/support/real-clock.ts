/** The real clock, for tests of what really waits. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '@constat/shared/time'

export const REAL_CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => performance.now() * 1_000,
}
