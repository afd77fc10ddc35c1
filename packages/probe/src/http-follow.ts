/**
 * Following: one request and its redirects, each hop on a fresh connection, with the cookies of a jar.
 * Credentials are gone for good once a redirect leaves the origin they are for, even where it comes back.
 */
import type { Socket } from 'node:net'
import type { HttpRequestSpec } from '@constat/shared/check'
import { ProbeFailure, type Attempt } from './attempt.ts'
import { MAX_BODY_BYTES } from './body-inspect.ts'
import { dial, secure } from './connect.ts'
import type { CookieJar } from './cookies.ts'
import { given } from './fields.ts'
import type { Access } from './http-access.ts'
import { exchange, queryOf, requestBytes, type HttpRequest } from './http-exchange.ts'
import { locationOf, type HttpHead } from './http-head.ts'
import { dialProxy, tunnel } from './http-proxy.ts'
import type { HttpResponse } from './http-reader.ts'
import { redirectLimit, wantsRedirect } from './http-rules.ts'

export type Journey = {
  access: Access
  jar: CookieJar
  /** The body holds a secret of the agent's host: no redirect may take it to another origin. */
  secretBody: boolean
}

const USER_AGENT = 'constat-agent'
/** Headers that may follow a redirect to another origin; the rest could be credentials. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'user-agent'])
/** Headers about a body, gone where the body goes. */
const BODY_HEADERS = /^content-/i

/** A request on its way. `atHome`: it never left the origin that credentials are for. */
type Leg = HttpRequest & { atHome: boolean }

/** The answer that is not to be followed further. */
export async function follow(
  spec: HttpRequestSpec,
  journey: Journey,
  attempt: Attempt,
): Promise<HttpResponse> {
  const limit = redirectLimit(spec)
  let leg = firstLeg(spec, journey.access)
  for (let hop = 0; ; hop += 1) {
    const response = await askOnce(spec, { leg, journey }, attempt)
    if (!wantsRedirect(spec, response)) return response
    if (hop >= limit) throw redirectFailure(response.status, `more than ${limit} redirects`)
    leg = nextLeg(leg, response, journey)
  }
}

async function askOnce(
  spec: HttpRequestSpec,
  { leg, journey }: { leg: Leg; journey: Journey },
  attempt: Attempt,
): Promise<HttpResponse> {
  const { access, jar } = journey
  const { watch, context } = attempt
  const { clock } = context
  const asked = withCookies(leg, jar.header(leg.url, clock.nowMs()))
  // Made before the first phase begins, so that the making is no part of what is measured.
  // A proxy is told the whole address of what it fetches in the clear.
  const isWhole = access.proxy !== undefined && leg.url.protocol === 'http:'
  const bytes = requestBytes(asked, isWhole ? 'absolute' : 'origin')
  const cap = (head: HttpHead): number => (wantsRedirect(spec, head) ? 0 : (spec.maxBytes ?? MAX_BODY_BYTES))
  let socket: Socket | undefined
  try {
    socket = await connect(leg, access, attempt)
    const response = await exchange(socket, { bytes, method: leg.method, cap }, { clock, watch })
    // Without the credentials that may stand in it.
    const bare = `${leg.url.origin}${leg.url.pathname}${queryOf(leg.url)}`
    Object.assign(attempt.hops.at(-1) ?? {}, { url: bare, status: response.status })
    jar.store(leg.url, response.headers['set-cookie'] ?? [], clock.nowMs())
    return response
  } finally {
    socket?.destroy()
  }
}

async function connect(
  { url, atHome, method, body }: Leg,
  access: Access,
  attempt: Attempt,
): Promise<Socket> {
  const encrypted = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (encrypted ? 443 : 80) : Number(url.port)
  const doing = { method, send: body !== undefined }
  const target = { host, port, ...given({ family: access.family }), doing }
  const { proxy } = access
  const way = await (proxy
    ? dialProxy({ proxy, tunnelled: encrypted }, target, attempt)
    : dial(target, attempt))
  if (!encrypted) return way
  const plain = proxy ? await tunnel(way, { proxy, target }, attempt) : way
  const secureContext = atHome ? access.home : access.abroad
  const trusting = { ...attempt, context: { ...attempt.context, secureContext } }
  const tls = { serverName: host, verify: 'required', alpn: 'http/1.1' } as const
  return secure(plain, tls, trusting)
}

function firstLeg(spec: HttpRequestSpec, access: Access): Leg {
  const url = new URL(spec.url)
  const atHome = url.origin === access.origin
  const headers: Record<string, string> = { Host: url.host, 'User-Agent': USER_AGENT, Accept: '*/*' }
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers['Authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`
  }
  if (atHome && access.authorization !== undefined) headers['Authorization'] = access.authorization
  for (const [name, value] of Object.entries(spec.headers ?? {})) setHeader(headers, { name, value })
  return { method: spec.method ?? 'GET', url, headers, body: spec.body, atHome }
}

/** Headers are one whatever their case: the check's own replaces ours. */
function setHeader(headers: Record<string, string>, { name, value }: { name: string; value: string }): void {
  for (const known of Object.keys(headers))
    if (known.toLowerCase() === name.toLowerCase()) delete headers[known]
  headers[name] = value
}

/** Cookies that the check itself sends stand before those of the jar. */
function withCookies(leg: Leg, cookies: string | undefined): Leg {
  if (cookies === undefined) return leg
  const [, own] = Object.entries(leg.headers).find(([name]) => name.toLowerCase() === 'cookie') ?? []
  const headers = { ...leg.headers }
  setHeader(headers, { name: 'Cookie', value: own === undefined ? cookies : `${own}; ${cookies}` })
  return { ...leg, headers }
}

/** RFC 9110, 15.4: 303 always becomes GET; 301 and 302 do for POST, as every browser has it. */
function nextLeg(asked: Leg, { status, headers }: HttpResponse, { secretBody }: Journey): Leg {
  const location = locationOf(headers)
  const base = asked.url.href
  const url = URL.canParse(location, base) ? new URL(location, base) : null
  if (!url || !(url.protocol === 'http:' || url.protocol === 'https:')) {
    throw redirectFailure(status, 'a redirect to something that is not a web address')
  }
  const rewrites = status === 303 || ((status === 301 || status === 302) && asked.method === 'POST')
  const method = rewrites && asked.method !== 'HEAD' ? 'GET' : asked.method
  const sameOrigin = url.origin === asked.url.origin
  const body = method === asked.method ? asked.body : undefined
  if (secretBody && !sameOrigin && body !== undefined) {
    throw redirectFailure(status, `a redirect that would take a secret to ${url.origin}`)
  }
  const kept = Object.entries(asked.headers).filter(([name]) => {
    const lower = name.toLowerCase()
    if (lower === 'host' || (body === undefined && BODY_HEADERS.test(lower))) return false
    return sameOrigin || HARMLESS_HEADERS.has(lower)
  })
  const atHome = asked.atHome && sameOrigin
  return { method, url, headers: { Host: url.host, ...Object.fromEntries(kept) }, body, atHome }
}

function redirectFailure(status: number, detail: string): ProbeFailure {
  return new ProbeFailure({ outcome: 'fail', cause: 'redirect', value: status, code: `${status}`, detail })
}
