/** Frames made by hand: sealed by a key of the test, chained as an honest agent would, unless told otherwise. */
import type { KeyObject } from 'node:crypto'
import { frameDigest, sealBatch, type Batch, type SampleColumns } from '@constat/shared/batch'
import { agentIdOf, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { sampleBatch } from './sample-batch.ts'

export type Author = { key: KeyObject; agent: Buffer }
export type LogPlace = { origin: string; configDigest: Buffer }

export function authorOf(seedByte: number): Author {
  const key = privateKeyOf(Buffer.alloc(32, seedByte))
  return { key, agent: agentIdOf(rawPublicKey(key)) }
}

const NO_SCHEDULE = Object.freeze({ check: [], firstMs: [], count: [] })

/** Good samples of check 0, offsets in ms. */
export function goodSamples(...offsetMs: number[]): SampleColumns {
  const zeros = offsetMs.map(() => 0)
  return {
    check: zeros,
    offsetMs,
    outcome: zeros,
    attempt: null,
    latencyUs: offsetMs.map(() => 80_000),
    value: null,
    phases: null,
    cause: null,
  }
}

/** One session: each frame is numbered and chained after the one before. */
export class Session {
  readonly id: Buffer
  readonly #author: Author
  readonly #log: LogPlace
  seq = 0
  prev: Buffer = Buffer.alloc(32)

  constructor(author: Author, log: LogPlace, id: Buffer) {
    this.#author = author
    this.#log = log
    this.id = id
  }

  batch(changes: Partial<Batch> = {}): Batch {
    const { seq, prev } = this
    const { agent } = this.#author
    const place = { ...this.#log, agent, session: this.id, seq, prev, gapCount: 0, beacon: null }
    return sampleBatch({ ...place, schedule: NO_SCHEDULE, samples: goodSamples(), ...changes })
  }

  /** A frame as `changes` would have it; the session goes on as if it had never been. */
  frame(changes: Partial<Batch> = {}): Buffer {
    return sealBatch(this.batch(changes), this.#author.key)
  }

  /** The next frame; the session goes on after it. */
  next(changes: Partial<Batch> = {}): Buffer {
    const frame = this.frame(changes)
    this.prev = frameDigest(frame)
    this.seq = (changes.seq ?? this.seq) + 1
    return frame
  }

  /** One good sample of check 0 at `atMs`. */
  sampleAt(atMs: UnixMs): Buffer {
    return this.next(oneSampleAt(atMs))
  }
}

export function oneSampleAt(atMs: UnixMs): Pick<Batch, 'baseS' | 'samples'> {
  return { baseS: Math.floor(atMs / 1000), samples: goodSamples(atMs % 1000) }
}
