/**
 * Witnesses: every answer of C2SP tlog-witness to `add-checkpoint`, in the order in which it checks, and that no
 * sequence of submissions, honest or not, makes one cosign two histories.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { cosignatureVerifier, cosigner } from '@constat/evidence/cosignature'
import { formatSignature, parseNote } from '@constat/evidence/note'
import { MAX_PROOF_HASHES, proveConsistency } from '@constat/evidence/proof'
import {
  appendLeaves,
  EMPTY_FRONTIER,
  frontierRoot,
  leafHash,
  splitStoredHashIndex,
} from '@constat/evidence/tree'
import { COSIGNATURE_TYPE, ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import {
  answerSubmission,
  cosignaturesIn,
  formatSubmission,
  MAX_SUBMISSION_BYTES,
  parseSubmission,
  type Witnessed,
} from '@constat/evidence/witness'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'

const ORIGIN = 'example.com/log'
const KEY = privateKeyOf(Buffer.alloc(32, 1))
const STRANGER = privateKeyOf(Buffer.alloc(32, 2))
const LOG = vkeyOf({ name: ORIGIN, type: ED25519_TYPE, publicKey: rawPublicKey(KEY) })

/** A log of leaves 0 … n - 1 that become others at `forkAt`. */
type History = { forkAt: number }
const ONE: History = { forkAt: Infinity }

const leavesOf = ({ forkAt }: History, size: number): Buffer[] =>
  Array.from({ length: size }, (_, i) => leafHash(Buffer.from(i < forkAt ? `${i}` : `other ${i}`)))

const rootOf = (history: History, size: number): Buffer =>
  frontierRoot(appendLeaves(EMPTY_FRONTIER, leavesOf(history, size)))

const noteOf = (history: History, size: number, key = KEY): string =>
  signCheckpoint({ origin: ORIGIN, size, root: rootOf(history, size), extensions: [] }, key)

/** Each node from the leaves below it. */
function proofOf(
  history: History,
  { oldSize, newSize }: { oldSize: number; newSize: number },
): Promise<Buffer[]> {
  const all = leavesOf(history, newSize)
  const readHashes = (indexes: readonly number[]): Buffer[] =>
    indexes.map((stored) => {
      const { level, index } = splitStoredHashIndex(stored)
      return frontierRoot(appendLeaves(EMPTY_FRONTIER, all.slice(index << level, (index + 1) << level)))
    })
  return proveConsistency({ oldSize, newSize }, { readHashes })
}

async function submission(history: History, oldSize: number, newSize: number): Promise<string> {
  const proof = oldSize === 0 || oldSize > newSize ? [] : await proofOf(history, { oldSize, newSize })
  return formatSubmission({ oldSize, proof, note: noteOf(history, newSize) })
}

const seen = (size: number): Witnessed => ({ size, root: rootOf(ONE, size) })
const answer = (body: string, latest: Witnessed | null) =>
  answerSubmission(body, { logs: [LOG], latest: () => latest })

describe('an answer to add-checkpoint', () => {
  it.each([
    ['the first one of a log', 0, 5, null],
    ['an empty log', 0, 0, null],
    ['one that extends it', 5, 9, 5],
    ['one of a whole tree below', 8, 9, 8],
    ['the same again', 5, 5, 5],
  ])('extends: %s', async (_, oldSize, newSize, known) => {
    const given = answer(await submission(ONE, oldSize, newSize), known === null ? null : seen(known))
    expect(given).toMatchObject({
      kind: 'extends',
      origin: ORIGIN,
      size: newSize,
      text: parseNote(noteOf(ONE, newSize))!.text,
    })
  })

  const refusals: [string, () => Promise<string> | string, Witnessed | null, object][] = [
    ['nothing', () => '', null, { status: 400, reason: 'malformed' }],
    ['no old size', () => `\n\n${noteOf(ONE, 3)}`, null, { status: 400 }],
    ['a leading zero', () => `old 03\n\n${noteOf(ONE, 3)}`, null, { status: 400 }],
    [
      'a hash of 31 bytes',
      () => `old 1\n${Buffer.alloc(31).toString('base64')}\n\n${noteOf(ONE, 3)}`,
      null,
      { status: 400 },
    ],
    [
      'too many hashes',
      () =>
        formatSubmission({
          oldSize: 1,
          proof: Array.from({ length: MAX_PROOF_HASHES + 1 }, () => Buffer.alloc(32)),
          note: noteOf(ONE, 3),
        }),
      null,
      { status: 400 },
    ],
    [
      'too long',
      () => `old 0\n\n${noteOf(ONE, 3)}${'x'.repeat(MAX_SUBMISSION_BYTES)}`,
      null,
      { status: 400 },
    ],
    ['a note that is no checkpoint', () => `old 0\n\nhello\n\n— ${ORIGIN} AAAAAAAA\n`, null, { status: 400 }],
    [
      'another log',
      () => submission(ONE, 0, 3).then((text) => text.replaceAll(ORIGIN, 'example.com/other')),
      null,
      { status: 404, reason: 'unknown-log' },
    ],
    [
      'another key',
      () => `old 0\n\n${noteOf(ONE, 3, STRANGER)}`,
      null,
      { status: 403, reason: 'not-signed-by-the-log' },
    ],
    [
      'an old size beyond',
      () => `old 4\n\n${noteOf(ONE, 3)}`,
      seen(4),
      { status: 400, reason: 'old-size-beyond' },
    ],
    [
      'an old size that is not the one',
      () => submission(ONE, 4, 9),
      seen(5),
      { status: 409, reason: 'other-old-size', size: 5 },
    ],
    ['no old size where there is one', () => submission(ONE, 0, 9), seen(5), { status: 409, size: 5 }],
    ['an old size where there is none', () => submission(ONE, 4, 9), null, { status: 409, size: 0 }],
    [
      'the same size with another root',
      () => submission({ forkAt: 2 }, 5, 5),
      seen(5),
      { status: 409, reason: 'other-root' },
    ],
    [
      'another history',
      () => submission({ forkAt: 2 }, 5, 9),
      seen(5),
      { status: 422, reason: 'not-an-extension' },
    ],
    [
      'a proof of nothing',
      () => formatSubmission({ oldSize: 5, proof: [], note: noteOf(ONE, 9) }),
      seen(5),
      { status: 422 },
    ],
    [
      'a proof where none is needed',
      () => formatSubmission({ oldSize: 0, proof: [Buffer.alloc(32)], note: noteOf(ONE, 9) }),
      null,
      { status: 422 },
    ],
  ]
  it.each(refusals)('refused: %s', async (_, body, latest, expected) => {
    expect(answer(await body(), latest)).toMatchObject({ kind: 'refused', ...expected })
  })

  it('reads back what is written, and nothing else', async () => {
    const text = await submission(ONE, 5, 9)
    expect(formatSubmission(parseSubmission(text)!)).toBe(text)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('\n', 'x', '='), (at, letter) => {
        const parsed = parseSubmission(text.slice(0, at) + letter + text.slice(at + 1))
        if (parsed) expect(formatSubmission(parsed)).toBe(text.slice(0, at) + letter + text.slice(at + 1))
      }),
    )
  })

  it('never leads to two histories', async () => {
    const step = fc.record({
      forkAt: fc.constantFrom(Infinity, 0, 3, 6),
      oldSize: fc.nat(12),
      newSize: fc.nat(12),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let latest: Witnessed | null = null
        const cosigned: { size: number; history: History }[] = []
        for (const { forkAt, oldSize, newSize } of steps) {
          const history = { forkAt }
          const given = answer(await submission(history, oldSize, newSize), latest)
          if (given.kind === 'refused') continue
          latest = { size: given.size, root: given.root }
          cosigned.push({ size: newSize, history })
        }
        const last = cosigned.at(-1)
        for (const { size, history } of cosigned) {
          expect(size).toBeLessThanOrEqual(last!.size)
          expect(rootOf(history, size)).toEqual(rootOf(last!.history, size))
        }
      }),
    )
  })
})

describe('the answer 200', () => {
  const key = privateKeyOf(Buffer.alloc(32, 3))
  const witness = cosignatureVerifier(
    vkeyOf({ name: 'witness.example', type: COSIGNATURE_TYPE, publicKey: rawPublicKey(key) }),
  )
  const text = parseNote(noteOf(ONE, 3))!.text
  const lineOf = (name: string, of = text): string => {
    const { keyId, sign } = cosigner({ name, key, atMs: 1_790_000_000_000 })
    return formatSignature({ name, keyId, signature: sign(of) })
  }

  it.each([
    ['its own', lineOf('witness.example'), 1],
    ['its own beside a stranger', lineOf('witness.example') + lineOf('stranger.example'), 1],
    ['a stranger alone', lineOf('stranger.example'), 0],
    ['its own of another checkpoint', lineOf('witness.example', parseNote(noteOf(ONE, 4))!.text), undefined],
    ['no lines', 'hello\n', undefined],
  ])('%s', (_, lines, count) => {
    expect(cosignaturesIn(lines, { text, witnesses: [witness] })?.length).toBe(count)
  })
})
