/**
 * Tree and proofs: published vectors, an independent recursive reference of RFC 6962, and a change of
 * any single bit.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from '@constat/evidence/proof'
import {
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  MAX_TREE_SIZE,
  appendLeaves,
  frontierRoot,
  isFrontier,
  leafHash,
  nodeHash,
  rangeHashes,
  readFrontier,
  splitStoredHashIndex,
  storedHashCount,
  storedHashIndex,
  treeRoot,
  type Frontier,
  type HashReader,
} from '@constat/evidence/tree'

type Vectors = {
  hashes: {
    empty_root: string
    cases: { op: string; data: string; left: string; right: string; hash: string }[]
  }
  golden_tree: {
    leaves: string[]
    leaf_hashes: string[]
    roots_by_size: string[]
    inclusion: { index: number; size: number; proof: string[] }[]
    consistency: { old: number; new: number; proof: string[] }[]
  }
}
// The file states its own shape; a wrong one fails the tests below.
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/tlog.json', import.meta.url), 'utf8'),
) as Vectors
const golden = vectors.golden_tree
const hex = (text: string) => Buffer.from(text, 'hex')
const goldenRoot = (size: number) => hex(golden.roots_by_size[size]!)

/** RFC 6962 §2.1 MTH as it is written there: recursive, sharing nothing with the code under test. */
function reference(leaves: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), reference(leaves.slice(0, k)), reference(leaves.slice(k)))
}

/** A store of complete subtrees in the order they complete. Asserts what a reader may be asked. */
function storeOf(leaves: readonly Uint8Array[]): HashReader & { stored: Buffer[] } {
  const stored: Buffer[] = []
  appendLeaves(EMPTY_FRONTIER, leaves.map(leafHash), ({ level, index, hash }) => {
    expect(storedHashIndex({ level, index })).toBe(stored.length)
    expect(splitStoredHashIndex(stored.length)).toEqual({ level, index })
    stored.push(Buffer.from(hash))
  })
  const readHashes = (indexes: readonly number[]) =>
    indexes.map((index) => {
      expect(index).toBeLessThan(stored.length)
      return stored[index]!
    })
  return { stored, readHashes }
}

const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => Buffer.from(`leaf ${i}`))

function flip(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}

describe('hashes', () => {
  test.each(vectors.hashes.cases)('$op $hash', ({ op, data, left, right, hash }) => {
    const got = op === 'leaf' ? leafHash(hex(data)) : nodeHash({ left: hex(left), right: hex(right) })
    expect(got.toString('hex')).toBe(hash)
  })

  test('the empty root is SHA-256 of nothing', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe(vectors.hashes.empty_root)
    expect(frontierRoot(EMPTY_FRONTIER).equals(EMPTY_ROOT)).toBe(true)
  })

  test.each([65_534, 65_535, 65_536, 200_000])('a leaf of %i bytes, around the reused buffer', (length) => {
    const leaf = Buffer.alloc(length, 0xa5)
    expect(leafHash(leaf).equals(reference([leaf]))).toBe(true)
  })
})

describe('golden tree', () => {
  test('leaf hashes and the root of every size, leaf by leaf', () => {
    let frontier = EMPTY_FRONTIER
    for (const [i, leaf] of golden.leaves.entries()) {
      expect(leafHash(hex(leaf)).toString('hex')).toBe(golden.leaf_hashes[i])
      frontier = appendLeaves(frontier, [leafHash(hex(leaf))])
      expect(frontierRoot(frontier).toString('hex')).toBe(golden.roots_by_size[i + 1])
    }
  })

  const store = storeOf(golden.leaves.map(hex))

  test.each(golden.inclusion)('inclusion of $index in $size', async ({ index, size, proof: wanted }) => {
    const proof = await proveInclusion({ index, size }, store)
    expect(proof.map((hash) => hash.toString('hex'))).toEqual(wanted)
    const claim = { leafHash: hex(golden.leaf_hashes[index]!), index, size, root: goldenRoot(size), proof }
    expect(verifyInclusion(claim)).toBe(true)
  })

  test.each(golden.consistency)(
    'consistency of $old with $new',
    async ({ old, new: newSize, proof: wanted }) => {
      const proof = await proveConsistency({ oldSize: old, newSize }, store)
      expect(proof.map((hash) => hash.toString('hex'))).toEqual(wanted)
      const roots = { oldRoot: goldenRoot(old), newRoot: goldenRoot(newSize) }
      expect(verifyConsistency({ oldSize: old, newSize, ...roots, proof })).toBe(true)
    },
  )
})

describe('refused claims', () => {
  const proof = golden.inclusion.find(({ index, size }) => index === 5 && size === 8)!.proof.map(hex)
  const good = { leafHash: hex(golden.leaf_hashes[5]!), index: 5, size: 8, root: goldenRoot(8), proof }
  test.each([
    ['index at the size', { index: 8 }],
    ['negative index', { index: -1 }],
    ['fractional index', { index: 5.5 }],
    ['index past exact integers', { index: 2 ** 53 }],
    ['empty tree', { size: 0, index: 0 }],
    ['size not a number', { size: Number.NaN }],
    ['size past the limit', { size: MAX_TREE_SIZE + 1 }],
    ['no proof', { proof: [] }],
    ['proof cut short', { proof: proof.slice(0, -1) }],
    ['a hash too many', { proof: [...proof, proof[0]!] }],
    ['a hash of 31 bytes', { proof: [proof[0]!.subarray(1), ...proof.slice(1)] }],
    ['a leaf hash of 33 bytes', { leafHash: Buffer.concat([good.leafHash, Buffer.of(0)]) }],
    ['an empty root', { root: Buffer.alloc(0) }],
    ['hashes in another order', { proof: proof.toReversed() }],
    ['more hashes than a tree has', { proof: Array.from({ length: 64 }, () => proof[0]!) }],
  ])('inclusion: %s', (_, change) => {
    expect(verifyInclusion(good)).toBe(true)
    expect(verifyInclusion({ ...good, ...change })).toBe(false)
  })

  const path = golden.consistency.find((c) => c.old === 6 && c.new === 8)!.proof.map(hex)
  const sound = { oldSize: 6, newSize: 8, oldRoot: goldenRoot(6), newRoot: goldenRoot(8), proof: path }
  test.each([
    ['from the empty tree', { oldSize: 0, oldRoot: EMPTY_ROOT, proof: [] }],
    ['sizes swapped', { oldSize: 8, newSize: 6 }],
    ['a shrunk tree without proof', { oldSize: 8, newSize: 6, proof: [] }],
    ['roots swapped', { oldRoot: goldenRoot(8), newRoot: goldenRoot(6) }],
    ['no proof', { proof: [] }],
    ['proof cut short', { proof: path.slice(0, -1) }],
    ['a hash too many', { proof: [...path, path[0]!] }],
    ['same size, other root', { oldSize: 8, proof: [] }],
    ['same size and root, with a proof', { oldSize: 8, oldRoot: goldenRoot(8) }],
    ['fractional size', { oldSize: 6.5 }],
    ['size past the limit', { newSize: MAX_TREE_SIZE + 1 }],
    ['complete old tree, no proof', { oldSize: 4, oldRoot: goldenRoot(4), proof: [] }],
    ['a hash of 31 bytes', { proof: [path[0]!.subarray(1), ...path.slice(1)] }],
  ])('consistency: %s', (_, change) => {
    expect(verifyConsistency(sound)).toBe(true)
    expect(verifyConsistency({ ...sound, ...change })).toBe(false)
  })

  const leaf = (index: number) => hex(golden.leaf_hashes[index]!)
  test.each([
    [
      'a leaf of a larger tree, said to be alone',
      { index: 0, size: 1, leafHash: leaf(1), root: goldenRoot(2), proof: [leaf(0)] },
    ],
    [
      'a root of a smaller tree',
      { index: 0, size: 4, leafHash: leaf(0), root: goldenRoot(2), proof: [leaf(1)] },
    ],
    [
      'a node passed off as a leaf',
      { index: 0, size: 2, leafHash: goldenRoot(4), root: goldenRoot(5), proof: [] },
    ],
  ])('inclusion, though the hashes fit: %s', (_, claim) => expect(verifyInclusion(claim)).toBe(false))

  const above = (size: number) => nodeHash({ left: leaf(7), right: goldenRoot(size) })
  const tooHigh = {
    oldSize: 3,
    newSize: 4,
    oldRoot: above(3),
    newRoot: above(4),
    proof: [leaf(2), leaf(3), goldenRoot(2), leaf(7)],
  }
  test.each([
    [
      'from the empty tree',
      { oldSize: 0, newSize: 2, oldRoot: leaf(0), newRoot: goldenRoot(2), proof: [leaf(0), leaf(1)] },
    ],
    [
      'a root of a larger tree',
      { oldSize: 1, newSize: 2, oldRoot: leaf(0), newRoot: goldenRoot(3), proof: [leaf(1), leaf(2)] },
    ],
    [
      'a root of a smaller tree',
      { oldSize: 1, newSize: 4, oldRoot: leaf(0), newRoot: goldenRoot(2), proof: [leaf(1)] },
    ],
    ['both roots one level too high', tooHigh],
  ])('consistency, though the hashes fit: %s', (_, claim) => expect(verifyConsistency(claim)).toBe(false))

  test('no proof is made of what is not so', async () => {
    const store = storeOf(leavesOf(8))
    await expect(proveInclusion({ index: 8, size: 8 }, store)).rejects.toThrow('no leaf 8')
    await expect(proveConsistency({ oldSize: 0, newSize: 8 }, store)).rejects.toThrow('extends none')
    await expect(proveConsistency({ oldSize: 9, newSize: 8 }, store)).rejects.toThrow('extends none')
  })

  test.each<[string, Frontier]>([
    ['a hash missing', { size: 3, hashes: [EMPTY_ROOT] }],
    ['a hash too many', { size: 4, hashes: [EMPTY_ROOT, EMPTY_ROOT] }],
    ['a short hash', { size: 1, hashes: [EMPTY_ROOT.subarray(1)] }],
    ['a negative size', { size: -1, hashes: [] }],
    ['a size past the limit', { size: MAX_TREE_SIZE * 2, hashes: [EMPTY_ROOT] }],
  ])('not a frontier: %s', (_, frontier) => {
    expect(isFrontier(frontier)).toBe(false)
    expect(() => appendLeaves(frontier, [EMPTY_ROOT])).toThrow('invariant')
    expect(() => frontierRoot(frontier)).toThrow('invariant')
  })

  test('a reader that answers less than it was asked', async () => {
    await expect(rangeHashes([{ start: 0, end: 3 }], { readHashes: () => [] })).rejects.toThrow('invariant')
  })
})

describe('properties', () => {
  const cuts = fc.array(fc.nat({ max: 80 }), { maxLength: 8 })

  test('the incremental root is the recursive one, whatever the batches and restarts', () => {
    fc.assert(
      fc.property(cuts, (batches) => {
        const leaves = leavesOf(batches.reduce((sum, n) => sum + n, 0))
        let frontier = EMPTY_FRONTIER
        for (const count of batches) {
          frontier = appendLeaves(frontier, leaves.slice(frontier.size, frontier.size + count).map(leafHash))
          const text = JSON.stringify(frontier.hashes.map((hash) => Buffer.from(hash).toString('hex')))
          frontier = { size: frontier.size, hashes: (JSON.parse(text) as string[]).map(hex) }
          expect(frontierRoot(frontier).equals(reference(leaves.slice(0, frontier.size)))).toBe(true)
        }
      }),
    )
  })

  test('roots and frontiers of earlier sizes come from stored nodes', async () => {
    const leaves = leavesOf(300)
    const store = storeOf(leaves)
    expect(store.stored).toHaveLength(storedHashCount(300))
    for (let size = 0; size <= 300; size += 7) {
      const wanted = reference(leaves.slice(0, size))
      expect((await treeRoot(size, store)).equals(wanted)).toBe(true)
      expect(frontierRoot(await readFrontier(size, store)).equals(wanted)).toBe(true)
    }
  })

  const leaves = leavesOf(130)
  const store = storeOf(leaves)

  test('inclusion: every proof verifies, any changed bit does not', async () => {
    const place = fc
      .integer({ min: 1, max: 130 })
      .chain((size) =>
        fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }), bit: fc.nat({ max: 255 }) }),
      )
    await fc.assert(
      fc.asyncProperty(place, async ({ size, index, bit }) => {
        const proof = await proveInclusion({ index, size }, store)
        const root = reference(leaves.slice(0, size))
        const claim = { leafHash: leafHash(leaves[index]!), index, size, root, proof }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leafHash: flip(claim.leafHash, bit) })).toBe(false)
        expect(verifyInclusion({ ...claim, root: flip(root, bit) })).toBe(false)
        for (let power = 1; power < 2 ** 9; power *= 2) {
          expect(verifyInclusion({ ...claim, index: index ^ power })).toBe(false)
        }
        for (const i of proof.keys()) {
          expect(verifyInclusion({ ...claim, proof: proof.with(i, flip(proof[i]!, bit)) })).toBe(false)
        }
      }),
    )
  })

  test('consistency: every proof verifies, any changed bit does not', async () => {
    const sizes = fc.integer({ min: 1, max: 130 }).chain((newSize) =>
      fc.record({
        newSize: fc.constant(newSize),
        oldSize: fc.integer({ min: 1, max: newSize }),
        bit: fc.nat({ max: 255 }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(sizes, async ({ oldSize, newSize, bit }) => {
        const proof = await proveConsistency({ oldSize, newSize }, store)
        const oldRoot = reference(leaves.slice(0, oldSize))
        const newRoot = reference(leaves.slice(0, newSize))
        const claim = { oldSize, newSize, oldRoot, newRoot, proof }
        expect(verifyConsistency(claim)).toBe(true)
        expect(verifyConsistency({ ...claim, oldRoot: flip(oldRoot, bit) })).toBe(false)
        expect(verifyConsistency({ ...claim, newRoot: flip(newRoot, bit) })).toBe(false)
        for (const i of proof.keys()) {
          expect(verifyConsistency({ ...claim, proof: proof.with(i, flip(proof[i]!, bit)) })).toBe(false)
        }
      }),
    )
  })

  test('sizes past 2^32: a tree of equal leaves, whose nodes depend on their level alone', async () => {
    const byLevel = [leafHash(Buffer.alloc(0))]
    while (byLevel.length < 53) byLevel.push(nodeHash({ left: byLevel.at(-1)!, right: byLevel.at(-1)! }))
    const equalLeaves: HashReader = {
      readHashes: (indexes) => indexes.map((stored) => byLevel[splitStoredHashIndex(stored).level]!),
    }
    const huge = fc.integer({ min: 2 ** 31 - 2, max: MAX_TREE_SIZE })
    await fc.assert(
      fc.asyncProperty(huge, huge, async (one, other) => {
        const [oldSize, newSize] = one < other ? [one, other] : [other, one]
        const [oldRoot, newRoot] = [
          await treeRoot(oldSize, equalLeaves),
          await treeRoot(newSize, equalLeaves),
        ]
        const proof = await proveConsistency({ oldSize, newSize }, equalLeaves)
        expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof })).toBe(true)
        const index = oldSize - 1
        const inclusion = await proveInclusion({ index, size: newSize }, equalLeaves)
        const claim = { leafHash: byLevel[0]!, index, size: newSize, root: newRoot, proof: inclusion }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, proof: inclusion.slice(1) })).toBe(false)
      }),
    )
  })
})
