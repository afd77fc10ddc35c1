/**
 * Post: one HTTP request to an address that is checked when the connection is made, on every attempt,
 * so a name that changes its address later gains nothing. No redirects, no proxy, no kept connection.
 * Not pure. Everything that goes wrong is an answer without a status.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { messageOf, systemCode } from '@constat/shared/fault'
import { sniOf } from '@constat/shared/target'
import { addressClass } from '@constat/shared/address-class'
import type { Answer } from './retry.ts'

export const SEND_TIMEOUT_MS = 15_000
/** Of an answer's body this much is read and kept. */
export const MAX_ANSWER_BYTES = 4_096
const MAX_HEADER_BYTES = 256 * 1024
const MAX_ERROR_CHARS = 500

/** All addresses of a name. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>

/** How far a webhook may reach. */
export type Reach = { allowPrivate: boolean; lookup: Lookup }

export type Post = {
  /** Absent: POST. A GET has no body. */
  method?: 'GET' | 'POST'
  url: URL
  headers: Readonly<Record<string, string>>
  body: string
  reach: Reach
  timeoutMs: number
  /** Aborted: the answer is an error, and the caller knows that it was its own doing. */
  signal: AbortSignal
}

export function resolveName(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((settle, fail) => {
    systemLookup(name, { all: true, verbatim: true }, (error, addresses) => {
      if (error) fail(error)
      else settle(addresses)
    })
  })
}

export async function post(order: Post): Promise<Answer> {
  const host = order.url.hostname.replace(/^\[|\]$/g, '')
  // net.connect asks no lookup for an address that is written out.
  if (isIP(host) !== 0 && !isReachable(host, order.reach)) return noAnswer(refusal(host))
  const timeout = AbortSignal.timeout(order.timeoutMs)
  try {
    const response = await send(order, AbortSignal.any([order.signal, timeout]))
    const { statusCode = 0, headers } = response
    const body = await readStart(response)
    const error = statusCode >= 300 && statusCode < 400 ? 'redirects are not followed' : null
    return { status: statusCode, error, body, retryAfter: headers['retry-after'] ?? null }
  } catch (error) {
    if (timeout.aborted) return noAnswer(`no answer within ${order.timeoutMs} ms`)
    return noAnswer([systemCode(error), messageOf(error)].filter(Boolean).join(': '))
  }
}

function noAnswer(error: string): Answer {
  return { status: null, error: error.slice(0, MAX_ERROR_CHARS), body: null, retryAfter: null }
}

function send(
  { method = 'POST', url, headers, body, reach }: Post,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((settle, fail) => {
    const outgoing = request(url, {
      method,
      headers: method === 'GET' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      agent: false,
      lookup: guardedLookup(reach),
      maxHeaderSize: MAX_HEADER_BYTES,
      // Empty for an address, which is not named in a handshake.
      servername: sniOf(url.hostname.replace(/^\[|\]$/g, '')) ?? '',
      // Lenient, as browsers are: an answer that is refused for its form would be sent for again.
      insecureHTTPParser: true,
      signal,
    })
    outgoing.on('response', settle)
    // Also after the answer: a broken connection is then seen by whoever reads the body.
    outgoing.on('error', fail)
    // An unasked-for protocol switch ends without a response and without an error.
    outgoing.on('close', () => fail(new Error('the connection was closed without an answer')))
    outgoing.end(body)
  })
}

/** Hands the connection only addresses that may be reached. */
export function guardedLookup(reach: Reach): LookupFunction {
  return (name, options, callback) => {
    reach.lookup(name).then(
      (found) => {
        const allowed = found.filter(({ address }) => isReachable(address, reach))
        const [first] = allowed
        if (!first) callback(new Error(refusal(found[0]?.address ?? name)), '', 0)
        else if (options.all) callback(null, [...allowed])
        else callback(null, first.address, first.family)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 0),
    )
  }
}

function isReachable(address: string, { allowPrivate }: Reach): boolean {
  const kind = addressClass(address)
  if (kind === 'public') return true
  // Credentials of a cloud host are nobody's webhook, whatever the operator allows.
  return allowPrivate && kind !== 'metadata' && kind !== 'multicast' && kind !== 'invalid'
}

function refusal(address: string): string {
  return `the address ${address} is refused (${addressClass(address)})`
}

/** The first bytes as text; what follows is not read. A body that breaks off leaves what came. */
async function readStart(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  response.on('error', () => response.destroy())
  await new Promise<void>((settle) => {
    response.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length >= MAX_ANSWER_BYTES) settle()
    })
    response.on('close', settle)
    response.on('end', settle)
  })
  response.destroy()
  return new TextDecoder()
    .decode(Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES))
    .replaceAll('\0', '\uFFFD')
}
