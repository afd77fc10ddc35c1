/**
 * Paging: one shape for every list. A cursor is the key of the last item shown, so that items that come
 * or go between two pages shift nothing. Pure.
 */
import { Fault } from '@constat/shared/fault'

/** `before` is the id of the last item of the page before. */
export type PageOf = { before?: string | undefined; limit: number }

export type Page<T> = { items: T[]; next: string | null }

type Asked<T> = {
  keyOf: (item: T) => string
  /** Most items. */
  limit: number
  /** Absent: every item. */
  wanted?: (item: T) => boolean
}

/** A page of a list that is in memory. Fault `bad-request` for a cursor that is not in the list. */
export function pageOf<T>(
  all: readonly T[],
  { limit, cursor, ...asked }: Asked<T> & { cursor?: string | undefined },
): Page<T> {
  return cut(following(all, { ...asked, limit: limit + 1, before: cursor }), { ...asked, limit })
}

/**
 * Wanted items that come after `before`. That one is looked for in the whole list: it says where the page before
 * ended, also when the filter has stopped to take it. Fault as above.
 */
export function following<T>(
  all: readonly T[],
  { keyOf, before, limit, wanted = () => true }: Asked<T> & { before?: string | undefined },
): T[] {
  const start = before === undefined ? 0 : all.findIndex((item) => keyOf(item) === before) + 1
  if (before !== undefined && start === 0) throw wrongCursor()
  const found: T[] = []
  for (let at = start; at < all.length && found.length < limit; at += 1) {
    const item = all[at]! // Within the list, by the loop.
    if (wanted(item)) found.push(item)
  }
  return found
}

/** A page of what a query answered when asked for one item more than the limit. */
export function cut<T>(
  found: readonly T[],
  { keyOf, limit }: { keyOf: (item: T) => string; limit: number },
): Page<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? keyOf(last) : null }
}

export function wrongCursor(): Fault {
  return new Fault('bad-request', 'This cursor is not in the list.', {
    hint: 'Start again from the first page, without `cursor`.',
  })
}

/** Half-open, ms; null: open at that end. */
export type Within = { fromMs: number | null; toMs: number | null }

/** Whether something from `startMs` to `endMs` (null: it goes on) touches the span; an instant is in it too. */
export function touches(
  { startMs, endMs }: { startMs: number; endMs: number | null },
  { fromMs, toMs }: Within,
): boolean {
  const lastMs = Math.max(endMs ?? Infinity, startMs + 1)
  return startMs < (toMs ?? Infinity) && lastMs > (fromMs ?? -Infinity)
}
