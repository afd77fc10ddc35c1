/**
 * Step 4: the entries are the leaves of the tree that was signed. Each leaf is held against its place in the tile,
 * so that a changed one is named; the tiles against each other and the roots of every checkpoint. Pure.
 */
import { BUNDLE_PATHS, LOG_FOLDER } from '@constat/evidence/bundle'
import { parseLeaf, type Leaf } from '@constat/evidence/leaf'
import {
  entryBundles,
  parseEntryBundle,
  tilePath,
  tilesOf,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileId,
} from '@constat/evidence/tile'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, HASH_BYTES, leafHash } from '@constat/evidence/tree'
import { MAX_ZIP_FILES } from '@constat/evidence/zip'
import type { Failures } from './failure.ts'
import type { SignedRoot } from './trust.ts'
import type { Unpacked } from './unpack.ts'

const STEP = 'entries and tree'
/** No archive has room for more. */
const MAX_LEAVES = MAX_ZIP_FILES * TILE_WIDTH

/** A leaf with its place in the log. */
export type Entry = Leaf & { index: number }

export type Entries = {
  entries: Entry[]
  /** Roots of the sizes that were asked for, hex. */
  rootAt(size: number): string | null
  /** Of every leaf, in order. */
  leafHashes(): Iterable<Buffer>
}

/** Null where the tree is not there to be read. `sizesOf` names the sizes of which roots are wanted. */
export function readEntries(
  { manifest, files }: Unpacked,
  given: { roots: readonly SignedRoot[]; sizesOf: (entries: readonly Entry[]) => readonly number[] },
  failures: Failures,
): Entries | null {
  const { size } = manifest
  if (size > MAX_LEAVES) {
    failures.add({
      step: STEP,
      reason: 'too-large',
      detail: `a bundle of ${size} leaves has no room in a zip`,
    })
    return null
  }
  const tree = new LogFiles(files, size)
  if (!tree.areThere(failures)) return null
  const entries = readLeaves(tree, failures)
  if (!entries) return null
  const wanted = [...given.roots.map((one) => one.size), ...given.sizesOf(entries)]
  const found = rootsAt(tree, wanted, failures)
  for (const { file, size: at, root } of given.roots) {
    if (found.get(at)?.equals(root)) continue
    const detail = `the first ${at} leaves do not give the root that was signed`
    failures.add({ step: STEP, reason: 'other-root', detail, file })
  }
  const rootAt = (at: number): string | null => found.get(at)?.toString('hex') ?? null
  return { entries, rootAt, leafHashes: () => hashesOf(tree, 0, size) }
}

/** Entries and hashes under the names that a server of tiles gives them. */
class LogFiles {
  readonly size: number
  readonly #files: ReadonlyMap<string, Buffer>

  constructor(files: ReadonlyMap<string, Buffer>, size: number) {
    this.#files = files
    this.size = size
  }

  of(id: TileId): Buffer {
    return this.#files.get(LOG_FOLDER + tilePath(id))!
  }

  hash({ level, index, width }: TileId, place: number): Buffer {
    return this.of({ level, index, width }).subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES)
  }

  bundles(): TileId[] {
    return [...entryBundles({ oldSize: 0, newSize: this.size })]
  }

  tiles(): TileId[] {
    return [...tilesOf(this.size)]
  }

  /** Every file that a log of this size has, and no other. */
  areThere(failures: Failures): boolean {
    const expected = new Set<string>()
    let areAll = true
    for (const id of [...this.bundles(), ...this.tiles()]) {
      const file = LOG_FOLDER + tilePath(id)
      expected.add(file)
      const bytes = this.#files.get(file)
      const isWhole = bytes && (id.level === 'entries' || bytes.length === id.width * HASH_BYTES)
      if (isWhole) continue
      areAll = false
      const detail = bytes ? 'it does not have the length of its width' : 'the log has it, the bundle has not'
      failures.add({ step: STEP, reason: bytes ? 'other-length' : 'missing-file', detail, file })
    }
    for (const file of this.#files.keys()) {
      if (!file.startsWith(LOG_FOLDER) || file === BUNDLE_PATHS.checkpoint || expected.has(file)) continue
      const detail = `a log of ${this.size} leaves has no such tile`
      failures.add({ step: STEP, reason: 'unknown-file', detail, file })
    }
    return areAll
  }
}

function readLeaves(tree: LogFiles, failures: Failures): Entry[] | null {
  const entries: Entry[] = []
  let areAll = true
  for (const id of tree.bundles()) {
    const parsed = parseEntryBundle(tree.of(id), id.width)
    if (!parsed) {
      const detail = `it does not hold ${id.width} entries, each with its length`
      failures.add({ step: STEP, reason: 'bad-entries', detail, file: LOG_FOLDER + tilePath(id) })
      areAll = false
      continue
    }
    for (const [place, bytes] of parsed.entries()) {
      const index = id.index * TILE_WIDTH + place
      const hash = tree.hash({ ...id, level: 0 }, place)
      if (!leafHash(bytes).equals(hash)) {
        const detail = 'it is not the leaf that the tree holds: it was changed, moved or put in later'
        failures.add({ step: STEP, reason: 'changed-entry', detail, entry: index })
      }
      const leaf = parseLeaf(bytes)
      if (leaf) entries.push({ ...leaf, index })
      else {
        const detail = 'it is of no type that this program knows'
        failures.add({ step: STEP, reason: 'unknown-entry', detail, entry: index })
        areAll = false
      }
    }
  }
  return areAll ? entries : null
}

/** Roots of these sizes, from the hashes of the leaves; every hash above them is held against its tile. */
function rootsAt(tree: LogFiles, sizes: readonly number[], failures: Failures): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  const stops = [...new Set([...sizes, tree.size])].filter((size) => size <= tree.size).sort((a, b) => a - b)
  const places = new Map(tree.tiles().map((id) => [`${id.level}/${id.index}`, id]))
  let frontier = EMPTY_FRONTIER
  for (const stop of stops) {
    frontier = appendLeaves(frontier, hashesOf(tree, frontier.size, stop), ({ level, index, hash }) => {
      if (level === 0 || level % TILE_HEIGHT !== 0) return
      const id = places.get(`${level / TILE_HEIGHT}/${Math.floor(index / TILE_WIDTH)}`)!
      if (tree.hash(id, index % TILE_WIDTH).equals(hash)) return
      const detail = `its hash ${index % TILE_WIDTH} is not that of the tile below it`
      failures.add({ step: STEP, reason: 'other-tile', detail, file: LOG_FOLDER + tilePath(id) })
    })
    found.set(stop, frontierRoot(frontier))
  }
  return found
}

function* hashesOf(tree: LogFiles, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to; at += 1) {
    const index = Math.floor(at / TILE_WIDTH)
    const width = Math.min(TILE_WIDTH, tree.size - index * TILE_WIDTH)
    yield tree.hash({ level: 0, index, width }, at % TILE_WIDTH)
  }
}
