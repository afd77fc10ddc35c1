/**
 * Addresses: which of the collector's addresses is tried next. They stand in order of preference: a round
 * goes through all of them, the first again when a connection that stood has ended, and on another than
 * the first one comes back to it when it answers again. Pure.
 */
export class Addresses<T> {
  readonly #all: readonly [T, ...T[]]
  #at = 0

  constructor(all: readonly [T, ...T[]]) {
    this.#all = all
  }

  get current(): T {
    return this.#all[this.#at] ?? this.#all[0]
  }

  get first(): T {
    return this.#all[0]
  }

  get isFirst(): boolean {
    return this.#at === 0
  }

  /** The current one did not answer. `round-over`: neither did the others, and it is time to wait. */
  failed(): 'next-at-once' | 'round-over' {
    this.#at = (this.#at + 1) % this.#all.length
    return this.#at === 0 ? 'round-over' : 'next-at-once'
  }

  /** A connection that stood has ended: from the first again. */
  restart(): void {
    this.#at = 0
  }
}
