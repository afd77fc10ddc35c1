/**
 * Turns: whose work is next on the threads that callers pay for. One at a time for a token, owners before others,
 * and one thread that others never take: whoever sends much waits for themselves. Pure.
 */
import { Fault } from '@constat/shared/fault'
import type { Asker } from '../view/parts.ts'
import { LIMITS, type Kind } from './work.ts'

/** Two for whoever asks, one that only owners take. Threads begin when there is work, and end when there is none. */
export const THREADS = 3
export const OWNERS_THREADS = 1
/** What a token may have waiting behind what is worked on for it. */
export const MAX_WAITING_OF_TOKEN = 8
/** What may wait for all tokens but owners'. */
export const MAX_WAITING = 64
/** When a token that asks too much may ask again, seconds. */
const RETRY_AFTER_S = 5

export type Turn = { kind: Kind; by: Asker }

export class Turns<T extends Turn> {
  readonly #waiting: T[] = []
  readonly #running = new Set<T>()

  /** Fault `rate-limited` where the token has enough waiting, `unavailable` where all have. */
  add(turn: T): void {
    const { key, role } = turn.by
    if (this.#waiting.filter(({ by }) => by.key === key).length >= MAX_WAITING_OF_TOKEN) {
      throw new Fault('rate-limited', 'What this token asked for before is still being worked on.', {
        hint: 'Send one request after the other.',
        retryAfterS: RETRY_AFTER_S,
      })
    }
    const others = this.#waiting.filter(({ by }) => by.role !== 'owner')
    if (role !== 'owner' && others.length >= MAX_WAITING) {
      throw new Fault('unavailable', 'Too many are waiting for their turn; ask again in a moment.')
    }
    this.#waiting.push(turn)
  }

  /** Takes the next one that may run; null: none may until one has ended. */
  take(): T | null {
    const may = this.#waiting.filter((turn) => this.#mayRun(turn))
    const next = may.find(({ by }) => by.role === 'owner') ?? may[0]
    if (!next) return null
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    this.#running.add(next)
    return next
  }

  ended(turn: T): void {
    this.#running.delete(turn)
  }

  #mayRun({ kind, by }: T): boolean {
    const running = [...this.#running]
    if (running.length >= THREADS || running.some((one) => one.by.key === by.key)) return false
    const alike = running.filter((one) => one.kind === kind && one.by.role !== 'owner')
    const others = running.filter((one) => one.by.role !== 'owner')
    return (
      by.role === 'owner' || (alike.length < LIMITS[kind].most && others.length < THREADS - OWNERS_THREADS)
    )
  }
}
