/**
 * Timelines: the step function's algebra, each against its value at every instant.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalise } from '@constat/shared/time'
import {
  MARK,
  STATES,
  STATE_MARK,
  append,
  concatenate,
  everywhere,
  isDown,
  isPossiblyDown,
  mapWithin,
  markAt,
  piecesWithin,
  segments,
  splice,
  stateOf,
  timelineOf,
  timelineWithin,
  where,
  within,
  type Pieces,
  type Timeline,
} from '@constat/sla/timeline'

const someTimeline = fc
  .array(fc.record({ gapMs: fc.integer({ min: 1, max: 5 }), mark: fc.constantFrom(0, 1, 3, 7, 9, 64) }), {
    maxLength: 8,
  })
  .map((changes): Timeline => {
    let atMs = 0
    return concatenate([
      { at: changes.map(({ gapMs }) => (atMs += gapMs)), mark: changes.map(({ mark }) => mark) },
    ])
  })
const someInterval = fc
  .record({ startMs: fc.integer({ min: -3, max: 40 }), lengthMs: fc.integer({ min: 0, max: 40 }) })
  .map(({ startMs, lengthMs }) => ({ startMs, endMs: startMs + lengthMs }))
const instants = Array.from({ length: 90 }, (_, i) => i - 5)

function isCanonical({ at, mark }: Timeline): boolean {
  return (
    at.length === mark.length &&
    at.every((ms, i) => ms > (at[i - 1] ?? -Infinity)) &&
    mark.every((m, i) => m !== (mark[i - 1] ?? 0))
  )
}

describe('append', () => {
  test.each<[string, [number, number][], Timeline]>([
    [
      'equal neighbours are one',
      [
        [0, 1],
        [5, 1],
        [9, 3],
      ],
      { at: [0, 9], mark: [1, 3] },
    ],
    [
      'an equal instant replaces',
      [
        [0, 1],
        [5, 3],
        [5, 7],
      ],
      { at: [0, 5], mark: [1, 7] },
    ],
    [
      'replaced by what stood before: gone',
      [
        [0, 1],
        [5, 3],
        [5, 1],
      ],
      { at: [0], mark: [1] },
    ],
    [
      'a leading zero is kept for the chunk before',
      [
        [0, 0],
        [5, 1],
      ],
      { at: [0, 5], mark: [0, 1] },
    ],
  ])('%s', (_title, changes, wanted) => {
    const pieces: Pieces = { at: [], mark: [] }
    for (const [atMs, mark] of changes) append(pieces, atMs, mark)
    expect(pieces).toEqual(wanted)
  })
})

test('a chunk continues the one before', () => {
  const parts = [
    { at: [0, 10], mark: [1, 0] },
    { at: [10, 20], mark: [1, 0] },
    { at: [30], mark: [0] },
    { at: [40], mark: [7] },
  ]
  expect(concatenate(parts)).toEqual({ at: [0, 20, 40], mark: [1, 0, 7] })
  expect(concatenate([{ at: [5], mark: [0] }])).toEqual({ at: [], mark: [] })
})

test('within, splice, map and pieces agree with the value at every instant', () => {
  fc.assert(
    fc.property(someTimeline, someTimeline, someInterval, someInterval, (a, b, x, y) => {
      const [early, late] = x.endMs <= y.startMs ? [x, y] : [x, { startMs: x.endMs, endMs: x.endMs + 9 }]
      const spliced = splice([
        { timeline: a, interval: early },
        { timeline: b, interval: late },
      ])
      const set = normalise([x, y])
      const mapped = mapWithin(a, set, (mark) => mark ^ MARK.partial)
      const inside = within(a, x)
      const down = where(a, x, isDown)
      for (const timeline of [spliced, mapped, inside]) expect(isCanonical(timeline)).toBe(true)
      for (const atMs of instants) {
        const covers = ({ startMs, endMs }: typeof x): boolean => startMs <= atMs && atMs < endMs
        const plain = markAt(a, atMs)
        expect([
          markAt(inside, atMs),
          markAt(mapped, atMs),
          down.some(covers),
          markAt(spliced, atMs),
        ]).toEqual([
          covers(x) ? plain : 0,
          set.some(covers) ? plain ^ MARK.partial : plain,
          covers(x) && isDown(plain),
          covers(early) ? plain : covers(late) ? markAt(b, atMs) : 0,
        ])
      }
    }),
  )
})

test('pieces cover their interval from end to end', () => {
  fc.assert(
    fc.property(someTimeline, someInterval, (timeline, interval) => {
      let atMs = interval.startMs
      for (const piece of piecesWithin(timeline, interval)) {
        expect(piece.startMs).toBe(atMs)
        expect(piece.endMs).toBeGreaterThan(piece.startMs)
        expect(piece.mark).toBe(markAt(timeline, piece.endMs - 1))
        atMs = piece.endMs
      }
      expect(atMs).toBe(interval.endMs)
    }),
  )
})

test('what is possible reaches to both ends of time', () => {
  const timeline = timelineOf([
    { atMs: 10, state: 'up' },
    { atMs: 20, state: 'unknown' },
  ])
  expect(everywhere(timeline, isPossiblyDown)).toEqual([
    { startMs: -Infinity, endMs: 10 },
    { startMs: 20, endMs: Infinity },
  ])
})

describe('states', () => {
  test.each(STATES)('%s survives its own mark', (state) => expect(stateOf(STATE_MARK[state])).toBe(state))

  test('segments tell one word a stretch, blocked and silent alike', () => {
    const timeline = { at: [10, 20, 30, 40], mark: [1, 9, 64, 0] }
    expect(segments(timeline, { startMs: 0, endMs: 50 })).toEqual([
      { startMs: 0, endMs: 10, state: 'unknown' },
      { startMs: 10, endMs: 30, state: 'up' },
      { startMs: 30, endMs: 50, state: 'unknown' },
    ])
  })

  test('a set as a timeline and back', () => {
    const set = [
      { startMs: 1, endMs: 4 },
      { startMs: 6, endMs: 7 },
    ]
    expect(where(timelineWithin(set, MARK.down), { startMs: 0, endMs: 9 }, isDown)).toEqual(set)
  })
})
