/** An answer without records: the question of a DNS query back, under an rcode (RFC 1035, 4.1). */
export function dnsRefusal(query: Buffer, rcode: number): Buffer {
  const HEADER_BYTES = 12
  let at = HEADER_BYTES
  for (let size = query[at]!; size > 0; size = query[at]!) at += size + 1
  // The empty label, the type and the class.
  const end = at + 5
  const header = Buffer.alloc(HEADER_BYTES)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8180 | rcode, 2)
  header.writeUInt16BE(1, 4)
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end)])
}
