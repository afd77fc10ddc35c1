/**
 * Rate: so many in a second, over any length of time, a tenth of a second's worth at once. Pure: the clock is an
 * argument. Something that costs more than is left is let through and paid off before the next.
 */
export class Rate {
  #perSecond = Infinity
  /** What may be taken at `#atUs`; below 0 while something is paid off. */
  #left = Infinity
  #atUs = 0

  set(perSecond: number, nowUs: number): void {
    this.hasRoom(nowUs)
    this.#perSecond = perSecond
    this.#atUs = nowUs
    this.#left = Math.min(this.#left, this.#most())
  }

  hasRoom(nowUs: number): boolean {
    if (this.#perSecond === Infinity) return true
    const grown = (Math.max(0, nowUs - this.#atUs) * this.#perSecond) / 1_000_000
    this.#left = Math.min(this.#most(), this.#left + grown)
    this.#atUs = Math.max(this.#atUs, nowUs)
    return this.#left >= 1
  }

  take(cost: number): void {
    this.#left -= cost
  }

  /** When there is room for the next. */
  roomAtUs(): number {
    // A µs more, so that what is due then has room in spite of rounding.
    return this.#left >= 1 ? this.#atUs : this.#atUs + ((1 - this.#left) / this.#perSecond) * 1_000_000 + 1
  }

  #most(): number {
    return Math.max(1, this.#perSecond / 10)
  }
}
