/**
 * Bodies: what was read, as text and as JSON, once the clock has stopped. A body that cannot be read is
 * said to be so: an assertion about it must not hold by accident.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Json } from '@constat/shared/canonical-json'
import { messageOf } from '@constat/shared/fault'
import { HTTP_LIMITS } from '@constat/shared/http-check'

export type Reading<T> = { kind: 'read'; value: T } | { kind: 'unreadable'; reason: string }

export type Body = { text: Reading<string>; json: () => Reading<Json> }

/** Compressed answers are not asked for; one that comes anyway may grow to this. */
const MAX_INFLATED_BYTES = HTTP_LIMITS.bodyBytes
/** Parsing holds up every other probe: some 10 ms for this much. */
const MAX_JSON_CHARS = 4 * 1024 * 1024

export const NO_BODY: Body = bodyOf({ kind: 'read', value: '' })

/** `cut`: the cap ended the reading before the body did. */
export async function readBody(
  bytes: Buffer,
  { headers, cut }: { headers: IncomingHttpHeaders; cut: boolean },
): Promise<Body> {
  const inflated = await inflate(bytes, { coding: headers['content-encoding'], cut })
  if (inflated.kind === 'unreadable') return bodyOf(inflated)
  return bodyOf({ kind: 'read', value: decoded(inflated.value, headers['content-type'] ?? '') })
}

function bodyOf(text: Reading<string>): Body {
  let parsed: Reading<Json> | undefined
  return { text, json: () => (parsed ??= text.kind === 'read' ? parse(text.value) : text) }
}

function parse(text: string): Reading<Json> {
  if (text.length > MAX_JSON_CHARS) {
    return { kind: 'unreadable', reason: `more than ${MAX_JSON_CHARS} characters, too long to read as JSON` }
  }
  try {
    // JSON.parse yields nothing but JSON.
    return { kind: 'read', value: JSON.parse(text) as Json }
  } catch {
    return { kind: 'unreadable', reason: 'not JSON' }
  }
}

async function inflate(
  bytes: Buffer,
  { coding = 'identity', cut }: { coding: string | undefined; cut: boolean },
): Promise<Reading<Buffer>> {
  const name = coding.trim().toLowerCase()
  if (name === 'identity' || bytes.length === 0) return { kind: 'read', value: bytes }
  const zlib = await import('node:zlib')
  const { Z_SYNC_FLUSH, Z_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH } = zlib.constants
  const limit = { maxOutputLength: MAX_INFLATED_BYTES }
  try {
    if (name === 'br') {
      const finishFlush = cut ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH
      return { kind: 'read', value: zlib.brotliDecompressSync(bytes, { ...limit, finishFlush }) }
    }
    if (name === 'gzip' || name === 'x-gzip' || name === 'deflate') {
      const finishFlush = cut ? Z_SYNC_FLUSH : Z_FINISH
      return { kind: 'read', value: zlib.unzipSync(bytes, { ...limit, finishFlush }) }
    }
  } catch (error) {
    return { kind: 'unreadable', reason: `it does not decompress (${name}: ${messageOf(error)})` }
  }
  return { kind: 'unreadable', reason: `compressed as ${name.slice(0, 40)}, which this agent does not read` }
}

/** UTF-8 unless the answer names another character set that is known. */
function decoded(bytes: Buffer, contentType: string): string {
  const charset = /;\s*charset="?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}
