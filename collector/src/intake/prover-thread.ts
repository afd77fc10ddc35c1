/**
 * A thread of the prover: parcels of frames in, their proofs out. It holds nothing but the keys it has
 * seen, and talks to nobody but its parent.
 */
import type { KeyObject } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { invariant } from '@constat/shared/fault'
import { publicKeyOf } from '@constat/shared/signature'
import { openParcel, type Answer, type Parcel } from './parcel.ts'
import { proofOf, type Proof } from '@constat/evidence/frame-proof'

/** Keys kept ready; making one again costs some microseconds. */
const MAX_KEYS = 10_000
const keys = new Map<string, KeyObject>()

function keyOf(raw: Buffer): KeyObject {
  const name = raw.toString('latin1')
  const known = keys.get(name)
  if (known) return known
  if (keys.size >= MAX_KEYS) keys.clear()
  const key = publicKeyOf(raw)
  keys.set(name, key)
  return key
}

invariant(parentPort, 'a thread of the prover has a parent')
const port = parentPort
port.on('message', ({ id, bytes }: Parcel) => {
  const unsound: Answer['unsound'] = []
  const submissions = openParcel(bytes)
  for (const [index, submission] of submissions.entries()) {
    const proof: Proof = proofOf(submission.bytes, keyOf(submission.publicKey))
    if (proof !== 'sound') unsound.push([index, proof])
  }
  const answer: Answer = { id, unsound }
  port.postMessage(answer)
})
