/**
 * Certificate paths: from a server's certificate up to an authority that is trusted, out of what the server
 * sent and the trust store (RFC 5280, 6; RFC 4158). Of several paths the one that lasts longest counts, as
 * clients turn to another one when the first has ended. Pure, but for the reading of the socket.
 */
import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Certificates looked at, of what a server sent. Chains that are in use have four at most. */
const MAX_SENT = 16
const PEM = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g

/** The trust store, asked by the name of an issuer. */
export type Authorities = { issuersOf: (certificate: X509Certificate) => X509Certificate[] }

/** `texts`: PEM, asked for once, when first needed. */
export function authoritiesIn(texts: () => readonly string[]): Authorities {
  let known: Buffer[] | undefined
  return {
    issuersOf(certificate) {
      known ??= texts().flatMap((text) =>
        [...text.matchAll(PEM)].map(([, body]) => Buffer.from(body!, 'base64')),
      )
      // Parsing all of them would hold up the probes in flight: only those with the issuer's name in them.
      const mark = Buffer.from(longestPart(certificate.issuer))
      const named = known.filter((der) => der.includes(mark)).map((der) => new X509Certificate(der))
      return named.filter((issuer) => isIssuer(issuer, certificate))
    },
  }
}

/** Names are told with their attributes, and with escapes that are not in the certificate. */
function longestPart(name: string): string {
  const parts = name.split('\n').flatMap((line) => line.slice(line.indexOf('=') + 1).split('\\'))
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

/** The certificate that ends first on the path that lasts longest. */
export function firstToEnd({ leaf, others }: Shown, authorities: Authorities): X509Certificate {
  const done = new Set<string>()
  const open = [{ certificate: leaf, first: leaf }]
  let farthest: X509Certificate | undefined
  // Widest path first (Dijkstra): the authority that is reached first is that of the path wanted.
  for (
    let place = open.shift();
    place;
    place = open.sort((a, b) => endOf(b.first) - endOf(a.first)).shift()
  ) {
    const { certificate, first } = place
    if (done.has(certificate.fingerprint256)) continue
    done.add(certificate.fingerprint256)
    const trusted = authorities.issuersOf(certificate)
    if (trusted.some((issuer) => issuer.fingerprint256 === certificate.fingerprint256)) return first
    const issuers = [...trusted, ...others.filter((issuer) => isIssuer(issuer, certificate))]
    const onward = issuers.filter((issuer) => issuer.fingerprint256 !== certificate.fingerprint256)
    // Where no authority is reached, the chain that does not hold leads as far as this.
    if (onward.length === 0) farthest ??= first
    for (const issuer of onward)
      open.push({ certificate: issuer, first: endOf(issuer) < endOf(first) ? issuer : first })
  }
  return farthest ?? leaf
}

export type Shown = { leaf: X509Certificate; others: X509Certificate[] }

/**
 * What the server sent, and the issuers that Node.js found for it in its own store. Undefined where it sent
 * nothing. Once for each socket: Node.js 20 takes the certificate out of the list that it hands out.
 */
export function shownOn(socket: TLSSocket): Shown | undefined {
  let known: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) return undefined
  const others: X509Certificate[] = []
  for (let one = leaf.issuerCertificate; one && others.length < MAX_SENT; one = one.issuerCertificate)
    others.push(one)
  for (let i = 0; known && i < MAX_SENT; i += 1) {
    const issuer: DetailedPeerCertificate | undefined = known.issuerCertificate
    if (issuer) others.push(new X509Certificate(issuer.raw))
    // The issuer of a root is the root itself.
    known = issuer === known ? undefined : issuer
  }
  return { leaf, others }
}

/** By name and key identifiers, and by the signature: names can be the same. */
function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo)
}
