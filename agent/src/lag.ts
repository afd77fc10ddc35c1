/**
 * Loop lag: how late the event loop ran while probes were in flight. A probe that overlaps a long lag
 * measured this agent, not its target. The meter only ticks while something is in flight.
 */
import type { Clock } from '@constat/shared/time'

const TICK_MS = 25
/** A sample that overlaps more lag than this is unknown. */
export const MAX_LAG_US = 250_000
/** Lags below this are the ordinary life of a loop and are not kept. */
const KEPT_ABOVE_US = 5_000
const MAX_KEPT = 256

type Lag = { fromUs: number; toUs: number }

export class LagMeter {
  readonly #clock: Clock
  #timer: NodeJS.Timeout | null = null
  #expectedUs = 0
  #lags: Lag[] = []
  #inFlight = 0
  #worstUs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(): void {
    this.#inFlight += 1
    if (this.#inFlight === 1) this.#arm()
  }

  /** Worst lag that overlaps the probe which started at `startUs` and ends now, µs. */
  end(startUs: number): number {
    this.#measure()
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#disarm()
    let worstUs = 0
    for (const { fromUs, toUs } of this.#lags) {
      if (toUs > startUs) worstUs = Math.max(worstUs, toUs - Math.max(fromUs, startUs))
    }
    return Math.round(worstUs)
  }

  /** All the lags together that make a sample unknown and overlap what lies between `startUs` and now, µs. */
  stoodStillUs(startUs: number): number {
    this.#measure()
    return this.#lags.reduce((sum, { fromUs, toUs }) => {
      const ownUs = toUs - Math.max(fromUs, startUs)
      return ownUs > MAX_LAG_US ? sum + ownUs : sum
    }, 0)
  }

  /** Worst lag since the last call, µs. */
  takeWorstUs(): number {
    const worstUs = Math.round(this.#worstUs)
    this.#worstUs = 0
    return worstUs
  }

  #arm(): void {
    this.#lags = []
    this.#expectedUs = this.#clock.monotonicUs() + TICK_MS * 1_000
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  #disarm(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  /** The next tick counts from this one, also where it came a little early. */
  #tick(): void {
    this.#measure()
    this.#expectedUs = this.#clock.monotonicUs() + TICK_MS * 1_000
  }

  #measure(): void {
    const nowUs = this.#clock.monotonicUs()
    const lateUs = nowUs - this.#expectedUs
    if (lateUs > KEPT_ABOVE_US) {
      this.#lags.push({ fromUs: this.#expectedUs, toUs: nowUs })
      if (this.#lags.length > MAX_KEPT) this.#lags.shift()
      this.#worstUs = Math.max(this.#worstUs, lateUs)
    }
    if (lateUs > 0) this.#expectedUs = nowUs + TICK_MS * 1_000
  }
}
