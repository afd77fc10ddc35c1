/**
 * Keys as text after C2SP signed-note, "Verifier keys": `<name>+<key id>+<base64(type ‖ key)>`, and the
 * private form of golang.org/x/mod sumdb/note, `PRIVATE+KEY+<name>+<key id>+<base64(type ‖ seed)>`.
 * Pure. The base64 may itself contain `+`: text is split at the first pluses only.
 */
import { createHash, type KeyObject } from 'node:crypto'
import { invariant } from '@constat/shared/fault'
import { PUBLIC_KEY_BYTES, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { refuseKey } from './key.ts'

/** signed-note, "Signature types". */
export const ED25519_TYPE = 0x01
/** tlog-cosignature: timestamped Ed25519 cosignatures. */
export const COSIGNATURE_TYPE = 0x04
export type KeyType = typeof ED25519_TYPE | typeof COSIGNATURE_TYPE

/** What a vkey says, nothing of it checked but its form. `type` is any byte, `publicKey` any length. */
export type VkeyText = { name: string; keyId: number; type: number; publicKey: Buffer }

/** A vkey that can be trusted to be a key: id recomputed, type known, point strict. */
export type Vkey = { name: string; keyId: number; type: KeyType; publicKey: Buffer }

/** A private key with the name it signs under. */
export type Skey = { name: string; keyId: number; type: KeyType; seed: Buffer; key: KeyObject }

const SKEY_PREFIX = 'PRIVATE+KEY+'
const KEY_ID = /^[0-9a-f]{8}$/

/** signed-note, "Format": non-empty, no Unicode space, no plus. Control characters end a note's line. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}\p{Cc}\p{Surrogate}+]/u.test(name)
}

/** signed-note: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4], big-endian. */
export function keyIdOf({ name, type, publicKey }: Omit<VkeyText, 'keyId'>): number {
  const digest = createHash('sha256').update(`${name}\n`).update(Buffer.of(type)).update(publicKey).digest()
  return digest.readUInt32BE(0)
}

/** The key under a name, as `parseVkey` would return it. `publicKey`: 32 bytes, strict. */
export function vkeyOf({ name, type, publicKey }: Omit<Vkey, 'keyId'>): Vkey {
  invariant(isKeyName(name), `not a key name: ${name}`)
  invariant(refuseKey(publicKey) === undefined, 'not a strict public key')
  return { name, type, publicKey, keyId: keyIdOf({ name, type, publicKey }) }
}

export function formatVkey({ name, keyId, type, publicKey }: VkeyText): string {
  return `${name}+${keyIdText(keyId)}+${encodeBase64(Buffer.concat([Buffer.of(type), publicKey]))}`
}

/** Form only: for keys of types that we do not know. */
export function splitVkey(text: string): VkeyText | undefined {
  const firstPlus = text.indexOf('+')
  const secondPlus = text.indexOf('+', firstPlus + 1)
  if (firstPlus < 0 || secondPlus < 0) return undefined
  const name = text.slice(0, firstPlus)
  const keyId = text.slice(firstPlus + 1, secondPlus)
  const key = decodeBase64(text.slice(secondPlus + 1))
  if (!isKeyName(name) || !KEY_ID.test(keyId) || !key || key.length < 2) return undefined
  return { name, keyId: Number.parseInt(keyId, 16), type: key[0]!, publicKey: key.subarray(1) }
}

/** A strict Ed25519 key of a type we know, whose id is the one its name and bytes give; else undefined. */
export function parseVkey(text: string): Vkey | undefined {
  const parts = splitVkey(text)
  if (!parts || !isKeyType(parts.type) || keyIdOf(parts) !== parts.keyId) return undefined
  return refuseKey(parts.publicKey) === undefined ? { ...parts, type: parts.type } : undefined
}

/** Undefined when malformed, of an unknown type, or under an id that is not the key's. */
export function parseSkey(text: string): Skey | undefined {
  if (!text.startsWith(SKEY_PREFIX)) return undefined
  const parts = splitVkey(text.slice(SKEY_PREFIX.length))
  if (!parts || !isKeyType(parts.type) || parts.publicKey.length !== PUBLIC_KEY_BYTES) return undefined
  const { name, keyId, type, publicKey: seed } = parts
  const key = privateKeyOf(seed)
  return keyIdOf({ name, type, publicKey: rawPublicKey(key) }) === keyId
    ? { name, keyId, type, seed, key }
    : undefined
}

/** A secret: for a key file, never for a log line. */
export function formatSkey({ name, keyId, type, seed }: Omit<Skey, 'key'>): string {
  return `${SKEY_PREFIX}${name}+${keyIdText(keyId)}+${encodeBase64(Buffer.concat([Buffer.of(type), seed]))}`
}

/** The key under a name, as `parseSkey` would return it. `seed`: 32 random bytes. */
export function skeyOf({ name, type, seed }: Pick<Skey, 'name' | 'type' | 'seed'>): Skey {
  invariant(isKeyName(name), `not a key name: ${name}`)
  const key = privateKeyOf(seed)
  return { name, type, seed, key, keyId: keyIdOf({ name, type, publicKey: rawPublicKey(key) }) }
}

function isKeyType(type: number): type is KeyType {
  return type === ED25519_TYPE || type === COSIGNATURE_TYPE
}

function keyIdText(keyId: number): string {
  return keyId.toString(16).padStart(8, '0')
}
