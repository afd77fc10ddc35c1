/**
 * Columns: the slot samples of one check by one agent within one chunk, in memory and as bytes. Only samples
 * that say how it went are kept: all but unknown ones. Their order is that of instant, outcome, latency:
 * the same samples give the same bytes, in whatever order their frames arrived. Pure.
 *
 *   body = 0x02 | count | steps between instants, each less the one before | runs of outcomes | latencies µs
 *   (LEB128 integers, differences zigzag; a run is its outcome and its length)
 */
import { invariant } from '@constat/shared/fault'
import { readTimings, type TimedBatch } from '@constat/shared/frame-reader'
import { outcomeCode } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import type { SlotColumns } from '../latency.ts'
import { CHUNK_MS, MAX_CHUNK_READINGS } from './track.ts'

const FORM = 2
const FIRST_ROOM = 64
const UNKNOWN = outcomeCode('unknown')
/** Of one sample in memory: two integers of four bytes and an outcome. */
export const BYTES_PER_SAMPLE = 9

/** Samples of a chunk that may still grow. */
export class SlotBuilder {
  readonly #baseMs: UnixMs
  #offsetMs = new Uint32Array(FIRST_ROOM)
  #outcome = new Uint8Array(FIRST_ROOM)
  #latencyUs = new Uint32Array(FIRST_ROOM)
  #length = 0
  #isSorted = true

  constructor(baseMs: UnixMs) {
    this.#baseMs = baseMs
  }

  get length(): number {
    return this.#length
  }

  /** Adds sample `i` of a batch. */
  add(offsetMs: number, { outcome, latencyUs }: TimedBatch['samples'], i: number): void {
    const at = this.#length
    if (at === this.#offsetMs.length) this.#grow()
    this.#offsetMs[at] = offsetMs
    this.#outcome[at] = outcome[i]!
    this.#latencyUs[at] = latencyUs[i]!
    this.#length = at + 1
    // Equal instants are rare, and need their order looked at.
    if (at > 0 && offsetMs <= this.#offsetMs[at - 1]!) this.#isSorted = false
  }

  /** What is there so far. Later samples do not change an answer that was given. */
  columns(): SlotColumns {
    if (!this.#isSorted) this.#sort()
    return {
      baseMs: this.#baseMs,
      offsetMs: this.#offsetMs.subarray(0, this.#length),
      outcome: this.#outcome.subarray(0, this.#length),
      latencyUs: this.#latencyUs.subarray(0, this.#length),
    }
  }

  #grow(): void {
    this.#offsetMs = withRoom(this.#offsetMs, new Uint32Array(2 * this.#length))
    this.#outcome = withRoom(this.#outcome, new Uint8Array(2 * this.#length))
    this.#latencyUs = withRoom(this.#latencyUs, new Uint32Array(2 * this.#length))
  }

  #sort(): void {
    const [at, outcome, us] = [this.#offsetMs, this.#outcome, this.#latencyUs]
    const order = Uint32Array.from({ length: this.#length }, (_, i) => i)
    order.sort((a, b) => at[a]! - at[b]! || outcome[a]! - outcome[b]! || us[a]! - us[b]!)
    this.#offsetMs = Uint32Array.from(order, (i) => at[i]!)
    this.#outcome = Uint8Array.from(order, (i) => outcome[i]!)
    this.#latencyUs = Uint32Array.from(order, (i) => us[i]!)
    this.#isSorted = true
  }
}

/**
 * Adds the slot samples of a proved frame that lie in the chunk from `startMs` on, by the name of their check.
 * Answers how many were left out, as there were `MAX_CHUNK_READINGS` of their check: more than that
 * nobody counts. A verifier leaves out the same ones, as both read leaves in the order of the log.
 */
export function addTimings(
  byCheck: Map<string, SlotBuilder>,
  frame: Buffer,
  { startMs, namesOf }: { startMs: UnixMs; namesOf: (configDigest: Uint8Array) => readonly string[] },
): number {
  const { configDigest, baseS, samples } = readTimings(frame)
  const names = namesOf(configDigest)
  const shiftMs = baseS * 1000 - startMs
  let leftOut = 0
  for (let i = 0; i < samples.check.length; i += 1) {
    const offsetMs = shiftMs + samples.offsetMs[i]!
    if (offsetMs < 0 || offsetMs >= CHUNK_MS || !isToldSlot(samples, i)) continue
    const check = names[samples.check[i]!]!
    let builder = byCheck.get(check)
    if (!builder) byCheck.set(check, (builder = new SlotBuilder(startMs)))
    if (builder.length < MAX_CHUNK_READINGS) builder.add(offsetMs, samples, i)
    else leftOut += 1
  }
  return leftOut
}

/** Whether sample `i` is the probe of a slot, and says how it went. */
export function isToldSlot({ attempt, outcome }: TimedBatch['samples'], i: number): boolean {
  return (attempt === null || attempt[i] === 0) && outcome[i] !== UNKNOWN
}

export function packColumns({ offsetMs, outcome, latencyUs }: SlotColumns): Buffer {
  const count = offsetMs.length
  // 1 form, 5 count, and at most 5 + 5 + 6 for each sample.
  const writer = new Writer(6 + 16 * count)
  writer.byte(FORM)
  writer.integer(count)
  let step = 0
  for (let i = 0; i < count; i += 1) {
    const next = offsetMs[i]! - (i === 0 ? 0 : offsetMs[i - 1]!)
    writer.difference(next - step)
    step = next
  }
  for (let from = 0; from < count;) {
    let to = from
    while (to < count && outcome[to] === outcome[from]) to += 1
    writer.byte(outcome[from]!)
    writer.integer(to - from)
    from = to
  }
  for (let i = 0; i < count; i += 1) writer.integer(latencyUs[i]!)
  return writer.bytes()
}

/** What `packColumns` was given; null of the form that an older program wrote. */
export function unpackColumns(baseMs: UnixMs, body: Buffer): SlotColumns | null {
  const reader = new Reader(body)
  if (reader.byte() !== FORM) return null
  const count = reader.integer()
  const offsetMs = new Uint32Array(count)
  const outcome = new Uint8Array(count)
  const latencyUs = new Uint32Array(count)
  let step = 0
  let at = 0
  for (let i = 0; i < count; i += 1) {
    step += reader.difference()
    at += step
    offsetMs[i] = at
  }
  for (let from = 0; from < count;) {
    const code = reader.byte()
    const to = from + reader.integer()
    outcome.fill(code, from, to)
    from = to
  }
  for (let i = 0; i < count; i += 1) latencyUs[i] = reader.integer()
  return { baseMs, offsetMs, outcome, latencyUs }
}

function withRoom<T extends Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}

class Writer {
  readonly #bytes: Buffer
  #at = 0

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  byte(value: number): void {
    this.#bytes[this.#at] = value
    this.#at += 1
  }

  integer(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** Within ±2³⁰: a chunk is 14.4 million ms. */
  difference(value: number): void {
    this.integer(((value << 1) ^ (value >> 31)) >>> 0)
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at))
  }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    const value = this.#bytes[this.#at]
    invariant(value !== undefined, 'packed latencies are whole')
    this.#at += 1
    return value
  }

  integer(): number {
    const bytes = this.#bytes
    let at = this.#at
    let value = 0
    let shift = 0
    while (bytes[at]! > 0x7f) {
      value |= (bytes[at]! & 0x7f) << shift
      shift += 7
      at += 1
    }
    invariant(at < bytes.length, 'packed latencies are whole')
    this.#at = at + 1
    return (value | (bytes[at]! << shift)) >>> 0
  }

  difference(): number {
    const value = this.integer()
    return (value >>> 1) ^ -(value & 1)
  }
}
