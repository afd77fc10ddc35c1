/**
 * Paging: one shape for every list. A cursor is the key of the last item shown, so that items that come
 * or go between two pages shift nothing. Pure.
 */
import { Fault } from '@constat/shared/fault'

export type Page<T> = { items: T[]; next: string | null }

/** A page of a list that is in memory. */
export function pageOf<T>(
  all: readonly T[],
  { keyOf, limit, cursor }: { keyOf: (item: T) => string; limit: number; cursor?: string | undefined },
): Page<T> {
  const start = cursor === undefined ? 0 : all.findIndex((item) => keyOf(item) === cursor) + 1
  if (cursor !== undefined && start === 0) {
    throw new Fault('bad-request', 'This cursor is no longer in the list.', {
      hint: 'Start again from the first page.',
    })
  }
  return cut(all.slice(start, start + limit + 1), { keyOf, limit })
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
