/**
 * Shown once: what a form has made and nobody can be told twice, kept between the answer to the form and the page that
 * it sends to, so that a reload makes no second one. In memory alone: a collector that starts again has forgotten it.
 */
import type { UnixMs } from '@constat/shared/time'
import { MAX_SHOWN_ONCE } from '../http/limits.ts'

/** Long enough to follow a redirect. */
const KEPT_MS = 60_000

type Kept<T> = { by: string; value: T; untilMs: UnixMs }

export class ShownOnce<T> {
  readonly #nowMs: () => UnixMs
  readonly #kept = new Map<number, Kept<T>>()
  #last = 0

  constructor(nowMs: () => UnixMs) {
    this.#nowMs = nowMs
  }

  /** Number to take it by. `by`: id of the token of whoever may see it. */
  put(by: string, value: T): number {
    this.#forget()
    this.#last += 1
    this.#kept.set(this.#last, { by, value, untilMs: this.#nowMs() + KEPT_MS })
    return this.#last
  }

  /** Null: it was shown, it is another's, or nobody came for it in time. */
  take(by: string, number: string | undefined): T | null {
    this.#forget()
    const key = Number(number)
    const found = this.#kept.get(key)
    if (!found || found.by !== by) return null
    this.#kept.delete(key)
    return found.value
  }

  #forget(): void {
    for (const [key, { untilMs }] of this.#kept) {
      if (untilMs <= this.#nowMs() || this.#kept.size > MAX_SHOWN_ONCE) this.#kept.delete(key)
    }
  }
}
