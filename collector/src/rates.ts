/**
 * Rates: how often something may be done, by key: so many at once, and as many again in a minute, or another span.
 * Bounded: where too many keys are known, the oldest is forgotten. Pure over its clock, which is the monotonic one.
 */

/** Keys that are known at once. */
const MAX_KEYS = 10_000
const MINUTE_MS = 60_000

type Account = { left: number; atMs: number }

export class Rates {
  readonly #most: number
  readonly #spanMs: number
  readonly #monotonicMs: () => number
  readonly #byKey = new Map<string, Account>()

  constructor(most: number, monotonicMs: () => number, spanMs = MINUTE_MS) {
    this.#most = most
    this.#spanMs = spanMs
    this.#monotonicMs = monotonicMs
  }

  /** Takes one. 0: it was there; else nothing was taken, and there is one after so many ms. */
  take(key: string): number {
    const left = this.#leftOf(key)
    if (left < 1) return Math.ceil(((1 - left) * this.#spanMs) / this.#most)
    this.#set(key, left - 1)
    return 0
  }

  /** One that was taken did not count. */
  giveBack(key: string): void {
    this.#set(key, Math.min(this.#most, this.#leftOf(key) + 1))
  }

  #leftOf(key: string): number {
    const known = this.#byKey.get(key)
    if (!known) return this.#most
    const more = ((this.#monotonicMs() - known.atMs) * this.#most) / this.#spanMs
    return Math.min(this.#most, known.left + more)
  }

  #set(key: string, left: number): void {
    // The last one that was written stands last.
    this.#byKey.delete(key)
    this.#byKey.set(key, { left, atMs: this.#monotonicMs() })
    if (this.#byKey.size <= MAX_KEYS) return
    const [oldest] = this.#byKey.keys()
    if (oldest !== undefined) this.#byKey.delete(oldest)
  }
}
