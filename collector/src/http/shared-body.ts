/**
 * Shared bodies: answers that are the same for everybody and for as long as this process runs. Made once, they
 * are one buffer however many ask at a time, told apart by their digest so that a client seldom fetches one twice.
 */
import { createHash } from 'node:crypto'
import type { Context } from 'hono'

export type SharedBody = { bytes: Uint8Array<ArrayBuffer>; etag: string }

export function sharedBody(content: Uint8Array | string): SharedBody {
  // A buffer of its own, as a response wants it.
  const bytes = new Uint8Array(Buffer.from(content))
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}

/** 304 to whoever has it. */
export function answerShared(
  c: Context,
  { bytes, etag }: SharedBody,
  { type, cacheControl }: { type: string; cacheControl: string },
): Response {
  const headers = { etag, 'cache-control': cacheControl, 'content-type': type }
  if (c.req.header('if-none-match')?.includes(etag)) return c.body(null, 304, headers)
  return c.body(bytes, 200, headers)
}
