/**
 * Passwords: scrypt (RFC 7914) by Node.js, at the cost that OWASP gives for 32 MiB (N 2^15, r 8, p 3). A stored one
 * says its own cost, so that a later program can raise it. Not pure: it takes its turn and time on purpose.
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import type { Random } from '../shell.ts'

/** Worked out at once: each takes 32 MiB and a thread of the pool. */
const AT_ONCE = 2
/** Waiting for that; past it whoever signs in comes again. */
export const MAX_WAITING_PASSWORDS = 32
const RETRY_AFTER_S = 5
type Cost = { ln: number; r: number; p: number }
const COST: Cost = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const KEY_BYTES = 32
const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/

export class Passwords {
  readonly #random: Random
  readonly #cost: Cost
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** `cost` of the ones that are made; those that are there say their own. */
  constructor(random: Random, cost = COST) {
    this.#random = random
    this.#cost = cost
  }

  /** As it is stored: cost, salt, key. */
  async hash(password: string): Promise<string> {
    const salt = this.#random.bytes(SALT_BYTES)
    const key = await this.#derive(password, { ...this.#cost, salt })
    const { ln, r, p } = this.#cost
    return `$scrypt$ln=${ln},r=${r},p=${p}$${text(salt)}$${text(key)}`
  }

  /** Null is wrong after as long as any other. Fault `rate-limited` where too many wait. */
  async isRight(password: string, stored: string | null): Promise<boolean> {
    const [, ln, r, p, salt = '', kept = ''] = STORED.exec(stored ?? '') ?? []
    const cost = stored === null ? this.#cost : { ln: Number(ln), r: Number(r), p: Number(p) }
    const key = await this.#derive(password, { ...cost, salt: Buffer.from(salt, 'base64') })
    const wanted = Buffer.from(kept, 'base64')
    return wanted.length === key.length && timingSafeEqual(wanted, key)
  }

  async #derive(password: string, { ln, r, p, salt }: Cost & { salt: Buffer }): Promise<Buffer> {
    await this.#turn()
    try {
      return await new Promise((resolve, reject) => {
        const options = { N: 2 ** ln, r, p, maxmem: 256 * r * 2 ** ln }
        const done = (error: Error | null, key: Buffer): void => (error ? reject(error) : resolve(key))
        scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, done)
      })
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }

  /** Whoever ends hands its place on. */
  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= MAX_WAITING_PASSWORDS) {
      throw new Fault('rate-limited', 'Too many people are signing in.', {
        hint: 'Try again in a moment.',
        retryAfterS: RETRY_AFTER_S,
      })
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
