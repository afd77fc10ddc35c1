/**
 * Timebase: from the monotonic clock to UTC. Compared with the collector by four timestamps (RFC 5905,
 * section 8), the offset is kept against the monotonic clock, so that a wall clock set by hand moves
 * nothing; never compared, the wall clock is believed. A jump of wall minus monotonic is a suspend or a
 * step, and is counted.
 */
import type { BatchClock } from '@constat/shared/batch'
import type { Clock, UnixMs } from '@constat/shared/time'

/** One comparison: when we asked and heard (monotonic), when the collector received and answered. */
export type Exchange = { askedUs: number; receivedMs: UnixMs; answeredMs: UnixMs; heardUs: number }

type Estimate = { baseMs: number; errorMs: number; atUs: number }

/** Smaller differences are slewing and rounding. */
const JUMP_MS = 100
/** The wall clock's own rounding, which must not shake instants before the first comparison. */
const SETTLE_MS = 2
const KEPT_EXCHANGES = 8
const MAX_ROUND_TRIP_MS = 10_000
/** How fast two undisciplined clocks drift apart at most: 50 ms in 1,000 s. */
const DRIFT_PER_US = 50e-6 / 1_000
const INT32 = 2 ** 31 - 1

export class Timebase {
  readonly #clock: Clock
  readonly #startUs: number
  #wallMs: number
  #estimates: Estimate[] = []
  #doubtMs = 0
  #jumps = 0
  #jumpedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startUs = clock.monotonicUs()
    this.#wallMs = this.#wallMinusMonotonic()
  }

  /** Looks for a jump. Answers how many there were so far; call it around whatever a jump would spoil. */
  observe(): number {
    const seenMs = this.#wallMinusMonotonic()
    const jumpMs = seenMs - this.#wallMs
    if (Math.abs(jumpMs) >= JUMP_MS) this.#jump(jumpMs)
    if (Math.abs(jumpMs) >= SETTLE_MS) this.#wallMs = seenMs
    return this.#jumps
  }

  /** Sum of all jumps, ms; forward and backward cancel. */
  get jumpedMs(): number {
    return Math.round(this.#jumpedMs)
  }

  /** False for an exchange that says nothing: answered before it was asked, or far too slow. */
  learn({ askedUs, receivedMs, answeredMs, heardUs }: Exchange): boolean {
    const roundTripMs = (heardUs - askedUs) / 1_000 - (answeredMs - receivedMs)
    // The collector's clock counts whole ms: a quick exchange may seem to take less than no time.
    if (roundTripMs < -2 || roundTripMs > MAX_ROUND_TRIP_MS || answeredMs < receivedMs) return false
    const baseMs = (receivedMs + answeredMs) / 2 - (askedUs + heardUs) / 2_000
    const errorMs = Math.max(roundTripMs, 0) / 2 + 1
    this.#estimates.push({ baseMs, errorMs, atUs: heardUs })
    if (this.#estimates.length > KEPT_EXCHANGES) this.#estimates.shift()
    this.#doubtMs = 0
    return true
  }

  /** An instant of the monotonic clock as UTC, corrected; whole ms. */
  instantOf(monotonicUs: number): UnixMs {
    return Math.round(monotonicUs / 1_000 + this.#baseMs())
  }

  /** The monotonic instant of UTC 0, as of now. */
  epochUs(): number {
    return Math.round(-this.#baseMs() * 1_000)
  }

  /** What a batch says of the clock, less the step, which counts from batch to batch. */
  reading(): Omit<BatchClock, 'stepMs'> {
    const wallMs = this.#clock.nowMs()
    const monotonicMs = Math.floor((this.#clock.monotonicUs() - this.#startUs) / 1_000)
    const best = this.#best()
    return {
      wallS: Math.floor(wallMs / 1_000),
      wallMs: wallMs % 1_000,
      monotonicS: Math.floor(monotonicMs / 1_000),
      monotonicMs: monotonicMs % 1_000,
      offsetMs: within(Math.round(this.#baseMs() - this.#wallMs)),
      errorMs: best ? within(Math.ceil(this.#errorOf(best))) : 0,
      source: best ? 1 : 0,
    }
  }

  #baseMs(): number {
    return this.#best()?.baseMs ?? this.#wallMs
  }

  #best(): Estimate | undefined {
    let best: Estimate | undefined
    for (const one of this.#estimates) if (!best || this.#errorOf(one) < this.#errorOf(best)) best = one
    return best
  }

  #errorOf({ errorMs, atUs }: Estimate): number {
    return errorMs + Math.max(0, this.#clock.monotonicUs() - atUs) * DRIFT_PER_US + this.#doubtMs
  }

  /**
   * Forward: the host slept while the monotonic clock stood still, or somebody set the clock. Sleep is far
   * more common; until the next comparison the bound says that it may have been the other. Backward: the
   * monotonic clock knows better.
   */
  #jump(jumpMs: number): void {
    this.#jumps += 1
    this.#jumpedMs += jumpMs
    if (jumpMs <= 0) return
    for (const estimate of this.#estimates) estimate.baseMs += jumpMs
    this.#doubtMs += jumpMs
  }

  #wallMinusMonotonic(): number {
    return this.#clock.nowMs() - this.#clock.monotonicUs() / 1_000
  }
}

function within(ms: number): number {
  return Math.max(-INT32, Math.min(INT32, ms))
}
