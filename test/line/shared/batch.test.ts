/**
 * Batches: the bytes on the wire, against a published vector and a MessagePack reader written by hand;
 * and every form of bytes that must not be taken for a batch.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import {
  decodeFrame,
  encodePayload,
  frameDigest,
  MAX_CODES,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_SAMPLES,
  sealBatch,
  type Batch,
  type CodeColumn,
  type FrameDecoding,
} from '@constat/shared/batch'
import { openForm } from '@constat/shared/frame-form'
import { readPlaced, readStates, readTimings } from '@constat/shared/frame-reader'
import { CAUSES, CODE, MAX_CODE_CHARS, OUTCOMES, PHASES } from '@constat/shared/sample'
import { publicKeyOf, rawPublicKey, verifyBytes } from '@constat/shared/signature'
import { faultsOf, plain, readMessagePack, type Value } from '../../support/messagepack.ts'
import { sampleBatch, VECTOR_KEY } from '../../support/sample-batch.ts'

type Vector = {
  publicKey: string
  frame: string
  digest: string
  payload: unknown
  enums: Record<string, unknown>
}
// Written once, by hand-checked code, and never again by a test.
const vector = JSON.parse(
  readFileSync(new URL('../../vectors/batch.json', import.meta.url), 'utf8'),
) as Vector

const HEADER_BYTES = 9
const SIGNATURE_BYTES = 64

function payloadOf(frame: Buffer): Buffer {
  return frame.subarray(HEADER_BYTES, frame.length - SIGNATURE_BYTES)
}

/** Both ways of reading a frame: they must agree on every one that these tests come up with. */
function decodeBoth(frame: Buffer): FrameDecoding {
  const decoding = decodeFrame(frame)
  const form = openForm(frame)
  expect(form !== null, JSON.stringify(decoding)).toBe(decoding.kind === 'decoded')
  if (decoding.kind === 'decoded') {
    expect(form?.payload.equals(decoding.frame.payload)).toBe(true)
    expect(form?.signature.equals(decoding.frame.signature)).toBe(true)
  }
  return decoding
}

describe('the published vector', () => {
  test('is what sealing gives, byte for byte', () => {
    const frame = sealBatch(sampleBatch(), VECTOR_KEY)
    expect(frame.toString('hex')).toBe(vector.frame)
    expect(frameDigest(frame).toString('hex')).toBe(vector.digest)
    expect(rawPublicKey(VECTOR_KEY).toString('hex')).toBe(vector.publicKey)
  })
  test('reads the same by a reader that shares nothing with the library', () => {
    const frame = Buffer.from(vector.frame, 'hex')
    expect(frame.subarray(0, 5).toString('latin1')).toBe('CST1\u0001')
    expect(frame.readUInt32BE(5)).toBe(frame.length - HEADER_BYTES - SIGNATURE_BYTES)
    const { value, leftBytes } = readMessagePack(payloadOf(frame))
    expect(leftBytes).toBe(0)
    expect(faultsOf(value)).toEqual([])
    expect(plain(value)).toEqual(vector.payload)
  })
  test('decodes to the batch it was made of, and its signature holds', () => {
    const decoding = decodeBoth(Buffer.from(vector.frame, 'hex'))
    if (decoding.kind !== 'decoded') throw new Error(decoding.detail)
    expect(decoding.frame.batch).toEqual(sampleBatch())
    const { payload, signature } = decoding.frame
    const key = publicKeyOf(Buffer.from(vector.publicKey, 'hex'))
    expect(verifyBytes('batch', payload, signature, key)).toBe(true)
    expect(verifyBytes('receipt', payload, signature, key)).toBe(false)
    payload[20]! ^= 1
    expect(verifyBytes('batch', payload, signature, key)).toBe(false)
  })
  test('pins the order of every enum', () => {
    expect({ outcomes: OUTCOMES, causes: CAUSES, phases: PHASES }).toEqual(vector.enums)
  })
})

describe('codes', () => {
  const coded = (codes: CodeColumn): Batch => {
    const batch = sampleBatch()
    return { ...batch, samples: { ...batch.samples, codes } }
  }
  const CODED = payloadOf(sealBatch(coded({ texts: ['503'], place: [0, 1, 0, 1] }), VECTOR_KEY))

  test('stand behind the columns, and change nothing but the version and the count of columns', () => {
    const tail = Buffer.from('9291a33530339400010001', 'hex')
    const bare = payloadOf(Buffer.from(vector.frame, 'hex'))
    const head = Buffer.from(CODED.subarray(0, -tail.length))
    expect(CODED.subarray(-tail.length)).toEqual(tail)
    expect(head[1]).toBe(2)
    head[1] = 1
    const at = head.findIndex((byte, i) => byte !== bare[i])
    expect([bare[at], head[at]]).toEqual([0x98, 0x99])
    head[at] = 0x98
    expect(head).toEqual(bare)
  })
  test('cost a byte for each sample, and each text once', () => {
    const n = 50
    const failing = sampleBatch({ samples: { ...columnsOf(n), cause: new Array<number>(n).fill(8) } })
    const codes = { texts: ['503', 'ECONNREFUSED'], place: new Array<number>(n).fill(1) }
    const with_ = sampleBatch({ samples: { ...failing.samples, codes } })
    // Heads: the pair, the texts, each text, the places.
    expect(encodePayload(with_).length - encodePayload(failing).length).toBe(1 + 1 + 4 + 13 + 3 + n)
  })
  const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `c${i}`)
  const FORMS: [string, CodeColumn, boolean][] = [
    ['as many as there may be', { texts: many(MAX_CODES), place: [1, 2, 3, MAX_CODES] }, true],
    ['one more', { texts: many(MAX_CODES + 1), place: [1, 2, 3, 4] }, false],
    ['the longest', { texts: ['x'.repeat(MAX_CODE_CHARS)], place: [0, 0, 0, 1] }, true],
    ['one character more', { texts: ['x'.repeat(MAX_CODE_CHARS + 1)], place: [0, 0, 0, 1] }, false],
    ['a blank at its end', { texts: ['503 '], place: [0, 0, 0, 1] }, false],
    ['no ASCII', { texts: ['é'], place: [0, 0, 0, 1] }, false],
    ['an empty text', { texts: [''], place: [0, 0, 0, 1] }, false],
    ['no text', { texts: [], place: [0, 0, 0, 0] }, false],
    ['a place beyond the texts', { texts: ['503'], place: [0, 0, 0, 2] }, false],
    ['fewer places than samples', { texts: ['503'], place: [0, 0, 1] }, false],
  ]
  test.each(FORMS)('%s', (_, codes, isTaken) => {
    const decoding = decodeBoth(sealBatch(coded(codes), VECTOR_KEY))
    expect(decoding.kind).toBe(isTaken ? 'decoded' : 'refused')
  })
})

function columnsOf(n: number): Batch['samples'] {
  const zeros = new Array<number>(n).fill(0)
  const columns = { check: zeros, offsetMs: zeros, outcome: zeros, latencyUs: zeros }
  return { ...columns, attempt: null, value: null, phases: null, cause: null }
}

const count = (max = 2 ** 32 - 1): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: 0, max }),
    fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, max).filter((n) => n <= max),
  )
const integer = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  fc.constantFrom(-(2 ** 31), -32_769, -32_768, -129, -128, -33, -32, -1, 0, 2 ** 31, 2 ** 32 - 1),
)
const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
const column = (one: fc.Arbitrary<number>, n: number): fc.Arbitrary<number[]> =>
  fc.array(one, { minLength: n, maxLength: n })
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null })

const code = fc
  .string({ minLength: 1, maxLength: MAX_CODE_CHARS, unit: 'grapheme-ascii' })
  .filter((text) => CODE.test(text))
const codeColumn = (n: number): fc.Arbitrary<CodeColumn> =>
  fc
    .array(code, { minLength: 1, maxLength: 5 })
    .chain((texts) => fc.record({ texts: fc.constant(texts), place: column(count(texts.length), n) }))

const batchArbitrary: fc.Arbitrary<Batch> = fc
  .nat({ max: 40 })
  .chain((n) =>
    fc.record({
      kind: fc.constantFrom('data', 'heartbeat', 'start', 'stop', 'rekey'),
      origin: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
      configDigest: bytes(32),
      agent: bytes(16),
      session: bytes(16),
      seq: count(),
      prev: bytes(32),
      gapCount: count(),
      beacon: maybe(fc.record({ size: count(), root: bytes(32) })),
      clock: fc.record({
        wallS: integer,
        wallMs: integer,
        monotonicS: integer,
        monotonicMs: integer,
        offsetMs: integer,
        errorMs: integer,
        source: integer,
        stepMs: integer,
      }),
      schedule: fc.record({
        check: column(count(4_095), 3),
        firstMs: column(integer, 3),
        count: column(count(), 3),
      }),
      health: fc.record({
        version: fc.string({ maxLength: 20 }),
        loopLagUs: count(),
        drops: count(),
        spoolFrames: count(),
      }),
      baseS: count(),
      samples: fc.record({
        check: column(count(4_095), n),
        offsetMs: column(integer, n),
        outcome: column(count(OUTCOMES.length - 1), n),
        attempt: maybe(column(count(255), n)),
        latencyUs: column(count(), n),
        value: maybe(column(integer, n)),
        phases: maybe(fc.array(column(count(), n), { minLength: PHASES.length, maxLength: PHASES.length })),
        cause: maybe(column(count(CAUSES.length - 1), n)),
      }),
      codes: maybe(codeColumn(n)),
    }),
  )
  .map(({ codes, samples, ...batch }) => ({ ...batch, samples: codes ? { ...samples, codes } : samples }))

test('whatever a batch holds comes back whole, canonical, and the same at full speed', () => {
  fc.assert(
    fc.property(batchArbitrary, (batch) => {
      const frame = sealBatch(batch, VECTOR_KEY)
      const decoding = decodeBoth(frame)
      if (decoding.kind !== 'decoded') throw new Error(decoding.detail)
      expect(decoding.frame.batch).toEqual(batch)
      const { configDigest, gapCount, baseS, schedule, samples } = batch
      const { check, offsetMs, outcome, attempt } = samples
      // What good samples alone say of causes decides nothing, and is not read.
      const isGood = outcome.every((code) => code === OUTCOMES.indexOf('ok'))
      const told = isGood ? { outcome: null, cause: null } : { outcome, cause: samples.cause }
      const states = {
        configDigest,
        gapCount,
        baseS,
        schedule,
        samples: { check, offsetMs, attempt, ...told },
      }
      expect(readStates(frame)).toEqual(states)
      const { origin, agent, session, seq, prev, beacon } = batch
      const { source: _source, stepMs: _stepMs, ...clock } = batch.clock
      const health = { spoolFrames: batch.health.spoolFrames }
      const place = { origin, agent, session, seq, prev, beacon, clock, health }
      expect(readPlaced(frame)).toEqual({ ...states, ...place })
      const { latencyUs } = samples
      const timed = { check, offsetMs, outcome, attempt, latencyUs }
      expect(readTimings(frame)).toEqual({ configDigest, baseS, samples: timed })
      expect(faultsOf(readMessagePack(encodePayload(batch)).value)).toEqual([])
    }),
    { numRuns: 200 },
  )
})

/** Frames a payload as the format says, signed by nobody: decoding looks at the form alone. */
function frameOf(payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('CST1')
  header[4] = 1
  header.writeUInt32BE(payload.length, 5)
  return Buffer.concat([header, payload, Buffer.alloc(SIGNATURE_BYTES)])
}

const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false })
const GOOD = payloadOf(sealBatch(sampleBatch(), VECTOR_KEY))

/** The payload with the value at `path` replaced by raw bytes, found by reading, not by guessing. */
function withBytes(path: number[], replacement: Buffer): Buffer {
  const rest = path.slice()
  const write = (value: Value, here: number[]): Buffer => {
    if (here.length === 0) return replacement
    if (value.is !== 'array') throw new Error('the path leads through something that is no array')
    const head = Buffer.from(
      value.items.length <= 15
        ? [0x90 | value.items.length]
        : [0xdc, value.items.length >> 8, value.items.length & 0xff],
    )
    const items = value.items.map((item, i) =>
      i === here[0] ? write(item, here.slice(1)) : packr.pack(jsOf(item)),
    )
    return Buffer.concat([head, ...items])
  }
  return write(readMessagePack(GOOD).value, rest)
}

function jsOf(value: Value): unknown {
  if (value.is === 'array') return value.items.map(jsOf)
  return value.is === 'nil' ? null : 'value' in value ? value.value : undefined
}

test('the tool of these tests leaves the rest of a payload as it was', () => {
  expect(withBytes([6], packr.pack(300)).equals(GOOD)).toBe(true)
})

const [SEQ, CLOCK, SAMPLES] = [6, 10, 14]
const [CHECK, OFFSET, OUTCOME, ATTEMPT, LATENCY] = [0, 1, 2, 3, 4]

describe('what is not canonical is refused', () => {
  test.each<[string, Buffer]>([
    ['a float that is whole', withBytes([SEQ], Buffer.from('cb4072c00000000000', 'hex'))],
    ['a short float', withBytes([SEQ], Buffer.from('ca43960000', 'hex'))],
    ['a 3 as float in a column', withBytes([SAMPLES, LATENCY, 0], Buffer.from('cb4008000000000000', 'hex'))],
    ['an integer one size too long', withBytes([SEQ], Buffer.from('ce0000012c', 'hex'))],
    ['an integer of 8 bytes', withBytes([SEQ], Buffer.from('cf000000000000012c', 'hex'))],
    ['a positive integer written as a signed one', withBytes([SEQ], Buffer.from('d1012c', 'hex'))],
    ['a small integer in two bytes', withBytes([SAMPLES, CHECK, 0], Buffer.from('cc00', 'hex'))],
    ['text with a longer head', withBytes([2], Buffer.concat([Buffer.from([0xd9, 3]), Buffer.from('log')]))],
    ['text that is not UTF-8', withBytes([2], Buffer.from([0xa3, 0x6c, 0xff, 0x67]))],
    [
      'binary with a longer head',
      withBytes([4], Buffer.concat([Buffer.from([0xc5, 0, 16]), Buffer.alloc(16, 0xa9)])),
    ],
    [
      'an array with a longer head',
      withBytes([CLOCK], Buffer.concat([Buffer.from([0xdc, 0, 8]), Buffer.alloc(8)])),
    ],
    ['half a surrogate pair', withBytes([2], Buffer.from([0xa3, 0xed, 0xa0, 0x80]))],
    ['a character cut short', withBytes([2], Buffer.from([0xa2, 0x6c, 0xc3]))],
    ['an overlong character', withBytes([2], Buffer.from([0xa2, 0xc1, 0x81]))],
    ['bytes behind the end', Buffer.concat([GOOD, Buffer.from([0xc0])])],
  ])('%s', (_, payload) => {
    const decoding = decodeBoth(frameOf(payload))
    expect(decoding.kind).toBe('refused')
    // Either it is seen as malformed on the way, or encoding again gives other bytes.
    if (decoding.kind === 'refused') expect(['malformed', 'not-canonical']).toContain(decoding.reason)
  })
})

describe('what is no batch is refused', () => {
  const columns = (changes: Partial<Batch['samples']>): Buffer =>
    encodePayload(sampleBatch({ samples: { ...sampleBatch().samples, ...changes } }))
  test.each<[string, Buffer]>([
    ['a map', packr.pack({ a: 1 })],
    ['a map in place of a column', withBytes([SAMPLES, OFFSET], Buffer.from([0x80]))],
    ['a map with one key twice', withBytes([CLOCK], Buffer.from('82a16101a16102', 'hex'))],
    ['a boolean', withBytes([SEQ], Buffer.from([0xc3]))],
    ['an extension', withBytes([SEQ], Buffer.from([0xd4, 0x01, 0x00]))],
    ['14 positions', packr.pack(new Array(14).fill(0))],
    ['16 positions', packr.pack(new Array(16).fill(0))],
    ['another version', withBytes([0], packr.pack(2))],
    ['a kind that is not known', withBytes([1], packr.pack(5))],
    ['a negative number', withBytes([SEQ], packr.pack(-1))],
    ['a number past 32 bits', withBytes([SEQ], packr.pack(2 ** 32))],
    ['a session of 15 bytes', withBytes([5], packr.pack(Buffer.alloc(15)))],
    ['an agent of 17 bytes', withBytes([4], packr.pack(Buffer.alloc(17)))],
    ['no origin', withBytes([2], packr.pack(''))],
    ['an origin of 513 characters', withBytes([2], packr.pack('x'.repeat(513)))],
    ['a column that is too short', columns({ outcome: [0, 2, 1] })],
    ['an outcome that is not known', withBytes([SAMPLES, OUTCOME, 0], packr.pack(OUTCOMES.length))],
    ['a cause that is not known', columns({ cause: [0, 0, 0, CAUSES.length] })],
    ['an attempt of 256', withBytes([SAMPLES, ATTEMPT, 0], Buffer.from([0xcd, 1, 0]))],
    ['a check of 4096', columns({ check: [0, 1, 0, 4_096] })],
    ['four phases', columns({ phases: sampleBatch().samples.phases!.slice(1) })],
    ['text as a sample', withBytes([SAMPLES, LATENCY, 0], packr.pack('1'))],
    ['nothing', Buffer.alloc(0)],
    ['half a payload', GOOD.subarray(0, GOOD.length >> 1)],
  ])('%s', (_, payload) => {
    expect(decodeBoth(frameOf(payload))).toMatchObject({ kind: 'refused' })
  })
  test('a frame with another magic, algorithm or length', () => {
    const good = sealBatch(sampleBatch(), VECTOR_KEY)
    const changed = (at: number, value: number): Buffer => {
      const frame = Buffer.from(good)
      frame[at] = value
      return frame
    }
    for (const frame of [
      changed(0, 0x44),
      changed(4, 2),
      changed(8, good[8]! + 1),
      good.subarray(1),
      good.subarray(0, 72),
    ]) {
      expect(decodeBoth(frame)).toMatchObject({ kind: 'refused', reason: 'malformed' })
    }
  })
  test('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(decodeBoth(frameOf(Buffer.from(noise))).kind).toBe('refused')
        expect(decodeBoth(Buffer.from(noise)).kind).toBe('refused')
      }),
      { numRuns: 500 },
    )
  })
  test('one flipped byte of a payload is refused, or is another batch', () => {
    fc.assert(
      fc.property(fc.nat({ max: GOOD.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const payload = Buffer.from(GOOD)
        payload[at]! ^= mask
        const decoding = decodeBoth(frameOf(payload))
        if (decoding.kind === 'decoded') expect(decoding.frame.batch).not.toEqual(sampleBatch())
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  ['with a byte order mark', '\ufeffmark'],
  ['in two bytes', 'naïve'],
  ['in three', '日本語'],
  ['of 512 characters', 'é'.repeat(512)],
  ['of 256 pairs', '😀'.repeat(256)],
])('an origin may be %s', (_, origin) => {
  expect(decodeBoth(sealBatch(sampleBatch({ origin }), VECTOR_KEY)).kind).toBe('decoded')
})

test('both ways of reading agree on bytes that were cut, doubled, swapped and overwritten', () => {
  const heads = fc.constantFrom(0, 0x1f, 0x7f, 0x80, 0x90, 0xa0, 0xc0, 0xc4, 0xcc, 0xcd, 0xce, 0xd0, 0xd1)
  const edit = fc.record({
    at: fc.nat({ max: GOOD.length }),
    cut: fc.nat({ max: 6 }),
    put: fc.array(fc.oneof(heads, fc.nat({ max: 255 })), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let payload = GOOD
      for (const { at, cut, put } of edits) {
        payload = Buffer.concat([payload.subarray(0, at), Buffer.from(put), payload.subarray(at + cut)])
      }
      decodeBoth(frameOf(payload))
    }),
    { numRuns: 20_000 },
  )
})

describe('limits, at and one past', () => {
  const samples = (n: number): Batch['samples'] => ({
    check: new Array<number>(n).fill(0),
    offsetMs: new Array<number>(n).fill(0),
    outcome: new Array<number>(n).fill(0),
    attempt: null,
    latencyUs: new Array<number>(n).fill(1),
    value: null,
    phases: null,
    cause: null,
  })
  test('samples', () => {
    expect(decodeBoth(sealBatch(sampleBatch({ samples: samples(MAX_SAMPLES) }), VECTOR_KEY)).kind).toBe(
      'decoded',
    )
    expect(decodeBoth(sealBatch(sampleBatch({ samples: samples(MAX_SAMPLES + 1) }), VECTOR_KEY)).kind).toBe(
      'refused',
    )
  })
  test('bytes', () => {
    const sized = (chars: number): Batch =>
      sampleBatch({ health: { ...sampleBatch().health, version: 'x'.repeat(chars) } })
    const atLimit = 300 + MAX_PAYLOAD_BYTES - encodePayload(sized(300)).length
    expect(encodePayload(sized(atLimit)).length).toBe(MAX_PAYLOAD_BYTES)
    expect(() => encodePayload(sized(atLimit + 1))).toThrow('passes the limit')
    expect(decodeBoth(Buffer.alloc(MAX_FRAME_BYTES))).toMatchObject({ reason: 'malformed' })
    expect(decodeBoth(Buffer.alloc(MAX_FRAME_BYTES + 1))).toMatchObject({ reason: 'too-large' })
  })
})
