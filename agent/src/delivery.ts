/**
 * Delivery: which frame is sent next, and what an answer means. Live sessions go before the backlog; the
 * backlog never takes the whole window and is held to a rate. Pure bookkeeping: sockets, bytes and timers
 * are the sender's.
 */
import type { RefusalReason } from '@constat/shared/wire'

/** Frames sent and not answered at most, and their bytes. */
export const WINDOW_FRAMES = 8
export const WINDOW_BYTES = 256 * 1024
/** Of the window, what the backlog may take: live frames never wait behind it. */
export const BACKLOG_FRAMES = 6
export const BACKLOG_BYTES_PER_S = 256 * 1024
/** A small frame costs the other side more than its bytes. */
const FRAME_COST_BYTES = 1_024
/** Refused for what the collector does not know, or cannot take now: it may yet. */
const PASSING: ReadonlySet<string> = new Set<RefusalReason>(['unknown-log', 'unknown-config', 'log-stopped'])
/** Gap refusals in a row, of one session, after which its next frame is given up. */
const MAX_GAP_REFUSALS = 5

export type Waiting = {
  sessions: () => string[]
  from: (session: string, seq: number) => { seq: number; length: number } | undefined
}

export type Sending = { session: string; seq: number; length: number }
type InFlight = Sending & { isVoid: boolean; sentUs: number }

export type Refusal = { session: string; seq: number; reason: string; expectedSeq: number }

/** What the caller has to do about a refusal. */
export type RefusalAnswer =
  | { kind: 'ignore' }
  /** The frames from `seq` on are sent again; nothing else to do. */
  | { kind: 'resend' }
  /** The session waits, with all its frames, until the collector may know more. */
  | { kind: 'hold' }
  /** `count` frames before `seq` are lost for ever: `seq` has to say so. */
  | { kind: 'announce-gap'; session: string; seq: number; count: number }
  | { kind: 'set-aside'; session: string; seq: number }

export class Delivery {
  readonly #waiting: Waiting
  readonly #next = new Map<string, number>()
  readonly #gapRefusals = new Map<string, number>()
  readonly #held = new Set<string>()
  #live: ReadonlySet<string> = new Set()
  #inFlight: InFlight[] = []
  #careful = false
  #allowance = BACKLOG_BYTES_PER_S
  #allowedAtUs = 0

  constructor(waiting: Waiting) {
    this.#waiting = waiting
  }

  /** A connection is up: whatever was in flight is sent again. */
  connected(): void {
    this.#inFlight = []
    this.#next.clear()
    this.#gapRefusals.clear()
    this.#held.clear()
  }

  /** What was held is tried again, from its first frame on. Answers the live sessions among it. */
  release(): string[] {
    const held = [...this.#held]
    for (const session of held) this.#next.delete(session)
    this.#held.clear()
    return held.filter((session) => this.#live.has(session))
  }

  setLive(sessions: Iterable<string>): void {
    this.#live = new Set(sessions)
  }

  get inFlight(): number {
    return this.#inFlight.length
  }

  /** When the oldest unanswered frame was sent; null with none. */
  get oldestSentUs(): number | null {
    return this.#inFlight[0]?.sentUs ?? null
  }

  /** Waits for an answer or has nothing to send: null. For the rate of the backlog: when to ask again. */
  next(nowUs: number): Sending | { waitUs: number } | null {
    const room = this.#careful ? 1 : WINDOW_FRAMES
    if (this.#inFlight.length >= room) return null
    const live = this.#firstOf([...this.#live])
    const chosen = live ?? this.#backlog(nowUs)
    if (!chosen || 'waitUs' in chosen) return chosen
    const bytes = this.#inFlight.reduce((sum, { length }) => sum + length, 0)
    return bytes > 0 && bytes + chosen.length > WINDOW_BYTES ? null : chosen
  }

  sent(sending: Sending, nowUs: number): void {
    this.#next.set(sending.session, sending.seq + 1)
    this.#inFlight.push({ ...sending, isVoid: false, sentUs: nowUs })
    if (this.#live.has(sending.session)) return
    this.#refill(nowUs)
    this.#allowance -= Math.max(sending.length, FRAME_COST_BYTES)
  }

  acknowledged(session: string, seq: number): void {
    this.#inFlight = this.#inFlight.filter((one) => one.session !== session || one.seq > seq)
    this.#gapRefusals.delete(session)
  }

  refused({ session, seq, reason, expectedSeq }: Refusal): RefusalAnswer {
    const refused = this.#answered(session, seq)
    if (refused === 'unknown') return this.#refusedNowhere()
    if (refused.isVoid) return { kind: 'ignore' }
    if (PASSING.has(reason)) return this.#hold(session)
    if (reason !== 'unannounced-gap') return this.#giveUp(refused)
    this.#void(session)
    const resumed = this.#waiting.from(session, expectedSeq)
    if (!resumed || this.#gapRefusalsOf(session) > MAX_GAP_REFUSALS) return this.#giveUp(refused)
    this.#next.set(session, resumed.seq)
    if (resumed.seq === expectedSeq) return { kind: 'resend' }
    return { kind: 'announce-gap', session, seq: resumed.seq, count: resumed.seq - expectedSeq }
  }

  #hold(session: string): RefusalAnswer {
    this.#careful = false
    this.#void(session)
    this.#held.add(session)
    return { kind: 'hold' }
  }

  #giveUp({ session, seq }: Sending): RefusalAnswer {
    this.#careful = false
    this.#next.set(session, seq + 1)
    this.#gapRefusals.delete(session)
    return { kind: 'set-aside', session, seq }
  }

  /**
   * A refusal that names no frame of ours: the other end could not even read it. Alone in flight, it is
   * the one; else everything is sent again one by one until it is.
   */
  #refusedNowhere(): RefusalAnswer {
    const [only, ...others] = this.#inFlight
    if (!only) return { kind: 'ignore' }
    if (others.length === 0 && this.#careful) {
      this.#inFlight = []
      return this.#giveUp(only)
    }
    this.#careful = true
    for (const { session } of this.#inFlight) this.#next.delete(session)
    this.#inFlight = []
    return { kind: 'resend' }
  }

  #answered(session: string, seq: number): InFlight | 'unknown' {
    const at = this.#inFlight.findIndex((one) => one.session === session && one.seq === seq)
    if (at < 0) return 'unknown'
    return this.#inFlight.splice(at, 1)[0] ?? 'unknown'
  }

  /** What is in flight of `session` will be refused too; those answers are then of no account. */
  #void(session: string): void {
    for (const one of this.#inFlight) if (one.session === session) one.isVoid = true
  }

  #gapRefusalsOf(session: string): number {
    const times = (this.#gapRefusals.get(session) ?? 0) + 1
    this.#gapRefusals.set(session, times)
    return times
  }

  #firstOf(sessions: Iterable<string>): Sending | null {
    for (const session of sessions) {
      if (this.#held.has(session)) continue
      const first = this.#waiting.from(session, this.#next.get(session) ?? 0)
      if (first) return { session, seq: first.seq, length: first.length }
    }
    return null
  }

  #backlog(nowUs: number): Sending | { waitUs: number } | null {
    const old = this.#waiting.sessions().filter((session) => !this.#live.has(session))
    const taken = this.#inFlight.filter(({ session }) => !this.#live.has(session)).length
    if (taken >= BACKLOG_FRAMES) return null
    const chosen = this.#firstOf(old)
    if (!chosen) return null
    this.#refill(nowUs)
    if (this.#allowance > 0) return chosen
    return { waitUs: Math.ceil(((1 - this.#allowance) / BACKLOG_BYTES_PER_S) * 1_000_000) }
  }

  #refill(nowUs: number): void {
    const earned = ((nowUs - this.#allowedAtUs) / 1_000_000) * BACKLOG_BYTES_PER_S
    this.#allowance = Math.min(BACKLOG_BYTES_PER_S, this.#allowance + earned)
    this.#allowedAtUs = nowUs
  }
}
