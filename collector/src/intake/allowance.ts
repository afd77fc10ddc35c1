/**
 * Allowances: how much of an agent is taken, by what its checks can say. A frame weighs the time that they need at the
 * utmost to say it: failing all the while, looked at again every 2 s, each change in a frame of its own. Of that
 * time an agent has 72 h in hand, since it may come back with all that its spool holds, and two hours more in each
 * hour. What passes that is taken still, but not listened to until the debt is paid. The clock is the monotonic one;
 * what is in hand is stored with the agent, so that a restart gives nothing back.
 */
import type { CheckSpec } from '@constat/shared/check'
import type { UnixMs } from '@constat/shared/time'
import type { InHand } from '../db/agent-rows.ts'
import type { PlacedBatch } from '@constat/shared/frame-reader'
import { slotsOf } from '@constat/shared/slots'

/** As long as an agent's spool. */
export const IN_HAND_MS = 72 * 3_600_000
/** What comes back in a ms: twice what goes. */
const REFILL = 2
/** A check that goes on failing is tried every 2 s, and looked at for the sake of others as often. */
const EXTRA_TRIES_PER_MS = 2 / 2_000
/** A batch of its own closes after this without any change, or sooner. */
const CLOSED_AFTER_MS = 10_000
/** A frame without samples, and a sample with its slot, its code and all integers at their widest. */
const FRAME_BYTES = 1_300
const READING_BYTES = 160

/** Each a ms, at the utmost. */
type Rates = { frames: number; readings: number; bytes: number }

/** The part of a check that says how often it speaks. */
export type Paced = Pick<CheckSpec, 'intervalMs' | 'reprobeMs'>

const RATES = new WeakMap<readonly Paced[], Rates>()

/** A slot counts twice: once as accounted for, once as its sample. */
function ratesOf(checks: readonly Paced[]): Rates {
  const known = RATES.get(checks)
  if (known) return known
  const slots = checks.reduce((sum, { intervalMs }) => sum + 1 / Math.max(1, intervalMs), 0)
  const again = checks.reduce((sum, { reprobeMs }) => sum + 1 / Math.max(1, reprobeMs), 0)
  const tries = slots + again + checks.length * EXTRA_TRIES_PER_MS
  const frames = tries + 1 / CLOSED_AFTER_MS
  const rates = { frames, readings: slots + tries, bytes: frames * FRAME_BYTES + tries * READING_BYTES }
  RATES.set(checks, rates)
  return rates
}

/** How long these checks need to say it at the utmost, ms. The same list of checks is looked at once. */
export function weightMs(
  { samples, schedule }: Pick<PlacedBatch, 'samples' | 'schedule'>,
  { bytes, checks }: { bytes: number; checks: readonly Paced[] },
): number {
  const rates = ratesOf(checks)
  const readings = samples.check.length + slotsOf(schedule.count)
  const toldMs = readings === 0 ? 0 : readings / rates.readings
  return Math.max(1 / rates.frames, toldMs, bytes / rates.bytes)
}

type Account = { inHandMs: number; atMs: number }

export class Allowances {
  readonly #monotonicMs: () => number
  /** Agent → log → what it has in hand; less than nothing: what it owes. */
  readonly #byAgent = new Map<string, Map<number, Account>>()

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Takes a frame of a log into account. True: with it the agent has passed what it may. */
  spend(agent: string, { log, weightMs: ms }: { log: number; weightMs: number }): boolean {
    const accounts = this.#byAgent.get(agent) ?? new Map<number, Account>()
    this.#byAgent.set(agent, accounts)
    const before = this.#inHand(accounts.get(log))
    accounts.set(log, { inHandMs: before - ms, atMs: this.#monotonicMs() })
    return before >= 0 && before < ms
  }

  /** As it is stored; `nowMs` on the clock that goes on from one process to the next. */
  stored(agent: string, nowMs: UnixMs): InHand[] {
    const monotonicMs = this.#monotonicMs()
    return [...(this.#byAgent.get(agent) ?? [])].map(([log, { inHandMs, atMs }]) => ({
      log,
      inHandMs: Math.floor(inHandMs),
      atMs: Math.ceil(nowMs - (monotonicMs - atMs)),
    }))
  }

  /** Goes on from what was stored. An instant that is still to come, by a clock that was wrong, is now. */
  restore(agent: string, stored: readonly InHand[], nowMs: UnixMs): void {
    const monotonicMs = this.#monotonicMs()
    const accounts = stored.map(({ log, inHandMs, atMs }): [number, Account] => [
      log,
      { inHandMs, atMs: monotonicMs - Math.max(0, nowMs - atMs) },
    ])
    this.#byAgent.set(agent, new Map(accounts))
  }

  /** Until when nothing more is heard of it, from now on, ms; 0: it may go on. */
  owedMs(agent: string): number {
    let owed = 0
    for (const account of this.#byAgent.get(agent)?.values() ?? [])
      owed = Math.max(owed, -this.#inHand(account))
    return Math.ceil(owed / REFILL)
  }

  #inHand(account: Account | undefined): number {
    if (!account) return IN_HAND_MS
    return Math.min(IN_HAND_MS, account.inHandMs + (this.#monotonicMs() - account.atMs) * REFILL)
  }
}
