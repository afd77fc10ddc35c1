/**
 * Step 7: heads that frames name as seen before them. A frame that names a head of this log was not signed earlier. One
 * that names another accuses: its agent was shown another history, or does not tell the truth. It is told, and breaks
 * nothing: no signature of the log stands behind it, and one agent could otherwise undo all that the others proved. Pure.
 */
import { appendLeaves, EMPTY_FRONTIER, frontierRoot } from '@constat/evidence/tree'
import { formatInstant } from '@constat/shared/time'
import type { NamedHead } from './frames.ts'

/** How far beacons bound the time of frames; the log of an agent that names none is bounded by clocks alone. */
export type BeaconCounts = {
  /** Frames that name a head of this log. */
  named: number
  /** Frames that name one of a history that is gone, after the log says that it was restored. */
  lost: number
  /** Frames that name a head which is none of this log, though it says of no restore. */
  accused: number
  /** The first of them. */
  accusations: { entry: number; agent: string; reason: 'ahead' | 'other-head'; detail: string }[]
}

/** Accusations in full: the rest is counted. */
const MAX_ACCUSATIONS = 20

/** Roots by size of the tree over these leaf hashes; sizes beyond it are left out. */
export function rootsOf(leafHashes: Iterable<Uint8Array>, sizes: Iterable<number>): Map<number, Buffer> {
  const stops = [...new Set(sizes)].sort((a, b) => a - b)
  const found = new Map<number, Buffer>()
  let frontier = EMPTY_FRONTIER
  let pending: Uint8Array[] = []
  const settle = (): void => {
    frontier = appendLeaves(frontier, pending)
    pending = []
    for (; stops[0] === frontier.size; stops.shift()) found.set(frontier.size, frontierRoot(frontier))
  }
  settle()
  for (const hash of leafHashes) {
    if (stops.length === 0) break
    pending.push(hash)
    if (frontier.size + pending.length === stops[0]) settle()
  }
  return found
}

/** `restoredAt`: the first entry that says that the log was restored; null where none does. */
export function checkBeacons(
  named: readonly NamedHead[],
  { roots, restoredAt }: { roots: ReadonlyMap<number, Buffer>; restoredAt: number | null },
): BeaconCounts {
  const counts: BeaconCounts = { named: 0, lost: 0, accused: 0, accusations: [] }
  for (const { entry, agent, size, root } of named) {
    const isAhead = size > entry.index
    if (!isAhead && roots.get(size)?.equals(root)) counts.named += 1
    else if (restoredAt !== null && entry.index > restoredAt) counts.lost += 1
    else {
      counts.accused += 1
      if (counts.accusations.length >= MAX_ACCUSATIONS) continue
      const received = formatInstant(entry.receivedMs)
      const detail = isAhead
        ? `received ${received}, it names a head of ${size} entries, and only ${entry.index} stood before it`
        : `received ${received}, it names a head of ${size} entries that is not one of this log`
      const reason = isAhead ? 'ahead' : 'other-head'
      counts.accusations.push({ entry: entry.index, agent, reason, detail })
    }
  }
  return counts
}
