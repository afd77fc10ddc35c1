/**
 * Guesses: how many wrong tokens one address may send, and how many wrong passwords and codes one account is tried with,
 * whoever has it. What was good a while ago is looked up whatever others send: a token from the same address, as behind
 * a proxy. A browser in which an account was good is counted by itself: what others try keeps nobody out of it, and it
 * tries no more often than they do.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault } from '@constat/shared/fault'
import type { Context } from 'hono'
import { networkOf } from '../places.ts'
import { Rates } from '../rates.ts'

/** Of one address in a minute. */
export const MAX_WRONG_TOKENS = 20
/** Of one account in half an hour, passwords and codes apart: a name that nobody has counts as any other. */
export const MAX_WRONG_OF_ACCOUNT = 10
const ACCOUNT_SPAN_MS = 30 * 60_000
/** Tokens and accounts that are known to have been good, the latest ones. */
const MAX_KNOWN = 1_000

export class Guesses {
  readonly #wrong: Rates
  readonly #wrongOf: Rates
  readonly #known = new Set<string>()

  constructor(monotonicMs: () => number) {
    this.#wrong = new Rates(MAX_WRONG_TOKENS, monotonicMs)
    this.#wrongOf = new Rates(MAX_WRONG_OF_ACCOUNT, monotonicMs, ACCOUNT_SPAN_MS)
  }

  /** What `lookUp` finds of a token; null: it is nobody's. Fault `rate-limited` where too many were wrong. */
  async of<T>(c: Context, token: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    const address = addressOf(c)
    if (address === null) return lookUp()
    const hash = createHash('sha256').update(token).digest('base64')
    const waitMs = this.#wrong.take(address)
    if (waitMs > 0 && !this.#known.has(hash)) throw tooMany(waitMs)
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

  /**
   * The same of an account, by a name for it: what `lookUp` finds of a password. `browser`: what the browser was given
   * when it was good there, or anything else.
   */
  async ofAccount<T>(
    c: Context,
    { account, browser }: { account: string; browser: string },
    lookUp: () => Promise<T | null>,
  ): Promise<T | null> {
    const own = createHash('sha256').update(`${browser} ${account}`).digest('base64')
    const found = await this.#counted(c, this.#known.has(own) ? own : account, lookUp)
    if (found !== null) this.#remember(own, true)
    return found
  }

  /** The same of a code, of which there are few: wherever it comes from, as whoever is asked has the password. */
  ofCode<T>(c: Context, account: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    return this.#counted(c, `code ${account}`, lookUp)
  }

  async #counted<T>(c: Context, key: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    const waitMs = this.#wrongOf.take(key)
    if (waitMs > 0) {
      throw new Fault('rate-limited', 'Too many wrong answers were given for this account.', {
        hint: 'Try again a little later; a password also in a browser where you have signed in before.',
        retryAfterS: Math.ceil(waitMs / 1_000),
      })
    }
    let found: T | null | undefined
    try {
      found = await this.#fromAddress(c, lookUp)
      return found
    } finally {
      if (found !== null) this.#wrongOf.giveBack(key)
    }
  }

  /** As `of`, of what is never known by its hash. What was not looked up, as the database is away, is no guess. */
  async #fromAddress<T>(c: Context, lookUp: () => Promise<T | null>): Promise<T | null> {
    const address = addressOf(c)
    const waitMs = address === null ? 0 : this.#wrong.take(address)
    if (waitMs > 0) throw tooMany(waitMs)
    let found: T | null | undefined
    try {
      found = await lookUp()
      return found
    } finally {
      if (found !== null && address !== null) this.#wrong.giveBack(address)
    }
  }

  #remember(hash: string, isGood: boolean): void {
    this.#known.delete(hash)
    if (isGood) this.#known.add(hash)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }
}

function tooMany(waitMs: number): Fault {
  return new Fault('rate-limited', 'Too many wrong tokens or passwords have come from this address.', {
    hint: 'Try again a little later.',
    retryAfterS: Math.ceil(waitMs / 1_000),
  })
}

/** Where a request comes from, as its socket says: a header could say anything. Null: from this program itself. */
export function addressOf({ env }: Context): string | null {
  // What the server of Node hands over.
  const { incoming } = (env ?? {}) as { incoming?: IncomingMessage }
  return incoming ? networkOf(incoming.socket.remoteAddress ?? '') : null
}
