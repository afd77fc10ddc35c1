/**
 * Timestamps (RFC 3161): the word of an authority that a digest was there at an instant, as a token of CMS (RFC 5652).
 * The question, and the answer opened. SHA-256 of what is dated. Pure but for the cipher.
 */
import { constants, createHash, verify } from 'node:crypto'
import type { UnixMs } from '@constat/shared/time'
import {
  isAnchored,
  isStrong,
  isValidAt,
  MAX_CERTIFICATES,
  mayDate,
  readCertificate,
  type Certificate,
} from './certificate.ts'
import {
  contextTag,
  countOf,
  integerOf,
  octetsOf,
  oidOf,
  readDer,
  TAG,
  timeOf,
  writeDer,
  writeOid,
  type Der,
} from './der.ts'

/** A token, and the answer that brings it. */
export const MAX_TOKEN_BYTES = 64 * 1024

/** Why it dates nothing. */
export const TIMESTAMP_REFUSALS = [
  'malformed',
  /** The authority does not want to. */
  'not-granted',
  /** It is about something else. */
  'other-imprint',
  /** It answers another question. */
  'other-nonce',
  /** The certificate that it is signed under is not in it, or not the one that it names. */
  'no-certificate',
  /** That certificate is not for timestamps alone (RFC 3161 §2.3). */
  'not-for-timestamps',
  /** It did not hold then. */
  'expired',
  'unknown-algorithm',
  'bad-signature',
  /** No chain leads to an anchor. */
  'unknown-authority',
] as const
export type TimestampRefusal = (typeof TIMESTAMP_REFUSALS)[number]

export type Timestamp = {
  /** When the authority says that the digest was there. */
  atMs: UnixMs
  /** Subject of the certificate, one line. */
  authority: string
  /** Its policy, as an object identifier. */
  policy: string
  /** Whether a chain leads to an anchor. */
  isAnchored: boolean
}

export type TimestampOpening =
  | { kind: 'opened'; timestamp: Timestamp; token: Buffer }
  | { kind: 'refused'; reason: TimestampRefusal }

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const

const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const SHA256 = '2.16.840.1.101.3.4.2.1'

/** `digest`: null is the one that the signer names beside it. */
type Algorithm = { keys: readonly string[]; digest: string | null; isPss?: true; isPlain?: true }
const RSA = ['rsa', 'rsa-pss']
const SIGNATURES: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.1': { keys: RSA, digest: null },
  '1.2.840.113549.1.1.10': { keys: RSA, digest: null, isPss: true },
  '1.2.840.113549.1.1.11': { keys: RSA, digest: 'sha256' },
  '1.2.840.113549.1.1.12': { keys: RSA, digest: 'sha384' },
  '1.2.840.113549.1.1.13': { keys: RSA, digest: 'sha512' },
  '1.2.840.10045.4.3.2': { keys: ['ec'], digest: 'sha256' },
  '1.2.840.10045.4.3.3': { keys: ['ec'], digest: 'sha384' },
  '1.2.840.10045.4.3.4': { keys: ['ec'], digest: 'sha512' },
  '1.3.101.112': { keys: ['ed25519'], digest: null, isPlain: true },
}

/** TimeStampReq, DER. `digest`: SHA-256. `nonce`: of `nonceOf`. */
export function timestampRequest({ digest, nonce }: { digest: Buffer; nonce: Buffer }): Buffer {
  const algorithm = writeDer(TAG.sequence, writeOid(SHA256), writeDer(TAG.null))
  return writeDer(
    TAG.sequence,
    writeDer(TAG.integer, Buffer.of(1)),
    writeDer(TAG.sequence, algorithm, writeDer(TAG.octets, digest)),
    writeDer(TAG.integer, nonce),
    // The certificate comes along: whoever checks later has no other.
    writeDer(TAG.boolean, Buffer.of(0xff)),
  )
}

/** A positive integer of DER out of random bytes. */
export function nonceOf(random: Buffer): Buffer {
  const nonce = Buffer.from(random)
  nonce[0] = (nonce[0]! & 0x7f) | 0x40
  return nonce
}

type Asked = { digest: Buffer; nonce: Buffer; anchors: readonly Certificate[] }

/** What an authority answered (TimeStampResp). Without an anchor it is refused. */
export function openTimestampAnswer(bytes: Buffer, { digest, nonce, anchors }: Asked): TimestampOpening {
  const answer = bytes.length <= MAX_TOKEN_BYTES ? readDer(bytes) : undefined
  if (answer?.tag !== TAG.sequence) return refused('malformed')
  const [status, token] = answer.children
  const code = countOf(status?.children[0])
  if (code === undefined) return refused('malformed')
  // 0 granted, 1 granted with modifications.
  if (code > 1) return refused('not-granted')
  if (!token) return refused('malformed')
  const opening = openTimestamp(token.raw, { digest, anchors, nonce })
  if (opening.kind === 'refused' || opening.timestamp.isAnchored) return opening
  return refused('unknown-authority')
}

type Known = { digest: Buffer; anchors: readonly Certificate[]; nonce?: Buffer }

/** A token (ContentInfo), held against the digest that it is to date. Never throws. */
export function openTimestamp(token: Buffer, { digest, anchors, nonce }: Known): TimestampOpening {
  const signed = token.length <= MAX_TOKEN_BYTES ? signedOf(readDer(token)) : undefined
  const info = signed && infoOf(signed.content)
  if (!signed || !info) return refused('malformed')
  if (!info.digest.equals(digest)) return refused('other-imprint')
  if (nonce && !info.nonce?.equals(nonce)) return refused('other-nonce')
  const signer = signerOf(signed)
  if (!signer) return refused('no-certificate')
  if (!mayDate(signer)) return refused('not-for-timestamps')
  if (!isValidAt(signer, info.atMs)) return refused('expired')
  const problem = refuseSignature(signed, signer)
  if (problem) return refused(problem)
  const { atMs, policy } = info
  const authority = signer.x509.subject.replaceAll('\n', ', ')
  const others = signed.certificates
  const timestamp = { atMs, policy, authority, isAnchored: isAnchored(signer, { anchors, others, atMs }) }
  return { kind: 'opened', timestamp, token: Buffer.from(token) }
}

/** What a token of CMS says, in its parts. */
type Signed = {
  content: Buffer
  certificates: readonly Certificate[]
  /** Names the certificate: issuer and number, or the key. */
  sid: Der
  digest: string | undefined
  /** DER of the set that is signed. */
  attributes: Buffer
  byOid: ReadonlyMap<string, Der>
  algorithm: Algorithm | undefined
  signature: Buffer
}

function signedOf(token: Der | undefined): Signed | undefined {
  if (!token || oidOf(token.children[0]) !== OID.signedData) return undefined
  const fields = token.children[1]?.children[0]?.children ?? []
  const [, , encapsulated] = fields
  const content = octetsOf(encapsulated?.children[1]?.children[0])
  if (!content || oidOf(encapsulated?.children[0]) !== OID.tstInfo) return undefined
  // One signer, who is the authority (RFC 3161 §2.4.2).
  const infos = fields.findLast(({ tag }) => tag === TAG.set)?.children ?? []
  const [, sid, digest, attributes, algorithm, signature] = infos[0]?.children ?? []
  const byOid = attributes?.tag === contextTag(0) ? attributesOf(attributes) : undefined
  const bytes = octetsOf(signature)
  if (infos.length !== 1 || !sid || !attributes || !byOid || !bytes) return undefined
  const set = fields.find(({ tag }) => tag === contextTag(0))
  const certificates = certificatesOf(set)
  if (!certificates) return undefined
  return {
    content,
    certificates,
    sid,
    digest: DIGESTS[oidOf(digest?.children[0]) ?? ''],
    attributes: Buffer.concat([Buffer.of(TAG.set), attributes.raw.subarray(1)]),
    byOid,
    algorithm: SIGNATURES[oidOf(algorithm?.children[0]) ?? ''],
    signature: bytes,
  }
}

/** Each once, with its one value (RFC 5652 §5.3). */
function attributesOf({ children }: Der): Map<string, Der> | undefined {
  const found = new Map<string, Der>()
  for (const { children: parts } of children) {
    const id = oidOf(parts[0])
    const values = parts[1]?.tag === TAG.set ? parts[1].children : []
    const [value] = values
    if (id === undefined || !value || values.length !== 1 || found.has(id)) return undefined
    found.set(id, value)
  }
  return found
}

/** Those that can be read; undefined where they are too many. */
function certificatesOf(set: Der | undefined): Certificate[] | undefined {
  const all = (set?.children ?? []).filter(({ tag }) => tag === TAG.sequence)
  if (all.length > MAX_CERTIFICATES) return undefined
  return all.map(({ raw }) => readCertificate(raw)).filter((one) => one !== undefined)
}

/** TSTInfo of version 1 over a SHA-256. */
function infoOf(content: Buffer) {
  const fields = readDer(content)?.children ?? []
  const [version, policy, imprint, serial, time] = fields
  const digest = octetsOf(imprint?.children[1])
  const algorithm = oidOf(imprint?.children[0]?.children[0])
  const [atMs, said] = [timeOf(time), oidOf(policy)]
  if (countOf(version) !== 1 || !integerOf(serial) || atMs === undefined || said === undefined)
    return undefined
  if (!digest || algorithm !== SHA256) return undefined
  const nonce = integerOf(fields.slice(5).find(({ tag }) => tag === TAG.integer))
  return { atMs, policy: said, digest, nonce }
}

/** The certificate whose digest was signed too (RFC 5816, RFC 2634), and that the signer is named by. */
function signerOf({ byOid, certificates, sid }: Signed): Certificate | undefined {
  const second = byOid.get(OID.signingCertificateV2)
  const named = (second ?? byOid.get(OID.signingCertificate))?.children[0]?.children[0]
  const [first] = named?.children ?? []
  const isNamed = first?.tag === TAG.sequence
  const digest = octetsOf(isNamed ? named?.children[1] : first)
  const algorithm = !second ? 'sha1' : isNamed ? DIGESTS[oidOf(first?.children[0]) ?? ''] : 'sha256'
  if (!digest || algorithm === undefined) return undefined
  return certificates.find(
    (one) => createHash(algorithm).update(one.raw).digest().equals(digest) && isNamedBy(one, sid),
  )
}

function isNamedBy({ issuer, serial, keyId }: Certificate, sid: Der): boolean {
  if (sid.tag !== TAG.sequence) return keyId?.equals(sid.content) ?? false
  const [name, number] = sid.children
  return name?.raw.equals(issuer) === true && integerOf(number)?.equals(serial) === true
}

function refuseSignature(signed: Signed, signer: Certificate): TimestampRefusal | undefined {
  const { content, digest, algorithm, attributes, byOid, signature } = signed
  if (!digest || !algorithm || (algorithm.digest ?? digest) !== digest) return 'unknown-algorithm'
  const said = octetsOf(byOid.get(OID.messageDigest))
  const isAbout = said?.equals(createHash(digest).update(content).digest()) === true
  if (!isAbout || oidOf(byOid.get(OID.contentType)) !== OID.tstInfo) return 'bad-signature'
  try {
    const key = signer.x509.publicKey
    if (!algorithm.keys.includes(key.asymmetricKeyType ?? '') || !isStrong(signer)) return 'unknown-algorithm'
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = constants
    const under = algorithm.isPss ? { key, padding, saltLength } : key
    const holds = verify(algorithm.isPlain ? null : digest, attributes, under, signature)
    return holds ? undefined : 'bad-signature'
  } catch {
    // A key that the cipher does not know, or cannot use so.
    return 'unknown-algorithm'
  }
}

function refused(reason: TimestampRefusal): TimestampOpening {
  return { kind: 'refused', reason }
}
