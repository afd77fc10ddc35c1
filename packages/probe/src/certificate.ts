/**
 * Certificates: what a handshake showed, judged after the clock has stopped. Names and rules hold as the
 * reference clients have them: chain by OpenSSL, name by the subject alternative names alone (RFC 9525, 6.3).
 * The days left are those of the chain that is verified, and told whatever else is wrong.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsSpec } from '@constat/shared/check'
import { bareName } from '@constat/shared/target'
import { endOf, firstToEnd, shownOn, type Authorities } from './certificate-path.ts'
import type { Judgement } from './probe.ts'
import { chainWords } from './tls-words.ts'

const DAY_MS = 86_400_000
/** Fewer days than this are worth a word where the check says nothing. */
const DEFAULT_DAYS_LEFT = 14
/** Names of a certificate that a sentence lists. */
const MAX_LISTED = 3
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

export const NO_CERTIFICATE = 'the server showed no certificate'

/** Worst first: a chain or name that does not hold, a pin, the version, the days left. */
export function judgeCertificate(
  spec: TlsSpec,
  { socket, authorities, nowMs }: { socket: TLSSocket; authorities: Authorities; nowMs: number },
): Judgement {
  const shown = shownOn(socket)
  // A cipher without certificates: none is offered, so this is a server that breaks the protocol.
  if (!shown) return { outcome: 'fail', cause: 'tls', value: 0, detail: NO_CERTIFICATE }
  const fault = certificateFault(socket, shown.leaf, spec.serverName ?? spec.host)
  const first = firstToEnd(shown, authorities)
  const value = Math.floor((endOf(first) - nowMs) / DAY_MS)
  const fail = (cause: 'certificate' | 'tls', detail: string): Judgement => ({
    outcome: 'fail',
    cause,
    value,
    detail,
  })
  if (fault) return { ...fail('certificate', `${fault.words}${endWords(first, nowMs)}`), code: fault.code }
  const pin = pinOf(shown.leaf)
  if (spec.pins && !spec.pins.includes(pin)) {
    return fail('certificate', `the public key is none of the pinned ones: ${pin}`)
  }
  const version = socket.getProtocol() ?? ''
  if (spec.minVersion && VERSIONS.indexOf(version) < VERSIONS.indexOf(spec.minVersion)) {
    return fail('tls', `${version} was agreed on, ${spec.minVersion} is the least`)
  }
  const which = first === shown.leaf ? '' : `: ${nameOf(first)} ends first`
  const detail = `${value} ${value === 1 ? 'day' : 'days'} left${which}, ${version}`
  if (value < (spec.daysLeft ?? DEFAULT_DAYS_LEFT)) {
    return { outcome: 'degraded', cause: 'certificate', value, detail }
  }
  return { outcome: 'ok', cause: 'none', value, detail }
}

/** Why the certificate does not hold for this name, also in OpenSSL's word; undefined where it does. */
export function certificateFault(
  socket: TLSSocket,
  leaf: X509Certificate,
  serverName: string,
): { code: string; words: string } | undefined {
  // Typed as Error, but Node puts the code there as text. It is the word of the verification alone.
  const code = String(socket.authorizationError)
  if (!socket.authorized) return { code, words: chainWords(code) }
  const name = bareName(serverName)
  // A name in the subject alone is none, and a wildcard is a whole label.
  const how = { subject: 'never', partialWildcards: false } as const
  // Some certificates write their names as absolute ones; the reference clients take these too.
  const holds =
    isIP(name) === 0
      ? (leaf.checkHost(name, how) ?? leaf.checkHost(`${name}.`, how))
      : leaf.checkIP(name.replace(/%.*$/, ''))
  if (holds === undefined) return { code: 'HOSTNAME_MISMATCH', words: otherName(leaf, name) }
  if (socket.getCipher().standardName.startsWith('TLS_RSA_') || maySign(leaf)) return undefined
  // OpenSSL has no word for it: it is Chromium that refuses.
  return { code: 'KEY_USAGE', words: 'the certificate says that its key may not sign handshakes' }
}

/** OID 2.5.29.15, as it stands in a certificate. */
const KEY_USAGE = Buffer.from('0603551d0f', 'hex')

/** Where it says what its key is for, signing has to be among it (RFC 8446, 4.4.2.2; RFC 5280, 4.2.1.3). */
function maySign({ raw }: X509Certificate): boolean {
  const at = raw.indexOf(KEY_USAGE)
  if (at < 0) return true
  // After a mark that it is critical, an octet string of a bit string; digitalSignature is its first bit.
  const value = raw.subarray(at + KEY_USAGE.length + (raw[at + KEY_USAGE.length] === 0x01 ? 3 : 0))
  if (value[0] !== 0x04 || value[2] !== 0x03) return true
  return value.readUInt8(3) > 1 && (value.readUInt8(5) & 0x80) !== 0
}

function otherName({ subjectAltName }: X509Certificate, name: string): string {
  if (subjectAltName === undefined || subjectAltName === '')
    return `the certificate names ${name} nowhere: it has no subject alternative name`
  const names = subjectAltName.split(', ').map((one) => one.replace(/^(?:DNS|IP Address):/, ''))
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : ''
  return `the certificate is of ${names.slice(0, MAX_LISTED).join(', ')}${more}, not of ${name}`
}

/** SHA-256 over the SubjectPublicKeyInfo, in base64 (RFC 7469, 2.4). */
export function pinOf(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

function endWords(certificate: X509Certificate, nowMs: number): string {
  if (endOf(certificate) > nowMs) return ''
  return `: ${nameOf(certificate)} ended on ${new Date(endOf(certificate)).toISOString().slice(0, 10)}`
}

function nameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ')
}
