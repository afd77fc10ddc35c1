/**
 * Remembered: what follows from terms alone is worked out once for each span, as a live window is judged again
 * and again. Terms never change, so neither does what is remembered; it goes when they do. Pure to its callers.
 */
import type { Interval } from '@constat/shared/time'

/** Spans of one set of terms; the oldest goes first. */
const MAX_SPANS = 256

/** `work` of each owner and name over a span, done once. */
export function remembered<T>(): (
  asked: { owner: object; name: string; span: Interval },
  work: () => T,
) => T {
  const byOwner = new WeakMap<object, Map<string, T>>()
  return ({ owner, name, span }, work) => {
    let known = byOwner.get(owner)
    if (!known) byOwner.set(owner, (known = new Map()))
    const key = `${span.startMs}/${span.endMs}/${name}`
    const found = known.get(key)
    if (found !== undefined) return found
    const made = work()
    for (const [oldest] of known) {
      if (known.size < MAX_SPANS) break
      known.delete(oldest)
    }
    known.set(key, made)
    return made
  }
}
