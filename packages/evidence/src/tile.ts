/**
 * Tiles: the tree as static files after C2SP tlog-tiles: 256 hashes to a tile, eight tree levels to a
 * tile level, entries in bundles beside them. Pure. A tile's bytes never change once it is full.
 */
import { invariant } from '@constat/shared/fault'
import {
  EMPTY_FRONTIER,
  HASH_BYTES,
  appendLeaves,
  frontierRoot,
  isTreeSize,
  splitStoredHashIndex,
} from './tree.ts'
import type { Frontier, HashReader } from './tree.ts'

/** tlog-tiles, "Merkle Tree": full tiles are exactly 256 hashes wide. */
export const TILE_HEIGHT = 8
export const TILE_WIDTH = 256

/** tlog-tiles: an entry's length is a big-endian uint16. */
export const MAX_ENTRY_BYTES = 65_535

/** Levels that a tree of at most 2^52 leaves has. The specification allows 0 … 63 in a path. */
const MAX_PATH_LEVEL = 63

/**
 * A tile, or a bundle of entries where `level` is `entries`. `width` is 256 when full, else 1 … 255.
 */
export type TileId = { level: number | 'entries'; index: number; width: number }

/** `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, N as in `x001/x234/067`. */
export function tilePath({ level, index, width }: TileId): string {
  invariant(Number.isSafeInteger(index) && index >= 0, `not a tile index: ${index}`)
  invariant(Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH, `not a tile width: ${width}`)
  const groups = [threeDigits(index % 1000)]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${threeDigits(rest % 1000)}`)
  }
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

const TILE_PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Inverse of `tilePath`; undefined for anything that `tilePath` would not have written. */
export function parseTilePath(path: string): TileId | undefined {
  const match = TILE_PATH.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number(match[2]!.replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  if (level !== 'entries' && level > MAX_PATH_LEVEL) return undefined
  if (!Number.isSafeInteger(index) || width > TILE_WIDTH) return undefined
  // Written again and compared: a leading `x000` or a width of 256 is a second name for one tile.
  return tilePath({ level, index, width }) === path ? { level, index, width } : undefined
}

/** Hash tiles that a tree of `newSize` has and one of `oldSize` has not, partial ones included, by level. */
export function* newTiles({ oldSize, newSize }: { oldSize: number; newSize: number }): Generator<TileId> {
  invariant(isTreeSize(oldSize) && isTreeSize(newSize) && oldSize <= newSize, 'a tree only grows')
  for (let level = 0, span = 1; span <= newSize; level += 1, span *= TILE_WIDTH) {
    const oldHashes = Math.floor(oldSize / span)
    const newHashes = Math.floor(newSize / span)
    if (oldHashes === newHashes) continue
    for (let index = Math.floor(oldHashes / TILE_WIDTH); index * TILE_WIDTH < newHashes; index += 1) {
      yield { level, index, width: Math.min(TILE_WIDTH, newHashes - index * TILE_WIDTH) }
    }
  }
}

/** Every hash tile of a tree of `size`, full and partial. */
export function tilesOf(size: number): Generator<TileId> {
  return newTiles({ oldSize: 0, newSize: size })
}

/** The partial tiles of a tree of `size`: what has to be read to go on from it. At most one a level. */
export function partialTiles(size: number): TileId[] {
  invariant(isTreeSize(size), `not a tree size: ${size}`)
  const tiles: TileId[] = []
  for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / TILE_WIDTH)) {
    const width = hashes % TILE_WIDTH
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width })
  }
  return tiles
}

/** Bundles of entries that hold leaves `oldSize` … `newSize − 1`, at the width of `newSize`. */
export function* entryBundles({ oldSize, newSize }: { oldSize: number; newSize: number }): Generator<TileId> {
  invariant(isTreeSize(oldSize) && isTreeSize(newSize) && oldSize <= newSize, 'a tree only grows')
  if (oldSize === newSize) return
  for (let index = Math.floor(oldSize / TILE_WIDTH); index * TILE_WIDTH < newSize; index += 1) {
    yield { level: 'entries', index, width: Math.min(TILE_WIDTH, newSize - index * TILE_WIDTH) }
  }
}

/** A tile with its hashes, 32 bytes each, left to right. */
export type Tile = { level: number; index: number; bytes: Buffer }

/**
 * The right edge of a growing tree: its frontier, and for each tile level the hashes of the tile that
 * is not full yet. Ours to store between commits, or to restore with `restoreEdge`.
 */
export type TileEdge = { readonly frontier: Frontier; readonly partial: readonly (readonly Uint8Array[])[] }

export const EMPTY_EDGE: TileEdge = Object.freeze({ frontier: EMPTY_FRONTIER, partial: [] })

/** The edge after `leafHashes`, and the tiles that became full on the way, in the order they did. */
export function growTiles(
  edge: TileEdge,
  leafHashes: Iterable<Uint8Array>,
): { edge: TileEdge; completed: Tile[] } {
  const partial = edge.partial.map((hashes) => [...hashes])
  const completed: Tile[] = []
  const frontier = appendLeaves(edge.frontier, leafHashes, ({ level, index, hash }) => {
    if (level % TILE_HEIGHT !== 0) return
    const tileLevel = level / TILE_HEIGHT
    const hashes = (partial[tileLevel] ??= [])
    hashes.push(hash)
    if (hashes.length < TILE_WIDTH) return
    completed.push({ level: tileLevel, index: Math.floor(index / TILE_WIDTH), bytes: Buffer.concat(hashes) })
    partial[tileLevel] = []
  })
  return { edge: { frontier, partial }, completed }
}

/** The partial tiles of an edge with their bytes, as `partialTiles` of its size names them. */
export function edgeTiles({ frontier, partial }: TileEdge): Tile[] {
  return partialTiles(frontier.size).map(({ level, index }) => {
    invariant(level !== 'entries', 'hash tiles only')
    return { level, index, bytes: Buffer.concat(partial[level]!) }
  })
}

/**
 * The edge of a tree of `size` from the bytes of its `partialTiles`, in that order. Check
 * `frontierRoot(edge.frontier)` against the last signed root before anything is appended.
 */
export function restoreEdge(size: number, tiles: readonly Uint8Array[]): TileEdge {
  const ids = partialTiles(size)
  invariant(ids.length === tiles.length, 'one tile for each partial tile of the size')
  const partial: Uint8Array[][] = []
  ids.forEach(({ level, width }, i) => {
    invariant(level !== 'entries', 'hash tiles only')
    invariant(tiles[i]!.length === width * HASH_BYTES, 'a tile has 32 bytes for each hash of its width')
    while (partial.length < level) partial.push([])
    partial[level] = splitHashes(tiles[i]!)
  })
  // The complete subtrees within each partial tile, largest first.
  const hashes = partial.toReversed().flatMap((own) => appendLeaves(EMPTY_FRONTIER, own).hashes)
  return { frontier: { size, hashes }, partial }
}

/** Root of the subtree that a tile stands for: the hash that its full tile has one level up. */
export function tileRoot(bytes: Uint8Array): Buffer {
  invariant(bytes.length > 0 && bytes.length % HASH_BYTES === 0, 'a tile is a row of hashes')
  return frontierRoot(appendLeaves(EMPTY_FRONTIER, splitHashes(bytes)))
}

/** Reads tiles in a batch: the bytes of each, in order. A fuller tile than asked for will do. */
export type TileReader = (tiles: readonly TileId[]) => Promise<Uint8Array[]> | Uint8Array[]

/**
 * Stored nodes of a tree of `size`, read from its tiles, each tile once a batch. It authenticates
 * nothing: verify what is computed from it against a signed root.
 */
export function tileHashReader(size: number, readTiles: TileReader): HashReader {
  return {
    async readHashes(indexes) {
      const places = indexes.map((stored) => placeOf(size, splitStoredHashIndex(stored)))
      const wanted = new Map(places.map(({ tile }) => [tilePath(tile), tile]))
      const bytes = await readTiles([...wanted.values()])
      const tiles = new Map([...wanted.keys()].map((path, i) => [path, bytes[i]]))
      return places.map(({ tile, start, end }) => {
        const row = tiles.get(tilePath(tile))
        invariant(row && row.length >= tile.width * HASH_BYTES, `${tilePath(tile)} is shorter than its width`)
        return tileRoot(row.subarray(start * HASH_BYTES, end * HASH_BYTES))
      })
    },
  }
}

/** Concatenated big-endian uint16 length ‖ entry. (tlog-tiles, "Log entries") */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Buffer {
  invariant(entries.length <= TILE_WIDTH, 'a bundle holds at most 256 entries')
  const parts = entries.flatMap((entry) => {
    invariant(entry.length <= MAX_ENTRY_BYTES, 'an entry has at most 65,535 bytes')
    return [Buffer.of(entry.length >> 8, entry.length & 0xff), entry]
  })
  return Buffer.concat(parts)
}

/** The entries of a bundle of exactly `width`; undefined when cut short, over-long or of another width. */
export function parseEntryBundle(bytes: Uint8Array, width: number): Buffer[] | undefined {
  const bundle = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const entries: Buffer[] = []
  let at = 0
  while (at + 2 <= bundle.length && entries.length < width) {
    const end = at + 2 + bundle.readUInt16BE(at)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return at === bundle.length && entries.length === width ? entries : undefined
}

/** Which tile holds a node, and which of the tile's hashes lie under it. */
function placeOf(size: number, { level, index }: { level: number; index: number }) {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const span = 2 ** (level % TILE_HEIGHT)
  const tileIndex = Math.floor((index * span) / TILE_WIDTH)
  const start = index * span - tileIndex * TILE_WIDTH
  const hashes = Math.floor(size / 2 ** (tileLevel * TILE_HEIGHT))
  const width = Math.min(TILE_WIDTH, hashes - tileIndex * TILE_WIDTH)
  invariant(start + span <= width, `no such node in a tree of ${size}`)
  return { tile: { level: tileLevel, index: tileIndex, width }, start, end: start + span }
}

function splitHashes(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / HASH_BYTES
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

function threeDigits(n: number): string {
  return String(n).padStart(3, '0')
}
