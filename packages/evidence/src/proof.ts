/**
 * Proofs: that a leaf is in a tree, and that a tree extends an earlier one. Making follows RFC 6962
 * §2.1.1 and §2.1.2 over stored nodes, verifying RFC 9162 §2.1.3.2 and §2.1.4.2. Pure. A proof binds
 * hashes and positions; that a root belongs to a size is what the signed checkpoint says.
 */
import { invariant } from '@constat/shared/fault'
import { HASH_BYTES, isTreeSize, nodeHash, rangeHashes, type HashReader, type LeafRange } from './tree.ts'

/** The most hashes a proof can have: more than any tree of at most 2^52 leaves gives. */
export const MAX_PROOF_HASHES = 63

/** Audit path of leaf `index` in the tree of the first `size` leaves, from the leaf upwards. */
export async function proveInclusion(
  { index, size }: { index: number; size: number },
  reader: HashReader,
): Promise<Buffer[]> {
  invariant(isTreeSize(size) && isTreeSize(index) && index < size, `no leaf ${index} in a tree of ${size}`)
  return rangeHashes(inclusionRanges({ index, size }), reader)
}

/** That the first `newSize` leaves extend the first `oldSize`. 0 < `oldSize` ≤ `newSize`. */
export async function proveConsistency(
  { oldSize, newSize }: { oldSize: number; newSize: number },
  reader: HashReader,
): Promise<Buffer[]> {
  invariant(isTreeSize(oldSize) && isTreeSize(newSize), 'not tree sizes')
  invariant(0 < oldSize && oldSize <= newSize, `a tree of ${newSize} extends none of ${oldSize}`)
  return rangeHashes(consistencyRanges({ oldSize, newSize }), reader)
}

/** Whether `proof` leads from the hash of leaf `index` to `root` of `size` leaves. False on any nonsense. */
export function verifyInclusion(claim: {
  leafHash: Uint8Array
  index: number
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}): boolean {
  const { leafHash, index, size, root, proof } = claim
  if (!isTreeSize(size) || !isTreeSize(index) || index >= size) return false
  if (!areHashes([leafHash, root, ...proof]) || proof.length > MAX_PROOF_HASHES) return false
  let node = leafHash
  let at = index
  let last = size - 1
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      node = nodeHash({ left: sibling, right: node })
      // The last node of an odd row has no sibling there: it rises to the row where it has one.
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else node = nodeHash({ left: node, right: sibling })
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equal({ left: node, right: root })
}

type Extension = { oldSize: number; newSize: number; oldRoot: Uint8Array; newRoot: Uint8Array }

/**
 * Whether `proof` shows that the tree of `newSize` with `newRoot` begins with the one of `oldSize` with
 * `oldRoot`. An `oldSize` of 0 is false: every tree extends the empty one, and no proof shows anything
 * of it. A witness that sees a log for the first time decides that without this function.
 */
export function verifyConsistency(claim: Extension & { proof: readonly Uint8Array[] }): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim
  if (!isTreeSize(oldSize) || !isTreeSize(newSize) || oldSize === 0 || oldSize > newSize) return false
  if (!areHashes([oldRoot, newRoot, ...proof]) || proof.length > MAX_PROOF_HASHES) return false
  if (oldSize === newSize) return proof.length === 0 && equal({ left: oldRoot, right: newRoot })
  // A complete old tree is itself the first node, and is left out of the proof.
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof]
  return climbBoth(path, claim)
}

/** RFC 9162 §2.1.4.2 steps 4 to 7: one climb that rebuilds both roots. */
function climbBoth(path: readonly Uint8Array[], { oldSize, newSize, oldRoot, newRoot }: Extension): boolean {
  const [first, ...siblings] = path
  if (first === undefined) return false
  let at = oldSize - 1
  let last = newSize - 1
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let older = first
  let newer = first
  for (const sibling of siblings) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      older = nodeHash({ left: sibling, right: older })
      newer = nodeHash({ left: sibling, right: newer })
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else newer = nodeHash({ left: newer, right: sibling })
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equal({ left: older, right: oldRoot }) && equal({ left: newer, right: newRoot })
}

/** RFC 6962 §2.1.1 PATH(m, D[n]) as ranges of leaves, walked from the root and turned round. */
function inclusionRanges({ index, size }: { index: number; size: number }): LeafRange[] {
  const ranges: LeafRange[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const split = start + largestPowerBelow(end - start)
    const isLeft = index < split
    ranges.push(isLeft ? { start: split, end } : { start, end: split })
    if (isLeft) end = split
    else start = split
  }
  return ranges.reverse()
}

/** RFC 6962 §2.1.2 SUBPROOF(m, D[n], true) as ranges of leaves, walked from the root and turned round. */
function consistencyRanges({ oldSize, newSize }: { oldSize: number; newSize: number }): LeafRange[] {
  const ranges: LeafRange[] = []
  let [start, end] = [0, newSize]
  while (oldSize !== end) {
    const split = start + largestPowerBelow(end - start)
    const isLeft = oldSize <= split
    ranges.push(isLeft ? { start: split, end } : { start, end: split })
    if (isLeft) end = split
    else start = split
  }
  // What remains ends where the old tree does; it is the whole old tree, known already, only at 0.
  if (start > 0) ranges.push({ start, end })
  return ranges.reverse()
}

/** Largest power of two smaller than `n`. `n` ≥ 2. */
function largestPowerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

function isPowerOfTwo(n: number): boolean {
  return largestPowerBelow(n + 1) === n
}

// Sizes pass 2^31, where JavaScript's shifts end.
function half(n: number): number {
  return Math.floor(n / 2)
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES)
}

function equal({ left, right }: { left: Uint8Array; right: Uint8Array }): boolean {
  return Buffer.compare(left, right) === 0
}
