/** Byte store: what is read in pieces of whatever size, in one buffer that doubles. Not shared. */

const FIRST_BYTES = 4 * 1024

export type ByteStore = {
  readonly length: number
  /** At most `maxBytes` in all are kept; false where these went past it. */
  add: (bytes: Buffer) => boolean
  /** What is kept so far. Not copied: once more is added, only a later take has it. */
  take: () => Buffer<ArrayBuffer>
}

export function createByteStore(maxBytes: number): ByteStore {
  let kept = new Uint8Array(Math.min(FIRST_BYTES, maxBytes))
  let length = 0
  const grow = (needed: number): void => {
    const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, kept.length * 2)))
    larger.set(kept.subarray(0, length))
    kept = larger
  }
  return {
    get length() {
      return length
    },
    add(bytes) {
      const fits = bytes.length <= maxBytes - length ? bytes : bytes.subarray(0, maxBytes - length)
      if (length + fits.length > kept.length) grow(length + fits.length)
      kept.set(fits, length)
      length += fits.length
      return fits === bytes
    },
    take: () => Buffer.from(kept.buffer, 0, length),
  }
}
