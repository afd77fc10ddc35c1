/**
 * Handshake: both ends sign fresh nonces, so that neither can be played back to the other. Each
 * signature covers who signs, both nonces and both public keys. Pure but for the cipher.
 */
import type { KeyObject } from 'node:crypto'
import { signBytes, verifyBytes } from './signature.ts'

export type Introduction = {
  agentNonce: Uint8Array
  collectorNonce: Uint8Array
  agentKey: Uint8Array
  collectorKey: Uint8Array
}
export type Side = 'agent' | 'collector'

export function signIntroduction(side: Side, introduction: Introduction, key: KeyObject): Buffer {
  return signBytes('auth', introductionBytes(side, introduction), key)
}

export function introductionHolds(
  side: Side,
  introduction: Introduction,
  { signature, key }: { signature: Uint8Array; key: KeyObject },
): boolean {
  return verifyBytes('auth', introductionBytes(side, introduction), signature, key)
}

function introductionBytes(side: Side, i: Introduction): Buffer {
  return Buffer.concat([Buffer.from(`${side}\n`), i.agentNonce, i.collectorNonce, i.agentKey, i.collectorKey])
}
