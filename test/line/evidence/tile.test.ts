/**
 * Tiles: paths, which tiles a tree has, growth from any edge to any other, and proofs read from tiles
 * and nothing else. The oracle is the formula of tlog-tiles over a recursive RFC 6962 hash.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from '@constat/evidence/proof'
import {
  EMPTY_EDGE,
  MAX_ENTRY_BYTES,
  edgeTiles,
  encodeEntryBundle,
  entryBundles,
  growTiles,
  newTiles,
  parseEntryBundle,
  parseTilePath,
  partialTiles,
  restoreEdge,
  tileHashReader,
  tilePath,
  tileRoot,
  tilesOf,
  type Tile,
  type TileId,
} from '@constat/evidence/tile'
import { MAX_TREE_SIZE, frontierRoot, leafHash, treeRoot } from '@constat/evidence/tree'

const HASHES = Array.from({ length: 70_000 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)))

const known = new Map<string, Buffer>()

/** RFC 6962 §2.1 MTH(D[start:end]), recursive and remembered, sharing nothing with the code under test. */
function reference(start: number, end: number): Buffer {
  if (end - start === 1) return HASHES[start]!
  const found = known.get(`${start}:${end}`)
  if (found) return found
  let k = 1
  while (k * 2 < end - start) k *= 2
  const parts = [Buffer.of(1), reference(start, start + k), reference(start + k, end)]
  const hash = createHash('sha256').update(Buffer.concat(parts)).digest()
  known.set(`${start}:${end}`, hash)
  return hash
}

/** MTH(D[(n·256 + i)·256^l : (n·256 + i + 1)·256^l]) for each i of the width. (tlog-tiles) */
function tileBytes({ level, index, width }: TileId): Buffer {
  const span = 256 ** Number(level)
  const from = index * 256 * span
  const hashAt = (i: number) => reference(from + i * span, from + (i + 1) * span)
  return Buffer.concat(Array.from({ length: width }, (_, i) => hashAt(i)))
}

describe('paths', () => {
  test.each<[string, TileId]>([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/000.p/1', { level: 0, index: 0, width: 1 }],
    ['tile/0/999.p/255', { level: 0, index: 999, width: 255 }],
    ['tile/1/x001/000', { level: 1, index: 1000, width: 256 }],
    ['tile/0/x001/067', { level: 0, index: 1067, width: 256 }],
    ['tile/2/x001/x234/067', { level: 2, index: 1_234_067, width: 256 }],
    ['tile/63/x999/x999/999.p/42', { level: 63, index: 999_999_999, width: 42 }],
    ['tile/entries/000', { level: 'entries', index: 0, width: 256 }],
    ['tile/entries/x123/456.p/112', { level: 'entries', index: 123_456, width: 112 }],
  ])('%s', (path, tile) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test.each([
    ['nothing', ''],
    ['a leading slash', '/tile/0/000'],
    ['no index', 'tile/0'],
    ['level past 63', 'tile/64/000'],
    ['level with a leading zero', 'tile/00/000'],
    ['negative level', 'tile/-1/000'],
    ['another kind', 'tile/issuers/000'],
    ['index of two digits', 'tile/0/00'],
    ['index of four digits', 'tile/0/0000'],
    ['a group without x', 'tile/0/001/067'],
    ['x on the last group', 'tile/0/x001'],
    ['a leading empty group', 'tile/0/x000/067'],
    ['an index past exact integers', `tile/0/${'x999/'.repeat(6)}999`],
    ['an index beyond numbers', `tile/0/${'x999/'.repeat(200)}999`],
    ['width 0', 'tile/0/000.p/0'],
    ['width 256', 'tile/0/000.p/256'],
    ['width with a leading zero', 'tile/0/000.p/01'],
    ['width missing', 'tile/0/000.p/'],
    ['a way out', 'tile/0/../000'],
    ['a newline after it', 'tile/0/000\n'],
    ['digits of another script', 'tile/0/٠٠٠'],
  ])('refused: %s', (_, path) => expect(parseTilePath(path)).toBeUndefined())

  test('every tile has one path, and every path one tile', () => {
    const tile = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tile, (own) => {
        expect(parseTilePath(tilePath(own))).toEqual({ ...own })
      }),
    )
  })
})

describe('tiles of a size', () => {
  const count = (tiles: Iterable<TileId>, level: number, width: number) =>
    [...tiles].filter((tile) => tile.level === level && tile.width === width).length

  test('the example of the specification: 70,000', () => {
    const tiles = [...tilesOf(70_000)]
    expect(count(tiles, 0, 256)).toBe(273)
    expect(count(tiles, 0, 112)).toBe(1)
    expect(count(tiles, 1, 256)).toBe(1)
    expect(count(tiles, 1, 17)).toBe(1)
    expect(count(tiles, 2, 1)).toBe(1)
    expect(tiles).toHaveLength(277)
  })

  test.each([
    [0, []],
    [1, ['tile/0/000.p/1']],
    [255, ['tile/0/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
  ])('%i', (size, paths) => {
    expect([...tilesOf(size)].map(tilePath)).toEqual(paths)
    const partial = paths.filter((path) => path.includes('.p/'))
    expect(partialTiles(size).map(tilePath)).toEqual(partial)
  })

  test('growth makes the tiles that the larger tree has and the smaller has not', () => {
    const size = fc.integer({ min: 0, max: 70_000 })
    fc.assert(
      fc.property(size, size, (one, other) => {
        const [oldSize, newSize] = one < other ? [one, other] : [other, one]
        const before = new Set([...tilesOf(oldSize)].map(tilePath))
        const wanted = [...tilesOf(newSize)].map(tilePath).filter((path) => !before.has(path))
        expect([...newTiles({ oldSize, newSize })].map(tilePath)).toEqual(wanted)
      }),
    )
  })

  test('the edge of the largest tree', () => {
    const [full, edge] = [partialTiles(MAX_TREE_SIZE), partialTiles(MAX_TREE_SIZE - 1)]
    expect(full.map(tilePath)).toEqual(['tile/6/000.p/16'])
    expect(edge.map(({ width }) => width)).toEqual([255, 255, 255, 255, 255, 255, 15])
  })

  test.each([
    [{ oldSize: 0, newSize: 0 }, []],
    [{ oldSize: 0, newSize: 3 }, ['tile/entries/000.p/3']],
    [{ oldSize: 255, newSize: 513 }, ['tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/1']],
    [{ oldSize: 256, newSize: 257 }, ['tile/entries/001.p/1']],
    [{ oldSize: 300, newSize: 300 }, []],
  ])('bundles of %o', (sizes, paths) => expect([...entryBundles(sizes)].map(tilePath)).toEqual(paths))
})

describe('growth', () => {
  const described = ({ level, index, bytes }: Tile) => `${level}/${index} ${bytes.toString('base64')}`

  test('70,000 leaves in uneven batches: every full and partial tile, to the byte', () => {
    let edge = EMPTY_EDGE
    const made = new Map<string, Buffer>()
    for (let at = 0, step = 1; at < HASHES.length; at += step, step = (step * 7) % 9973) {
      const grown = growTiles(edge, HASHES.slice(at, at + step))
      edge = grown.edge
      for (const { level, index, bytes } of grown.completed) {
        made.set(tilePath({ level, index, width: 256 }), bytes)
      }
    }
    for (const { level, index, bytes } of edgeTiles(edge)) {
      made.set(tilePath({ level, index, width: bytes.length / 32 }), bytes)
    }
    const wanted = [...tilesOf(70_000)]
    expect([...made.keys()].sort()).toEqual(wanted.map(tilePath).sort())
    for (const tile of wanted) expect(made.get(tilePath(tile))!.equals(tileBytes(tile))).toBe(true)
  })

  test('a full tile hashes to its place one level up', () => {
    const { completed } = growTiles(EMPTY_EDGE, HASHES.slice(0, 65_536))
    const above = completed.find(({ level }) => level === 1)
    const below = completed.filter(({ level }) => level === 0).map(({ bytes }) => tileRoot(bytes))
    expect(Buffer.concat(below).equals(above!.bytes)).toBe(true)
  })

  test('an edge restored from its partial tiles goes on as if it had never stopped', () => {
    const sizes = fc.record({ first: fc.nat({ max: 1100 }), more: fc.nat({ max: 600 }) })
    fc.assert(
      fc.property(sizes, ({ first, more }) => {
        const { edge } = growTiles(EMPTY_EDGE, HASHES.slice(0, first))
        const restored = restoreEdge(
          first,
          edgeTiles(edge).map(({ bytes }) => bytes),
        )
        expect(restored.frontier.size).toBe(first)
        expect(frontierRoot(restored.frontier).equals(frontierRoot(edge.frontier))).toBe(true)
        const rest = HASHES.slice(first, first + more)
        const [a, b] = [growTiles(edge, rest), growTiles(restored, rest)]
        expect(b.completed.map(described)).toEqual(a.completed.map(described))
        expect(frontierRoot(b.edge.frontier).equals(frontierRoot(a.edge.frontier))).toBe(true)
      }),
    )
  })

  test('an edge across three tile levels', () => {
    const { edge } = growTiles(EMPTY_EDGE, HASHES.slice(0, 65_536 + 2))
    const restored = restoreEdge(
      65_538,
      edgeTiles(edge).map(({ bytes }) => bytes),
    )
    expect(frontierRoot(restored.frontier).equals(reference(0, 65_538))).toBe(true)
  })

  test('growing changes no edge that somebody else holds', () => {
    const { edge } = growTiles(EMPTY_EDGE, HASHES.slice(0, 300))
    const before = JSON.stringify(edge)
    growTiles(edge, HASHES.slice(300, 900))
    expect(JSON.stringify(edge)).toBe(before)
  })

  test.each([
    ['a tile missing', []],
    ['a tile of another width', [Buffer.alloc(64)]],
  ])('restoring is refused: %s', (_, tiles) => expect(() => restoreEdge(1, tiles)).toThrow('invariant'))
})

describe('reading nodes from tiles', () => {
  const size = 66_000
  const tilesAsked: string[] = []
  const reader = tileHashReader(size, (tiles) => {
    const paths = tiles.map(tilePath)
    expect(new Set(paths).size).toBe(paths.length)
    tilesAsked.push(...paths)
    return tiles.map(tileBytes)
  })

  test.each([1, 255, 256, 257, 4096, 65_535, 65_536, 65_537, 66_000])('root of %i', async (earlier) => {
    expect((await treeRoot(earlier, reader)).equals(reference(0, earlier))).toBe(true)
  })

  test.each([0, 255, 256, 40_000, 65_535, 65_536, 65_999])('proofs about %i', async (index) => {
    const newRoot = reference(0, size)
    const inclusion = await proveInclusion({ index, size }, reader)
    const found = { leafHash: HASHES[index]!, index, size, root: newRoot, proof: inclusion }
    expect(verifyInclusion(found)).toBe(true)
    const oldSize = index + 1
    const proof = await proveConsistency({ oldSize, newSize: size }, reader)
    const oldRoot = reference(0, oldSize)
    expect(verifyConsistency({ oldSize, newSize: size, oldRoot, newRoot, proof })).toBe(true)
  })

  test('only tiles that a tree of the size has are asked for', () => {
    const served = new Set([...tilesOf(size)].map(tilePath))
    expect(tilesAsked.length).toBeGreaterThan(0)
    expect(tilesAsked.filter((path) => !served.has(path))).toEqual([])
  })

  test('a fuller tile will do, a shorter one will not, a node past the size is a bug', async () => {
    const fuller = tileHashReader(3, () => [tileBytes({ level: 0, index: 0, width: 5 })])
    expect((await treeRoot(3, fuller)).equals(reference(0, 3))).toBe(true)
    const shorter = tileHashReader(3, () => [tileBytes({ level: 0, index: 0, width: 2 })])
    await expect(treeRoot(3, shorter)).rejects.toThrow('shorter')
    await expect(treeRoot(4, fuller)).rejects.toThrow('no such node')
  })
})

describe('entry bundles', () => {
  const bytes = Buffer.from('0000000161000362c3a9', 'hex')
  test('uint16 big-endian length, then the entry', () => {
    const entries = [Buffer.alloc(0), Buffer.from('a'), Buffer.from('bé')]
    expect(encodeEntryBundle(entries).equals(bytes)).toBe(true)
    expect(parseEntryBundle(bytes, 3)).toEqual(entries)
  })

  test.each([
    ['cut in an entry', bytes.subarray(0, -1), 3],
    ['cut in a length', Buffer.concat([bytes, Buffer.of(0)]), 3],
    ['an entry more than the width', bytes, 2],
    ['an entry fewer than the width', bytes, 4],
    ['bytes behind the last entry', Buffer.concat([bytes, Buffer.of(0, 0)]), 3],
    ['nothing', Buffer.alloc(0), 1],
  ])('refused: %s', (_, bundle, width) => expect(parseEntryBundle(bundle, width)).toBeUndefined())

  test('an entry at the limit, and one past it; 256 entries, and one more', () => {
    const longest = Buffer.alloc(MAX_ENTRY_BYTES, 7)
    expect(parseEntryBundle(encodeEntryBundle([longest]), 1)).toEqual([longest])
    expect(() => encodeEntryBundle([Buffer.alloc(MAX_ENTRY_BYTES + 1)])).toThrow('65,535')
    const full = Array.from({ length: 256 }, () => Buffer.of(1))
    expect(parseEntryBundle(encodeEntryBundle(full), 256)).toHaveLength(256)
    expect(() => encodeEntryBundle([...full, Buffer.of(1)])).toThrow('256')
  })

  test('whatever goes in comes out', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 256 })
    fc.assert(
      fc.property(entries, (own) => {
        const read = parseEntryBundle(encodeEntryBundle(own), own.length)
        expect(read?.map((entry) => entry.toString('hex'))).toEqual(
          own.map((e) => Buffer.from(e).toString('hex')),
        )
      }),
    )
  })
})
