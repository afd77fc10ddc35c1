/**
 * One HTTP exchange on one fresh connection: request out, headers in, body in up to a cap. No agent, no
 * keep-alive, no retry; the caller decides about redirects.
 */
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Attempt } from './attempt.ts'

export type HttpRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: string | undefined
}

export type HttpResponse = {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  oversize: boolean
}

export const MAX_HEADER_BYTES = 32 * 1024

/** How a request names its target: to the server itself, or to a proxy that passes it on (RFC 9112, 3.2). */
export type TargetForm = 'origin' | 'absolute'

/** A request that is made and waits for its connection: making it takes longer than sending it. */
export type PreparedRequest = {
  /** `readBody`: how many bytes of body to read, for these headers; 0 ends the exchange with them. */
  over: (
    socket: Socket,
    readBody: (response: IncomingMessage) => number,
    attempt: Attempt,
  ) => Promise<HttpResponse>
  /** There will be no connection. */
  drop: () => void
}

export function prepareRequest(asked: HttpRequest, form: TargetForm): PreparedRequest {
  const { method, url, body } = asked
  // By hand: Node.js sends no length for the body of a GET, a DELETE or an OPTIONS.
  const length = body === undefined ? {} : { 'Content-Length': `${Buffer.byteLength(body)}` }
  let give: ((error: null, socket: Socket) => void) | undefined
  const sent = request({
    createConnection: (_, connected) => {
      give = connected
      return undefined
    },
    method,
    host: url.hostname,
    path: `${form === 'absolute' ? url.origin : ''}${url.pathname}${url.search}`,
    headers: { ...asked.headers, ...length },
    setHost: false,
    maxHeaderSize: MAX_HEADER_BYTES,
  })
  // Whoever drops the request does not listen any more.
  sent.on('error', ignore)
  if (body === undefined) sent.end()
  else sent.end(body)
  return {
    over: (socket, readBody, { watch, context: { clock } }) =>
      new Promise((resolve, reject) => {
        let heardUs = 0
        const hear = (): void => {
          if (heardUs === 0) watch.enter('transferUs')
          heardUs = clock.monotonicUs()
        }
        // Before the parser's own listener: bytes count from when they came, not from when they were read.
        sent.once('socket', () => void socket.prependListener('data', hear))
        // `on`, not `once`: a cut connection may complain twice, and the second time must have a listener.
        sent.on('error', reject)
        sent.once('upgrade', () => reject(brokenProtocol('the server switched protocols unasked')))
        sent.once('response', (response) => {
          collect(response, readBody(response)).then((answer) => {
            if (heardUs > 0) watch.ended(heardUs)
            resolve(answer)
          }, reject)
        })
        watch.enter('ttfbUs')
        give?.(null, socket)
      }),
    drop: () => sent.destroy(),
  }
}

function ignore(): void {
  // An 'error' event without a listener would end the agent.
}

/** Reads up to `capBytes`; what comes after is not waited for. */
function collect(response: IncomingMessage, capBytes: number): Promise<HttpResponse> {
  const { statusCode: status = 0, headers } = response
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let readBytes = 0
    const settle = (oversize: boolean): void =>
      resolve({ status, headers, body: Buffer.concat(chunks), oversize })
    response.on('error', reject)
    response.once('end', () => settle(false))
    if (capBytes === 0) {
      response.resume()
      return settle(false)
    }
    response.on('data', (chunk: Buffer) => {
      readBytes += chunk.length
      if (readBytes <= capBytes) return void chunks.push(chunk)
      chunks.push(chunk.subarray(0, chunk.length - (readBytes - capBytes)))
      response.destroy()
      settle(true)
    })
  })
}

export function brokenProtocol(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_UNEXPECTED' })
}
