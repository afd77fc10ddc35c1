/** A place in a DNS message, and the two things read there: bytes and names (RFC 1035, 3.1 and 4.1.4). Pure. */

/** The message is not of the form. Caught where reading begins. */
export class MalformedMessage extends Error {}

export type Cursor = { readonly message: Buffer; at: number }

/** Of a name on the wire, with its length octets. */
const MAX_NAME_BYTES = 255

/** The next `count` bytes, and past them. */
export function readAt(cursor: Cursor, count: number): Buffer {
  const end = cursor.at + count
  if (end > cursor.message.length) throw new MalformedMessage('the message ends within a field')
  const bytes = cursor.message.subarray(cursor.at, end)
  cursor.at = end
  return bytes
}

/**
 * The name that begins here: lower case, without the last dot, `.` for the root, unprintable octets as
 * `\DDD`. A pointer must lead to before where this run of labels began, so that following ends.
 */
export function readName(cursor: Cursor): string {
  const labels: string[] = []
  let bytes = 1
  let reader = cursor
  let runStart = cursor.at
  for (;;) {
    const length = readAt(reader, 1).readUInt8(0)
    if (length === 0) return labels.length === 0 ? '.' : labels.join('.')
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | readAt(reader, 1).readUInt8(0)
      if (target >= runStart) throw new MalformedMessage('a name points forward or at itself')
      runStart = target
      reader = { message: cursor.message, at: target }
      continue
    }
    if (length > 63) throw new MalformedMessage('a label of an unknown kind')
    bytes += length + 1
    if (bytes > MAX_NAME_BYTES) throw new MalformedMessage(`a name of more than ${MAX_NAME_BYTES} octets`)
    labels.push(labelText(readAt(reader, length)))
  }
}

/** RFC 1035, 5.1: a dot or a backslash within a label is escaped, what is not printable is `\DDD`. */
function labelText(label: Buffer): string {
  let text = ''
  for (const octet of label) {
    const char = String.fromCharCode(octet)
    if (char === '.' || char === '\\') text += `\\${char}`
    else if (octet > 0x20 && octet < 0x7f) text += char.toLowerCase()
    else text += `\\${String(octet).padStart(3, '0')}`
  }
  return text
}
