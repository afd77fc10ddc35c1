/**
 * Content codings, undone from the last to the first (RFC 9110, 8.4) as browsers undo them: gzip without a
 * look at its checksum, deflate with and without its frame, a word that is no coding taken for none at all, a
 * stream that ends early read as far as it goes. Pure. Bounded in bytes, not in time.
 */
import zlib from 'node:zlib'
import { messageOf, systemCode } from '@constat/shared/fault'

export type Uncoded =
  /** `complete`: false where a compressed stream ended early. */
  | { kind: 'read'; bytes: Buffer; complete: boolean }
  /** It is not what it says that it is: no client reads it. */
  | { kind: 'broken'; reason: string }
  /** More than this agent reads, though others may. */
  | { kind: 'beyond'; reason: string }

/** A compressed body may grow to this. */
export const MAX_INFLATED_BYTES = 16 * 1024 * 1024
export const MAX_CODINGS = 8

const { Z_FINISH, Z_SYNC_FLUSH, BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH } = zlib.constants
const LIMIT = { maxOutputLength: MAX_INFLATED_BYTES }

type Undo = (bytes: Buffer) => Uncoded
type Inflate = (bytes: Buffer, options: zlib.ZlibOptions) => Buffer
/** Of Node.js 22.15 and later; its flush modes are those of the format: 1 for as much as there is, 2 for all. */
type UnZstd = (bytes: Buffer, options: { maxOutputLength: number; finishFlush: number }) => Buffer

const CODINGS: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ['gzip', unGzip],
  ['x-gzip', unGzip],
  ['deflate', unDeflate],
  ['br', unBrotli],
  ['zstd', unZstd],
])

/** `field`: the value of Content-Encoding, several joined by commas. */
export function undoCodings(bytes: Buffer, field: string): Uncoded {
  const as = { kind: 'read', bytes, complete: true } as const
  if (field === '' || bytes.length === 0) return as
  const words = field.split(',').map((word) => word.trim().toLowerCase())
  const known = words.flatMap((word) => CODINGS.get(word) ?? [])
  if (known.length > MAX_CODINGS) return { kind: 'beyond', reason: `more than ${MAX_CODINGS} codings` }
  let uncoded: Uncoded = as
  for (const undo of known.toReversed()) {
    const next = undo(uncoded.bytes)
    // With a word among them that is no coding, nothing promises that the others are.
    if (next.kind !== 'read') return known.length < words.length ? as : next
    uncoded = { ...next, complete: next.complete && uncoded.complete }
  }
  return uncoded
}

function broken(reason: string): Uncoded {
  return { kind: 'broken', reason }
}

/** Whole where the stream is, else what there is of it. */
function inflated(name: string, run: (whole: 'whole' | 'begun') => Buffer): Uncoded {
  try {
    return { kind: 'read', bytes: run('whole'), complete: true }
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') return tooLarge()
  }
  try {
    return { kind: 'read', bytes: run('begun'), complete: false }
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') return tooLarge()
    return broken(`it does not decompress (${name}: ${messageOf(error)})`)
  }
}

function tooLarge(): Uncoded {
  return { kind: 'beyond', reason: `decompressed it passes ${MAX_INFLATED_BYTES} bytes` }
}

function inflateBy(inflate: Inflate, { name, bytes }: { name: string; bytes: Buffer }): Uncoded {
  return inflated(name, (whole) =>
    inflate(bytes, { ...LIMIT, finishFlush: whole === 'whole' ? Z_FINISH : Z_SYNC_FLUSH }),
  )
}

/** RFC 1952: the frame is read here, so that neither the checksum nor what follows the member counts. */
function unGzip(bytes: Buffer): Uncoded {
  const frame = endOfFrame(bytes)
  if (frame === 'none') return broken('it does not decompress (gzip: it is none)')
  return frame > bytes.length
    ? { kind: 'read', bytes: Buffer.alloc(0), complete: false }
    : inflateBy(zlib.inflateRawSync, { name: 'gzip', bytes: bytes.subarray(frame) })
}

const GZIP = [0x1f, 0x8b, 8]
const FRAME_BYTES = 10
const FLAG = { checksum: 2, extra: 4, name: 8, comment: 16 }

/** Where the data begins; past the end where the frame is cut off. */
function endOfFrame(bytes: Buffer): number | 'none' {
  if (GZIP.some((byte, i) => i < bytes.length && bytes[i] !== byte)) return 'none'
  const flags = bytes[3] ?? 0
  let at = FRAME_BYTES
  if (flags & FLAG.extra) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : 0)
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue
    const end = bytes.indexOf(0, at)
    at = end < 0 ? bytes.length + 1 : end + 1
  }
  return flags & FLAG.checksum ? at + 2 : at
}

/** RFC 9110, 8.4.1.2: some send it without the frame of RFC 1950. */
function unDeflate(bytes: Buffer): Uncoded {
  const isFramed = bytes.length < 2 || ((bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0)
  return inflateBy(isFramed ? zlib.inflateSync : zlib.inflateRawSync, { name: 'deflate', bytes })
}

function unBrotli(bytes: Buffer): Uncoded {
  return inflated('br', (whole) => {
    const finishFlush = whole === 'whole' ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH
    return zlib.brotliDecompressSync(bytes, { ...LIMIT, finishFlush })
  })
}

function unZstd(bytes: Buffer): Uncoded {
  // What this version of Node.js has, by its name.
  const decompress = Reflect.get(zlib, 'zstdDecompressSync') as UnZstd | undefined
  if (!decompress) return { kind: 'beyond', reason: 'compressed as zstd, which Node.js reads from 22.15 on' }
  return inflated('zstd', (whole) => decompress(bytes, { ...LIMIT, finishFlush: whole === 'whole' ? 2 : 1 }))
}
