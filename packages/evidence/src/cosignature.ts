/**
 * Cosignatures: a witness's word that a checkpoint extends all that it saw of the log before, at a
 * time. C2SP tlog-cosignature, Ed25519 form (`cosignature/v1`). Pure but for the cipher.
 */
import type { KeyObject } from 'node:crypto'
import { invariant } from '@constat/shared/fault'
import { SIGNATURE_BYTES, rawPublicKey } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { parseCheckpoint } from './checkpoint.ts'
import { signEd25519, strictPublicKey, verifyEd25519 } from './key.ts'
import type { NoteSigner, NoteVerifier } from './note.ts'
import { COSIGNATURE_TYPE, isKeyName, keyIdOf, type Vkey } from './vkey.ts'

/** timestamped_signature: u64be seconds ‖ Ed25519 signature. */
const TIME_BYTES = 8
const COSIGNATURE_BYTES = TIME_BYTES + SIGNATURE_BYTES

/** Latest time that JavaScript can name, in seconds. The specification's bound is 2^63 − 1. */
const MAX_TIME_S = 8_640_000_000_000

/**
 * Signs checkpoints under the witness's `name` as of `atMs`, whole seconds. That the checkpoint extends
 * every earlier one is for the witness to have verified, and to have stored, before it signs.
 */
export function cosigner({ name, key, atMs }: { name: string; key: KeyObject; atMs: UnixMs }): NoteSigner {
  invariant(isKeyName(name), `not a key name: ${name}`)
  const timeS = Math.floor(atMs / 1000)
  invariant(timeS >= 0 && timeS <= MAX_TIME_S, `not a time of a cosignature: ${atMs}`)
  const time = Buffer.alloc(TIME_BYTES)
  time.writeBigUInt64BE(BigInt(timeS))
  return {
    name,
    keyId: keyIdOf({ name, type: COSIGNATURE_TYPE, publicKey: rawPublicKey(key) }),
    sign(text) {
      invariant(parseCheckpoint(text), 'a witness signs nothing but checkpoints')
      return Buffer.concat([time, signEd25519(cosignedMessage(text, timeS), key)])
    },
  }
}

/** Verifies cosignatures of one witness. The key is of type 0x04. */
export function cosignatureVerifier({ name, keyId, type, publicKey }: Vkey): NoteVerifier {
  invariant(type === COSIGNATURE_TYPE, 'a cosignature verifier takes a key of type 0x04')
  const key = strictPublicKey(publicKey)
  invariant(key, 'a vkey holds a strict public key')
  return {
    name,
    keyId,
    holds({ text, signature: timed }) {
      const atMs = cosignedAtMs(timed)
      if (atMs === undefined) return false
      const signature = timed.subarray(TIME_BYTES)
      return verifyEd25519({ message: cosignedMessage(text, atMs / 1000), signature, key })
    },
  }
}

/**
 * When the witness says it signed: a whole second, in ms. Undefined where the bytes are no cosignature.
 * Only a verified one means anything, and only as much as the witness's clock.
 */
export function cosignedAtMs(signature: Buffer): UnixMs | undefined {
  if (signature.length !== COSIGNATURE_BYTES) return undefined
  const timeS = signature.readBigUInt64BE(0)
  return timeS <= BigInt(MAX_TIME_S) ? Number(timeS) * 1000 : undefined
}

/** tlog-cosignature, "Ed25519 signed message". */
function cosignedMessage(text: string, timeS: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`)
}
