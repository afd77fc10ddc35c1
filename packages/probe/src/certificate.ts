/**
 * Certificates: what a handshake showed, judged after the clock has stopped. The days left are told
 * whatever else is wrong. Pure, but for the reading of the socket.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { TlsSpec } from '@constat/shared/check'
import { isCertificateCode } from './failure.ts'
import type { Judgement } from './probe.ts'

const DAY_MS = 86_400_000
/** Fewer days than this are worth a word where the check says nothing. */
const DEFAULT_DAYS_LEFT = 14
/** A chain longer than this is cut: OpenSSL itself refuses one above 100. */
const MAX_CHAIN = 100
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** Worst first: a chain or name that does not hold, a pin, the version, the days left. */
export function judgeCertificate(spec: TlsSpec, socket: TLSSocket, nowMs: number): Judgement {
  const leaf = socket.getPeerX509Certificate()
  // A cipher without certificates: none is offered, so this is a server that breaks the protocol.
  if (!leaf) return { outcome: 'fail', cause: 'tls', value: 0, detail: 'the server showed no certificate' }
  const first = firstToEnd(leaf, { nowMs, holds: socket.authorized })
  const value = Math.floor((first.endsMs - nowMs) / DAY_MS)
  const fail = (cause: 'certificate' | 'tls', detail: string): Judgement => ({
    outcome: 'fail',
    cause,
    value,
    detail,
  })
  if (!socket.authorized) {
    // Typed as Error, but Node puts the code there as text for a chain that does not hold.
    const code = String(socket.authorizationError)
    return fail(isCertificateCode(code) ? 'certificate' : 'tls', code)
  }
  if (spec.pins && !spec.pins.includes(pinOf(leaf))) {
    return fail('certificate', `the public key is none of the pinned ones: ${pinOf(leaf)}`)
  }
  const version = socket.getProtocol() ?? ''
  if (spec.minVersion && VERSIONS.indexOf(version) < VERSIONS.indexOf(spec.minVersion)) {
    return fail('tls', `${version} was agreed on, ${spec.minVersion} is the least`)
  }
  const detail = `${value} days left${first.subject === '' ? '' : `: ${first.subject} ends first`}, ${version}`
  if (value < (spec.daysLeft ?? DEFAULT_DAYS_LEFT)) {
    return { outcome: 'degraded', cause: 'certificate', value, detail }
  }
  return { outcome: 'ok', cause: 'none', value, detail }
}

/** SHA-256 over the SubjectPublicKeyInfo, in base64 (RFC 7469, 2.4). */
export function pinOf(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/**
 * The certificate of the chain that ends first. In a chain that holds, an issuer that has ended is not
 * what it rests on: servers go on sending cross-signed roots that nobody needs.
 */
function firstToEnd(
  leaf: X509Certificate,
  { nowMs, holds }: { nowMs: number; holds: boolean },
): { endsMs: number; subject: string } {
  let first = { endsMs: endOf(leaf), subject: '' }
  let issuer = leaf.issuerCertificate
  for (let i = 1; issuer && i < MAX_CHAIN; i += 1) {
    const endsMs = endOf(issuer)
    if (endsMs < first.endsMs && !(holds && endsMs <= nowMs)) first = { endsMs, subject: nameOf(issuer) }
    issuer = issuer.issuerCertificate
  }
  return first
}

function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo)
}

function nameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ')
}
