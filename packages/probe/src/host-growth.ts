/**
 * Growth: how much two counters grew since the same check last looked. A check that looks for the first
 * time, or again at once, waits a moment between two readings: a shorter span would say more of the ticks
 * of the counters than of the host.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reader } from './host-reading.ts'
import { unsupported, type Share } from './host-source.ts'

type Look = Share & { atUs: number }

/** 25 ticks of a processor's time at the usual 10 ms. */
const LEAST_SPAN_MS = 250
/** Of the timeout, what waiting may take. */
const WAIT_SHARE = 0.5
/** Counters may begin anew, when an interface is made again; not every time we look. */
const MAX_LOOKS = 3

/**
 * By check: its spec is one object for as long as the configuration says the same. Two checks do not
 * shorten each other's span, and a check that is gone leaves nothing.
 */
const lastLooks = new WeakMap<object, Look>()

export async function growthOf(
  check: object,
  { read, reader }: { read: () => Promise<Share>; reader: Reader },
): Promise<Share> {
  const look = async (): Promise<Look> => ({ ...(await read()), atUs: reader.clock.monotonicUs() })
  let before = lastLooks.get(check) ?? (await look())
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    await untilSpan(before, reader)
    const now = await look()
    lastLooks.set(check, now)
    const growth = { part: now.part - before.part, whole: now.whole - before.whole }
    if (growth.whole > 0 && growth.part >= 0) return growth
    before = now
  }
  throw unsupported('the counters of this host do not count; ask for another metric')
}

async function untilSpan({ atUs }: Look, { clock, timeoutMs, signal }: Reader): Promise<void> {
  const leastMs = Math.min(LEAST_SPAN_MS, Math.floor(timeoutMs * WAIT_SHARE))
  const waitMs = Math.ceil(leastMs - (clock.monotonicUs() - atUs) / 1_000)
  if (waitMs > 0) await sleep(waitMs, undefined, { signal })
}
