/**
 * Guesses: how many wrong tokens one address may send. A token that was good a while ago is looked up whatever
 * others send from the same address, as behind a proxy.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault } from '@constat/shared/fault'
import type { Context } from 'hono'
import { networkOf } from '../places.ts'
import { Rates } from '../rates.ts'

/** Of one address in a minute. */
export const MAX_WRONG_TOKENS = 20
/** Tokens that are known to have been good, the latest ones. */
const MAX_KNOWN = 1_000

export class Guesses {
  readonly #wrong: Rates
  readonly #known = new Set<string>()

  constructor(monotonicMs: () => number) {
    this.#wrong = new Rates(MAX_WRONG_TOKENS, monotonicMs)
  }

  /** What `lookUp` finds of a token; null: it is nobody's. Fault `rate-limited` where too many were wrong. */
  async of<T>(c: Context, token: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    const address = addressOf(c)
    if (address === null) return lookUp()
    const hash = createHash('sha256').update(token).digest('base64')
    const waitMs = this.#wrong.take(address)
    if (waitMs > 0 && !this.#known.has(hash)) {
      throw new Fault('rate-limited', 'Too many wrong tokens have come from this address.', {
        hint: 'Try again a little later.',
        retryAfterS: Math.ceil(waitMs / 1_000),
      })
    }
    let isWrong = false
    try {
      const found = await lookUp()
      isWrong = found === null
      this.#remember(hash, found !== null)
      return found
    } finally {
      if (!isWrong && waitMs === 0) this.#wrong.giveBack(address)
    }
  }

  #remember(hash: string, isGood: boolean): void {
    this.#known.delete(hash)
    if (isGood) this.#known.add(hash)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** Where a request comes from, as its socket says: a header could say anything. Null: from this program itself. */
export function addressOf({ env }: Context): string | null {
  // What the server of Node hands over.
  const { incoming } = (env ?? {}) as { incoming?: IncomingMessage }
  return incoming ? networkOf(incoming.socket.remoteAddress ?? '') : null
}
