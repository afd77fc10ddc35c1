/**
 * Vantage fold: cases of the semantics, an independent oracle, exhaustive laws, and chunks.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OUTCOMES, outcomeCode, type Outcome } from '@constat/shared/sample'
import { totalMs } from '@constat/shared/time'
import {
  MARK,
  append,
  concatenate,
  isDown,
  isPossiblyDown,
  isProvenDown,
  isUnknown,
  markAt,
  where,
  type Pieces,
  type Timeline,
} from '@constat/sla/timeline'
import {
  INITIAL_STATE,
  MAX_OPEN_PIECES,
  foldChunk,
  foldSamples,
  tailOf,
  type FoldRules,
  type SampleColumns,
  type VantageState,
} from '@constat/sla/vantage'
import { truthAt, type Letter, type OracleSample } from '../../support/fold-oracle.ts'
import vectors from '../../vectors/fold.json' with { type: 'json' }

const OUTCOME: Record<Letter, Outcome> = { G: 'ok', D: 'degraded', F: 'fail', U: 'unknown', B: 'blocked' }

function columnsOf(samples: readonly OracleSample[]): SampleColumns {
  return {
    atMs: samples.map(({ atMs }) => atMs),
    outcome: samples.map(({ letter }) => outcomeCode(OUTCOME[letter])),
  }
}

/** `G0 F60 U120`: letter and instant. */
function samplesOf(text: string): OracleSample[] {
  return text.split(' ').map((word) => ({ letter: word[0] as Letter, atMs: Number(word.slice(1)) })) // test text
}

describe('the published cases', () => {
  const cases = vectors.cases.filter(({ category }) => category === 'vantage_fold')
  test('are there', () => expect(cases.length).toBeGreaterThan(4))
  test.each(cases.map((c) => [c.id, c.title, c] as const))(
    '%s %s',
    (_id, _title, { given, expect: wanted }) => {
      const { samples, hold_s, confirm_down, confirm_up, window } = given
      const letters = samples!.map(([at, letter]) => ({
        atMs: Number(at),
        letter: (letter === 'O' ? 'G' : letter) as Letter, // the file writes O, F and U
      }))
      const rules = { holdMs: hold_s!, down: confirm_down!, up: confirm_up! }
      const timeline = foldSamples(rules, columnsOf(letters))
      const interval = { startMs: window![0]!, endMs: window![1]! }
      const down = where(timeline, interval, isDown)
      expect({
        down: down.map(({ startMs, endMs }) => [startMs, endMs]),
        down_s: totalMs(down),
        unknown_s: totalMs(where(timeline, interval, isUnknown)),
        min_down_s: totalMs(where(timeline, interval, isProvenDown)),
        max_down_s: totalMs(where(timeline, interval, isPossiblyDown)),
      }).toEqual(wanted)
    },
  )
})

describe('one rule at a time', () => {
  const K = MARK.known
  const D = MARK.known | MARK.down
  const P = D | MARK.provenDown
  const UP = MARK.known | MARK.provenUp
  test.each<[string, string, Partial<FoldRules>, Timeline]>([
    ['nothing', 'U0', {}, { at: [], mark: [] }],
    ['a sample stands until its hold', 'G0', {}, { at: [0, 150], mark: [K, 0] }],
    ['exactly hold apart is adjacent', 'G0 G150', {}, { at: [0, 150, 300], mark: [UP, K, 0] }],
    ['a millisecond more is silence', 'G0 G151', {}, { at: [0, 150, 151, 301], mark: [K, 0, K, 0] }],
    ['a blip is not down', 'G0 F60 G120 G180', {}, { at: [0, 120, 180, 330], mark: [K, UP, K, 0] }],
    ['unknown does not reset', 'F0 U60 F120', {}, { at: [0, 60, 120, 270], mark: [D, 0, D, 0] }],
    ['a good sample resets', 'F0 G60 F120', {}, { at: [0, 270], mark: [K, 0] }],
    [
      'up is back-dated',
      'F0 F60 G120 G180',
      { up: 2 },
      { at: [0, 60, 120, 180, 330], mark: [P, D, UP, K, 0] },
    ],
    ['up not confirmed', 'F0 F60 G120', { up: 2 }, { at: [0, 60, 270], mark: [P, D, 0] }],
    ['degraded counts as up', 'G0 D60 D120', {}, { at: [0, 60, 120, 270], mark: [UP, UP | 16, K | 16, 0] }],
    [
      'a degraded sample inside a down label is down',
      'F0 F60 D120 F180',
      { up: 2 },
      { at: [0, 60, 330], mark: [P, D, 0] },
    ],
    ['a firewall answered', 'G0 B60', {}, { at: [0, 60, 210], mark: [K, 64, 0] }],
    [
      'the contract says blocked is a failure',
      'B0 B60',
      { blockedIs: 'fail' },
      { at: [0, 60, 210], mark: [P, D, 0] },
    ],
    ['an equal instant supersedes', 'F0 G0 G60', { down: 1 }, { at: [0, 60, 210], mark: [UP, K, 0] }],
    [
      'a failure of no time breaks a run',
      'G0 G10 G20 F20 G20 G30',
      { up: 3 },
      { at: [0, 20, 180], mark: [UP, K, 0] },
    ],
    [
      'a new run of its own is proved',
      'G0 G10 G20 F20 G20 G30 G40 G50',
      { up: 3 },
      { at: [0, 50, 200], mark: [UP, K, 0] },
    ],
    ['a superseded sample confirms', 'F0 F60 F60 G60', { down: 3 }, { at: [0, 60, 210], mark: [P, K, 0] }],
  ])('%s: %s', (_title, text, rules, wanted) => {
    const timeline = foldSamples({ holdMs: 150, down: 2, up: 1, ...rules }, columnsOf(samplesOf(text)))
    expect(timeline).toEqual(wanted)
  })

  test.each(['G5 G4', 'G0 G5 G9 G8', 'U5 U4'])('instants never go back: %s', (text) => {
    expect(() => foldSamples({ holdMs: 9, down: 2, up: 1 }, columnsOf(samplesOf(text)))).toThrow(/order/)
  })
})

/** Runs, so that long steady states are tried too, with gaps on both sides of the hold. */
const letters = fc.constantFrom<Letter>('G', 'D', 'F', 'U', 'B')
const runs = fc.array(
  fc.record({
    letter: letters,
    gapsMs: fc.array(fc.constantFrom(0, 1, 3, 4, 5, 9), { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 8 },
)
const someSamples = runs.map((list) => {
  let atMs = 0
  return list.flatMap(({ letter, gapsMs }) => gapsMs.map((gapMs) => ({ letter, atMs: (atMs += gapMs) })))
})
const someRules = fc.record({
  holdMs: fc.constantFrom(1, 4, 9),
  down: fc.integer({ min: 1, max: 4 }),
  up: fc.integer({ min: 1, max: 4 }),
})

test('agrees with the oracle at every millisecond', () => {
  fc.assert(
    fc.property(someSamples, someRules, (samples, rules) => {
      const timeline = foldSamples(rules, columnsOf(samples))
      const endMs = (samples.at(-1)?.atMs ?? 0) + rules.holdMs + 1
      for (let atMs = -1; atMs <= endMs; atMs += 1) {
        const mark = markAt(timeline, atMs)
        const told = {
          known: (mark & MARK.known) !== 0,
          down: (mark & MARK.down) !== 0,
          provenDown: (mark & MARK.provenDown) !== 0,
          provenUp: (mark & MARK.provenUp) !== 0,
          degraded: (mark & MARK.degraded) !== 0,
          blocked: (mark & MARK.blocked) !== 0,
        }
        expect({ atMs, ...told }).toEqual({ atMs, ...truthAt(samples, rules, atMs) })
      }
    }),
    { numRuns: 1500 },
  )
})

describe('exhaustively, to six samples', () => {
  const alphabet: readonly Letter[] = ['G', 'F', 'U']
  const gaps = [0, 1, 3]
  const holdMs = 2
  test.each([
    [1, 1],
    [2, 1],
    [2, 2],
    [3, 2],
    [1, 3],
  ])('down %i, up %i: P ⊆ D ⊆ S, and blindness neither grows P nor shrinks S', (down, up) => {
    for (let length = 1; length <= 6; length += 1) {
      for (const atMs of instants(gaps, length)) {
        const sets = words(alphabet.length, length).map((word) => {
          const outcome = word.map((letter) => outcomeCode(OUTCOME[alphabet[letter]!]))
          return setsOf(foldSamples({ holdMs, down, up }, { atMs, outcome }))
        })
        for (let word = 0; word < sets.length; word += 1) assertLaws(sets, { word, length })
      }
    }
  })

  /** Sets as bits, one a millisecond: 5 gaps of at most 3 and the hold stay below 31. */
  function setsOf({ at, mark }: Timeline): { p: number; d: number; s: number; known: number } {
    const sets = { p: 0, d: 0, s: -1, known: 0 }
    for (let i = 0; i < at.length; i += 1) {
      const bits = (1 << Math.min(at[i + 1] ?? 30, 30)) - (1 << at[i]!)
      if (mark[i]! & MARK.provenDown) sets.p |= bits
      if (mark[i]! & MARK.down) sets.d |= bits
      if (mark[i]! & MARK.provenUp) sets.s &= ~bits
      if (mark[i]! & MARK.known) sets.known |= bits
    }
    return sets
  }

  function assertLaws(
    sets: readonly ReturnType<typeof setsOf>[],
    { word, length }: Record<'word' | 'length', number>,
  ) {
    const { p, d, s, known } = sets[word]!
    const isNested = (p & ~d) === 0 && (d & ~s) === 0 && (d & ~known) === 0 && (~s & ~known) === 0
    if (!isNested) expect.fail(`word ${word} of ${length}: not nested`)
    for (let place = 1; place < 3 ** length; place *= 3) {
      const letter = Math.trunc(word / place) % 3
      const blind = sets[word + (2 - letter) * place]!
      if (blind.p & ~p || s & ~blind.s) expect.fail(`word ${word} of ${length}: gained by losing ${place}`)
    }
  }
})

describe('chunks', () => {
  const cutAt = fc.array(fc.nat({ max: 50 }), { maxLength: 5 })

  test('pieces of any split and the last tail are the fold of everything at once', () => {
    fc.assert(
      fc.property(someSamples, someRules, cutAt, (samples, rules, cuts) => {
        const parts: Timeline[] = []
        let state: VantageState = INITIAL_STATE
        const ends = [...cuts.filter((cut) => cut < samples.length), samples.length].sort((a, b) => a - b)
        let from = 0
        for (const to of ends) {
          const { pieces, closing } = foldChunk(rules, state, columnsOf(samples.slice(from, to)))
          parts.push(pieces)
          // The state goes through the database as JSON.
          state = JSON.parse(JSON.stringify(closing)) as VantageState
          expect(state).toEqual(closing)
          from = to
        }
        expect(concatenate([...parts, tailOf(rules, state)])).toEqual(foldSamples(rules, columnsOf(samples)))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [1, 1],
    [2, 1],
    [1, 2],
    [2, 2],
    [3, 3],
  ])('down %i, up %i: two states that differ are told apart by some future', (down, up) => {
    const rules = { holdMs: 9, down, up }
    const alphabet: readonly Letter[] = ['G', 'D', 'F', 'U', 'B']
    const histories = [0, 1, 2, 3].flatMap((length) =>
      words(alphabet.length, length).flatMap((word) =>
        instants([0, 2], Math.max(length, 1)).map((at) =>
          word.map((letter, i) => ({ letter: alphabet[letter]!, atMs: at[i]! })),
        ),
      ),
    )
    const futures = words(2, 3).flatMap((word) =>
      [7, 48].map((atMs) => word.map((w, i) => ({ letter: alphabet[w * 2]!, atMs: atMs + i }))),
    )
    const seen = new Map<string, string>()
    for (const history of histories) {
      const { closing } = foldChunk(rules, INITIAL_STATE, columnsOf(history))
      const answers = [tailOf(rules, closing), ...futures.map((future) => fold(closing, future))]
      const answer = JSON.stringify(answers)
      const state = JSON.stringify(closing)
      expect(seen.get(answer) ?? state).toBe(state)
      seen.set(answer, state)
    }
    expect(seen.size).toBeGreaterThan(5)

    function fold(opening: VantageState, future: readonly OracleSample[]): Timeline {
      const { pieces, closing } = foldChunk(rules, opening, columnsOf(future))
      const all: Pieces = { at: [], mark: [] }
      for (const { at, mark } of [pieces, tailOf(rules, closing)])
        at.forEach((atMs, i) => append(all, atMs, mark[i]!))
      return all
    }
  })

  test('the steady state is small and forgets how it came about', () => {
    const rules = { holdMs: 25, down: 3, up: 2 }
    const steady = foldChunk(rules, INITIAL_STATE, columnsOf(samplesOf('G60 G70 G80 G90 G100'))).closing
    const troubled = foldChunk(
      rules,
      INITIAL_STATE,
      columnsOf(samplesOf('F0 F10 F20 G30 F40 U50 B60 G70 G80 G90 G100')),
    ).closing
    expect(troubled).toEqual(steady)
    expect(steady).toEqual({
      label: 'up',
      against: 0,
      last: 'ok',
      lastAtMs: 100,
      left: 1,
      open: { at: [], mark: [] },
    })
  })

  test('what waits for a decision is bounded', () => {
    const rules = { holdMs: 15, down: 2, up: 1 }
    const flapping = Array.from({ length: 2 * MAX_OPEN_PIECES }, (_, i): OracleSample => ({
      letter: i === 0 ? 'F' : i % 2 === 1 ? 'U' : 'B',
      atMs: i * 10,
    }))
    const atLimit = foldChunk(rules, INITIAL_STATE, columnsOf(flapping.slice(0, MAX_OPEN_PIECES)))
    expect(atLimit.closing.open.at).toHaveLength(MAX_OPEN_PIECES)
    const past = foldChunk(rules, INITIAL_STATE, columnsOf(flapping))
    expect(past.closing.open.at).toHaveLength(MAX_OPEN_PIECES)
    expect(past.pieces.at).toHaveLength(0)
  })

  test('takes typed columns', () => {
    const columns = { atMs: Float64Array.of(0, 10), outcome: Uint8Array.from([0, OUTCOMES.indexOf('fail')]) }
    expect(foldSamples({ holdMs: 20, down: 1, up: 1 }, columns).mark).toEqual([
      MARK.known,
      MARK.known | MARK.down,
      0,
    ])
  })
})

/** Every word of `length` letters out of `size`, as digits with the least significant first. */
function words(size: number, length: number): number[][] {
  return Array.from({ length: size ** length }, (_, n) =>
    Array.from({ length }, (_, i) => Math.trunc(n / size ** i) % size),
  )
}

/** Every list of `length` instants from 0 on with gaps out of `gaps`. */
function instants(gaps: readonly number[], length: number): number[][] {
  return words(gaps.length, length - 1).map((word) => {
    let atMs = 0
    return [0, ...word.map((gap) => (atMs += gaps[gap]!))]
  })
}
