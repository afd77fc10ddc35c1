/**
 * Zip: the one form of archive that a bundle has. Files are stored as they are, one after the other without a gap,
 * with no dates, no attributes, no extra fields and no comment: the same files give the same bytes, and there is
 * no bit that says nothing. Reading takes exactly that form and refuses every other, so that nothing can be hidden
 * in an archive, unpacked to more than it holds, or written outside of where it belongs. Pure.
 * (APPNOTE.TXT 6.3: local headers, central directory, end record.)
 */
import { crc32 } from 'node:zlib'
import { invariant } from '@constat/shared/fault'

/** Also what a Buffer holds and a zip without its 64 bit extension counts to. */
export const MAX_ZIP_BYTES = 2 ** 31 - 1
export const MAX_ZIP_FILES = 65_534
export const MAX_ZIP_PATH_BYTES = 200

const LOCAL_BYTES = 30
const CENTRAL_BYTES = 46
const END_BYTES = 22
const LOCAL_SIGNATURE = 0x04034b50
const CENTRAL_SIGNATURE = 0x02014b50
const END_SIGNATURE = 0x06054b50
/** 2.0: files in folders. */
const VERSION = 20
/** 1 January 1980, midnight: no date. */
const DATE = 0x0021

/** Segments of letters, digits, `.`, `_` and `-`; none begins with a dot, so none leads out of its folder. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/

export type ZipFile = { path: string; bytes: Buffer }
export type ZipRefusal =
  | 'too-large'
  | 'too-many-files'
  | 'no-zip'
  | 'bad-path'
  | 'duplicate-path'
  | 'other-form'
  | 'bad-checksum'
export type ZipOpening =
  | { kind: 'opened'; files: ZipFile[] }
  /** `path`: the file in which, where there is one. */
  | { kind: 'refused'; reason: ZipRefusal; path: string | null }

type Placed = { path: string; size: number; crc: number; offset: number }

/** Writes a zip piece by piece: `add` answers the bytes of a file, `end` those after the last. */
export class ZipWriter {
  readonly #placed: Placed[] = []
  readonly #paths = new Set<string>()
  #offset = 0

  /** Faults of ours: a path that is no path, twice the same, or past the limits. */
  add({ path, bytes }: ZipFile): Buffer[] {
    return [this.begin({ path, size: bytes.length, crc: crc32(bytes) }), bytes]
  }

  /** What stands before a file whose bytes come piece by piece: `size` of them, with this CRC-32. Faults as `add`. */
  begin({ path, size, crc }: { path: string; size: number; crc: number }): Buffer {
    invariant(isZipPath(path) && !this.#paths.has(path), `${path} is a new path of a zip`)
    const file = { path, size, crc, offset: this.#offset }
    this.#offset += LOCAL_BYTES + path.length + size
    this.#placed.push(file)
    this.#paths.add(path)
    invariant(this.#offset <= MAX_ZIP_BYTES && this.#placed.length <= MAX_ZIP_FILES, 'the zip is full')
    return localHeader(file)
  }

  end(): Buffer {
    return directoryOf(this.#placed, this.#offset)
  }
}

export function isZipPath(path: string): boolean {
  return path.length <= MAX_ZIP_PATH_BYTES && PATH.test(path)
}

/** The files in their order; their bytes are parts of `zip`. */
export function openZip(zip: Buffer): ZipOpening {
  if (zip.length > MAX_ZIP_BYTES) return refused('too-large')
  const end = zip.length - END_BYTES
  if (end < 0 || zip.readUInt32LE(end) !== END_SIGNATURE) return refused('no-zip')
  const count = zip.readUInt16LE(end + 10)
  if (count > MAX_ZIP_FILES) return refused('too-many-files')
  const directory = zip.readUInt32LE(end + 16)
  const files: ZipFile[] = []
  const paths = new Set<string>()
  const placed: Placed[] = []
  let entry = directory
  let offset = 0
  for (let i = 0; i < count; i += 1) {
    const file = readEntry(zip, { entry, end, offset })
    if ('kind' in file) return file
    if (paths.has(file.path)) return refused('duplicate-path', file.path)
    const start = offset + LOCAL_BYTES + file.path.length
    offset = start + file.size
    if (offset > directory) return refused('other-form', file.path)
    const bytes = zip.subarray(start, offset)
    if (!zip.subarray(file.offset, start).equals(localHeader(file))) return refused('other-form', file.path)
    if (crc32(bytes) !== file.crc) return refused('bad-checksum', file.path)
    paths.add(file.path)
    placed.push(file)
    files.push({ path: file.path, bytes })
    entry += CENTRAL_BYTES + file.path.length
  }
  // Whatever else the directory says, it says otherwise than a bundle does.
  const isWhole = offset === directory && zip.subarray(directory).equals(directoryOf(placed, directory))
  return isWhole ? { kind: 'opened', files } : refused('other-form')
}

/** What the directory says of one file that has to begin at `offset`. */
function readEntry(
  zip: Buffer,
  { entry, end, offset }: { entry: number; end: number; offset: number },
): Placed | (ZipOpening & { kind: 'refused' }) {
  if (entry + CENTRAL_BYTES > end || zip.readUInt32LE(entry) !== CENTRAL_SIGNATURE) return refused('no-zip')
  const nameBytes = zip.readUInt16LE(entry + 28)
  const path = zip.toString('latin1', entry + CENTRAL_BYTES, entry + CENTRAL_BYTES + nameBytes)
  if (path.length !== nameBytes || !isZipPath(path)) return refused('bad-path')
  if (zip.readUInt32LE(entry + 42) !== offset) return refused('other-form', path)
  return { path, size: zip.readUInt32LE(entry + 24), crc: zip.readUInt32LE(entry + 16), offset }
}

function refused(reason: ZipRefusal, path: string | null = null): ZipOpening & { kind: 'refused' } {
  return { kind: 'refused', reason, path }
}

function localHeader(file: Placed): Buffer {
  const header = Buffer.alloc(LOCAL_BYTES + file.path.length)
  header.writeUInt32LE(LOCAL_SIGNATURE, 0)
  header.writeUInt16LE(VERSION, 4)
  writeFacts(header, 6, file)
  header.write(file.path, LOCAL_BYTES, 'latin1')
  return header
}

function directoryOf(placed: readonly Placed[], offset: number): Buffer {
  const entries = placed.map((file) => {
    const entry = Buffer.alloc(CENTRAL_BYTES + file.path.length)
    entry.writeUInt32LE(CENTRAL_SIGNATURE, 0)
    entry.writeUInt16LE(VERSION, 4)
    entry.writeUInt16LE(VERSION, 6)
    writeFacts(entry, 8, file)
    entry.writeUInt32LE(file.offset, 42)
    entry.write(file.path, CENTRAL_BYTES, 'latin1')
    return entry
  })
  const bytes = entries.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(END_BYTES)
  end.writeUInt32LE(END_SIGNATURE, 0)
  end.writeUInt16LE(placed.length, 8)
  end.writeUInt16LE(placed.length, 10)
  end.writeUInt32LE(bytes, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...entries, end])
}

/** Flags, method (0: stored), time, date, checksum, both sizes, lengths of path and extra fields. */
function writeFacts(header: Buffer, at: number, { path, size, crc }: Placed): void {
  header.writeUInt16LE(DATE, at + 6)
  header.writeUInt32LE(crc, at + 8)
  header.writeUInt32LE(size, at + 12)
  header.writeUInt32LE(size, at + 16)
  header.writeUInt16LE(path.length, at + 20)
}
