/**
 * Frame reader: where a frame stands and the columns that decide states, straight from its bytes. Neither
 * admission nor a refold, which reads every frame ever kept, has any use for latencies and phases: what they
 * do not need is stepped over; who asks for latencies reads those alone. The form was proved before
 * (`decodeFrame`), so this reader knows only the canonical forms of `batch.ts`. Pure.
 */
import { invariant } from './fault.ts'
import type { Batch, BatchClock, BatchHealth, SampleColumns } from './batch.ts'

/** What the fold takes of a batch; every Batch is one. Samples that are all good have neither outcome nor cause. */
export type StateBatch = Pick<Batch, 'configDigest' | 'gapCount' | 'baseS' | 'schedule'> & {
  samples: Pick<SampleColumns, 'check' | 'offsetMs' | 'attempt' | 'cause'> & { outcome: number[] | null }
}

/** What admission takes of it beside that; every Batch is one. */
export type PlacedBatch = StateBatch &
  Pick<Batch, 'origin' | 'agent' | 'session' | 'seq' | 'prev' | 'beacon'> & {
    clock: Omit<BatchClock, 'source' | 'stepMs'>
    health: Pick<BatchHealth, 'spoolFrames'>
  }

/** How long the samples of a batch took; every Batch is one. */
export type TimedBatch = Pick<Batch, 'configDigest' | 'baseS'> & {
  samples: Pick<SampleColumns, 'check' | 'offsetMs' | 'outcome' | 'attempt' | 'latencyUs'>
}

const HEADER_BYTES = 9

/** Reads a frame of the ledger. Only for bytes that admission has proved. */
export function readStates(frame: Buffer): StateBatch {
  const reader = openReader(frame)
  reader.skip(3) // version, kind, origin
  const configDigest = reader.binary()
  reader.skip(4) // agent, session, seq, prev
  const gapCount = reader.integer()
  reader.skip(2) // beacon, clock
  const schedule = readSchedule(reader)
  reader.skip(1) // health
  return { configDigest, gapCount, schedule, ...readColumns(reader) }
}

/** Reads the latencies of a frame of the ledger. Only for bytes that admission has proved. */
export function readTimings(frame: Buffer): TimedBatch {
  const reader = openReader(frame)
  reader.skip(3) // version, kind, origin
  const configDigest = reader.binary()
  reader.skip(9) // agent, session, seq, prev, gap, beacon, clock, schedule, health
  const baseS = reader.integer()
  reader.arrayLength()
  const check = reader.integers()
  const offsetMs = reader.integers()
  const outcome = reader.integers()
  const attempt = reader.integersOrNull()
  const latencyUs = reader.integers()
  return { configDigest, baseS, samples: { check, offsetMs, outcome, attempt, latencyUs } }
}

/** Reads a frame whose form and signature were proved a moment ago. */
export function readPlaced(frame: Buffer): PlacedBatch {
  const reader = openReader(frame)
  reader.skip(2) // version, kind
  const origin = reader.text()
  const configDigest = reader.binary()
  const agent = reader.binary()
  const session = reader.binary()
  const seq = reader.integer()
  const prev = reader.binary()
  const gapCount = reader.integer()
  const beacon = reader.beacon()
  reader.arrayLength()
  const clock = {
    wallS: reader.integer(),
    wallMs: reader.integer(),
    monotonicS: reader.integer(),
    monotonicMs: reader.integer(),
    offsetMs: reader.integer(),
    errorMs: reader.integer(),
  }
  reader.skip(2) // source, step
  const schedule = readSchedule(reader)
  reader.arrayLength()
  reader.skip(3) // version, lag, drops
  const health = { spoolFrames: reader.integer() }
  const place = { origin, configDigest, agent, session, seq, prev, gapCount, beacon, clock, health, schedule }
  return { ...place, ...readColumns(reader) }
}

function openReader(frame: Buffer): Reader {
  const reader = new Reader(frame, HEADER_BYTES)
  invariant(reader.arrayLength() === 15, 'a frame that was proved can be read')
  return reader
}

function readSchedule(reader: Reader): StateBatch['schedule'] {
  reader.arrayLength()
  return { check: reader.integers(), firstMs: reader.integers(), count: reader.integers() }
}

function readColumns(reader: Reader): Pick<StateBatch, 'baseS' | 'samples'> {
  const baseS = reader.integer()
  reader.arrayLength()
  const check = reader.integers()
  const offsetMs = reader.integers()
  const outcome = reader.integersOrZeros()
  const attempt = reader.integersOrNull()
  // The causes lie behind all latencies and phases; good samples have none that decides anything.
  if (outcome === null) return { baseS, samples: { check, offsetMs, outcome, attempt, cause: null } }
  reader.skip(3) // latency, value, phases
  const cause = reader.integersOrNull()
  return { baseS, samples: { check, offsetMs, outcome, attempt, cause } }
}

const NIL = 0xc0

/** Bytes of a value by its first one; 0 where that does not tell. */
const SIZES = Uint8Array.from({ length: 256 }, (_, head) => {
  if (head < 0x80 || head >= 0xe0 || head === NIL) return 1
  if (head >= 0xa0 && head < 0xc0) return 1 + (head - 0xa0)
  if (head === 0xcc || head === 0xd0) return 2
  if (head === 0xcd || head === 0xd1) return 3
  return head === 0xce || head === 0xd2 ? 5 : 0
})

/** The MessagePack forms that a payload has: integers, strings, binary, nil, arrays. */
class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  integer(): number {
    const bytes = this.#bytes
    const head = bytes[this.#at]!
    const at = this.#at + 1
    if (head < 0x80) return this.#moved(at, head)
    if (head >= 0xe0) return this.#moved(at, head - 0x100)
    switch (head) {
      case 0xcc:
        return this.#moved(at + 1, bytes[at]!)
      case 0xcd:
        return this.#moved(at + 2, bytes.readUInt16BE(at))
      case 0xce:
        return this.#moved(at + 4, bytes.readUInt32BE(at))
      case 0xd0:
        return this.#moved(at + 1, bytes.readInt8(at))
      case 0xd1:
        return this.#moved(at + 2, bytes.readInt16BE(at))
      default:
        invariant(head === 0xd2, `0x${head.toString(16)} is no integer of a frame`)
        return this.#moved(at + 4, bytes.readInt32BE(at))
    }
  }

  integers(): number[] {
    const length = this.arrayLength()
    const bytes = this.#bytes
    const list = new Array<number>(length)
    let at = this.#at
    for (let i = 0; i < length; i += 1) {
      const head = bytes[at]!
      // Nearly every value of a column has one byte, or three: no call for these.
      if (head < 0x80) {
        list[i] = head
        at += 1
      } else if (head === 0xcd) {
        list[i] = (bytes[at + 1]! << 8) | bytes[at + 2]!
        at += 3
      } else {
        this.#at = at
        list[i] = this.integer()
        at = this.#at
      }
    }
    this.#at = at
    return list
  }

  integersOrNull(): number[] | null {
    if (this.#bytes[this.#at] !== NIL) return this.integers()
    this.#at += 1
    return null
  }

  beacon(): Batch['beacon'] {
    if (this.#bytes[this.#at] === NIL) return this.#moved(this.#at + 1, null)
    this.arrayLength()
    return { size: this.integer(), root: this.binary() }
  }

  /** Null where all of them are zero. */
  integersOrZeros(): number[] | null {
    const start = this.#at
    const length = this.arrayLength()
    const end = this.#at + length
    let at = this.#at
    while (at < end && this.#bytes[at] === 0) at += 1
    if (at === end) return this.#moved(end, null)
    this.#at = start
    return this.integers()
  }

  arrayLength(): number {
    const head = this.#bytes[this.#at]!
    if (head >= 0x90 && head < 0xa0) return this.#moved(this.#at + 1, head - 0x90)
    invariant(head === 0xdc || head === 0xdd, `0x${head.toString(16)} is no array of a frame`)
    if (head === 0xdc) return this.#moved(this.#at + 3, this.#bytes.readUInt16BE(this.#at + 1))
    return this.#moved(this.#at + 5, this.#bytes.readUInt32BE(this.#at + 1))
  }

  /** A view, not a copy. */
  binary(): Buffer {
    const length = this.#bytes[this.#at + 1]!
    invariant(this.#bytes[this.#at] === 0xc4, 'a digest is a short binary')
    const start = this.#at + 2
    this.#at = start + length
    return this.#bytes.subarray(start, this.#at)
  }

  text(): string {
    const start = this.#at
    const head = this.#bytes[start]!
    this.skip(1)
    const headBytes = head < 0xc0 ? 1 : head === 0xd9 ? 2 : 3
    return this.#bytes.toString('utf8', start + headBytes, this.#at)
  }

  /** Steps over `count` values, whatever they are. */
  skip(count: number): void {
    const bytes = this.#bytes
    let at = this.#at
    for (let left = count; left > 0; left -= 1) {
      const size = SIZES[bytes[at]!]!
      if (size > 0) at += size
      else {
        this.#at = at
        // What lies inside an array is stepped over in its turn.
        left += this.#skipLong()
        at = this.#at
      }
    }
    this.#at = at
  }

  /** A value whose head does not tell its size. How many values lie inside it. */
  #skipLong(): number {
    const bytes = this.#bytes
    const head = bytes[this.#at]!
    if (head === 0xc4 || head === 0xd9) this.#at += 2 + bytes[this.#at + 1]!
    else if (head === 0xc5 || head === 0xda) this.#at += 3 + bytes.readUInt16BE(this.#at + 1)
    else return this.arrayLength()
    return 0
  }

  #moved<T>(at: number, value: T): T {
    this.#at = at
    return value
  }
}
