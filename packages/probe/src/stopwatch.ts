/**
 * Stopwatch: splits one probe into phases on the monotonic clock. It runs from the first phase on; a phase
 * entered twice (a second redirect hop) adds up. No clock of its own.
 */
import { NO_PHASES, type Phases } from '@constat/shared/sample'
import type { Clock } from '@constat/shared/time'

export type PhaseName = keyof Phases
export type Timing = { latencyUs: number; phases: Phases }

export type Stopwatch = {
  /** Ends the phase that runs and starts this one. */
  enter: (phase: PhaseName) => void
  /** The phase that runs, or ran when the watch stopped. */
  phase: () => PhaseName | null
  /** Since it runs, µs. */
  elapsedUs: () => number
  /** From here on time is added here too: where that of one hop went. */
  split: (phases: Phases) => void
  /** The phase that runs was over at this instant, which is noticed only now. */
  ended: (atUs: number) => void
  /** Stops the watch; the first call decides. */
  stop: () => Timing
}

export function startStopwatch(clock: Clock): Stopwatch {
  const spent: Phases = { ...NO_PHASES }
  let startUs = clock.monotonicUs()
  let sinceUs = startUs
  let phase: PhaseName | null = null
  let endedUs: number | null = null
  let timing: Timing | null = null
  let part: Phases | null = null

  function close(nowUs: number): void {
    if (phase) spent[phase] += nowUs - sinceUs
    if (phase && part) part[phase] += nowUs - sinceUs
    sinceUs = nowUs
  }
  return {
    enter(next) {
      if (timing) return
      close(clock.monotonicUs())
      // What was made ready before the first phase is no part of the probe.
      if (phase === null) startUs = sinceUs
      phase = next
      endedUs = null
    },
    split(phases) {
      if (timing) return
      close(clock.monotonicUs())
      part = phases
    },
    ended(atUs) {
      endedUs = Math.max(atUs, sinceUs)
    },
    phase: () => phase,
    elapsedUs: () => clock.monotonicUs() - startUs,
    stop() {
      if (timing) return timing
      const nowUs = endedUs ?? clock.monotonicUs()
      close(nowUs)
      timing = { latencyUs: Math.round(nowUs - startUs), phases: rounded(spent) }
      return timing
    },
  }
}

export function rounded(phases: Phases): Phases {
  return {
    dnsUs: Math.round(phases.dnsUs),
    connectUs: Math.round(phases.connectUs),
    tlsUs: Math.round(phases.tlsUs),
    ttfbUs: Math.round(phases.ttfbUs),
    transferUs: Math.round(phases.transferUs),
  }
}
