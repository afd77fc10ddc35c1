/**
 * Form of a frame: whether its bytes are exactly those that `encodePayload` would write, read off in one
 * pass without building anything. It accepts what `decodeFrame` accepts and nothing else; that one unpacks
 * and packs again, is some ten times slower, says what is wrong, and is the oracle of this one. Pure.
 */
import {
  BATCH_KINDS,
  BATCH_VERSIONS,
  MAX_CODES,
  MAX_CHECKS,
  MAX_FRAME_BYTES,
  MAX_SAMPLES,
  MAX_TEXT_CHARS,
} from './batch.ts'
import { CAUSES, CODE, OUTCOMES, PHASES } from './sample.ts'
import { SIGNATURE_BYTES } from './signature.ts'

const HEADER_BYTES = 9
/** "CST1" and the algorithm, Ed25519. */
const MAGIC = 0x43535431
const ALG_ED25519 = 1

const NIL = 0xc0
const COUNT = 2 ** 32
/** No integer, or not in its shortest form. */
const NO_INTEGER = Number.NaN

/** Payload and signature of a frame in the one right form; null when it is not. */
export function openForm(frame: Buffer): { payload: Buffer; signature: Buffer } | null {
  if (frame.length > MAX_FRAME_BYTES || frame.length < HEADER_BYTES + SIGNATURE_BYTES) return null
  if (frame.readUInt32BE(0) !== MAGIC || frame[4] !== ALG_ED25519) return null
  const end = HEADER_BYTES + frame.readUInt32BE(5)
  if (end + SIGNATURE_BYTES !== frame.length) return null
  const walk = new Walk(frame, { from: HEADER_BYTES, end })
  if (!isPayload(walk) || !walk.isOver) return null
  return { payload: frame.subarray(HEADER_BYTES, end), signature: frame.subarray(end) }
}

function isPayload(walk: Walk): boolean {
  if (!walk.isArray(15) || !walk.isCount(BATCH_VERSIONS.coded + 1) || walk.last < BATCH_VERSIONS.bare)
    return false
  const isCoded = walk.last === BATCH_VERSIONS.coded
  return (
    isPlace(walk) &&
    walk.isArray(8) &&
    walk.areIntegers(8) &&
    isSchedule(walk) &&
    isHealth(walk) &&
    walk.isCount(COUNT) &&
    isSamples(walk, { isCoded })
  )
}

function isPlace(walk: Walk): boolean {
  return (
    walk.isCount(BATCH_KINDS.length) &&
    walk.isText(1) &&
    walk.isBinary(32) &&
    walk.isBinary(16) &&
    walk.isBinary(16) &&
    walk.isCount(COUNT) &&
    walk.isBinary(32) &&
    walk.isCount(COUNT) &&
    (walk.isNil() || (walk.isArray(2) && walk.isCount(COUNT) && walk.isBinary(32)))
  )
}

function isSchedule(walk: Walk): boolean {
  if (!walk.isArray(3)) return false
  const count = walk.arrayLength()
  return (
    count >= 0 &&
    walk.areCounts(count, MAX_CHECKS) &&
    walk.isArray(count) &&
    walk.areIntegers(count) &&
    walk.isColumn(count, COUNT)
  )
}

function isHealth(walk: Walk): boolean {
  return walk.isArray(4) && walk.isText(0) && walk.areCounts(3, COUNT)
}

function isSamples(walk: Walk, { isCoded }: { isCoded: boolean }): boolean {
  if (!walk.isArray(isCoded ? 9 : 8)) return false
  const count = walk.arrayLength()
  return (
    count >= 0 &&
    count <= MAX_SAMPLES &&
    walk.areCounts(count, MAX_CHECKS) &&
    walk.isArray(count) &&
    walk.areIntegers(count) &&
    walk.isColumn(count, OUTCOMES.length) &&
    (walk.isNil() || walk.isColumn(count, 256)) &&
    walk.isColumn(count, COUNT) &&
    (walk.isNil() || (walk.isArray(count) && walk.areIntegers(count))) &&
    (walk.isNil() || arePhases(walk, count)) &&
    (walk.isNil() || walk.isColumn(count, CAUSES.length)) &&
    (!isCoded || areCodes(walk, count))
  )
}

function areCodes(walk: Walk, count: number): boolean {
  if (!walk.isArray(2)) return false
  const texts = walk.arrayLength()
  if (texts < 1 || texts > MAX_CODES) return false
  for (let i = 0; i < texts; i += 1) if (!walk.isText(1) || !CODE.test(walk.lastText())) return false
  return walk.isColumn(count, texts + 1)
}

function arePhases(walk: Walk, count: number): boolean {
  if (!walk.isArray(PHASES.length)) return false
  for (let i = 0; i < PHASES.length; i += 1) if (!walk.isColumn(count, COUNT)) return false
  return true
}

/** One way through the bytes. A question that is answered with true has stepped over what it asked for. */
class Walk {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #text = 0
  /** The integer stepped over last. */
  last = 0

  constructor(bytes: Buffer, { from, end }: { from: number; end: number }) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  /** Everything was stepped over, and nothing beyond. */
  get isOver(): boolean {
    return this.#at === this.#end
  }

  isNil(): boolean {
    if (this.#bytes[this.#at] !== NIL) return false
    this.#at += 1
    return true
  }

  isArray(length: number): boolean {
    return this.arrayLength() === length
  }

  /** −1 when it is no array in its shortest form. */
  arrayLength(): number {
    const head = this.#bytes[this.#at]!
    if (head >= 0x90 && head < 0xa0) {
      this.#at += 1
      return head - 0x90
    }
    // A longer one than 65,535 passes the limit of every column.
    if (head !== 0xdc || this.#at + 3 > this.#end) return -1
    const length = this.#bytes.readUInt16BE(this.#at + 1)
    this.#at += 3
    return length >= 16 ? length : -1
  }

  /** An array of `length` integers in [0, below). */
  isColumn(length: number, below: number): boolean {
    return this.isArray(length) && this.areCounts(length, below)
  }

  areCounts(count: number, below: number): boolean {
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < count; i += 1) {
      const head = bytes[at]!
      // Nearly every value of a column has one byte, or three: no call for these.
      if (head < 0x80 && head < below) at += 1
      else if (head === 0xcd && bytes[at + 1]! > 0 && below > 0xffff) at += 3
      else {
        this.#at = at
        if (!this.isCount(below)) return false
        at = this.#at
      }
    }
    this.#at = at
    return at <= this.#end
  }

  areIntegers(count: number): boolean {
    for (let i = 0; i < count; i += 1) if (Number.isNaN(this.#integer())) return false
    return true
  }

  /** An integer in [0, below). */
  isCount(below: number): boolean {
    const head = this.#bytes[this.#at]!
    if (head < 0x80) {
      this.#at += 1
      this.last = head
      return head < below
    }
    this.last = this.#integer()
    return this.last >= 0 && this.last < below
  }

  isBinary(length: number): boolean {
    if (this.#bytes[this.#at] !== 0xc4 || this.#bytes[this.#at + 1] !== length) return false
    this.#at += 2 + length
    return this.#at <= this.#end
  }

  /** UTF-8 of at least `least` and at most 512 code units of UTF-16. */
  isText(least: number): boolean {
    const head = this.#bytes[this.#at]!
    let length = -1
    let start = this.#at + 1
    if (head >= 0xa0 && head < 0xc0) length = head - 0xa0
    else if (head === 0xd9) {
      length = this.#bytes[start]!
      start += 1
      if (length < 32) return false
    } else if (head === 0xda && start + 2 <= this.#end) {
      length = this.#bytes.readUInt16BE(start)
      start += 2
      if (length < 256) return false
    }
    if (length < least || start + length > this.#end) return false
    this.#at = start + length
    this.#text = start
    return isShortText(this.#bytes.subarray(start, start + length))
  }

  /** The text stepped over last. */
  lastText(): string {
    return this.#bytes.toString('utf8', this.#text, this.#at)
  }

  /** NaN when it is none in [−2³¹, 2³²) in its shortest form. */
  #integer(): number {
    const bytes = this.#bytes
    const head = bytes[this.#at]!
    const at = this.#at + 1
    if (head < 0x80) return this.#moved(at, head)
    if (head >= 0xe0) return this.#moved(at, head - 0x100)
    switch (head) {
      case 0xcc:
        return this.#longer(at, { bytes: 1, beyond: 0x7f })
      case 0xcd:
        return this.#longer(at, { bytes: 2, beyond: 0xff })
      case 0xce:
        return this.#longer(at, { bytes: 4, beyond: 0xffff })
      case 0xd0:
        return this.#lower(at, { bytes: 1, beyond: -0x20 })
      case 0xd1:
        return this.#lower(at, { bytes: 2, beyond: -0x80 })
      case 0xd2:
        return this.#lower(at, { bytes: 4, beyond: -0x8000 })
      default:
        return NO_INTEGER
    }
  }

  /** Unsigned, and too large for a shorter form. */
  #longer(at: number, { bytes, beyond }: { bytes: number; beyond: number }): number {
    if (at + bytes > this.#end) return NO_INTEGER
    let value = 0
    for (let i = 0; i < bytes; i += 1) value = value * 256 + this.#bytes[at + i]!
    return value > beyond ? this.#moved(at + bytes, value) : NO_INTEGER
  }

  /** Negative, and too low for a shorter form. */
  #lower(at: number, { bytes, beyond }: { bytes: number; beyond: number }): number {
    if (at + bytes > this.#end) return NO_INTEGER
    const value = this.#bytes.readIntBE(at, bytes)
    return value < beyond ? this.#moved(at + bytes, value) : NO_INTEGER
  }

  #moved(at: number, value: number): number {
    this.#at = at
    return value
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isShortText(bytes: Buffer): boolean {
  let isPlain = true
  for (const byte of bytes) if (byte >= 0x80) isPlain = false
  if (isPlain) return bytes.length <= MAX_TEXT_CHARS
  try {
    return utf8.decode(bytes).length <= MAX_TEXT_CHARS
  } catch {
    // Not UTF-8.
    return false
  }
}
