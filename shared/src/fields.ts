/**
 * Fields: the MessagePack array that a message is, read by a closed reader. It knows numbers, texts, binary,
 * nil, booleans and lists of them; a map, an extension, a list in a list in a list, or more values than any
 * message has, ends it at that byte. Whoever sends nonsense costs no more than its bytes. Pure.
 */

export type Field = number | string | boolean | null | Uint8Array | readonly Field[]

/** The message itself, and a list within it. */
const MAX_DEPTH = 2
/** An index for each of 4,096 checks, and the fields around them. */
export const MAX_FIELDS = 4_096 + 64

/** The fields of a message; null when the bytes are anything else. Binary is a view into `bytes`. */
export function readFields(bytes: Uint8Array): readonly Field[] | null {
  const reader = new FieldReader(bytes)
  const fields = reader.value(0)
  return Array.isArray(fields) && reader.isOver ? (fields as readonly Field[]) : null
}

class FieldReader {
  readonly #bytes: Buffer
  #at = 0
  #left = MAX_FIELDS

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength)
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Undefined when it is of no known form, or not whole. */
  value(depth: number): Field | undefined {
    this.#left -= 1
    if (this.isOver || this.#left < 0) return undefined
    const head = this.#bytes[this.#at]!
    this.#at += 1
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head >= 0x90 && head < 0xa0) return this.#list(head - 0x90, depth)
    if (head >= 0xa0 && head < 0xc0) return this.#text(head - 0xa0)
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#binary(this.#count(1))
      case 0xc5:
        return this.#binary(this.#count(2))
      case 0xc6:
        return this.#binary(this.#count(4))
      case 0xd9:
        return this.#text(this.#count(1))
      case 0xda:
        return this.#text(this.#count(2))
      case 0xdb:
        return this.#text(this.#count(4))
      case 0xdc:
        return this.#list(this.#count(2), depth)
      default:
        return this.#number(head)
    }
  }

  #number(head: number): number | undefined {
    switch (head) {
      case 0xcb:
        return this.#take(8)?.readDoubleBE()
      case 0xcc:
        return this.#take(1)?.readUInt8()
      case 0xcd:
        return this.#take(2)?.readUInt16BE()
      case 0xce:
        return this.#take(4)?.readUInt32BE()
      case 0xd0:
        return this.#take(1)?.readInt8()
      case 0xd1:
        return this.#take(2)?.readInt16BE()
      case 0xd2:
        return this.#take(4)?.readInt32BE()
      default:
        return undefined
    }
  }

  #list(length: number | undefined, depth: number): Field[] | undefined {
    if (length === undefined || depth >= MAX_DEPTH || length > this.#left) return undefined
    const list: Field[] = []
    for (let i = 0; i < length; i += 1) {
      const value = this.value(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
    }
    return list
  }

  #text(length: number | undefined): string | undefined {
    return this.#binary(length)?.toString('utf8')
  }

  #binary(length: number | undefined): Buffer | undefined {
    return length === undefined ? undefined : this.#take(length)
  }

  #count(bytes: number): number | undefined {
    return this.#take(bytes)?.readUIntBE(0, bytes)
  }

  #take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
