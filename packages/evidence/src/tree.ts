/**
 * Tree: RFC 6962 Merkle tree hashing over SHA-256, a frontier that grows leaf by leaf, and a reader of
 * stored nodes for roots of earlier sizes. Pure. A frontier holds one hash for each set bit of its size.
 */
import { hash } from 'node:crypto'
import { invariant } from '@constat/shared/fault'

export const HASH_BYTES = 32

/** RFC 6962 §2.1: the hash of an empty tree is SHA-256 of nothing. */
export const EMPTY_ROOT: Readonly<Buffer> = Buffer.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'hex',
)

/** Most leaves in a tree: sizes stay exact integers, so do node indexes (below twice the size). */
export const MAX_TREE_SIZE = 2 ** 52

/** Leaves that fit are hashed from one reused buffer: a third faster than streaming prefix and leaf. */
const SCRATCH_BYTES = 65_536
const leafScratch = Buffer.alloc(SCRATCH_BYTES)
const nodeScratch = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01)

/** RFC 6962 §2.1: SHA-256(0x00 ‖ leaf). 32 bytes. */
export function leafHash(leaf: Uint8Array): Buffer {
  if (leaf.length >= SCRATCH_BYTES) return hash('sha256', Buffer.concat([Buffer.of(0x00), leaf]), 'buffer')
  leafScratch.set(leaf, 1)
  return hash('sha256', leafScratch.subarray(0, leaf.length + 1), 'buffer')
}

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right). 32 bytes. */
export function nodeHash({ left, right }: { left: Uint8Array; right: Uint8Array }): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) {
    return hash('sha256', Buffer.concat([Buffer.of(0x01), left, right]), 'buffer')
  }
  nodeScratch.set(left, 1)
  nodeScratch.set(right, 1 + HASH_BYTES)
  return hash('sha256', nodeScratch, 'buffer')
}

/** The compact range of a tree: its complete subtrees, largest (leftmost) first. Store it as it is. */
export type Frontier = { readonly size: number; readonly hashes: readonly Uint8Array[] }

export const EMPTY_FRONTIER: Frontier = Object.freeze({ size: 0, hashes: [] })

/** A complete subtree: `level` 0 is a leaf, `index` counts subtrees of that level from the left. */
export type Subtree = { level: number; index: number; hash: Uint8Array }

/**
 * The frontier after `leafHashes`. `complete`, when given, hears of every subtree as it completes: each
 * leaf first, then its parents upwards; this is what tiles are cut from.
 */
export function appendLeaves(
  frontier: Frontier,
  leafHashes: Iterable<Uint8Array>,
  complete?: (subtree: Subtree) => void,
): Frontier {
  invariant(isFrontier(frontier), 'a frontier has one hash for each set bit of its size')
  const stack = [...frontier.hashes]
  let size = frontier.size
  for (const leaf of leafHashes) {
    invariant(leaf.length === HASH_BYTES, 'a leaf hash has 32 bytes')
    complete?.({ level: 0, index: size, hash: leaf })
    let right = leaf
    let index = size
    for (let level = 1; index % 2 === 1; level += 1) {
      right = nodeHash({ left: stack.pop()!, right })
      index = (index - 1) / 2
      complete?.({ level, index, hash: right })
    }
    stack.push(right)
    size += 1
  }
  invariant(size <= MAX_TREE_SIZE, 'the tree is full')
  return { size, hashes: stack }
}

/** RFC 6962 §2.1 Merkle tree hash of the frontier's size. At most 52 node hashes. */
export function frontierRoot(frontier: Frontier): Buffer {
  invariant(isFrontier(frontier), 'a frontier has one hash for each set bit of its size')
  return foldRight(frontier.hashes)
}

/** Whether stored state is a frontier at all: restore nothing else. */
export function isFrontier({ size, hashes }: Frontier): boolean {
  return isTreeSize(size) && hashes.length === bitCount(size) && hashes.every((h) => h.length === HASH_BYTES)
}

export function isTreeSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0 && size <= MAX_TREE_SIZE
}

/**
 * Stored nodes, by the index of `storedHashIndex`, one hash for each index in its order. Anything that
 * can look up hashes in a batch: tiles, a table, a test's array. (golang.org/x/mod sumdb/tlog)
 */
export type HashReader = { readHashes(indexes: readonly number[]): Promise<Buffer[]> | Buffer[] }

/** Half-open range of leaves, non-empty. */
export type LeafRange = { start: number; end: number }

/**
 * Nodes numbered in the order in which they complete: a leaf, then its parents upwards. An append-only
 * store of complete subtrees is an array of exactly this order. (sumdb/tlog StoredHashIndex)
 */
export function storedHashIndex({ level, index }: { level: number; index: number }): number {
  // The subtree completes with its last leaf; everything stored before that leaf comes first.
  const lastLeaf = (index + 1) * 2 ** level - 1
  return storedHashCount(lastLeaf) + level
}

/** Complete subtrees of a tree of `size` leaves: size + ⌊size/2⌋ + ⌊size/4⌋ + … */
export function storedHashCount(size: number): number {
  let count = 0
  for (let n = size; n > 0; n = Math.floor(n / 2)) count += n
  return count
}

/** Inverse of `storedHashIndex`. */
export function splitStoredHashIndex(stored: number): { level: number; index: number } {
  // 2·leaf − log₂ ≤ stored: start just below the leaf that stored it, then step up.
  let leaf = Math.floor(stored / 2)
  while (storedHashCount(leaf + 1) <= stored) leaf += 1
  const level = stored - storedHashCount(leaf)
  return { level, index: Math.floor(leaf / 2 ** level) }
}

/** RFC 6962 root of the first `size` leaves, from stored nodes, in one batch. */
export async function treeRoot(size: number, reader: HashReader): Promise<Buffer> {
  invariant(isTreeSize(size), `not a tree size: ${size}`)
  if (size === 0) return Buffer.from(EMPTY_ROOT)
  const [root] = await rangeHashes([{ start: 0, end: size }], reader)
  return root!
}

/** The frontier of the first `size` leaves, from stored nodes, in one batch. */
export async function readFrontier(size: number, reader: HashReader): Promise<Frontier> {
  invariant(isTreeSize(size), `not a tree size: ${size}`)
  if (size === 0) return EMPTY_FRONTIER
  return { size, hashes: await readExactly(rangeNodes({ start: 0, end: size }), reader) }
}

/**
 * Hash of each range, all read in one batch. A range must be a node of some tree in the sense of
 * RFC 6962 §2.1: its start is a multiple of the smallest power of two that is no less than its length.
 */
export async function rangeHashes(ranges: readonly LeafRange[], reader: HashReader): Promise<Buffer[]> {
  const nodes = ranges.map(rangeNodes)
  const hashes = await readExactly(nodes.flat(), reader)
  let from = 0
  return nodes.map((own) => foldRight(hashes.slice(from, (from += own.length))))
}

/** Stored indexes of the complete subtrees that make up a range, left to right. */
export function rangeNodes({ start, end }: LeafRange): number[] {
  invariant(isTreeSize(start) && isTreeSize(end) && start < end, `not a range of leaves: ${start}…${end}`)
  const nodes: number[] = []
  for (let at = start; at < end;) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1
    nodes.push(storedHashIndex({ level, index: at / 2 ** level }))
    at += 2 ** level
  }
  return nodes
}

async function readExactly(indexes: readonly number[], reader: HashReader): Promise<Buffer[]> {
  const hashes = await reader.readHashes(indexes)
  invariant(
    hashes.length === indexes.length && hashes.every((h) => h.length === HASH_BYTES),
    'a reader answers one hash of 32 bytes for each index',
  )
  return hashes
}

/** Complete subtrees joined right to left: the shape of a tree whose size is no power of two. */
function foldRight(hashes: readonly Uint8Array[]): Buffer {
  const last = hashes.at(-1)
  if (last === undefined) return Buffer.from(EMPTY_ROOT)
  let right: Buffer = Buffer.from(last)
  for (let i = hashes.length - 2; i >= 0; i -= 1) right = nodeHash({ left: hashes[i]!, right })
  return right
}

function bitCount(size: number): number {
  let count = 0
  for (let n = size; n > 0; n = Math.floor(n / 2)) count += n % 2
  return count
}
