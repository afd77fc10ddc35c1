/**
 * Pace: for how long what is committed is gathered before the line takes its next step. The line works a fifth of
 * the time at most, so that the intake has the rest, with some in hand: a single long step delays nobody's alert.
 * Pure over an injected clock; ms throughout.
 */

/** What is committed within this is folded together. */
export const GATHER_MS = 50
export const MAX_GATHER_MS = 1_000
/** Of the time, for the steps of the line. */
const SHARE = 0.2
/** Work that is done without a longer rest, after a rest that was long enough. */
const IN_HAND_MS = 500

export class Pace {
  #inHandMs = IN_HAND_MS
  #atMs: number

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** A step ends now. */
  worked(tookMs: number, nowMs: number): void {
    this.#rest(nowMs)
    this.#inHandMs -= tookMs
  }

  gatherMs(nowMs: number): number {
    this.#rest(nowMs)
    const owedMs = Math.max(0, -this.#inHandMs)
    return Math.min(MAX_GATHER_MS, Math.max(GATHER_MS, owedMs / SHARE))
  }

  #rest(nowMs: number): void {
    this.#inHandMs = Math.min(IN_HAND_MS, this.#inHandMs + (nowMs - this.#atMs) * SHARE)
    this.#atMs = nowMs
  }
}
