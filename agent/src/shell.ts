/**
 * Shell: the outside world as arguments. Only main.ts and the tests make one. Types, and one function
 * that turns bytes into a fraction.
 */
import type { HostClock } from '@constat/shared/time'

/** One line of the log: a fixed message and the facts beside it. */
export type Log = {
  info: (message: string, facts?: Record<string, unknown>) => void
  warn: (message: string, facts?: Record<string, unknown>) => void
  error: (message: string, facts?: Record<string, unknown>) => void
}

export type Random = {
  /** `count` unpredictable bytes. */
  bytes: (count: number) => Buffer
}

export type Shell = { clock: HostClock; random: Random; log: Log }

/** Evenly spread in [0, 1). */
export function fraction(random: Random): number {
  return random.bytes(4).readUInt32BE(0) / 2 ** 32
}
