/**
 * Base64, strictly: standard alphabet, padded, one text for one value. Pure. Node's own decoder skips
 * what it does not know, so what it read is written again and compared. (RFC 4648 §4)
 */

/** The bytes, or undefined when `text` is not how they are written. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
