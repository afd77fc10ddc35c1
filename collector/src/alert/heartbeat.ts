/**
 * Heartbeat: a request to an address that somebody else watches, as long as the collector is well. Who watches sounds
 * the alarm when it stays away, so that the silence of the collector itself is heard. Not pure. What goes wrong here is
 * logged and shown, and stops nothing.
 */
import { messageOf } from '@constat/shared/fault'
import { formatInstant, type Clock, type UnixMs } from '@constat/shared/time'
import { ms } from '@constat/sla/contract/scalar'
import { allAlerting } from '../db/alerting.ts'
import type { Database } from '../db/tx.ts'
import type { Log } from '../shell.ts'
import type { HeartbeatView } from '../view/alerting.ts'
import { post, resolveName, type Lookup } from './post.ts'
import { isSuccess } from './retry.ts'

const LOOK_EVERY_MS = 1_000
/** Documents are read again this often: a heartbeat that is new begins, one that is gone ends. */
const READ_EVERY_MS = 5_000
const ANSWER_WITHIN_MS = 10_000
/** Requests under way at once. */
const MAX_BEATING = 50

export type HeartbeatDeps = {
  db: Database
  clock: Clock
  log: Log
  allowPrivate: boolean
  /** Nothing is sent while it is not. */
  isWell: () => boolean
  lookup?: Lookup
}

type Wanted = { contract: string; document: string; url: string; everyMs: number }
type Beat = Wanted & {
  /** On the clock that is never set; null: not yet. */
  sentMs: number | null
  isUnderWay: boolean
  lastMs: UnixMs | null
  error: string | null
}

export class Heartbeats {
  readonly #deps: HeartbeatDeps
  readonly #beats = new Map<string, Beat>()
  readonly #stopping = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | null = null
  #readMs = -Infinity
  #isLooking = false

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#stopping.abort()
    await Promise.all(this.#underWay)
  }

  of(contract: string): HeartbeatView[] {
    return [...this.#beats.values()]
      .filter((beat) => beat.contract === contract)
      .map(({ document, url, everyMs, lastMs, error }) => ({
        document,
        // What stands behind it is often a key.
        address: new URL(url).origin,
        everyMs,
        lastAt: lastMs === null ? null : formatInstant(lastMs),
        error,
      }))
  }

  /** Sends those that are due. Safe to call at any time. */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.#read()
      if (this.#deps.isWell()) this.#sendDue()
    } catch (error) {
      // Without its database the collector is not well: that it stays silent is what should be heard.
      this.#deps.log.warn('heartbeats could not be looked at', { reason: messageOf(error) })
    } finally {
      this.#isLooking = false
    }
  }

  async #read(): Promise<void> {
    const nowMs = this.#monotonicMs()
    if (nowMs - this.#readMs < READ_EVERY_MS) return
    const wanted = (await allAlerting(this.#deps.db)).flatMap(({ contract, documents }) =>
      documents.flatMap(({ name, spec: { heartbeat, paused } }): Wanted[] =>
        heartbeat && !paused
          ? [{ contract, document: name, url: heartbeat.url, everyMs: ms(heartbeat.every) }]
          : [],
      ),
    )
    this.#readMs = nowMs
    const keys = new Set(wanted.map(keyOf))
    for (const key of this.#beats.keys()) if (!keys.has(key)) this.#beats.delete(key)
    for (const one of wanted) {
      const fresh: Beat = { ...one, sentMs: null, isUnderWay: false, lastMs: null, error: null }
      if (!this.#beats.has(keyOf(one))) this.#beats.set(keyOf(one), fresh)
    }
  }

  #sendDue(): void {
    const nowMs = this.#monotonicMs()
    for (const beat of this.#beats.values()) {
      const isDue = beat.sentMs === null || nowMs - beat.sentMs >= beat.everyMs
      if (!isDue || beat.isUnderWay || this.#underWay.size >= MAX_BEATING) continue
      beat.sentMs = nowMs
      const sent = this.#send(beat).finally(() => this.#underWay.delete(sent))
      this.#underWay.add(sent)
    }
  }

  async #send(beat: Beat): Promise<void> {
    const { allowPrivate, lookup = resolveName, log, clock } = this.#deps
    beat.isUnderWay = true
    const { status, error } = await post({
      method: 'GET',
      url: new URL(beat.url),
      headers: { 'user-agent': 'Constat-Heartbeat/1' },
      body: '',
      reach: { allowPrivate, lookup },
      timeoutMs: ANSWER_WITHIN_MS,
      signal: this.#stopping.signal,
    })
    beat.isUnderWay = false
    if (this.#stopping.signal.aborted) return
    const before = beat.error
    beat.error = isSuccess(status) ? null : (error ?? `HTTP ${status}`)
    if (beat.error === null) beat.lastMs = clock.nowMs()
    const { contract, document } = beat
    if (beat.error !== null && before === null)
      log.warn('a heartbeat was not answered', { contract, document, reason: beat.error })
    if (beat.error === null && before !== null)
      log.info('a heartbeat is answered again', { contract, document })
  }

  #monotonicMs(): number {
    return this.#deps.clock.monotonicUs() / 1_000
  }
}

function keyOf({ contract, document, url, everyMs }: Wanted): string {
  return JSON.stringify([contract, document, url, everyMs])
}
