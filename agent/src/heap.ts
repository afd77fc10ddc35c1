/** A binary heap of things that fall due: the earliest first, of equals the one that came first. Pure. */

type Due<T> = { dueUs: number; order: number; item: T }

export class DueHeap<T> {
  readonly #items: Due<T>[] = []
  #pushed = 0

  get size(): number {
    return this.#items.length
  }

  /** When the earliest falls due; null when there is none. */
  nextDueUs(): number | null {
    return this.#items[0]?.dueUs ?? null
  }

  push(dueUs: number, item: T): void {
    const items = this.#items
    this.#pushed += 1
    this.#rise(items.push({ dueUs, order: this.#pushed, item }) - 1)
  }

  /** Takes an item out wherever it stands; false where it is not there. */
  remove(item: T): boolean {
    const items = this.#items
    const at = items.findIndex((one) => one.item === item)
    const last = at < 0 ? undefined : items.pop()
    if (!last) return false
    if (at < items.length) {
      items[at] = last
      this.#rise(at)
      this.#sink(at)
    }
    return true
  }

  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (!first || !last) return undefined
    if (items.length > 0) {
      items[0] = last
      this.#sink(0)
    }
    return first.item
  }

  #rise(from: number): void {
    const items = this.#items
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (!isBefore(items[at]!, items[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(from: number): void {
    const items = this.#items
    for (let at = from; ;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && isBefore(items[child]!, items[least]!)) least = child
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#items[a]!
    this.#items[a] = this.#items[b]!
    this.#items[b] = kept
  }
}

function isBefore(a: Due<unknown>, b: Due<unknown>): boolean {
  return a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.order < b.order)
}
