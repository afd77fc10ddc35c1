/**
 * Growth: how much two counters grew since the same check last looked. A check that looks for the first
 * time, or again at once, waits a moment between two readings: a shorter span would say more of the ticks
 * of the counters than of the host.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reader, Share } from './host-source.ts'

type Look = Share & { atUs: number }

/** 25 ticks of a processor's time at the usual 10 ms. */
const LEAST_SPAN_MS = 250
/** Of the timeout, what waiting may take. */
const WAIT_SHARE = 0.5
/** Counters that did not move yet, or began anew as those of an interface that was made again. */
const LOOK_AGAIN_MS = 20

/**
 * By check: its spec is one object for as long as the configuration says the same. Two checks do not
 * shorten each other's span, and a check that is gone leaves nothing.
 */
const lastLooks = new WeakMap<object, Look>()

/** Looks until the whole has grown, or the deadline ends it. */
export async function growthOf(
  check: object,
  { read, reader }: { read: () => Promise<Share>; reader: Reader },
): Promise<Share> {
  const look = async (): Promise<Look> => ({ ...(await read()), atUs: reader.clock.monotonicUs() })
  let before = lastLooks.get(check) ?? (await look())
  for (let leastMs = 0; ; leastMs = LOOK_AGAIN_MS) {
    const waitMs = Math.max(leastMs, waitOf(before, reader))
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: reader.signal })
    const now = await look()
    lastLooks.set(check, now)
    const growth = { part: now.part - before.part, whole: now.whole - before.whole }
    if (growth.whole > 0 && growth.part >= 0) return growth
    if (growth.whole < 0 || growth.part < 0) before = now
  }
}

function waitOf({ atUs }: Look, { clock, timeoutMs }: Reader): number {
  const leastMs = Math.min(LEAST_SPAN_MS, Math.floor(timeoutMs * WAIT_SHARE))
  return Math.ceil(leastMs - (clock.monotonicUs() - atUs) / 1_000)
}
