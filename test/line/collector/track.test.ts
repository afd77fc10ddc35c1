/**
 * Tracks: whatever the split and whatever the order in which readings arrive, the chunks come out as if
 * everything had been folded at once, in order. That is what makes a rebuild comparable byte by byte.
 */
import type { CheckRules } from '@constat/sla/assembly/rules'
import { outcomeCode, type Outcome } from '@constat/shared/sample'
import { foldSamples } from '@constat/sla/vantage'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptyReadings,
  filterReadings,
  valueAt,
  type Column,
  type Readings,
} from '@constat/sla/fold/readings'
import { CHUNK_MS, chunkStart, MAX_FAILURES, rulesText, Track, type Chunk } from '@constat/sla/fold/track'

const RULES: CheckRules = { holdMs: 150_000, down: 2, up: 2, by: 'reprobes' }
const KEY = { log: 1, check: 'portal', agent: 'a9' }

type Reading = { atMs: number; outcome: Outcome; cause?: number; attempt?: number }

function readingsOf(list: readonly Reading[]): Readings {
  const column = (values: number[]): Column => (values.every((value) => value === 0) ? null : values)
  return {
    atMs: list.map(({ atMs }) => atMs),
    outcome: column(list.map(({ outcome }) => outcomeCode(outcome))),
    cause: column(list.map(({ cause = 0 }) => cause)),
    attempt: column(list.map(({ attempt = 0 }) => attempt)),
  }
}

const trackOf = (rules: CheckRules = RULES): Track => new Track({ ...KEY, rules }, 0)

/** All chunks. Only a fresh track or one whose chunks were never taken answers all of them. */
const chunksOf = (track: Track): Chunk[] => track.takeDirty()

function foldedAtOnce(all: Readings, rules: CheckRules): Chunk[] {
  const track = trackOf(rules)
  if (all.atMs.length > 0) track.extend(all)
  return chunksOf(track)
}

/** As the fold does it: what continues is added, anything else has its chunk folded again from all there is. */
function arrive(track: Track, known: Reading[], burst: readonly Reading[]): void {
  known.push(...burst)
  const sorted = burst.toSorted((a, b) => a.atMs - b.atMs)
  if (sorted.length === 0) return
  if (sorted[0]!.atMs > track.lastMs) {
    track.extend(readingsOf(sorted))
    return
  }
  const starts = new Set(sorted.map(({ atMs }) => chunkStart(atMs)))
  while (starts.size > 0) {
    const startMs = Math.min(...starts)
    starts.delete(startMs)
    const inside = known.filter(({ atMs }) => chunkStart(atMs) === startMs)
    const isSame = track.refold(startMs, readingsOf(inside.toSorted((a, b) => a.atMs - b.atMs)))
    const [nextMs] = track.startsAfter(startMs)
    if (!isSame && nextMs !== undefined) starts.add(nextMs)
  }
}

const rules = fc.record<CheckRules>({
  // From shorter than the spacing of samples to longer than a chunk.
  holdMs: fc.constantFrom(0, 1_000, 400_000, 3_000_000, CHUNK_MS + 1),
  down: fc.integer({ min: 1, max: 3 }),
  up: fc.integer({ min: 1, max: 3 }),
  by: fc.constantFrom('reprobes' as const, 'slots' as const),
  blockedIs: fc.constantFrom('unknown' as const, 'fail' as const),
})

/** Distinct instants over a few chunks, chunk borders among them. */
const reading = fc.record({
  atMs: fc.oneof(
    fc.integer({ min: 0, max: 5 * CHUNK_MS }),
    fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -2, max: 2 }))
      .map(([n, d]) => n * CHUNK_MS + d),
  ),
  outcome: fc.constantFrom<Outcome>('ok', 'ok', 'fail', 'fail', 'degraded', 'unknown', 'blocked'),
  cause: fc.integer({ min: 0, max: 3 }),
  attempt: fc.constantFrom(0, 0, 0, 1),
})
const readings = fc.uniqueArray(reading, { selector: ({ atMs }) => atMs, maxLength: 60 })

describe('a track', () => {
  it('ends the same in any split and any order of arrival', () => {
    fc.assert(
      fc.property(rules, readings, fc.infiniteStream(fc.integer({ min: 0, max: 7 })), (own, all, cuts) => {
        const sorted = all.toSorted((a, b) => a.atMs - b.atMs)
        const expected = foldedAtOnce(readingsOf(sorted), own)
        const track = trackOf(own)
        const known: Reading[] = []
        const left = [...all]
        while (left.length > 0) arrive(track, known, left.splice(0, (cuts.next().value ?? 0) + 1))
        expect(chunksOf(track)).toEqual(expected)
      }),
      { numRuns: 1_500 },
    )
  })

  it('ends the same when it is put away and taken up again between bursts', () => {
    fc.assert(
      fc.property(rules, readings, fc.integer({ min: 1, max: 9 }), (own, all, size) => {
        const sorted = all.toSorted((a, b) => a.atMs - b.atMs)
        let track = trackOf(own)
        const stored = new Map<number, string>()
        for (let at = 0; at < sorted.length; at += size) {
          track.extend(readingsOf(sorted.slice(at, at + size)))
          for (const chunk of track.takeDirty()) stored.set(chunk.startMs, JSON.stringify(chunk))
          // Stored as text: whatever JSON cannot carry is lost here.
          const chunks = [...stored.values()].map((text) => JSON.parse(text) as Chunk)
          track = new Track({ ...KEY, rules: own }, 0, { chunks })
        }
        const expected = foldedAtOnce(readingsOf(sorted), own)
        expect([...stored.values()]).toEqual(expected.map((chunk) => JSON.stringify(chunk)))
      }),
      { numRuns: 500 },
    )
  })

  it('tells the timeline that the whole fold tells', () => {
    fc.assert(
      fc.property(rules, readings, (own, all) => {
        const sorted = readingsOf(all.toSorted((a, b) => a.atMs - b.atMs))
        const track = trackOf(own)
        if (all.length > 0) track.extend(sorted)
        const kept =
          own.by === 'slots' ? filterReadings(sorted, (i) => valueAt(sorted.attempt, i) === 0) : sorted
        const { atMs, outcome } = kept
        expect(track.timeline()).toEqual(foldSamples(own, { atMs, outcome: outcome ?? atMs.map(() => 0) }))
      }),
      { numRuns: 500 },
    )
  })
})

describe('folding again', () => {
  const every = (fromMs: number, untilMs: number, outcome: Outcome = 'ok'): Reading[] =>
    Array.from({ length: (untilMs - fromMs) / 60_000 }, (_, i) => ({ atMs: fromMs + i * 60_000, outcome }))

  it('stops at the first chunk that closes as before, and goes on past one that does not', () => {
    const track = trackOf()
    const known = every(0, 3 * CHUNK_MS)
    track.extend(readingsOf(known))
    track.takeDirty()
    const middle = known.filter(({ atMs }) => atMs < CHUNK_MS)
    const mended = middle.map((one, i) => (i > 100 && i < 104 ? { ...one, outcome: 'fail' as const } : one))
    expect(track.refold(0, readingsOf(mended))).toBe(true)
    expect(track.takeDirty().map(({ startMs }) => startMs)).toEqual([0])
    const broken = middle.map((one, i) => (i > 237 ? { ...one, outcome: 'fail' as const } : one))
    expect(track.refold(0, readingsOf(broken))).toBe(false)
    expect(track.startsAfter(0)).toEqual([CHUNK_MS, 2 * CHUNK_MS])
  })

  it('of nothing changes nothing', () => {
    const track = trackOf()
    expect(track.refold(0, emptyReadings())).toBe(true)
    expect(track.takeDirty()).toEqual([])
    expect(track.lastMs).toBe(-Infinity)
    expect(track.firstMs).toBeNull()
  })
})

describe('chunks', () => {
  const STARTS: [number, number][] = [
    [0, 0],
    [CHUNK_MS - 1, 0],
    [CHUNK_MS, CHUNK_MS],
    [-1, -CHUNK_MS],
  ]
  it.each(STARTS)('%d belongs to the chunk of %d', (atMs, startMs) => {
    expect(chunkStart(atMs) + 0).toBe(startMs)
  })

  it(`keep ${MAX_FAILURES} changes of cause and no more`, () => {
    const flapping = (count: number): Reading[] =>
      Array.from({ length: 2 * count }, (_, i) => ({ atMs: i * 1_000, outcome: i % 2 === 0 ? 'fail' : 'ok' }))
    const of = (count: number): number =>
      foldedAtOnce(readingsOf(flapping(count)), RULES)[0]!.failures.atMs.length
    expect([of(MAX_FAILURES), of(MAX_FAILURES + 1)]).toEqual([MAX_FAILURES, MAX_FAILURES])
  })
})

describe('the cause of a failure', () => {
  const TIMELINE: Reading[] = [
    { atMs: 0, outcome: 'ok' },
    { atMs: 60_000, outcome: 'fail', cause: 5 },
    { atMs: 120_000, outcome: 'fail', cause: 5 },
    { atMs: 180_000, outcome: 'fail', cause: 3 },
    { atMs: 240_000, outcome: 'ok' },
    { atMs: 300_000, outcome: 'ok' },
  ]
  const CAUSES: [string, number, number | null][] = [
    ['before any failure, the first one to come', 30_000, 5],
    ['at the onset', 60_000, 5],
    ['while it stands', 179_999, 5],
    ['when it has changed', 180_000, 3],
    ['after the last', 400_000, 3],
  ]
  it.each(CAUSES)('%s', (_, atMs, cause) => {
    const track = trackOf()
    track.extend(readingsOf(TIMELINE))
    expect(track.failureAt(atMs)?.cause).toBe(cause)
  })

  it('is none where nothing failed', () => {
    const track = trackOf()
    track.extend(readingsOf([{ atMs: 0, outcome: 'ok' }]))
    expect(track.failureAt(0)).toBeNull()
  })
})

describe('silences of a track', () => {
  const at = (atMs: number, outcome: Outcome = 'ok'): Reading => ({ atMs, outcome })
  const { holdMs } = RULES
  const nextMs = CHUNK_MS
  it.each<[string, Reading[][], [number, number][]]>([
    ['none before the first sample', [], []],
    ['after the newest', [[at(1000)]], [[1000 + holdMs, Infinity]]],
    ['not while samples stand until the next', [[at(0), at(holdMs)]], [[2 * holdMs, Infinity]]],
    [
      'between two that are further apart, whatever they say',
      [[at(0, 'unknown')], [at(2 * holdMs, 'blocked')]],
      [
        [holdMs, 2 * holdMs],
        [3 * holdMs, Infinity],
      ],
    ],
    [
      'over the end of a chunk',
      [[at(nextMs - 1000)], [at(nextMs + holdMs)]],
      [
        [nextMs - 1000 + holdMs, nextMs + holdMs],
        [nextMs + 2 * holdMs, Infinity],
      ],
    ],
    [
      'shorter by what comes late, in the chunk before too',
      [[at(nextMs - 90_000, 'unknown')], [at(nextMs + holdMs, 'unknown')], [at(nextMs - 1000, 'unknown')]],
      [
        [nextMs - 1000 + holdMs, nextMs + holdMs],
        [nextMs + 2 * holdMs, Infinity],
      ],
    ],
  ])('%s', (_, bursts, expected) => {
    const track = trackOf()
    const known: Reading[] = []
    for (const burst of bursts) arrive(track, known, burst)
    expect(track.silences().map(({ startMs, endMs }) => [startMs, endMs])).toEqual(expected)
  })

  it('are something new to tell', () => {
    const track = trackOf()
    track.extend(readingsOf([at(0, 'unknown')]))
    expect(track.extend(readingsOf([at(holdMs, 'unknown')]))).toBe(false)
    expect(track.extend(readingsOf([at(3 * holdMs, 'unknown')]))).toBe(true)
  })
})

describe('the name of a set of rules', () => {
  it('differs for every difference, and an absent rule is its default', () => {
    const others: CheckRules[] = [
      { ...RULES, holdMs: 1 },
      { ...RULES, down: 3 },
      { ...RULES, up: 1 },
      { ...RULES, by: 'slots' },
      { ...RULES, blockedIs: 'fail' },
    ]
    expect(new Set([RULES, ...others].map(rulesText)).size).toBe(others.length + 1)
    expect(rulesText({ ...RULES, blockedIs: 'unknown' })).toBe(rulesText(RULES))
  })
})
