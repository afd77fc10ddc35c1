/**
 * Proof of a frame: its form is canonical and its signature that of the agent who sent it. What is proved
 * is then read without another look at its form. Pure.
 */
import type { KeyObject } from 'node:crypto'
import { decodeFrame } from '@constat/shared/batch'
import { openForm } from '@constat/shared/frame-form'
import { readPlaced } from '@constat/shared/frame-reader'
import { verifyBytes } from '@constat/shared/signature'
import type { RefusalReason } from '@constat/shared/wire'

export type Submission = { bytes: Uint8Array; publicKey: Uint8Array }

/** What is wrong with it, and its place where one could be read. */
export type Unsound = { reason: RefusalReason; detail: string; session: Uint8Array; seq: number }
export type Proof = 'sound' | Unsound

/** One proof for each submission, in order. Rejects when nothing could be proved: nothing is decided. */
export type Prove = (frames: readonly Submission[]) => Promise<readonly Proof[]>

const NOWHERE = { session: Buffer.alloc(16), seq: 0 }

export function proofOf(bytes: Buffer, key: KeyObject): Proof {
  const form = openForm(bytes)
  if (!form) return misformed(bytes)
  if (verifyBytes('batch', form.payload, form.signature, key)) return 'sound'
  const { session, seq } = readPlaced(bytes)
  const detail = 'the signature is not that of the connected agent'
  // A copy: the frame itself stays with its thread.
  return { session: Uint8Array.from(session), seq, reason: 'bad-signature', detail }
}

/** The slow way over the same ground says what is wrong. */
function misformed(bytes: Buffer): Unsound {
  const decoding = decodeFrame(bytes)
  if (decoding.kind === 'refused') return { ...NOWHERE, reason: decoding.reason, detail: decoding.detail }
  return { ...NOWHERE, reason: 'not-canonical', detail: 'the form of the payload is not the one right one' }
}
