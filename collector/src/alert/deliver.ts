/**
 * Deliver: sends what waits in the table of deliveries, which each webhook's lane takes from there. Looks when it is
 * woken and every half second: a death loses nothing, since a row waits until what came of it is written down.
 * Not pure. One for each database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { cleanDeliveries, dueDeliveries, type Due } from '../db/deliveries.ts'
import { cleanReminders } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'
import type { Log, Random } from '../shell.ts'
import { headlineOf } from './headline.ts'
import { Lanes } from './lanes.ts'
import { resolveName, SEND_TIMEOUT_MS, type Lookup } from './post.ts'
import { RETRY_DELAYS_MS } from './retry.ts'
import { sendDelivery, type Letters, type Sayer, type Sending } from './send.ts'
import type { MessageType } from './types.ts'

/** Of one webhook, read at once. */
const READ_AT_ONCE = 16
const POLL_MS = 500
/** What could not be recorded is sent again after this. */
const TROUBLE_PAUSE_MS = 2_000
/** Requests in flight at a stop may end by themselves for this long. */
const STOP_GRACE_MS = 2_000
const CLEAN_EVERY_MS = 6 * 3_600_000

export type DeliveryOptions = {
  sql: Database
  clock: Clock
  random: Random
  log: Log
  /** Webhooks on loopback and private addresses. */
  allowPrivate: boolean
  /** Absent: in English, by ids, and no letters. */
  say?: Sayer
  letters?: Letters
  /** Called after each delivery that a receiver accepted, when it is written down. Must not throw. */
  delivered?: (type: MessageType) => void
  lookup?: Lookup
  retryDelaysMs?: readonly number[]
  timeoutMs?: number
  pollMs?: number
}

export class Delivering {
  readonly #options: DeliveryOptions
  readonly #sending: Sending
  readonly #lanes = new Lanes()
  readonly #underWay = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  #looking: Promise<void> | null = null
  #isStale = false
  #isInTrouble = false
  #stopped: Promise<void> | null = null

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#sending = sendingOf(options, this.#stopping.signal)
    const clean = () => void cleanUp(options)
    const { pollMs = POLL_MS } = options
    this.#timers = [setInterval(this.wake, pollMs), setInterval(clean, CLEAN_EVERY_MS).unref()]
    clean()
    this.wake()
  }

  /** Something may be due. */
  readonly wake = (): void => {
    this.#isStale = true
    if (this.#stopped === null) this.#looking ??= this.#look().finally(() => (this.#looking = null))
  }

  /** No request of ours is in flight when it settles. Safe to call twice. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  async #stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const grace = setTimeout(() => this.#stopping.abort(), STOP_GRACE_MS)
    await this.#looking
    this.#lanes.clear()
    await Promise.all(this.#underWay)
    clearTimeout(grace)
  }

  async #look(): Promise<void> {
    while (this.#isStale && this.#stopped === null) {
      this.#isStale = false
      try {
        const asked = { nowMs: this.#options.clock.nowMs(), inFlight: this.#lanes.inFlight() }
        this.#lanes.refill(
          await dueDeliveries(this.#options.sql, { ...asked, most: READ_AT_ONCE }),
          READ_AT_ONCE,
        )
        this.#isInTrouble = false
      } catch (error) {
        if (!this.#isInTrouble)
          this.#options.log.warn('delivery waits for the database', { error: messageOf(error) })
        this.#isInTrouble = true
        return
      }
      this.#sendNext()
    }
  }

  #sendNext(): void {
    for (const due of this.#lanes.next()) {
      const sent = this.#send(due).finally(() => this.#underWay.delete(sent))
      this.#underWay.add(sent)
    }
  }

  async #send(due: Due): Promise<void> {
    const { log } = this.#options
    try {
      await sendDelivery(due.id, this.#sending)
    } catch (error) {
      log.error('a delivery could not be sent; it will be tried again', { reason: messageOf(error) })
      await sleep(TROUBLE_PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => {})
    }
    if (this.#lanes.leave(due)) this.wake()
    this.#sendNext()
  }
}

function sendingOf(options: DeliveryOptions, signal: AbortSignal): Sending {
  const { sql, clock, random, log, allowPrivate, lookup = resolveName } = options
  const { retryDelaysMs = RETRY_DELAYS_MS, timeoutMs = SEND_TIMEOUT_MS } = options
  const { delivered = () => undefined, say = headlineOf, letters = NO_LETTERS } = options
  const reach = { allowPrivate, lookup }
  return { sql, clock, random, log, reach, retryDelaysMs, timeoutMs, say, letters, delivered, signal }
}

const NO_LETTERS: Letters = {
  send: () =>
    Promise.resolve({ status: null, error: 'no letters are sent here', body: null, retryAfter: null }),
}

async function cleanUp({ sql, clock, log }: DeliveryOptions): Promise<void> {
  try {
    const gone = await cleanDeliveries(sql, clock.nowMs())
    await cleanReminders(sql, clock.nowMs())
    if (gone > 0) log.info('old deliveries removed', { deliveries: gone })
  } catch (error) {
    log.warn('old deliveries could not be removed', { error: messageOf(error) })
  }
}
