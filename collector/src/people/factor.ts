/**
 * Second factor: codes of a phone by RFC 6238 (SHA-1, 6 digits, 30 s, one step of grace either way), and codes for
 * when it is lost. Pure over randomness and time.
 */
import { TOTP, Secret } from 'otpauth'
import type { UnixMs } from '@constat/shared/time'
import { hashOf } from '../access.ts'
import type { Random } from '../shell.ts'

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
