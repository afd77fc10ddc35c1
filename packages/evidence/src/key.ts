/**
 * Keys: which Ed25519 public keys count as keys at all, and signing and verifying with them. Pure but
 * for the cipher. Node's cipher takes points of small order, under which one signature fits many
 * messages: no key from outside may reach it except through `strictPublicKey`.
 */
import { sign, verify, type KeyObject } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, publicKeyOf } from '@constat/shared/signature'

/** Why a public key is refused. */
export type KeyRefusal = 'wrong-length' | 'not-canonical' | 'small-order' | 'mixed-order'

/**
 * Undefined when `raw` is a canonical encoding (RFC 8032 §5.1.3) of a point of the prime-order group
 * other than zero, else why not. About a millisecond: for enrolment and start, not for each message.
 */
export function refuseKey(raw: Uint8Array): KeyRefusal | undefined {
  if (raw.length !== PUBLIC_KEY_BYTES) return 'wrong-length'
  const point = decodePoint(raw)
  if (!point) return 'not-canonical'
  if (point.isSmallOrder()) return 'small-order'
  // RFC 8032 lets implementations differ on signatures under such keys: two verifiers could disagree.
  return point.isTorsionFree() ? undefined : 'mixed-order'
}

/** A key that Node's cipher can use, or undefined where `refuseKey` has a reason. */
export function strictPublicKey(raw: Uint8Array): KeyObject | undefined {
  return refuseKey(raw) === undefined ? publicKeyOf(raw) : undefined
}

/** RFC 8032 Ed25519, 64 bytes. */
export function signEd25519(message: Uint8Array, key: KeyObject): Buffer {
  return sign(null, message, key)
}

type Signed = { message: Uint8Array; signature: Uint8Array }

/** `key` comes from `strictPublicKey`. A signature of any other length than 64 bytes does not hold. */
export function verifyEd25519({ message, signature, key }: Signed & { key: KeyObject }): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, message, key, signature)
}

function decodePoint(raw: Uint8Array) {
  try {
    return ed25519.Point.fromBytes(raw, false)
  } catch {
    // The library throws on bytes that encode no point, or encode it in a second way.
    return undefined
  }
}
