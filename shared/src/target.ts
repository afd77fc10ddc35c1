/**
 * Targets: how a check writes the hosts, name servers and DNS names it asks, and how much it may ask.
 * The contract and the agent hold to the same rules, so that what one accepts the other runs. Pure.
 */
import { isIP } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'

export const DNS_PORT = 53

export const NETWORK_LIMITS = {
  /** What a tcp check sends, and what it expects. */
  textChars: 4_096,
  degradedOverMs: { min: 1, max: 3_600_000 },
  daysLeft: { min: 0, max: 3_650 },
  pins: 16,
  /** Records that a dns check names. A TXT record of four strings is 1,020 characters long. */
  answers: 32,
  answerChars: 1_024,
  packets: { min: 1, max: 20 },
  /** Below 16, ping has no room for the time it sent; above 1,472, a packet is sent in pieces. */
  payloadBytes: { min: 16, max: 1_472 },
  /** All lost is a failure, whatever is allowed. */
  lossPercent: { min: 0, max: 99 },
} as const

const HOST_NAME =
  /^(?=.{1,253}\.?$)[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62})?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62})?)*\.?$/

/** A host name or an address without brackets, in A-labels. */
export function isHost(value: unknown): value is string {
  return typeof value === 'string' && (isIP(value) !== 0 || HOST_NAME.test(value))
}

/** Other letters than those of ASCII, and nothing that ends a host in a URL. Longer is no name. */
const OTHER_LETTERS = /^(?=[^]*[^\0-\x7f])[^\0-\x20/\\?#@:%[\]]{1,1024}$/

/**
 * A name as DNS has it: other letters than those of ASCII become A-labels (UTS 46, as in a URL). A text that is
 * no name comes back as it is, for whoever judges its form.
 */
export function asciiName(text: string): string {
  return OTHER_LETTERS.test(text) ? domainToASCII(text) || text : text
}

/** The other way, for screens; a name whose letters would not lead back to it stays in A-labels. */
export function shownName(name: string): string {
  if (!/(?:^|\.)xn--/i.test(name)) return name
  const shown = domainToUnicode(name)
  return shown !== '' && asciiName(shown) === name.toLowerCase() ? shown : name
}

/** Without the dot that makes a name absolute: certificates and TLS have none (RFC 6066, 3). */
export function bareName(name: string): string {
  return name.replace(/\.$/, '')
}

/** What a client names in the handshake; an address is not named. */
export function sniOf(host: string): string | undefined {
  return isIP(host) === 0 ? bareName(host) : undefined
}

export type ServerAddress = { host: string; port: number }

/** `192.0.2.1`, `::1`, `[::1]:5353`, `ns.example:5353`: a name server, port 53 where it names none. */
export function parseServer(written: string): ServerAddress | undefined {
  // The port and brackets are ASCII, and stay where they are.
  const text = written.replace(/^[^:[\]]+/, asciiName)
  if (isHost(text)) return { host: text, port: DNS_PORT }
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const [, bracketed, bare] = match ?? []
  const host = bracketed ?? bare
  const port = match?.[3] === undefined ? DNS_PORT : Number(match[3])
  if (host === undefined || port < 1 || port > 65_535) return undefined
  if (bracketed === undefined ? !isHost(host) : isIP(host) !== 6) return undefined
  return { host, port }
}

/**
 * A name that can be asked for (RFC 1035, 2.3.4): labels of at most 63 octets, 255 in all on the wire. Any
 * ASCII but space and backslash, as reverse zones have `/` in theirs (RFC 2317); `.` is the root.
 */
export function isRecordName(text: string): boolean {
  if (text === '.') return true
  return /^(?=.{1,253}\.?$)[!-[\]-~]+$/.test(text) && /^[^.]{1,63}(\.[^.]{1,63})*\.?$/.test(text)
}

/** SHA-256 in base64: 44 characters with the padding. */
export const PIN = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/
