/** Kept: values by name within a limit of bytes; what was not asked for the longest goes first. Pure. */

export class Kept<T> {
  readonly #limitBytes: number
  readonly #byName = new Map<string, { value: T; bytes: number }>()
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(name: string): T | undefined {
    const found = this.#byName.get(name)
    if (!found) return undefined
    // A map keeps the order of setting: the newest last.
    this.#byName.delete(name)
    this.#byName.set(name, found)
    return found.value
  }

  set(name: string, { value, bytes }: { value: T; bytes: number }): void {
    this.delete(name)
    this.#byName.set(name, { value, bytes })
    this.#bytes += bytes
    for (const [oldest] of this.#byName) {
      if (this.#bytes <= this.#limitBytes) return
      this.delete(oldest)
    }
  }

  delete(name: string): void {
    const found = this.#byName.get(name)
    if (!found) return
    this.#bytes -= found.bytes
    this.#byName.delete(name)
  }
}
