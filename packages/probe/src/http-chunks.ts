/**
 * Chunks of a body (RFC 9112, 7.1), as Chromium reads them: bare LF ends lines too, blanks may follow a size,
 * extensions and trailers are passed over. Pure. Byte by byte, as a body may come in chunks of one.
 */
import { brokenAnswer } from './http-broken.ts'

export type Chunks = {
  /** Hands over the data in `bytes`; true at the end of the last chunk and its trailers. Throws on what is none. */
  add: (bytes: Buffer, take: (data: Buffer) => void) => boolean
}

export const MAX_CHUNK_LINE_BYTES = 16 * 1024
export const MAX_TRAILER_BYTES = 256 * 1024
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const SEMICOLON = 0x3b

/** Where the next byte stands. `after`: between the data of a chunk and the line that ends it. */
type Place = 'size' | 'blank' | 'extension' | 'data' | 'after' | 'trailer'

export function createChunks(): Chunks {
  let place: Place = 'size'
  let sizeBytes = 0
  let digits = 0
  let lineBytes = 0
  let trailerBytes = 0
  let afterCr = false

  function endSize(): void {
    if (digits === 0) throw brokenAnswer('a chunk has no size')
    place = sizeBytes === 0 ? 'trailer' : 'data'
    digits = 0
    lineBytes = 0
  }
  function takeSize(byte: number): void {
    lineBytes += 1
    if (lineBytes > MAX_CHUNK_LINE_BYTES)
      throw brokenAnswer(`the line of a chunk passes ${MAX_CHUNK_LINE_BYTES} bytes`)
    if (byte === LF) return endSize()
    if (place === 'extension') return
    if (afterCr) throw brokenAnswer('the size of a chunk is no number')
    if (byte === CR) {
      afterCr = true
    } else if (byte === SEMICOLON && digits > 0) {
      place = 'extension'
    } else if (byte === SPACE && digits > 0) {
      place = 'blank'
    } else {
      const digit = place === 'size' ? hexOf(byte) : -1
      sizeBytes = sizeBytes * 16 + digit
      digits += 1
      if (digit < 0 || sizeBytes > Number.MAX_SAFE_INTEGER)
        throw brokenAnswer('the size of a chunk is no number')
    }
  }
  function takeAfter(byte: number): void {
    if (byte === CR && !afterCr) {
      afterCr = true
      return
    }
    if (byte !== LF) throw brokenAnswer('a chunk is longer than its size')
    place = 'size'
    sizeBytes = 0
  }
  /** True at the empty line that ends them. */
  function takeTrailer(byte: number): boolean {
    trailerBytes += 1
    if (trailerBytes > MAX_TRAILER_BYTES) throw brokenAnswer(`its trailers pass ${MAX_TRAILER_BYTES} bytes`)
    if (byte === LF && lineBytes === 0) return true
    if (byte === LF) lineBytes = 0
    else if (byte !== CR) lineBytes += 1
    if (lineBytes > MAX_CHUNK_LINE_BYTES) throw brokenAnswer(`a trailer passes ${MAX_CHUNK_LINE_BYTES} bytes`)
    return false
  }
  return {
    add(bytes, take) {
      for (let i = 0; i < bytes.length; i += 1) {
        if (place === 'data') {
          const data = bytes.subarray(i, i + sizeBytes)
          take(data)
          sizeBytes -= data.length
          i += data.length - 1
          if (sizeBytes === 0) place = 'after'
          continue
        }
        // A number: the loop ends before the length.
        const byte = bytes[i]!
        if (place === 'trailer') {
          if (takeTrailer(byte)) return true
        } else if (place === 'after') takeAfter(byte)
        else takeSize(byte)
        if (byte !== CR) afterCr = false
      }
      return false
    },
  }
}

function hexOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
