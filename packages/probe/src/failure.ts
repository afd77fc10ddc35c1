/**
 * Failures: what an error of the system or of TLS says about a probe, by its code and the phase it
 * came in. Pure. An error of the agent's own host is never the target's failure.
 */
import { systemCode } from '@constat/shared/fault'
import type { Cause, Outcome } from '@constat/shared/sample'
import type { PhaseName } from './stopwatch.ts'

export type Failure = { outcome: Outcome; cause: Cause }
type Circumstance = { expired: boolean; phase: PhaseName | null }

/** The agent's own: the sample is unknown. */
const OWN_CAUSES = new Map<string, Cause>([
  ['ENETUNREACH', 'network'],
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
  ['EHOSTUNREACH', 'connect'],
  ['EHOSTDOWN', 'connect'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'reset'],
])

/** OpenSSL's words for a certificate that does not hold (X509_V_ERR_…), and Node's for a wrong name. */
const CERTIFICATE_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_CHAIN_TOO_LONG',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
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
  // http-broken.ts
  if (code === 'ERR_HTTP_ANSWER') return failed('protocol')
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') return failed('tls')
  return { outcome: 'unknown', cause: 'unsupported' }
}

export function isCertificateCode(code: string): boolean {
  return CERTIFICATE_CODES.has(code)
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
