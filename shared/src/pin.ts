/**
 * Pins: the key of a TLS certificate as text, `sha256/` and the base64 of the SHA-256 of its
 * SubjectPublicKeyInfo (RFC 7469, section 2.4; curl writes the same with two slashes). A certificate that
 * is made anew for the same key keeps its pin. Pure.
 */
import { createHash, type X509Certificate } from 'node:crypto'

const PREFIX = 'sha256/'
const DIGEST_BYTES = 32

export function pinOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return PREFIX + createHash('sha256').update(spki).digest('base64')
}

/** As `pinOf` writes it; null for any other text. Curl's form with two slashes is taken too. */
export function parsePin(text: string): string | null {
  const digest = /^sha256\/\/?([A-Za-z0-9+/]{43}=)$/.exec(text.trim())?.[1]
  if (digest === undefined || Buffer.from(digest, 'base64').length !== DIGEST_BYTES) return null
  return PREFIX + digest
}

/** As curl and wget take it. */
export function curlPin(pin: string): string {
  return `sha256//${pin.slice(PREFIX.length)}`
}
