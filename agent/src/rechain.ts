/**
 * Re-chaining: frames behind a loss are signed anew as they are sent, the first with the number of
 * frames lost, each with the digest of the one before. Signing is deterministic, and what is needed to
 * do it again is persisted before anything is sent, so the same bytes go out after a restart: one number
 * never stands for two frames.
 */
import type { KeyObject } from 'node:crypto'
import { decodeFrame, frameDigest, sealBatch } from '@constat/shared/batch'
import { invariant } from '@constat/shared/fault'
import type { SessionMark } from './spool-marks.ts'

export class Rechain {
  readonly #key: KeyObject
  /** Session → digests of what was sent and not yet acknowledged, by number. */
  readonly #digests = new Map<string, Map<number, Buffer>>()

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** The mark of a session with one more gap: `count` frames lost before `seq`. */
  announce(mark: SessionMark | undefined, { seq, count }: { seq: number; count: number }): SessionMark {
    return { ...(mark ?? { acked: -1 }), gaps: { ...mark?.gaps, [seq]: count } }
  }

  /** The bytes to send for a spooled frame of a session with this mark. */
  bytesOf(spooled: Buffer, mark: SessionMark | undefined, place: { session: string; seq: number }): Buffer {
    const firstGap = Math.min(...Object.keys(mark?.gaps ?? {}).map(Number))
    if (!mark?.gaps || place.seq < firstGap) return spooled
    const decoding = decodeFrame(spooled)
    invariant(decoding.kind === 'decoded', 'a frame of the spool is one that we sealed')
    const { batch } = decoding.frame
    const gapCount = mark.gaps[place.seq] ?? 0
    const prev = gapCount > 0 ? batch.prev : this.#prevOf(mark, place)
    const bytes = sealBatch({ ...batch, gapCount, prev: prev ?? batch.prev }, this.#key)
    const digests = this.#digests.get(place.session) ?? new Map<number, Buffer>()
    this.#digests.set(place.session, digests.set(place.seq, frameDigest(bytes)))
    return bytes
  }

  /** The mark after `seq` was acknowledged. */
  acknowledged(
    mark: SessionMark | undefined,
    { session, seq }: { session: string; seq: number },
  ): SessionMark | undefined {
    if (!mark?.gaps) return undefined
    const digests = this.#digests.get(session)
    const digest = digests?.get(seq)?.toString('hex')
    for (const sent of digests?.keys() ?? []) if (sent <= seq) digests?.delete(sent)
    return { ...mark, acked: seq, ...(digest === undefined ? {} : { digest }) }
  }

  #prevOf(mark: SessionMark, { session, seq }: { session: string; seq: number }): Buffer | null {
    const sent = this.#digests.get(session)?.get(seq - 1)
    if (sent) return sent
    return mark.acked === seq - 1 && mark.digest !== undefined ? Buffer.from(mark.digest, 'hex') : null
  }
}
