/**
 * Signatures: Ed25519 (RFC 8032) with one domain string for each purpose, so that a signature made for
 * one can never be read as another. Keys travel as their 32 raw bytes. Pure but for the cipher.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { invariant } from './fault.ts'

/** Signed bytes are `constat/<purpose>/v1\n` followed by the message. */
export type Purpose =
  | 'batch'
  | 'receipt'
  | 'terms'
  | 'auth'
  | 'notice'
  | 'manifest'
  | 'config'
  | 'look'
  | 'trial'

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

// DER prefixes of RFC 8410: an Ed25519 key is one of these and the 32 raw bytes.
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const DOMAINS = new Map<Purpose, Buffer>()

function domain(purpose: Purpose): Buffer {
  let bytes = DOMAINS.get(purpose)
  if (!bytes) DOMAINS.set(purpose, (bytes = Buffer.from(`constat/${purpose}/v1\n`)))
  return bytes
}

export function signBytes(purpose: Purpose, message: Uint8Array, key: KeyObject): Buffer {
  return sign(null, Buffer.concat([domain(purpose), message]), key)
}

export function verifyBytes(
  purpose: Purpose,
  message: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    verify(null, Buffer.concat([domain(purpose), message]), key, signature)
  )
}

/** The same, worked out on a thread of Node's pool. */
export function verifyBytesAside(
  purpose: Purpose,
  message: Uint8Array,
  { signature, key }: { signature: Uint8Array; key: KeyObject },
): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return Promise.resolve(false)
  const signed = Buffer.concat([domain(purpose), message])
  return new Promise((resolve, reject) => {
    verify(null, signed, key, signature, (error, holds) => (error ? reject(error) : resolve(holds)))
  })
}

export function publicKeyOf(raw: Uint8Array): KeyObject {
  invariant(raw.length === PUBLIC_KEY_BYTES, 'an Ed25519 public key has 32 bytes')
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

/** From the 32 byte seed of RFC 8032. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  invariant(seed.length === 32, 'an Ed25519 seed has 32 bytes')
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

/** The 32 raw bytes of a public key, or of the public half of a private one. */
export function rawPublicKey(key: KeyObject): Buffer {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return half.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
}

/** An agent is its key: 16 bytes, the head of SHA-256 over `constat/agent/v1\n` and the public key. */
export function agentIdOf(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update('constat/agent/v1\n').update(publicKey).digest().subarray(0, 16)
}
