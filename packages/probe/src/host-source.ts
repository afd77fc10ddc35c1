/**
 * Source: what a system is asked for a host check, and how its answers become figures. Pure.
 */
import type { Clock } from '@constat/shared/time'
import { ProbeFailure } from './attempt.ts'
import type { Judgement } from './probe.ts'

/** For whom a host is read: its clock, and until when. */
export type Reader = { clock: Clock; timeoutMs: number; signal: AbortSignal }

/** Part of a whole, both in one unit. */
export type Share = { part: number; whole: number }

/** Rejects with `unsupported` where the system has no such thing. */
export type HostSource = {
  /** Busy and all processor time since the start, in any one unit. */
  processorTime: () => Promise<Share>
  /** Bytes that cannot be had without taking them from somebody, of all. */
  memory: () => Promise<Share>
  swap: () => Promise<Share>
  /** Bytes received and sent; of the interface with the default route where none is named. */
  traffic: (name: string | undefined) => Promise<{ name: string; bytes: number }>
  /** How many run under this name. */
  processes: (name: string, signal: AbortSignal) => Promise<number>
  service: (name: string, signal: AbortSignal) => Promise<{ isActive: boolean; state: string }>
}

/** The least integer not below the ratio. Then `value > limit` says what the exact ratio would. */
export function roundedUp({ part, whole }: Share): number {
  return Math.min(MAX_VALUE, Math.ceil(part / whole))
}

/** The value of a sample is an int32. */
const MAX_VALUE = 2 ** 31 - 1

/** Ends a probe: this host cannot tell, and the sentence says what to do. */
export function unsupported(detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'unknown', cause: 'unsupported', value: 0, detail })
}

/** What `work` brings, or at the deadline the verdict for being late. */
export function inTime<T>(
  work: Promise<T>,
  { signal, late }: { signal: AbortSignal; late: Judgement },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (): void => reject(new ProbeFailure(late))
    if (signal.aborted) over()
    signal.addEventListener('abort', over, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', over))
  })
}
