/**
 * Chunks of a body (RFC 9112, 7.1), as Chromium reads them: bare LF ends lines too, blanks may follow a size,
 * extensions and trailers are passed over. Pure. Byte by byte, as a body may come in chunks of one: what they hold is
 * moved together within the packet that brought it, so that a body costs its bytes however it is cut.
 */
import { brokenAnswer } from './failure.ts'

export const MAX_CHUNK_LINE_BYTES = 16 * 1024
/** Of all lines about chunks: a megabyte in chunks of one byte has five times its bytes of them. */
export const MAX_FRAMING_BYTES = 8 * 1024 * 1024
/** As many as a body of 16 MiB in chunks of 16 bytes. */
export const MAX_CHUNKS = 1024 * 1024
export const MAX_TRAILER_BYTES = 256 * 1024
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const SEMICOLON = 0x3b

/** Where the next byte stands. `after`: between the data of a chunk and the line that ends it. */
type Place = 'size' | 'blank' | 'extension' | 'data' | 'after' | 'trailer'

export class Chunks {
  #place: Place = 'size'
  #sizeBytes = 0
  #digits = 0
  #lineBytes = 0
  #framingBytes = 0
  #chunks = 0
  #trailerBytes = 0
  #afterCr = false

  /**
   * Leaves the data of `bytes` in its first bytes; says how many, and whether the last chunk and its trailers ended.
   * Throws on what is none.
   */
  add(bytes: Buffer): { dataBytes: number; isWhole: boolean } {
    let dataBytes = 0
    for (let i = 0; i < bytes.length; i += 1) {
      if (this.#place === 'data') {
        const end = Math.min(bytes.length, i + this.#sizeBytes)
        // One byte in this way costs less than a move of its own.
        if (end - i === 1) bytes[dataBytes] = bytes[i]!
        else bytes.copyWithin(dataBytes, i, end)
        dataBytes += end - i
        this.#sizeBytes -= end - i
        i = end - 1
        if (this.#sizeBytes === 0) this.#place = 'after'
        continue
      }
      // A number: the loop ends before the length.
      const byte = bytes[i]!
      if (this.#place === 'trailer') {
        if (this.#takeTrailer(byte)) return { dataBytes, isWhole: true }
      } else if (this.#place === 'after') this.#takeAfter(byte)
      else this.#takeSize(byte)
      if (byte !== CR) this.#afterCr = false
    }
    return { dataBytes, isWhole: false }
  }

  #takeSize(byte: number): void {
    this.#lineBytes += 1
    this.#framingBytes += 1
    if (this.#lineBytes > MAX_CHUNK_LINE_BYTES)
      throw brokenAnswer(`the line of a chunk passes ${MAX_CHUNK_LINE_BYTES} bytes`)
    if (this.#framingBytes > MAX_FRAMING_BYTES)
      throw brokenAnswer(`the lines of its chunks pass ${MAX_FRAMING_BYTES} bytes`)
    if (byte === LF) return this.#endSize()
    if (this.#place === 'extension') return
    if (this.#afterCr) throw brokenAnswer('the size of a chunk is no number')
    if (byte === CR) this.#afterCr = true
    else if (byte === SEMICOLON && this.#digits > 0) this.#place = 'extension'
    else if (byte === SPACE && this.#digits > 0) this.#place = 'blank'
    else this.#takeDigit(this.#place === 'size' ? hexOf(byte) : -1)
  }

  #takeDigit(digit: number): void {
    this.#sizeBytes = this.#sizeBytes * 16 + digit
    this.#digits += 1
    if (digit < 0 || this.#sizeBytes > Number.MAX_SAFE_INTEGER)
      throw brokenAnswer('the size of a chunk is no number')
  }

  #endSize(): void {
    if (this.#digits === 0) throw brokenAnswer('a chunk has no size')
    if (this.#sizeBytes > 0) this.#chunks += 1
    if (this.#chunks > MAX_CHUNKS) throw brokenAnswer(`it comes in more than ${MAX_CHUNKS} chunks`)
    this.#place = this.#sizeBytes === 0 ? 'trailer' : 'data'
    this.#digits = 0
    this.#lineBytes = 0
  }

  #takeAfter(byte: number): void {
    if (byte === CR && !this.#afterCr) {
      this.#afterCr = true
      return
    }
    if (byte !== LF) throw brokenAnswer('a chunk is longer than its size')
    this.#place = 'size'
    this.#sizeBytes = 0
  }

  /** True at the empty line that ends them. */
  #takeTrailer(byte: number): boolean {
    this.#trailerBytes += 1
    if (this.#trailerBytes > MAX_TRAILER_BYTES)
      throw brokenAnswer(`its trailers pass ${MAX_TRAILER_BYTES} bytes`)
    if (byte === LF && this.#lineBytes === 0) return true
    if (byte === LF) this.#lineBytes = 0
    else if (byte === CR && !this.#afterCr) this.#afterCr = true
    // Of CR CR LF, the first CR is one of the line.
    else this.#lineBytes += 1
    if (this.#lineBytes > MAX_CHUNK_LINE_BYTES)
      throw brokenAnswer(`a trailer passes ${MAX_CHUNK_LINE_BYTES} bytes`)
    return false
  }
}

function hexOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
