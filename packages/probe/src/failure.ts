/**
 * Failures: what an error of the system or of TLS says about a probe, by its code and the phase it
 * came in. Pure. An error of the agent's own host is never the target's failure.
 */
import { messageOf, systemCode } from '@constat/shared/fault'
import type { Cause, Outcome } from '@constat/shared/sample'
import type { PhaseName } from './stopwatch.ts'
import { isCertificateCode, tlsCode, tlsWords } from './tls-words.ts'

export type Failure = { outcome: Outcome; cause: Cause }
type Circumstance = { expired: boolean; phase: PhaseName | null }

/** The agent's own: the sample is unknown. */
const OWN_CAUSES = new Map<string, Cause>([
  ['ENETDOWN', 'network'],
  ['EADDRNOTAVAIL', 'resources'],
  ['EMFILE', 'resources'],
  ['ENFILE', 'resources'],
  ['ENOMEM', 'resources'],
  ['ENOBUFS', 'resources'],
  // EACCES and EPERM on connect come from the host's own packet filter.
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EAFNOSUPPORT', 'unsupported'],
  ['EINVAL', 'unsupported'],
])

const TARGET_CAUSES = new Map<string, Cause>([
  ['ECONNREFUSED', 'connect'],
  // Whether it was this host that had no route is asked where it connects (route.ts).
  ['ENETUNREACH', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['EHOSTDOWN', 'connect'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'reset'],
])

export function failureOf(error: unknown, { expired, phase }: Circumstance): Failure {
  // A resolver that lets the deadline pass is the resolver's silence, not the target's.
  if (expired) return failed(phase === 'dnsUs' ? 'dns' : 'timeout')
  const code = systemCode(error) ?? ''
  if (phase === 'dnsUs') return failureOfName(code)
  const own = OWN_CAUSES.get(code)
  if (own) return { outcome: 'unknown', cause: own }
  if (isCertificateCode(code)) return failed('certificate')
  const cause = TARGET_CAUSES.get(code)
  if (cause) return failed(cause)
  if (phase === 'tlsUs') return failed('tls')
  if (code === 'ERR_HTTP_ANSWER') return failed('protocol')
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') return failed('tls')
  return { outcome: 'unknown', cause: 'unsupported' }
}

const NAME_WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'does not exist (NXDOMAIN)'],
  ['ENODATA', 'has no address'],
  ['ESERVFAIL', 'is not known: the name server failed (SERVFAIL)'],
  ['EREFUSED', 'is not known: the name server refused (REFUSED)'],
  ['EFORMERR', 'is not known: the name server did not understand the query (FORMERR)'],
  ['ENOTIMP', 'is not known: the name server does not do such queries (NOTIMP)'],
  ['EREFERRAL', 'is not known: the name server only refers to others'],
  ['EBADRESP', 'is not known: the answer of the name server cannot be read'],
  ['ETIMEOUT', 'is not known: the name server did not answer'],
  ['ECONNREFUSED', 'is not known: no name server listens'],
  ['EHOSTUNREACH', 'is not known: a router on the way to the name server refuses'],
  ['EBADNAME', 'is no name that can be asked for'],
])

/** Of the resolver, in the words of DNS where it has any. */
const NAME_CODES: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'NXDOMAIN'],
  ['ENODATA', 'NODATA'],
  ['ESERVFAIL', 'SERVFAIL'],
  ['EREFUSED', 'REFUSED'],
])

/** At the deadline nobody has said anything: what was waited for. */
const AWAITED = {
  dnsUs: 'no name',
  connectUs: 'no connection',
  tlsUs: 'no handshake',
  ttfbUs: 'no first byte',
  transferUs: 'no end',
} as const satisfies Record<PhaseName, string>

/**
 * What the system, the resolver or TLS called it, and at the deadline what was missing. Undefined of errors that are
 * our own.
 */
export function codeOf(error: unknown, { expired, phase }: Circumstance): string | undefined {
  if (expired) return phase === null ? undefined : AWAITED[phase]
  const code = systemCode(error)
  if (phase === 'dnsUs' && code !== undefined) return NAME_CODES.get(code) ?? code
  const said = tlsCode(error)
  if (said !== undefined) return said
  // Errors of ours borrow codes of the system to be told apart; only the system's own have a number.
  if (error instanceof Error && 'errno' in error) return code
  return error instanceof Error && error.cause !== undefined
    ? codeOf(error.cause, { expired, phase })
    : undefined
}

const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNRESET', 'the connection was cut'],
  ['ECONNABORTED', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ETIMEDOUT', 'nothing answered the connection'],
])

/** For people: words of ours for what TLS, the resolver and connections said, else those of the system. */
export function sentenceOf(error: unknown): string {
  const [, code = '', name = ''] = /^query\w+ (E[A-Z]+) (\S+)$/.exec(messageOf(error)) ?? []
  if (code === '') return tlsWords(error) ?? systemWords(error) ?? messageOf(error)
  return `${name} ${NAME_WORDS.get(code) ?? `is not known: the exchange with the name server failed (${code})`}`
}

/** Undefined of errors of ours, which have no number and a sentence of their own. */
function systemWords(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error)) return undefined
  const words = SYSTEM_WORDS.get(systemCode(error) ?? '')
  if (words === undefined || !('address' in error) || !('port' in error)) return words
  const host = String(error.address)
  return `${words}: ${host.includes(':') ? `[${host}]` : host}:${String(error.port)}`
}

function failureOfName(code: string): Failure {
  if (code === 'ENOTFOUND' || code === 'ENODATA') return failed('name')
  const own = OWN_CAUSES.get(code)
  if (own) return { outcome: 'unknown', cause: own }
  // EBADNAME: the text can be no name at all.
  return failed(code === 'EBADNAME' ? 'name' : 'dns')
}

function failed(cause: Cause): Failure {
  return { outcome: 'fail', cause }
}

/** What was said is no HTTP: fails as `protocol`. */
export function brokenAnswer(message: string): Error {
  return Object.assign(new Error(`no HTTP answer: ${message}`), { code: 'ERR_HTTP_ANSWER' })
}

/** The connection ended before the answer did: fails as `reset`. */
export function cutAnswer(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' })
}
