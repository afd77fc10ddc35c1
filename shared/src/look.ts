/**
 * Looks: what a collector says when one vantage sees a check fail and the others are to look at once. It names a
 * check that the agent runs already, and nothing else; how often it is followed is the agent's own rule. Pure but
 * for the cipher.
 */
import type { KeyObject } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import { signBytes, verifyBytes } from './signature.ts'
import type { UnixMs } from './time.ts'

/** A check by its position in a configuration of a log. */
export type CheckPlace = { origin: string; configDigest: Uint8Array; check: number }
/** `atMs`: the collector's clock. It rises from one look at a check to the next, so none is played back. */
export type Look = CheckPlace & { atMs: UnixMs }

/** A check that is asked for again and again is looked at no oftener than this, on both ends. */
export const LOOK_EVERY_MS = 2_000

export function signLook(look: Look, key: KeyObject): Buffer {
  return signBytes('look', lookBytes(look), key)
}

export function lookHolds(look: Look & { signature: Uint8Array }, key: KeyObject): boolean {
  return verifyBytes('look', lookBytes(look), look.signature, key)
}

function lookBytes({ origin, configDigest, check, atMs }: Look): Buffer {
  const digest = Buffer.from(configDigest).toString('hex')
  return Buffer.from(canonicalJson({ atMs, check, configDigest: digest, origin }))
}
