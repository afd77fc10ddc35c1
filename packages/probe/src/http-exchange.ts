/**
 * One HTTP exchange on one fresh connection: request out, answer in. No keep-alive, no retry; the caller
 * decides about redirects. What an answer is stands in http-reader.ts.
 */
import type { Socket } from 'node:net'
import type { Clock } from '@constat/shared/time'
import { cutAnswer } from './failure.ts'
import { createReader, type HttpResponse, type Reading } from './http-reader.ts'
import type { Stopwatch } from './stopwatch.ts'

export type HttpRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: string | undefined
}

/** How a request names its target: to the server itself, or to a proxy that passes it on (RFC 9112, 3.2). */
export type TargetForm = 'origin' | 'absolute'

/** Methods that say how long their body is even where they have none (RFC 9110, 8.6). */
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH'])

/** The request as it goes over the wire. */
export function requestBytes({ method, url, headers, body }: HttpRequest, form: TargetForm): Buffer {
  // The URL standard has these two encoded since 2024, and Chromium does; Node.js 20 does not.
  const path = url.pathname.replaceAll('^', '%5E').replaceAll('|', '%7C')
  const target = `${form === 'absolute' ? url.origin : ''}${path}${queryOf(url)}`
  const length = body === undefined ? (BODY_METHODS.has(method) ? 0 : undefined) : Buffer.byteLength(body)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  if (length !== undefined) lines.push(`Content-Length: ${length}`)
  const head = [`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')])
}

/** A question mark with nothing behind it is asked as well: the URL's own `search` has none. */
export function queryOf({ href, search }: URL): string {
  return search === '' && /^[^#?]*\?/.test(href) ? '?' : search
}

export type Timing = {
  clock: Clock
  /** Gets `ttfbUs` and `transferUs`; absent where the exchange is a part of another phase. */
  watch?: Stopwatch
}

/** The answer to these bytes. What comes after it stays in the socket, which is left paused. */
export function exchange(
  socket: Socket,
  { bytes, ...reading }: { bytes: Buffer } & Reading,
  { clock, watch }: Timing,
): Promise<HttpResponse> {
  const reader = createReader(reading)
  return new Promise((resolve, reject) => {
    let heardUs = 0
    /** Bytes count from when they came, not from when they were read. */
    const hear = (chunk: Buffer): void => {
      if (heardUs === 0) watch?.enter('transferUs')
      heardUs = clock.monotonicUs()
      settleBy(() => reader.push(chunk))
    }
    const end = (): void =>
      settleBy(() => {
        // libuv tells a reset that comes with the last bytes as an end; then there is no peer any more.
        if (socket.remoteAddress === undefined) throw cutAnswer('the connection was reset')
        reader.end()
        return true
      })
    const cut = (): void => fail(cutAnswer('the connection ended without an answer'))
    const fail = (error: Error): void => {
      leave()
      reject(error)
    }
    const leave = (): void => {
      socket.pause().off('data', hear).off('end', end).off('error', fail).off('close', cut)
    }
    const settleBy = (read: () => boolean): void => {
      try {
        if (!read()) return
        if (heardUs > 0) watch?.ended(heardUs)
        leave()
        resolve(reader.answer())
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    }
    socket.on('data', hear).on('end', end).on('error', fail).on('close', cut)
    watch?.enter('ttfbUs')
    socket.write(bytes)
  })
}
