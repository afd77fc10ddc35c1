/** Wire messages: what is sent comes back whole, and nothing else is taken for a message. */
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { MAX_FRAME_BYTES } from '@constat/shared/batch'
import { introductionHolds, signIntroduction, type Introduction } from '@constat/shared/handshake'
import { receiptHolds, signReceipt } from '@constat/shared/receipt'
import { agentIdOf, privateKeyOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import { MAX_TRIAL_CHARS, MAX_TRIED_CHARS } from '@constat/shared/trial'
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES, type Message } from '@constat/shared/wire'

const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false })

const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ maxLength })
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER))
const instant = fc.oneof(fc.maxSafeInteger(), fc.constant(1_790_000_000_000))
const constant = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type)
const receipt = fc.record({
  origin: text(512),
  size: count,
  root: bytes(32),
  atMs: instant,
  signature: bytes(64),
})

const path = fc.nat({ max: 63 }).chain((hashes) => bytes(hashes * 32))

const place = { origin: text(512), configDigest: bytes(32), check: fc.nat({ max: 4_095 }) }

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: constant('hello'),
    nonce: bytes(32),
    publicKey: bytes(32),
    version: text(64),
    name: text(64),
    token: fc.option(text(256), { nil: null }),
    looks: fc.boolean(),
    tries: fc.boolean(),
  }),
  fc.record({ type: constant('challenge'), nonce: bytes(32), publicKey: bytes(32), signature: bytes(64) }),
  fc.record({ type: constant('proof'), signature: bytes(64) }),
  fc.record({
    type: constant('welcome'),
    agent: text(64),
    name: text(64),
    looks: fc.boolean(),
    recalls: fc.boolean(),
    proves: fc.boolean(),
  }),
  fc.record({
    type: constant('prove'),
    origin: text(512),
    headSize: count,
    receiptSize: count,
    frames: fc.array(fc.record({ session: bytes(16), seq: count }), { maxLength: 64 }),
  }),
  fc.record({
    type: constant('proven'),
    origin: text(512),
    note: text(2_000),
    fromHead: path,
    fromReceipt: path,
    leaves: fc.array(fc.record({ place: count, index: count, receivedMs: instant, path }), { maxLength: 64 }),
  }),
  fc.record({
    type: constant('forked'),
    origin: text(512),
    what: text(1_000),
    held: text(2_000),
    shown: text(2_000),
  }),
  fc.record({
    type: constant('config'),
    json: text(2_000),
    signature: bytes(64),
    mine: fc.array(fc.nat({ max: 4_095 })),
  }),
  fc.record({
    type: constant('frame'),
    bytes: fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array)),
  }),
  fc.record({ type: constant('ack'), session: bytes(16), seq: count, receipt }),
  fc.record({
    type: constant('refuse'),
    session: bytes(16),
    seq: count,
    reason: text(64),
    detail: text(1_000),
    expectedSeq: count,
  }),
  fc.record({
    type: constant('recall'),
    receipt: fc.option(receipt, { nil: null }),
    config: fc.option(fc.record({ json: text(2_000), signature: bytes(64) }), { nil: null }),
  }),
  fc.record({ type: constant('time'), sentMs: instant, receivedMs: instant, answeredMs: instant }),
  fc.record({ type: constant('try'), id: count, json: text(2_000), signature: bytes(64) }),
  fc.record({
    type: constant('tried'),
    id: count,
    result: fc.option(text(2_000), { nil: null }),
    refusal: text(1_000),
  }),
  fc.record({ type: constant('bye'), code: text(64), detail: text(1_000), retryAfterMs: count }),
  fc.record({ type: constant('hanging'), ...place }),
  fc.record({ type: constant('look'), ...place, atMs: instant, signature: bytes(64) }),
)

test('every message comes back as it was sent', () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(decodeMessage(encodeMessage(sent))).toEqual(sent)
    }),
    { numRuns: 500 },
  )
})

test('noise is never a message, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const decoded = decodeMessage(noise)
      // Noise that happens to be a message must at least be one that reads the same when sent again.
      if (decoded) expect(decodeMessage(encodeMessage(decoded))).toEqual(decoded)
    }),
    { numRuns: 1_000 },
  )
})

test('an end that says nothing of looks takes none', () => {
  const [nonce, text] = [Buffer.alloc(32), 'x']
  expect(decodeMessage(packr.pack([1, nonce, nonce, text, text, null]))).toMatchObject({ looks: false })
  expect(decodeMessage(packr.pack([4, text, text]))).toMatchObject({ looks: false })
})

describe('limits and forms, at and one past', () => {
  const nonce = Buffer.alloc(32)
  const sig = Buffer.alloc(64)
  const session = Buffer.alloc(16)
  const good = ['log', 1, Buffer.alloc(32), 1, sig]
  test.each<[string, unknown[], boolean]>([
    ['a name of 64', [1, nonce, nonce, '', 'n'.repeat(64), null], true],
    ['a name of 65', [1, nonce, nonce, '', 'n'.repeat(65), null], false],
    ['a token of 256', [1, nonce, nonce, '', '', 't'.repeat(256)], true],
    ['a token of 257', [1, nonce, nonce, '', '', 't'.repeat(257)], false],
    ['a nonce of 31', [1, Buffer.alloc(31), nonce, '', '', null], false],
    ['a key of 33', [1, nonce, Buffer.alloc(33), '', '', null], false],
    ['a signature of 63', [3, Buffer.alloc(63)], false],
    ['a frame at the limit', [6, Buffer.alloc(MAX_FRAME_BYTES)], true],
    ['a frame past it', [6, Buffer.alloc(MAX_FRAME_BYTES + 1)], false],
    ['4096 checks', [5, '{}', sig, new Array(4_096).fill(0)], true],
    ['4097 checks', [5, '{}', sig, new Array(4_097).fill(0)], false],
    ['an index below 0', [5, '{}', sig, [-1]], false],
    ['an ack', [7, session, 0, good], true],
    ['an ack without receipt', [7, session, 0, null], false],
    ['a receipt with a short root', [7, session, 0, ['log', 1, Buffer.alloc(31), 1, sig]], false],
    ['a number below 0', [7, session, -1, good], false],
    ['a fraction', [7, session, 0.5, good], false],
    ['a trial at the limit', [13, 1, 'x'.repeat(MAX_TRIAL_CHARS), sig], true],
    ['a trial past it', [13, 1, 'x'.repeat(MAX_TRIAL_CHARS + 1), sig], false],
    ['what was tried at the limit', [14, 1, 'x'.repeat(MAX_TRIED_CHARS), ''], true],
    ['what was tried past it', [14, 1, 'x'.repeat(MAX_TRIED_CHARS + 1), ''], false],
    ['what was tried without a number', [14, null, '{}', ''], false],
    ['a time that is text', [9, '1', 0, 0], false],
    ['a look at the last check', [12, 'log', nonce, 4_095, 0, sig], true],
    ['a look at one more', [12, 'log', nonce, 4_096, 0, sig], false],
    ['a look without a signature', [12, 'log', nonce, 0, 0], false],
    ['a check that hangs, of half a configuration', [11, 'log', Buffer.alloc(16), 0], false],
    ['a code that is not known', [15], false],
    ['no code', [], false],
    ['a map', [{ type: 'hello' }], false],
  ])('%s', (_, fields, taken) => {
    expect(decodeMessage(packr.pack(fields)) !== null).toBe(taken)
  })
  test('bytes', () => {
    const json = (length: number): Buffer =>
      encodeMessage({ type: 'config', json: 'x'.repeat(length), signature: sig, mine: [] })
    const overhead = json(100_000).length - 100_000
    const atLimit = json(MAX_MESSAGE_BYTES - overhead)
    expect(atLimit.length).toBe(MAX_MESSAGE_BYTES)
    expect(decodeMessage(atLimit)).not.toBeNull()
    expect(decodeMessage(json(MAX_MESSAGE_BYTES - overhead + 1))).toBeNull()
  })
  test.each([
    ['null', Buffer.from([0xc0])],
    ['text', Buffer.from([0xa1, 0x61])],
    ['half a value', Buffer.from([0x93, 1])],
    ['nothing', Buffer.alloc(0)],
  ])('%s', (_, noise) => expect(decodeMessage(noise)).toBeNull())
})

describe('the introduction binds everything it names', () => {
  const agent = privateKeyOf(Buffer.alloc(32, 1))
  const collector = privateKeyOf(Buffer.alloc(32, 2))
  const introduction: Introduction = {
    agentNonce: Buffer.alloc(32, 3),
    collectorNonce: Buffer.alloc(32, 4),
    agentKey: rawPublicKey(agent),
    collectorKey: rawPublicKey(collector),
  }
  const signature = signIntroduction('agent', introduction, agent)
  const key = publicKeyOf(introduction.agentKey)

  test('it holds for whom it was made', () => {
    expect(introductionHolds('agent', introduction, { signature, key })).toBe(true)
  })
  test('it cannot be played back as the other side', () => {
    expect(introductionHolds('collector', introduction, { signature, key })).toBe(false)
  })
  test.each(Object.keys(introduction) as (keyof Introduction)[])('another %s breaks it', (field) => {
    const other = Buffer.from(introduction[field])
    other[0]! ^= 1
    expect(introductionHolds('agent', { ...introduction, [field]: other }, { signature, key })).toBe(false)
  })
})

describe('a receipt binds everything it names', () => {
  const key = privateKeyOf(Buffer.alloc(32, 5))
  const made = signReceipt(
    { origin: 'log', size: 7, root: Buffer.alloc(32, 6), atMs: 1_790_000_000_000 },
    key,
  )
  const holds = (changes: Partial<typeof made>): boolean =>
    receiptHolds({ ...made, ...changes }, publicKeyOf(rawPublicKey(key)))
  test('it holds as made', () => expect(holds({})).toBe(true))
  test.each<[string, Partial<typeof made>]>([
    ['origin', { origin: 'log2' }],
    ['size', { size: 8 }],
    ['root', { root: Buffer.alloc(32, 7) }],
    ['time', { atMs: 1_790_000_000_001 }],
    ['a line break in the origin', { origin: 'log\n7', size: 7 }],
  ])('another %s breaks it', (_, changes) => expect(holds(changes)).toBe(false))
})

test('an agent is its key', () => {
  const id = agentIdOf(rawPublicKey(privateKeyOf(Buffer.alloc(32, 1))))
  // SHA-256 over `constat/agent/v1\n` and the public key of the seed 0x01 × 32, made with another tool.
  expect(id.toString('hex')).toBe(AGENT_OF_VECTOR_KEY)
})
const AGENT_OF_VECTOR_KEY = 'ce16f87c1f85f1eb74441f44456ba82f'
