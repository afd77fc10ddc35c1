/**
 * Second factor: codes of a phone by RFC 6238 (SHA-1, 6 digits, 30 s, one step of grace either way), and codes for
 * when it is lost. What the phone shares is kept under a key that is not in the database. Pure over randomness and time.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { TOTP, Secret } from 'otpauth'
import type { UnixMs } from '@constat/shared/time'
import { hashOf } from '../access.ts'
import type { Identity, Random } from '../shell.ts'

const ISSUER = 'Constat'
const SECRET_BYTES = 20
const PERIOD_S = 30
export const RECOVERY_CODES = 10
/** 80 bits: too many to try, so its plain hash is kept, as of a token. */
const RECOVERY_BYTES = 10

/** As it is typed into a phone: base32 in groups of four. */
export function newFactor(random: Random): string {
  return base32(random.bytes(SECRET_BYTES))
}

/** The bytes of a secret in base32; null: it is none of ours. */
export function factorOf(text: string): Buffer | null {
  if (!/^[A-Z2-7]{32}$/.test(text)) return null
  return Buffer.from(Secret.fromBase32(text).bytes)
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What secrets are kept under: of the collector's key (RFC 5869), which its data directory has. */
export function factorKeyOf({ key }: Identity): Buffer {
  const seed = key.export({ format: 'der', type: 'pkcs8' })
  return Buffer.from(hkdfSync('sha256', seed, '', 'constat/second-factor/v1', 32))
}

/** Whose secret it is, and what it is kept under. */
export type FactorKept = { key: Buffer; id: string }

/** As a secret stands in the database: nonce, AES-256-GCM (NIST SP 800-38D) over the id of the account, tag. */
export function sealFactor(secret: Buffer, { key, id, random }: FactorKept & { random: Random }): Buffer {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(id))
  const sealed = Buffer.concat([nonce, cipher.update(secret), cipher.final()])
  return Buffer.concat([sealed, cipher.getAuthTag()])
}

/** Null: it is of another account, under another key, or was changed. */
export function openFactor(sealed: Buffer, { key, id }: FactorKept): Buffer | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
  const opening = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(id))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([opening.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), opening.final()])
  } catch {
    // Nothing else is told of what does not fit.
    return null
  }
}

/** The address that a phone reads. */
export function factorUri(secret: string, name: string): string {
  return totpOf(Secret.fromBase32(secret), name).toString()
}

/** The time step that a code is of; null: it is wrong. */
export function stepOf(secret: Buffer, code: string, nowMs: UnixMs): number | null {
  const digits = code.replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(digits)) return null
  const totp = totpOf(new Secret({ buffer: new Uint8Array(secret).buffer }), ISSUER)
  const delta = totp.validate({ token: digits, timestamp: nowMs, window: 1 })
  return delta === null ? null : totp.counter({ timestamp: nowMs }) + delta
}

/** As they are written down: `abcd-efgh-ijkl-mnop`. */
export function newRecoveryCodes(random: Random): string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    (base32(random.bytes(RECOVERY_BYTES)).toLowerCase().match(/.{4}/g) ?? []).join('-'),
  )
}

/** The hash by which a code is known, however it was typed. */
export function recoveryHash(code: string): Buffer {
  return hashOf(`recovery:${code.toLowerCase().replaceAll(/[^a-z2-7]/g, '')}`)
}

function totpOf(secret: Secret, label: string): TOTP {
  return new TOTP({ issuer: ISSUER, label, secret, period: PERIOD_S })
}

function base32(bytes: Buffer): string {
  return new Secret({ buffer: new Uint8Array(bytes).buffer }).base32
}
