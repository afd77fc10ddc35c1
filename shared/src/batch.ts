/**
 * Batches: samples closed together, numbered, chained and signed by the agent. A batch travels and is
 * kept as one frame, and its bytes are canonical: decoding and encoding again gives the same ones. Pure.
 *
 *   frame   = "CST1" | alg 0x01 (Ed25519) | u32be n | payload (n bytes) | signature (64 bytes)
 *   signed  = "constat/batch/v1\n" | payload
 *   payload = MessagePack array of the positions in `toPayload`; integers in [−2³¹, 2³²) in shortest
 *             form, strings, binary, nil, arrays; no maps, no floats, no booleans
 *
 * Version 2 is version 1 with codes behind the columns of samples; a batch without codes is of version 1.
 */
import { createHash, type KeyObject } from 'node:crypto'
import { Packr } from 'msgpackr'
import { invariant } from './fault.ts'
import { CAUSES, CODE, OUTCOMES, PHASES } from './sample.ts'
import { SIGNATURE_BYTES, signBytes } from './signature.ts'

/** Without codes, and with them. */
export const BATCH_VERSIONS = { bare: 1, coded: 2 } as const
export const BATCH_KINDS = ['data', 'heartbeat', 'start', 'stop', 'rekey'] as const
export type BatchKind = (typeof BATCH_KINDS)[number]

/** Payload bytes at most; an entry of a tiled log holds 65,535. */
export const MAX_PAYLOAD_BYTES = 60_000
/** Samples in one batch at most. */
export const MAX_SAMPLES = 4_096
/** Characters of a text at most, in UTF-16 code units. */
export const MAX_TEXT_CHARS = 512
/** Different codes in one batch at most. */
export const MAX_CODES = 100
/** A check is one of this many of its configuration. */
export const MAX_CHECKS = 4_096
const HEADER_BYTES = 9
export const MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES + SIGNATURE_BYTES
const MAGIC = Buffer.from('CST1')
const ALG_ED25519 = 1

/** Columns of equal length, in the order the samples were taken; a column of only zeros is null. */
export type SampleColumns = {
  /** Index in the check configuration. */
  check: number[]
  /** ms after `baseS`; the sample's instant is `baseS × 1000 + offsetMs`. */
  offsetMs: number[]
  /** Codes of OUTCOMES. */
  outcome: number[]
  attempt: number[] | null
  latencyUs: number[]
  value: number[] | null
  /** One column for each of PHASES, µs. */
  phases: number[][] | null
  /** Codes of CAUSES. */
  cause: number[] | null
  /** Absent: no sample has a code. */
  codes?: CodeColumn
}

/** `texts`: the codes, never empty. `place`: for each sample the position of its code, from 1; 0: it has none. */
export type CodeColumn = { texts: string[]; place: number[] }

/** Slots a batch accounts for: `count` slots of `check`, the first at `baseS × 1000 + firstMs`. */
export type ScheduleColumns = { check: number[]; firstMs: number[]; count: number[] }

export type BatchClock = {
  /** Wall clock at closing, uncorrected. */
  wallS: number
  wallMs: number
  /** Monotonic clock at closing; its origin is the start of the agent. */
  monotonicS: number
  monotonicMs: number
  /** Collector minus agent, ms, already added to every instant of this batch. */
  offsetMs: number
  /** Half the shortest round trip, ms: the offset is right within this. */
  errorMs: number
  /** 0: never compared · 1: compared with the collector. */
  source: number
  /** ms the wall clock jumped against the monotonic one since the last batch; 0: none. */
  stepMs: number
}

export type BatchHealth = { version: string; loopLagUs: number; drops: number; spoolFrames: number }

export type Batch = {
  kind: BatchKind
  origin: string
  configDigest: Uint8Array
  agent: Uint8Array
  session: Uint8Array
  seq: number
  /** SHA-256 of the session's previous frame; 32 zero bytes before the first. */
  prev: Uint8Array
  /** Frames lost for ever before this one, which make a jump of `seq` lawful; 0: none. */
  gapCount: number
  /** Newest checkpoint the agent has verified. */
  beacon: { size: number; root: Uint8Array } | null
  clock: BatchClock
  schedule: ScheduleColumns
  health: BatchHealth
  baseS: number
  samples: SampleColumns
}

export type DecodedFrame = { batch: Batch; payload: Uint8Array; signature: Uint8Array }
export type FrameDecoding =
  | { kind: 'decoded'; frame: DecodedFrame }
  | { kind: 'refused'; reason: 'malformed' | 'not-canonical' | 'too-large'; detail: string }

const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false })

export function encodePayload(batch: Batch): Buffer {
  const payload = packr.pack(toPayload(batch))
  invariant(payload.length <= MAX_PAYLOAD_BYTES, `a payload of ${payload.length} bytes passes the limit`)
  return payload
}

/** Encodes, signs and frames. */
export function sealBatch(batch: Batch, key: KeyObject): Buffer {
  const payload = encodePayload(batch)
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header[4] = ALG_ED25519
  header.writeUInt32BE(payload.length, 5)
  return Buffer.concat([header, payload, signBytes('batch', payload, key)])
}

/** SHA-256 of a whole frame: what the next batch carries as `prev`. */
export function frameDigest(frame: Uint8Array): Buffer {
  return createHash('sha256').update(frame).digest()
}

/** Opens a frame and proves its form. The signature is not looked at: see `verifyBytes`. */
export function decodeFrame(bytes: Uint8Array): FrameDecoding {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (frame.length > MAX_FRAME_BYTES)
    return refused('too-large', `a frame holds ${MAX_FRAME_BYTES} bytes at most`)
  if (frame.length < HEADER_BYTES + SIGNATURE_BYTES || !frame.subarray(0, 4).equals(MAGIC)) {
    return refused('malformed', 'not a Constat frame')
  }
  if (frame[4] !== ALG_ED25519) return refused('malformed', `signature algorithm ${frame[4]} is not known`)
  const length = frame.readUInt32BE(5)
  if (HEADER_BYTES + length + SIGNATURE_BYTES !== frame.length) {
    return refused('malformed', 'the length of the payload is not that of the frame')
  }
  const payload = frame.subarray(HEADER_BYTES, HEADER_BYTES + length)
  const batch = readPayload(payload)
  if (typeof batch === 'string') return refused('malformed', batch)
  // Duplicate keys, over-long integers, invalid UTF-8 and trailing bytes all end here.
  if (!packr.pack(toPayload(batch)).equals(payload)) {
    return refused('not-canonical', 'encoding the payload again gives other bytes')
  }
  return { kind: 'decoded', frame: { batch, payload, signature: frame.subarray(HEADER_BYTES + length) } }
}

function refused(reason: 'malformed' | 'not-canonical' | 'too-large', detail: string): FrameDecoding {
  return { kind: 'refused', reason, detail }
}

function toPayload(batch: Batch): unknown[] {
  const { clock, schedule, health, samples } = batch
  return [
    samples.codes ? BATCH_VERSIONS.coded : BATCH_VERSIONS.bare,
    BATCH_KINDS.indexOf(batch.kind),
    batch.origin,
    batch.configDigest,
    batch.agent,
    batch.session,
    batch.seq,
    batch.prev,
    batch.gapCount,
    batch.beacon && [batch.beacon.size, batch.beacon.root],
    [
      clock.wallS,
      clock.wallMs,
      clock.monotonicS,
      clock.monotonicMs,
      clock.offsetMs,
      clock.errorMs,
      clock.source,
      clock.stepMs,
    ],
    [schedule.check, schedule.firstMs, schedule.count],
    [health.version, health.loopLagUs, health.drops, health.spoolFrames],
    batch.baseS,
    [
      samples.check,
      samples.offsetMs,
      samples.outcome,
      samples.attempt,
      samples.latencyUs,
      samples.value,
      samples.phases,
      samples.cause,
      ...(samples.codes ? [[samples.codes.texts, samples.codes.place]] : []),
    ],
  ]
}

/** The batch, or the sentence that says what is wrong with the payload. */
function readPayload(payload: Buffer): Batch | string {
  let fields: unknown
  try {
    fields = packr.unpack(payload)
  } catch {
    return 'the payload is not MessagePack'
  }
  if (!Array.isArray(fields) || fields.length !== 15) return 'the payload is not an array of 15 positions'
  const isCoded = fields[0] === BATCH_VERSIONS.coded
  if (!isCoded && fields[0] !== BATCH_VERSIONS.bare)
    return `batch version ${String(fields[0])} is not known; upgrade the collector`
  const place = readPlace(fields)
  const clock = readClock(fields[10])
  const schedule = readSchedule(fields[11])
  const health = readHealth(fields[12])
  const samples = readSamples(fields[14], { isCoded })
  if (typeof place === 'string') return place
  if (!clock) return 'clock'
  if (!schedule) return 'schedule'
  if (!health) return 'health'
  if (!isCount(fields[13])) return 'base'
  if (typeof samples === 'string') return samples
  return { ...place, clock, schedule, health, baseS: fields[13], samples }
}

type Place = Omit<Batch, 'clock' | 'schedule' | 'health' | 'baseS' | 'samples'>

/** Positions 1 to 9: what the batch is, and where it stands. */
function readPlace(fields: readonly unknown[]): Place | string {
  const [, code, origin, configDigest, agent, session, seq, prev, gapCount] = fields
  const kind = typeof code === 'number' ? BATCH_KINDS[code] : undefined
  const beacon = readBeacon(fields[9])
  if (kind === undefined) return 'kind'
  if (typeof origin !== 'string' || origin.length === 0 || origin.length > MAX_TEXT_CHARS) return 'origin'
  if (!isBytes(configDigest, 32)) return 'configDigest'
  if (!isBytes(agent, 16)) return 'agent'
  if (!isBytes(session, 16)) return 'session'
  if (!isCount(seq)) return 'seq'
  if (!isBytes(prev, 32)) return 'prev'
  if (!isCount(gapCount)) return 'gap'
  if (beacon === undefined) return 'beacon'
  return { kind, origin, configDigest, agent, session, seq, prev, gapCount, beacon }
}

function readClock(field: unknown): BatchClock | null {
  if (!isIntegers(field, 8)) return null
  return {
    wallS: field[0]!,
    wallMs: field[1]!,
    monotonicS: field[2]!,
    monotonicMs: field[3]!,
    offsetMs: field[4]!,
    errorMs: field[5]!,
    source: field[6]!,
    stepMs: field[7]!,
  }
}

function readSchedule(field: unknown): ScheduleColumns | null {
  if (!Array.isArray(field) || field.length !== 3) return null
  const [check, firstMs, count] = field
  if (!isCounts(check, undefined, MAX_CHECKS)) return null
  if (!isIntegers(firstMs, check.length) || !isCounts(count, check.length)) return null
  return { check, firstMs, count }
}

function readHealth(field: unknown): BatchHealth | null {
  if (!Array.isArray(field) || field.length !== 4) return null
  const [version, loopLagUs, drops, spoolFrames] = field
  if (typeof version !== 'string' || version.length > MAX_TEXT_CHARS) return null
  if (!isCount(loopLagUs) || !isCount(drops) || !isCount(spoolFrames)) return null
  return { version, loopLagUs, drops, spoolFrames }
}

function readBeacon(field: unknown): Batch['beacon'] | undefined {
  if (field === null) return null
  if (!Array.isArray(field) || field.length !== 2 || !isCount(field[0]) || !isBytes(field[1], 32))
    return undefined
  return { size: field[0], root: field[1] }
}

function readSamples(field: unknown, { isCoded }: { isCoded: boolean }): SampleColumns | string {
  if (!Array.isArray(field) || field.length !== (isCoded ? 9 : 8)) return 'samples'
  const [check, offsetMs, outcome, attempt, latencyUs, value, phases, cause, coded] = field
  if (!isCounts(check, undefined, MAX_CHECKS) || check.length > MAX_SAMPLES) return 'samples.check'
  const n = check.length
  if (!isIntegers(offsetMs, n)) return 'samples.offset'
  if (!isCounts(outcome, n, OUTCOMES.length)) return 'samples.outcome'
  if (attempt !== null && !isCounts(attempt, n, 256)) return 'samples.attempt'
  if (!isCounts(latencyUs, n)) return 'samples.latency'
  if (value !== null && !isIntegers(value, n)) return 'samples.value'
  if (phases !== null && !(Array.isArray(phases) && phases.length === PHASES.length)) return 'samples.phases'
  if (phases !== null && !phases.every((column: unknown) => isCounts(column, n))) return 'samples.phases'
  if (cause !== null && !isCounts(cause, n, CAUSES.length)) return 'samples.cause'
  const columns = { check, offsetMs, outcome, attempt, latencyUs, value, phases, cause }
  if (!isCoded) return columns
  const codes = readCodes(coded, n)
  return codes ? { ...columns, codes } : 'samples.code'
}

function readCodes(field: unknown, count: number): CodeColumn | null {
  if (!Array.isArray(field) || field.length !== 2) return null
  const [texts, place] = field
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > MAX_CODES) return null
  if (!texts.every((text: unknown) => typeof text === 'string' && CODE.test(text))) return null
  return isCounts(place, count, texts.length + 1) ? { texts, place } : null
}

function isBytes(field: unknown, length: number): field is Uint8Array {
  return field instanceof Uint8Array && field.length === length
}

function isCount(field: unknown): field is number {
  return typeof field === 'number' && Number.isInteger(field) && field >= 0 && field < 2 ** 32
}

function isCounts(field: unknown, length?: number, below = 2 ** 32): field is number[] {
  if (!Array.isArray(field) || (length !== undefined && field.length !== length)) return false
  for (const item of field) if (!(Number.isInteger(item) && item >= 0 && item < below)) return false
  return true
}

function isIntegers(field: unknown, length: number): field is number[] {
  if (!Array.isArray(field) || field.length !== length) return false
  for (const item of field)
    if (!(Number.isInteger(item) && item >= -(2 ** 31) && item < 2 ** 32)) return false
  return true
}
