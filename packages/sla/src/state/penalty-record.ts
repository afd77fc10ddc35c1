/**
 * Steps of a penalty in the ledger: who did what about the credit of a closed window, and on which version of it.
 * Nothing is edited: each step stands beside those before it. What was written beside one is a commitment. Pure.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import type { Side } from './declarations.ts'
import type { SignedIn } from './terms-answer.ts'

export const PENALTY_ACTS = ['notify', 'accept', 'dispute', 'withdraw', 'settle', 'decide'] as const
export type PenaltyAct = (typeof PENALTY_ACTS)[number]

/** By which means the formal notice was given. */
export const NOTICE_MEANS = [
  'registered-letter',
  'e-mail',
  'by-hand',
  'bailiff',
  'platform',
  'other',
] as const
/** How a settled penalty was paid: by a credit of the provider, or kept back by the customer. */
export const SETTLEMENTS = ['credited', 'set-off'] as const
/** Who decided what the parties did not agree on. */
export const FORUMS = ['expert', 'mediation', 'court'] as const

export type PenaltyStep = {
  window: string
  /** The version of the closing that the claim cites: the one that stood when it was notified. */
  version: number
  /** Digest of the results of that version. */
  digest: string
  act: PenaltyAct
  /** Claimed, accepted, decided or settled, as a decimal; null where an act has none. */
  amount: string | null
  /** Of a notice, a settlement, a decision. */
  how: (typeof NOTICE_MEANS)[number] | (typeof SETTLEMENTS)[number] | (typeof FORUMS)[number] | null
  /** When it was done, as whoever records it says: the clocks run from here. */
  doneMs: UnixMs
  side: Side
  /** Party, by id. */
  party: string
  signedIn: SignedIn
  /** Hex, commitment to what was written beside it; null: nothing was. */
  note: string | null
  /** When it was recorded. */
  atMs: UnixMs
}

type PenaltyBody = { kind: 'penalty'; step: PenaltyStep }

export function penaltyLeaf(step: PenaltyStep) {
  const body: PenaltyBody = { kind: 'penalty', step }
  return { type: 'penalty' as const, receivedMs: step.atMs, body: Buffer.from(canonicalJson(body)) }
}

/** Our own leaf, written by `penaltyLeaf`. */
export function readPenalty(parsed: object): PenaltyStep {
  // Its shape is what was written.
  return (parsed as PenaltyBody).step
}
