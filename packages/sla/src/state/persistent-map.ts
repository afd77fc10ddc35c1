/**
 * A map that is never changed: `put` gives another one that shares all but one of its parts. What somebody
 * holds stays as it was, so a state of a contract is a snapshot for nothing. Pure.
 */

/** Parts of a map. Thousands of incidents are the most that one holds. */
const PARTS = 256

type Part<V> = ReadonlyMap<string, V>

export type PersistentMap<V> = { readonly size: number; readonly parts: readonly (Part<V> | undefined)[] }

const EMPTY: PersistentMap<never> = { size: 0, parts: [] }

export function emptyMap<V>(): PersistentMap<V> {
  return EMPTY
}

export function get<V>({ parts }: PersistentMap<V>, key: string): V | undefined {
  return parts[partOf(key)]?.get(key)
}

export function put<V>(map: PersistentMap<V>, key: string, value: V): PersistentMap<V> {
  const index = partOf(key)
  const part = map.parts[index]
  const parts = [...map.parts]
  parts[index] = new Map(part).set(key, value)
  return { size: map.size + (part?.has(key) ? 0 : 1), parts }
}

/** In an order that depends on the keys alone, not on when they came. */
export function values<V>({ parts }: PersistentMap<V>): V[] {
  return parts.flatMap((part) => [...(part?.values() ?? [])])
}

/** FNV-1a over the UTF-16 units, folded to a part. */
function partOf(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 8) % PARTS
}
