/**
 * Stream places: who may hold a live stream open. Each token has a share, all others than owners have one together,
 * and an owner always gets in: where owners have theirs, the one that is open longest ends. State of one process.
 */
import { Fault } from '@constat/shared/fault'
import type { Asker } from '../view/parts.ts'
import { MAX_OWNER_STREAMS, MAX_STREAMS, MAX_STREAMS_OF_TOKEN } from './limits.ts'

/** A reader that is refused may come back after this, seconds. */
const RETRY_AFTER_S = 30

type Place = { by: Asker; end: () => void }

export class StreamPlaces {
  /** The one that is open longest comes first. */
  readonly #places = new Set<Place>()

  /** The answer gives the place back. Faults `rate-limited` past a token's share, `unavailable` past all others'. */
  take(by: Asker, end: () => void): () => void {
    if (by.role === 'owner') this.#makeRoom()
    else this.#demandRoom(by)
    const place = { by, end }
    this.#places.add(place)
    return () => void this.#places.delete(place)
  }

  #makeRoom(): void {
    const owners = [...this.#places].filter((one) => one.by.role === 'owner')
    const [oldest] = owners
    if (!oldest || owners.length < MAX_OWNER_STREAMS) return
    this.#places.delete(oldest)
    oldest.end()
  }

  #demandRoom({ key }: Asker): void {
    const others = [...this.#places].filter((one) => one.by.role !== 'owner')
    if (others.filter((one) => one.by.key === key).length >= MAX_STREAMS_OF_TOKEN) {
      throw new Fault('rate-limited', `This token has ${MAX_STREAMS_OF_TOKEN} event streams open already.`, {
        hint: 'Close one of them first.',
        retryAfterS: RETRY_AFTER_S,
      })
    }
    if (others.length >= MAX_STREAMS) {
      throw new Fault('unavailable', `${MAX_STREAMS} event streams are open already.`)
    }
  }
}
