/**
 * Shell: the outside world as arguments. Every stage takes the parts it needs; only `main.ts` and the
 * tests make one. Types only.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock, UnixMs } from '@constat/shared/time'

/** One line of the log: a fixed message and the facts beside it. */
export type Log = {
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
}

export type Random = {
  /** `count` unpredictable bytes. */
  bytes(count: number): Buffer
}

/**
 * What frames of an agent signed of its own clocks: wall less monotonic, ms, which changes when its wall clock is
 * set. Of one session; `receivedMs` in our time.
 */
export type ClockBase = { session: string; ms: number; receivedMs: UnixMs }

/** The collector's own key: it signs introductions, receipts, configurations, notices, checkpoints. */
export type Identity = { key: KeyObject; publicKey: Buffer }

export type Shell = { clock: Clock; random: Random; log: Log; identity: Identity }
