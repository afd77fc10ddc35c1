/**
 * Step 8, of tokens: what an authority has said of the checkpoints of a bundle. A token alone proves nothing: whoever
 * checks says whose word counts. Pure.
 */
import { createHash } from 'node:crypto'
import { timestampedSize } from '@constat/evidence/bundle'
import { openTimestamp, type TimestampRefusal } from '@constat/evidence/timestamp'
import type { UnixMs } from '@constat/shared/time'
import type { Failures } from './failure.ts'
import type { Pins, SignedRoot } from './trust.ts'
import type { Unpacked } from './unpack.ts'

const STEP = 'clocks'

/** The checkpoint of `size` leaves was there at `atMs`. */
export type Dated = {
  size: number
  atMs: UnixMs
  authority: string
  /** Whether it is one of those that were given. */
  isKnown: boolean
}

const SAID: Readonly<Record<TimestampRefusal, string>> = {
  malformed: 'it is no token of a timestamp authority',
  'not-granted': 'the authority did not grant it',
  'other-imprint': 'it dates something else than this checkpoint',
  'other-nonce': 'it answers another question',
  'no-certificate': 'the certificate that it is signed under is not in it',
  'not-for-timestamps': 'the certificate that it is signed under is not one for timestamps alone',
  expired: 'the certificate that it is signed under did not hold then',
  'unknown-algorithm': 'it is signed in a way that this program does not know, or by too short a key',
  'bad-signature': 'the signature on it does not hold',
  'unknown-authority': 'no chain of certificates leads from it to those that were given',
}

/** By size. A token that was asked for and is not there breaks the evidence, and so does one that does not hold. */
export function datedIn(
  { files }: Unpacked,
  { pins, roots }: { pins: Pins; roots: readonly SignedRoot[] },
  failures: Failures,
): Dated[] {
  const dated: Dated[] = []
  for (const [file, token] of files) {
    const size = timestampedSize(file)
    const note = roots.find((one) => one.size === size)?.file
    // One without its checkpoint is a file that nothing asks for.
    if (size === undefined || note === undefined) continue
    const digest = createHash('sha256')
      .update(signedPart(files.get(note)!))
      .digest()
    const opening = openTimestamp(token, { digest, anchors: pins.authorities ?? [] })
    const refusal = opening.kind === 'refused' ? opening.reason : unknownTo(pins, opening.timestamp)
    if (refusal) failures.add({ step: STEP, reason: refusal, detail: SAID[refusal], file })
    if (opening.kind === 'refused') continue
    const { atMs, authority, isAnchored } = opening.timestamp
    dated.push({ size, atMs, authority, isKnown: isAnchored })
  }
  if (pins.authorities && dated.length === 0) {
    const detail = 'no checkpoint is dated by an authority, and that was asked for'
    failures.add({ step: STEP, reason: 'not-dated', detail })
  }
  return dated.toSorted((a, b) => a.size - b.size)
}

function unknownTo(pins: Pins, { isAnchored }: { isAnchored: boolean }): TimestampRefusal | null {
  return pins.authorities && !isAnchored ? 'unknown-authority' : null
}

/** Text, blank line and the log's own signature, which stands first: what witnesses sign below came later. */
function signedPart(note: Buffer): Buffer {
  const signature = note.indexOf('\n\n— ')
  return note.subarray(0, note.indexOf('\n', signature + 2) + 1)
}
