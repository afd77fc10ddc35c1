/**
 * Cookies: the jar of one probe, after RFC 6265 (5.1 to 5.4) with the prefixes and the rule for Secure of
 * its revision. It lives as long as the probe. No clock of its own; no list of public suffixes: a cookie
 * for a name of one label, as `com`, is refused, and a jar never meets hosts but those of its check.
 */
import { isIP } from 'node:net'
import type { UnixMs } from '@constat/shared/time'

export type CookieJar = {
  /** Takes in the Set-Cookie headers of an answer from `url`. What is not sound is left out, as the RFC has it. */
  store: (url: URL, setCookies: readonly string[], nowMs: UnixMs) => void
  /** Value of the Cookie header for `url`; undefined where none fits. */
  header: (url: URL, nowMs: UnixMs) => string | undefined
}

type Cookie = {
  name: string
  value: string
  domain: string
  hostOnly: boolean
  path: string
  secure: boolean
  /** Infinity for one that lasts as long as the jar. */
  endsMs: number
}

/** In one jar; the oldest goes first. */
export const MAX_COOKIES = 64
/** Name and value; a longer one is left out (RFC 6265bis, 5.7). */
export const MAX_COOKIE_CHARS = 4_096
/** A longer attribute is as if it were not there. */
const MAX_ATTRIBUTE_CHARS = 1_024

export function createJar(): CookieJar {
  /** In order of creation. */
  let cookies: Cookie[] = []
  return {
    store(url, setCookies, nowMs) {
      for (const text of setCookies.slice(0, MAX_COOKIES)) {
        const cookie = readCookie(text, { url, nowMs })
        if (!cookie) continue
        const at = cookies.findIndex((known) => isSame(known, cookie))
        // One that takes the place of another keeps its age (5.3, step 11).
        if (at >= 0) cookies[at] = cookie
        else cookies.push(cookie)
      }
      cookies = cookies.filter(({ endsMs }) => endsMs > nowMs).slice(-MAX_COOKIES)
    },
    header(url, nowMs) {
      const fitting = cookies.filter((cookie) => cookie.endsMs > nowMs && isFor(cookie, url))
      // Longer paths first; sorting keeps the order of creation among equals (5.4, step 2).
      fitting.sort((a, b) => b.path.length - a.path.length)
      if (fitting.length === 0) return undefined
      return fitting.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ')
    },
  }
}

function isSame(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.path === b.path && a.hostOnly === b.hostOnly
}

function isFor({ domain, hostOnly, path, secure }: Cookie, url: URL): boolean {
  if (secure && !isTrusted(url)) return false
  const sameHost = hostOnly ? url.hostname === domain : domainMatches(url.hostname, domain)
  return sameHost && pathMatches(url.pathname, path)
}

/** RFC 6265, 5.1.3. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0)
}

/** RFC 6265, 5.1.4. */
function pathMatches(asked: string, path: string): boolean {
  if (asked === path) return true
  return asked.startsWith(path) && (path.endsWith('/') || asked[path.length] === '/')
}

/** RFC 6265, 5.2 and 5.3: the cookie, or undefined where it is to be ignored. */
function readCookie(text: string, { url, nowMs }: { url: URL; nowMs: UnixMs }): Cookie | undefined {
  // oxlint-disable-next-line no-control-regex -- a control would end up in a header
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return undefined
  const [pair = '', ...rest] = text.split(';')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : pair.slice(0, equals).trim()
  const value = pair.slice(equals + 1).trim()
  if (name === '' && (value === '' || value.includes('='))) return undefined
  if (name.length + value.length > MAX_COOKIE_CHARS || `${name}${value}`.includes('\t')) return undefined
  const attributes = readAttributes(rest)
  const asked = attributes.get('domain')?.replace(/^\./, '').toLowerCase() ?? ''
  const hostOnly = asked === '' || asked === url.hostname
  if (!hostOnly && (!asked.includes('.') || !domainMatches(url.hostname, asked))) return undefined
  const path = attributes.get('path') ?? ''
  const cookie: Cookie = {
    name,
    value,
    domain: asked === '' ? url.hostname : asked,
    // A host that is named as a domain opens the cookie to the names below it, but for an address.
    hostOnly: asked === '' || isIP(asked) !== 0 || !asked.includes('.'),
    path: path.startsWith('/') ? path : defaultPath(url.pathname),
    secure: attributes.has('secure'),
    endsMs: endOf(attributes, nowMs),
  }
  return mayBeSet(cookie, { url, attributes }) ? cookie : undefined
}

/** Over TLS, or to this host itself, as Chromium and curl have it. */
function isTrusted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

/** RFC 6265bis: what is secure is set over TLS, and a prefix promises what its name says. */
function mayBeSet(
  { name, secure, path }: Cookie,
  { url, attributes }: { url: URL; attributes: ReadonlyMap<string, string> },
): boolean {
  const named = attributes.has('domain')
  if (secure && !isTrusted(url)) return false
  // As Chromium has it: what is for other sites too has to be secure.
  const isForAll = attributes.get('samesite')?.toLowerCase() === 'none' || attributes.has('partitioned')
  if (isForAll && !secure) return false
  if (/^__secure-/i.test(name) && !secure) return false
  return !/^__host-/i.test(name) || (secure && path === '/' && !named)
}

/** The last one of a name counts. */
function readAttributes(parts: readonly string[]): Map<string, string> {
  return new Map(
    parts.flatMap((part) => {
      const equals = part.indexOf('=')
      const name = equals < 0 ? part : part.slice(0, equals)
      const value = equals < 0 ? '' : part.slice(equals + 1).trim()
      return value.length > MAX_ATTRIBUTE_CHARS ? [] : [[name.trim().toLowerCase(), value] as const]
    }),
  )
}

/** RFC 6265, 5.1.4: the folder of the path that was asked for. */
function defaultPath(asked: string): string {
  const last = asked.lastIndexOf('/')
  return last <= 0 ? '/' : asked.slice(0, last)
}

/** Max-Age wins over Expires; one that cannot be read is as if it were not there. */
function endOf(attributes: ReadonlyMap<string, string>, nowMs: UnixMs): number {
  const age = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(age)) return Number(age) <= 0 ? -Infinity : nowMs + Number(age) * 1_000
  return parseCookieDate(attributes.get('expires') ?? '') ?? Infinity
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/

/** RFC 6265, 5.1.1: the parts in any order, the first that fits counts. Undefined when it is no date. */
export function parseCookieDate(text: string): UnixMs | undefined {
  let time: RegExpExecArray | null = null
  let day: number | undefined
  let month = -1
  let year: number | undefined
  for (const token of text.slice(0, MAX_COOKIE_CHARS).split(DELIMITERS)) {
    const clock: RegExpExecArray | null = time ? null : /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token)
    const [, twoDigits] = /^(\d{1,2})(?!\d)/.exec(token) ?? []
    const [, someDigits] = /^(\d{2,4})(?!\d)/.exec(token) ?? []
    const named = MONTHS.indexOf(token.slice(0, 3).toLowerCase())
    if (clock) time = clock
    else if (day === undefined && twoDigits !== undefined) day = Number(twoDigits)
    else if (month < 0 && named >= 0) month = named
    else if (year === undefined && someDigits !== undefined) year = fullYear(Number(someDigits))
  }
  if (!time || day === undefined || month < 0 || year === undefined) return undefined
  const [hour, minute, second] = time.slice(1).map(Number)
  if (hour! > 23 || minute! > 59 || second! > 59 || year < 1601) return undefined
  const atMs = Date.UTC(year, month, day, hour, minute, second)
  return day >= 1 && new Date(atMs).getUTCDate() === day ? atMs : undefined
}

function fullYear(year: number): number {
  if (year >= 70 && year <= 99) return 1900 + year
  return year <= 69 ? 2000 + year : year
}
