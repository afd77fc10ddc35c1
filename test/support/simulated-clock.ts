/** Clocks of tests: one that stands still until it is told to move. Wall and monotonic move together, or apart; and one that goes on from there. */
import type { Clock } from '@constat/shared/time'

export type SimulatedClock = Clock & {
  advanceUs: (us: number) => void
  /** Moves the wall clock alone, as a person or a wake-up does. */
  stepWallMs: (ms: number) => void
}

export function createSimulatedClock({
  wallMs = 1_790_000_000_000,
  monotonicUs = 5_000_000,
} = {}): SimulatedClock {
  let wallUs = wallMs * 1_000
  let monoUs = monotonicUs
  return {
    nowMs: () => Math.floor(wallUs / 1_000),
    monotonicUs: () => monoUs,
    advanceUs(us) {
      wallUs += us
      monoUs += us
    },
    stepWallMs(ms) {
      wallUs += ms * 1_000
    },
  }
}

/** The time of another clock, and what has really passed since. */
export function createRunningClock(clock: Clock): Clock {
  const startUs = performance.now() * 1_000
  const passedUs = (): number => Math.floor(performance.now() * 1_000 - startUs)
  return {
    nowMs: () => clock.nowMs() + Math.floor(passedUs() / 1_000),
    monotonicUs: () => clock.monotonicUs() + passedUs(),
  }
}
