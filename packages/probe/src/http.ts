/**
 * `http`: one request, redirects followed one by one, each hop on a fresh connection. Latency and the
 * phases cover all hops, from the first name looked up to the last byte read. `value` is the status of
 * the final answer. What an answer means stands in http-rules.ts.
 */
import type { IncomingMessage } from 'node:http'
import { ProbeFailure, runAttempt, type Attempt } from './attempt.ts'
import { dial, secure } from './connect.ts'
import { given, readFields } from './fields.ts'
import { exchange, type HttpRequest, type HttpResponse } from './http-exchange.ts'
import { judgeAnswer, MAX_BODY_BYTES, redirectLimit, wantsRedirect, type HttpSpec } from './http-rules.ts'
import type { Kind, Probe } from './probe.ts'

const USER_AGENT = 'constat-agent'
/** Compressed answers are asked not to come; one that comes anyway may grow by this much. */
const MAX_INFLATED_BYTES = 4 * MAX_BODY_BYTES
/** Headers that may follow a redirect to another origin; the rest could be credentials. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'user-agent'])

export const probeHttp: Probe<HttpSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    const response = await follow(spec, attempt)
    attempt.watch.stop()
    const body = spec.bodyContains === undefined ? '' : await textOf(response)
    return (latencyUs) => judgeAnswer(spec, { ...response, body }, latencyUs)
  })

async function follow(spec: HttpSpec, attempt: Attempt): Promise<HttpResponse> {
  const limit = redirectLimit(spec)
  let asked = firstRequest(spec)
  for (let hop = 0; ; hop += 1) {
    const response = await askOnce(spec, asked, attempt)
    if (!wantsRedirect(spec, response)) return response
    if (hop >= limit) throw redirectFailure(response.status, `more than ${limit} redirects`)
    asked = nextRequest(asked, response)
  }
}

async function askOnce(spec: HttpSpec, asked: HttpRequest, attempt: Attempt): Promise<HttpResponse> {
  const { url } = asked
  const encrypted = url.protocol === 'https:'
  const host = bareHost(url)
  const port = url.port === '' ? (encrypted ? 443 : 80) : Number(url.port)
  const plain = await dial({ host, port, ...given({ family: spec.family }) }, attempt)
  const socket = encrypted
    ? await secure(plain, { serverName: host, verify: 'required', alpn: 'http/1.1' }, attempt)
    : plain
  const readBody = ({ statusCode: status = 0, headers }: IncomingMessage): number =>
    wantsRedirect(spec, { status, headers }) ? 0 : (spec.maxBytes ?? MAX_BODY_BYTES)
  return exchange(socket, { asked, readBody }, attempt)
}

function firstRequest(spec: HttpSpec): HttpRequest {
  const url = new URL(spec.url)
  const headers: Record<string, string> = { Host: url.host, 'User-Agent': USER_AGENT, Accept: '*/*' }
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers['Authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`
  }
  for (const [name, value] of Object.entries(spec.headers ?? {})) setHeader(headers, { name, value })
  return { method: spec.method ?? 'GET', url, headers, body: spec.body }
}

/** Headers are one whatever their case: the check's own replaces ours. */
function setHeader(headers: Record<string, string>, { name, value }: { name: string; value: string }): void {
  for (const known of Object.keys(headers))
    if (known.toLowerCase() === name.toLowerCase()) delete headers[known]
  headers[name] = value
}

/** RFC 9110, 15.4: 303 always becomes GET; 301 and 302 do for POST, as every browser has it. */
function nextRequest(asked: HttpRequest, { status, headers }: HttpResponse): HttpRequest {
  const base = asked.url.href
  const url = URL.canParse(headers.location ?? '', base) ? new URL(headers.location ?? '', base) : null
  if (!url || !(url.protocol === 'http:' || url.protocol === 'https:')) {
    throw redirectFailure(status, 'a redirect to something that is not a web address')
  }
  const rewrites = status === 303 || ((status === 301 || status === 302) && asked.method === 'POST')
  const method = rewrites && asked.method !== 'HEAD' ? 'GET' : asked.method
  const sameOrigin = url.origin === asked.url.origin
  const kept = Object.entries(asked.headers).filter(([name]) => {
    const lower = name.toLowerCase()
    return lower !== 'host' && (sameOrigin || HARMLESS_HEADERS.has(lower))
  })
  const body = method === asked.method ? asked.body : undefined
  return { method, url, headers: { Host: url.host, ...Object.fromEntries(kept) }, body }
}

function redirectFailure(status: number, detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'fail', cause: 'redirect', value: status, detail })
}

/** Text for assertions, after the clock has stopped. A body that does not inflate reads as its raw bytes. */
async function textOf({ body, headers }: HttpResponse): Promise<string> {
  const coding = headers['content-encoding']
  if (coding === undefined || coding === 'identity') return body.toString('utf8')
  const zlib = await import('node:zlib')
  const options = { maxOutputLength: MAX_INFLATED_BYTES, finishFlush: zlib.constants.Z_SYNC_FLUSH }
  try {
    if (coding === 'br')
      return zlib.brotliDecompressSync(body, { maxOutputLength: MAX_INFLATED_BYTES }).toString()
    return zlib.unzipSync(body, options).toString()
  } catch {
    return body.toString('utf8')
  }
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Limits of what a configuration may say. */
const MAX_URL_CHARS = 2_048
const MAX_TEXT_CHARS = 65_536
const MAX_BYTES_LIMIT = 64 * 1024 * 1024

export const httpKind: Kind<HttpSpec> = {
  read(fields) {
    const field = readFields(fields)
    const url = field.text('url', MAX_URL_CHARS)
    const options = given({
      method: field.oneOf('method', ['GET', 'HEAD', 'POST'] as const),
      headers: field.texts('headers', { maxItems: 32, maxChars: 8_192 }),
      body: field.text('body', MAX_TEXT_CHARS),
      status: field.integers('status', { min: 100, max: 599, maxItems: 100 }),
      bodyContains: field.text('bodyContains', MAX_TEXT_CHARS),
      redirects: field.integer('redirects', { min: 0, max: 10 }),
      degradedOverMs: field.integer('degradedOverMs', { min: 1, max: 3_600_000 }),
      maxBytes: field.integer('maxBytes', { min: 1, max: MAX_BYTES_LIMIT }),
      family: field.oneOf('family', [4, 6] as const),
    })
    if (url === undefined) field.missing('url')
    const problem = field.problem()
    if (problem !== undefined || url === undefined) return problem ?? 'url is missing'
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return 'url must be http or https'
    return { kind: 'http', url, ...options }
  },
  ofUrl: (url) => ({ kind: 'http', url: url.href }),
  probe: probeHttp,
}
