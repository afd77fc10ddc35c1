/** Admission: every branch of the rules of a session, at each limit and one past it. */
import type { Batch } from '@constat/shared/batch'
import { describe, expect, it } from 'vitest'
import { admit, MAX_AHEAD_MS, refuseContent, spanOf, type SessionEnd } from '@constat/evidence/admit'
import { sampleBatch } from '../../support/sample-batch.ts'

const LAST = Buffer.alloc(32, 0x11)
const OTHER = Buffer.alloc(32, 0x22)
const NEW = Buffer.alloc(32, 0x33)
const ZERO = Buffer.alloc(32)
const AT_SEVEN: SessionEnd = { seq: 7, digest: LAST }

type Place = { seq: number; gapCount?: number; prev?: Buffer; digest?: Buffer }

function admission(place: Place, end: SessionEnd) {
  const { seq, gapCount = 0, prev = LAST, digest = NEW } = place
  return admit({ batch: sampleBatch({ seq, gapCount, prev }), digest }, end)
}

const SESSIONS: [string, Place, SessionEnd, object][] = [
  ['the first frame', { seq: 0, prev: ZERO }, null, { kind: 'admitted' }],
  [
    'a first frame chained to something',
    { seq: 0, prev: LAST },
    null,
    { kind: 'refused', reason: 'broken-chain', expectedSeq: 0 },
  ],
  [
    'a session that begins at 1',
    { seq: 1, prev: ZERO },
    null,
    { kind: 'refused', reason: 'unannounced-gap', expectedSeq: 0 },
  ],
  [
    'a session that begins after an announced loss',
    { seq: 3, gapCount: 3, prev: OTHER },
    null,
    { kind: 'admitted' },
  ],
  ['the next frame', { seq: 8 }, AT_SEVEN, { kind: 'admitted' }],
  [
    'the next frame on another chain',
    { seq: 8, prev: OTHER },
    AT_SEVEN,
    { kind: 'refused', reason: 'broken-chain', expectedSeq: 8 },
  ],
  ['one too far', { seq: 9 }, AT_SEVEN, { kind: 'refused', reason: 'unannounced-gap', expectedSeq: 8 }],
  ['one too far, the loss announced', { seq: 9, gapCount: 1, prev: OTHER }, AT_SEVEN, { kind: 'admitted' }],
  [
    'a jump longer than the loss announced',
    { seq: 10, gapCount: 1, prev: OTHER },
    AT_SEVEN,
    { kind: 'refused', reason: 'unannounced-gap', expectedSeq: 8 },
  ],
  [
    'a loss announced longer than the jump',
    { seq: 8, gapCount: 1, prev: OTHER },
    AT_SEVEN,
    { kind: 'refused', reason: 'unannounced-gap', expectedSeq: 8 },
  ],
  ['the last frame again', { seq: 7, digest: LAST }, AT_SEVEN, { kind: 'duplicate', last: 7 }],
  ['another frame as the last', { seq: 7, digest: OTHER }, AT_SEVEN, { kind: 'equivocation', last: 7 }],
  ['a number long gone', { seq: 6, digest: LAST }, AT_SEVEN, { kind: 'seen', last: 7 }],
  ['number 0 long after', { seq: 0, prev: ZERO }, AT_SEVEN, { kind: 'seen', last: 7 }],
]

describe('admit', () => {
  it.each(SESSIONS)('%s', (_, place, end, expected) => {
    expect(admission(place, end)).toMatchObject(expected)
  })

  it('names the numbers in a refusal', () => {
    expect(admission({ seq: 12 }, AT_SEVEN)).toMatchObject({
      detail: expect.stringMatching(/\b8;? .*\b12\b/),
    })
    expect(admission({ seq: 8, prev: OTHER }, AT_SEVEN)).toMatchObject({
      detail: expect.stringMatching(/frame 8 .*frame 7/),
    })
  })
})

const RECEIVED_MS = 1_790_000_000_000
const BASE_S = RECEIVED_MS / 1000
const AGENT = Buffer.alloc(16, 0xa9)
const KNOWN = { agent: AGENT, checkIntervalsMs: [10_000, 10_000], receivedMs: RECEIVED_MS }
const NO_SCHEDULE = { check: [], firstMs: [], count: [] }

function samplesAt(...offsetMs: number[]): Batch['samples'] {
  const zeros = offsetMs.map(() => 0)
  return {
    check: zeros,
    offsetMs,
    outcome: zeros,
    attempt: null,
    latencyUs: zeros,
    value: null,
    phases: null,
    cause: null,
  }
}

function batchAt(changes: Partial<Batch>): Batch {
  return sampleBatch({
    baseS: BASE_S,
    gapCount: 0,
    schedule: NO_SCHEDULE,
    samples: samplesAt(0),
    ...changes,
  })
}

function checksOf(...check: number[]): Batch['samples'] {
  return { ...samplesAt(...check.map((_, i) => i)), check }
}

const CONTENTS: [string, Partial<Batch>, Partial<Parameters<typeof refuseContent>[1]>, string | null][] = [
  ['a sound frame', {}, {}, null],
  ['the frame of another agent', { agent: Buffer.alloc(16, 1) }, {}, 'bad-signature'],
  ['an unknown configuration', {}, { checkIntervalsMs: null }, 'unknown-config'],
  ['the last check configured', { samples: checksOf(0, 1) }, {}, null],
  ['one check past it', { samples: checksOf(0, 2) }, {}, 'malformed'],
  ['no check configured, none named', { samples: samplesAt() }, { checkIntervalsMs: [] }, null],
  ['no check configured, one named', {}, { checkIntervalsMs: [] }, 'malformed'],
  ['a slot of the last check', { schedule: { check: [1], firstMs: [0], count: [1] } }, {}, null],
  ['a slot one check past it', { schedule: { check: [2], firstMs: [0], count: [1] } }, {}, 'malformed'],
  ['a sample a day ahead', { samples: samplesAt(0, MAX_AHEAD_MS) }, {}, null],
  ['a sample a day and 1 ms ahead', { samples: samplesAt(MAX_AHEAD_MS + 1, 0) }, {}, 'clock'],
  [
    'a slot a day ahead',
    { samples: samplesAt(), schedule: { check: [0], firstMs: [MAX_AHEAD_MS], count: [1] } },
    {},
    null,
  ],
  [
    'a slot a day and 1 ms ahead',
    { samples: samplesAt(), schedule: { check: [0], firstMs: [MAX_AHEAD_MS + 1], count: [1] } },
    {},
    'clock',
  ],
  [
    'slots that run on past a day ahead',
    { samples: samplesAt(), schedule: { check: [0], firstMs: [0], count: [8_642] } },
    {},
    'clock',
  ],
  [
    'a gap announced a day and 1 s ahead',
    { gapCount: 1, baseS: BASE_S + MAX_AHEAD_MS / 1000 + 1, samples: samplesAt() },
    {},
    'clock',
  ],
  ['samples long ago', { samples: samplesAt(-2_000_000_000) }, {}, null],
]

describe('refuseContent', () => {
  it.each(CONTENTS)('%s', (_, changes, known, reason) => {
    expect(refuseContent(batchAt(changes), { ...KNOWN, ...known })?.reason ?? null).toBe(reason)
  })
})

const SPANS: [string, Partial<Batch>, [number, number] | null][] = [
  ['nothing', { samples: samplesAt() }, null],
  ['a gap alone', { samples: samplesAt(), gapCount: 2 }, [0, 0]],
  ['samples in no order', { samples: samplesAt(500, -3, 20) }, [-3, 500]],
  // A slot without a sample is unknown at its instant: late folding has to find the frame that says so.
  ['a slot alone', { samples: samplesAt(), schedule: { check: [1], firstMs: [40], count: [1] } }, [40, 40]],
  [
    'slots around the samples',
    { samples: samplesAt(9_000), schedule: { check: [0, 1], firstMs: [8_000, -7], count: [3, 1] } },
    [-7, 28_000],
  ],
  [
    'a schedule of no slots',
    { samples: samplesAt(), schedule: { check: [0], firstMs: [5], count: [0] } },
    null,
  ],
]

describe('spanOf', () => {
  it.each(SPANS)('%s', (_, changes, expected) => {
    const span = spanOf(batchAt(changes), KNOWN.checkIntervalsMs)
    const relative = span && [span.fromMs - RECEIVED_MS, span.toMs - RECEIVED_MS]
    expect(relative).toEqual(expected)
  })
})
