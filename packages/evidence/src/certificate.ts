/**
 * Certificates (RFC 5280) of an authority that dates things: what they may be used for, and a chain from one to an
 * anchor. Revocation is not asked: that needs the network. Pure but for the cipher.
 */
import { X509Certificate } from 'node:crypto'
import type { UnixMs } from '@constat/shared/time'
import { bitsOf, contextTag, countOf, integerOf, octetsOf, oidOf, readDer, TAG, type Der } from './der.ts'

/** Of one certificate, and of all that come with one token. */
export const MAX_CERTIFICATE_BYTES = 16 * 1024
export const MAX_CERTIFICATES = 16
/** From the signer to an anchor. */
const MAX_CHAIN = 6
/** Shorter keys date nothing. */
const MIN_RSA_BITS = 2_048

export type Certificate = {
  x509: X509Certificate
  raw: Buffer
  serial: Buffer
  /** DER of the name. */
  issuer: Buffer
  /** Subject key identifier. */
  keyId: Buffer | null
  /** Key usage: the bits that are set, the first one 0; null where it says nothing of it. */
  keyUsage: readonly number[] | null
  /** Extended key usage; null where it says nothing of it. */
  usage: { isCritical: boolean; purposes: readonly string[] } | null
  /** Certificates that may stand between it and the one dated by; null: it issues none. */
  pathLength: number | null
  validFromMs: UnixMs
  validToMs: UnixMs
}

const OID = {
  keyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  policies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const
/** Critical ones that are understood, or say nothing that would be asked here. */
const UNDERSTOOD: ReadonlySet<string> = new Set(Object.values(OID))
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/** Undefined for anything that is no certificate in DER, or has a critical extension that is not understood. */
export function readCertificate(raw: Buffer): Certificate | undefined {
  if (raw.length > MAX_CERTIFICATE_BYTES) return undefined
  const fields = readDer(raw)?.children[0]?.children
  const x509 = openX509(raw)
  // Node.js looks for PEM inside first: what is read and what verifies are one certificate.
  if (!fields || !x509?.raw.equals(raw)) return undefined
  const at = fields[0]?.tag === contextTag(0) ? 1 : 0
  const [serial, issuer] = [integerOf(fields[at]), fields[at + 2]]
  const known = extensionsOf(fields.find(({ tag }) => tag === contextTag(3)))
  if (!serial || !issuer || !known) return undefined
  const keyId = octetsOf(readDer(known.get(OID.keyId)?.value ?? Buffer.alloc(0))) ?? null
  const [keyUsage, usage, pathLength] = [keyUsageOf(known), usageOf(known), pathLengthOf(known)]
  if (keyUsage === undefined || usage === undefined || pathLength === undefined) return undefined
  const [validFromMs, validToMs] = [Date.parse(x509.validFrom), Date.parse(x509.validTo)]
  return { x509, raw, serial, issuer: issuer.raw, keyId, keyUsage, usage, pathLength, validFromMs, validToMs }
}

/** Certificates of a PEM file, in its order; undefined where it has none, or one that cannot be used. */
export function readAnchors(pem: string): Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const read = blocks.map((block) => {
    const x509 = openX509(block)
    return x509 && readCertificate(x509.raw)
  })
  const anchors = read.filter((one) => one !== undefined)
  return anchors.length > 0 && anchors.length === blocks.length ? anchors : undefined
}

/** digitalSignature and nonRepudiation (RFC 5280 §4.2.1.3). */
const SIGNS: ReadonlySet<number> = new Set([0, 1])

/** RFC 3161 §2.3: critical, and for nothing else; where its key usage is said, to sign and for nothing else. */
export function mayDate({ keyUsage, usage }: Certificate): boolean {
  const isToSign = keyUsage === null || (keyUsage.length > 0 && keyUsage.every((bit) => SIGNS.has(bit)))
  return isToSign && usage !== null && usage.isCritical && usage.purposes.join() === TIME_STAMPING
}

export function isValidAt({ validFromMs, validToMs }: Certificate, atMs: UnixMs): boolean {
  return validFromMs <= atMs && atMs <= validToMs
}

/** Whether a chain of certificates that all held at `atMs` leads from it to an anchor. */
export function isAnchored(
  certificate: Certificate,
  {
    anchors,
    others,
    atMs,
  }: { anchors: readonly Certificate[]; others: readonly Certificate[]; atMs: UnixMs },
): boolean {
  let level = isValidAt(certificate, atMs) ? [certificate] : []
  // Each is looked at once, however they issue each other.
  let left = [...anchors, ...others].filter((one) => isValidAt(one, atMs))
  for (let below = 0; below < MAX_CHAIN && level.length > 0; below += 1) {
    if (level.some(({ raw }) => anchors.some((anchor) => anchor.raw.equals(raw)))) return true
    const issued = level
    level = left.filter(
      (issuer) =>
        issuer.pathLength !== null &&
        issuer.pathLength >= below &&
        issued.some((one) => hasIssued(issuer, one)),
    )
    const found = new Set(level)
    left = left.filter((one) => !found.has(one))
  }
  return false
}

function hasIssued(issuer: Certificate, { x509 }: Certificate): boolean {
  try {
    return x509.checkIssued(issuer.x509) && isStrong(issuer) && x509.verify(issuer.x509.publicKey)
  } catch {
    // A key that the cipher does not know verifies nothing.
    return false
  }
}

/** Throws for a key that the cipher does not know. */
export function isStrong({ x509 }: Certificate): boolean {
  const { asymmetricKeyDetails } = x509.publicKey
  return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS
}

type Extensions = ReadonlyMap<string, { isCritical: boolean; value: Buffer }>

/** Undefined where one stands twice, or a critical one is not understood. */
function extensionsOf(der: Der | undefined): Extensions | undefined {
  const found = new Map<string, { isCritical: boolean; value: Buffer }>()
  for (const { children } of der?.children[0]?.children ?? []) {
    const id = oidOf(children[0])
    const said = children[1]?.tag === TAG.boolean ? children[1] : null
    const isCritical = said !== null && said.content[0] !== 0
    const value = octetsOf(children[said ? 2 : 1])
    if (id === undefined || !value || found.has(id)) return undefined
    if (isCritical && !UNDERSTOOD.has(id)) return undefined
    found.set(id, { isCritical, value })
  }
  return found
}

function keyUsageOf(known: Extensions): number[] | null | undefined {
  const extension = known.get(OID.keyUsage)
  return extension ? bitsOf(readDer(extension.value)) : null
}

function usageOf(known: Extensions): Certificate['usage'] | undefined {
  const extension = known.get(OID.extendedKeyUsage)
  if (!extension) return null
  const purposes = readDer(extension.value)?.children.map(oidOf) ?? []
  const read = purposes.filter((one) => one !== undefined)
  if (read.length === 0 || read.length !== purposes.length) return undefined
  return { isCritical: extension.isCritical, purposes: read }
}

function pathLengthOf(known: Extensions): number | null | undefined {
  const extension = known.get(OID.basicConstraints)
  if (!extension) return null
  const value = readDer(extension.value)
  if (value?.tag !== TAG.sequence) return undefined
  const [authority, length] = value.children
  if (authority?.tag !== TAG.boolean || authority.content[0] === 0) return null
  return length === undefined ? MAX_CHAIN : countOf(length)
}

function openX509(source: Buffer | string): X509Certificate | undefined {
  try {
    return new X509Certificate(source)
  } catch {
    // Node.js throws on bytes that are no certificate.
    return undefined
  }
}
