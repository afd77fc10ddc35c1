/**
 * Timebase: from the monotonic clock to UTC. Compared with the collector by four timestamps (RFC 5905,
 * section 8), the offset is kept against the monotonic clock, so that a wall clock set by hand moves
 * nothing; never compared, the wall clock is believed. A jump of wall minus monotonic is a sleep or a
 * step: it is counted, and puts every comparison before it in doubt.
 */
import type { BatchClock } from '@constat/shared/batch'
import type { HostClock, UnixMs } from '@constat/shared/time'

/** One comparison: when we asked and heard (monotonic), when the collector received and answered. */
export type Exchange = { askedUs: number; receivedMs: UnixMs; answeredMs: UnixMs; heardUs: number }

export type TimebaseEvents = {
  /** The wall clock jumped: it is time to compare again. */
  jumped: () => void
  /** A comparison was learnt. */
  compared: () => void
}

type Estimate = { baseMs: number; errorMs: number; atUs: number }
/** The host slept for so long, just before this instant of the monotonic clock. */
type Sleep = { endUs: number; ms: number }
/** What was held for true before a jump that no comparison has explained yet. */
type Unexplained = { baseMs: number | null; sleeps: Sleep[] }

/** Smaller differences are rounding, and the slewing of a disciplined clock at 1,000 ppm at most. */
const JUMP_MS = 100
const SLEW_PER_US = 1_000e-6 / 1_000
/** The wall clock's own rounding, which must not shake instants before the first comparison. */
const SETTLE_MS = 2
/** What the host says of its sleep is right within this. */
const SLEEP_ERROR_MS = 50
const KEPT_EXCHANGES = 8
/** A sample is signed long before so many sleeps have passed since. */
const KEPT_SLEEPS = 16
const MAX_ROUND_TRIP_MS = 10_000
/** How fast two undisciplined clocks drift apart at most: 50 ms in 1,000 s. */
const DRIFT_PER_US = 50e-6 / 1_000
/** How long instants may wait for a comparison that will correct them. */
const WAIT_FOR_COMPARISON_US = 2_000_000
const INT32 = 2 ** 31 - 1
const NO_EVENTS: TimebaseEvents = { jumped: () => {}, compared: () => {} }

export class Timebase {
  readonly #clock: HostClock
  readonly #events: TimebaseEvents
  readonly #startUs: number
  #wallMs: number
  #seenUs: number
  #asleepMs: number
  #estimates: Estimate[] = []
  #sleeps: Sleep[] = []
  #jumps = 0
  #jumpedMs = 0
  #jumpedUs = -Infinity
  /** Since when the next comparison is awaited; null once it has come. */
  #doubtUs: number | null
  #unexplained: Unexplained | null = null

  constructor(clock: HostClock, events: TimebaseEvents = NO_EVENTS) {
    this.#clock = clock
    this.#events = events
    this.#startUs = clock.monotonicUs()
    this.#seenUs = this.#startUs
    this.#doubtUs = this.#startUs
    this.#wallMs = this.#wallMinusMonotonic()
    this.#asleepMs = clock.asleepMs?.() ?? 0
  }

  /** Looks for a jump. Answers how many there were so far; call it around whatever a jump would spoil. */
  observe(): number {
    const nowUs = this.#clock.monotonicUs()
    const seenMs = this.#wallMinusMonotonic()
    const movedMs = seenMs - this.#wallMs
    const isJump = Math.abs(movedMs) >= JUMP_MS + (nowUs - this.#seenUs) * SLEW_PER_US
    this.#seenUs = nowUs
    if (Math.abs(movedMs) >= SETTLE_MS) this.#wallMs = seenMs
    if (isJump) this.#jump(movedMs, nowUs)
    return this.#jumps
  }

  /** Sum of all jumps, ms; forward and backward cancel. */
  get jumpedMs(): number {
    return Math.round(this.#jumpedMs)
  }

  /** False for an exchange that says nothing: out of order, far too slow, or the clock jumped meanwhile. */
  learn({ askedUs, receivedMs, answeredMs, heardUs }: Exchange): boolean {
    this.observe()
    if (this.#jumpedUs > askedUs) return false
    const roundTripMs = (heardUs - askedUs) / 1_000 - (answeredMs - receivedMs)
    // The collector's clock counts whole ms: a quick exchange may seem to take less than no time.
    if (roundTripMs < -2 || roundTripMs > MAX_ROUND_TRIP_MS || answeredMs < receivedMs) return false
    const baseMs = (receivedMs + answeredMs) / 2 - (askedUs + heardUs) / 2_000
    const errorMs = Math.max(roundTripMs, 0) / 2 + 1
    this.#explain(baseMs)
    this.#keep({ baseMs, errorMs, atUs: heardUs })
    this.#doubtUs = null
    this.#events.compared()
    return true
  }

  /** An instant of the monotonic clock as UTC, corrected; whole ms. */
  instantOf(monotonicUs: number): UnixMs {
    let sleptSinceMs = 0
    for (const { endUs, ms } of this.#sleeps) if (monotonicUs < endUs) sleptSinceMs += ms
    return Math.round(monotonicUs / 1_000 + this.#baseMs() - sleptSinceMs)
  }

  /** The monotonic instant of UTC 0, as of now. */
  epochUs(): number {
    return Math.round(-this.#baseMs() * 1_000)
  }

  /** Instants signed before this (monotonic) may be far off, and a comparison is on its way. */
  signableUs(): number {
    return this.#doubtUs === null ? -Infinity : this.#doubtUs + WAIT_FOR_COMPARISON_US
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

  /** An older estimate that contradicts the new one has drifted further than its bound allows for. */
  #keep(estimate: Estimate): void {
    const agrees = (other: Estimate): boolean =>
      Math.abs(other.baseMs - estimate.baseMs) <= this.#errorOf(other) + this.#errorOf(estimate)
    this.#estimates = [...this.#estimates.filter(agrees), estimate].slice(-KEPT_EXCHANGES)
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
    return errorMs + Math.max(0, this.#clock.monotonicUs() - atUs) * DRIFT_PER_US
  }

  /**
   * Forward: the host slept while the monotonic clock stood still, or somebody set the clock. Where the
   * host cannot say, sleep is far more common. Until the next comparison the bound says that it may have
   * been the other: a virtual machine that was paused does not know that it slept. Backward: no time
   * passes that way, the monotonic clock knows better.
   */
  #jump(jumpMs: number, nowUs: number): void {
    this.#jumps += 1
    this.#jumpedMs += jumpMs
    this.#jumpedUs = nowUs
    this.#unexplained ??= { baseMs: this.#best()?.baseMs ?? null, sleeps: this.#sleeps }
    const sleptMs = this.#sleptMs(jumpMs)
    if (sleptMs > 0) this.#sleeps = [...this.#sleeps, { endUs: nowUs, ms: sleptMs }].slice(-KEPT_SLEEPS)
    const isSure = this.#clock.asleepMs !== undefined && sleptMs > 0
    const doubtMs = isSure ? SLEEP_ERROR_MS + Math.max(0, jumpMs - sleptMs) : Math.max(0, jumpMs)
    for (const estimate of this.#estimates) {
      estimate.baseMs += sleptMs
      estimate.errorMs += doubtMs
    }
    this.#doubtUs = nowUs
    this.#events.jumped()
  }

  /** By how much the collector went on while the monotonic clock stood still was sleep, whatever was thought. */
  #explain(baseMs: number): void {
    if (this.#unexplained?.baseMs != null) {
      const sleptMs = baseMs - this.#unexplained.baseMs
      const slept = sleptMs >= JUMP_MS ? [{ endUs: this.#jumpedUs, ms: sleptMs }] : []
      this.#sleeps = [...this.#unexplained.sleeps, ...slept].slice(-KEPT_SLEEPS)
    }
    this.#unexplained = null
  }

  /** How much of a jump was sleep, ms; 0 for none. */
  #sleptMs(jumpMs: number): number {
    if (!this.#clock.asleepMs) return Math.max(0, jumpMs)
    const asleepMs = this.#clock.asleepMs()
    const sleptMs = asleepMs - this.#asleepMs
    this.#asleepMs = asleepMs
    if (sleptMs < SLEEP_ERROR_MS) return 0
    // The wall clock knows better how long, where it was not set on waking as well.
    return Math.abs(jumpMs - sleptMs) < JUMP_MS ? jumpMs : sleptMs
  }

  #wallMinusMonotonic(): number {
    return this.#clock.nowMs() - this.#clock.monotonicUs() / 1_000
  }
}

function within(ms: number): number {
  return Math.max(-INT32, Math.min(INT32, ms))
}
