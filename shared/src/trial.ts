/**
 * Trials: one probe of a check that no contract holds yet, asked of an agent by its collector. Nothing of it is
 * a sample: it is never signed into a ledger and never counted. The request is signed for one agent. Pure.
 */
import type { KeyObject } from 'node:crypto'
import { canonicalJson, type Json } from './canonical-json.ts'
import { signBytes, verifyBytes } from './signature.ts'

/** Characters of a request at most: a check with its headers and bodies. */
export const MAX_TRIAL_CHARS = 256 * 1024
/** Characters of an answer at most. */
export const MAX_TRIED_CHARS = 64 * 1024
/** What an agent takes of its collector: one at a time, and so many in a minute. */
export const TRIALS_PER_MINUTE = 60

/** `check` is one check of a configuration. */
export type Trial = { agent: string; check: Json }

/** Canonical bytes as text, and their signature. */
export type SignedTrial = { json: string; signature: Uint8Array }

export function signTrial({ agent, check }: Trial, key: KeyObject): SignedTrial {
  const json = canonicalJson({ agent, check })
  return { json, signature: signBytes('trial', Buffer.from(json), key) }
}

/** The check of a request, or the sentence that says why it is not taken. */
export function openTrial(
  { json, signature }: SignedTrial,
  { agent, collectorKey }: { agent: string; collectorKey: KeyObject },
): { check: Json } | string {
  if (!verifyBytes('trial', Buffer.from(json), signature, collectorKey))
    return 'it is not signed by the pinned collector'
  let value: Json
  try {
    // JSON.parse yields nothing but JSON.
    value = JSON.parse(json) as Json
  } catch {
    return 'it is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object'
  const { agent: asked, check } = value as Partial<Trial>
  if (asked !== agent) return 'it is for another agent'
  return check === undefined ? 'it names no check' : { check }
}
