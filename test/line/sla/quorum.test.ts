/**
 * Quorum and composition: published cases, pointwise laws against a naive count, and blindness.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalise, totalMs, type Interval } from '@constat/shared/time'
import { compose, type Operator } from '@constat/sla/service-tree'
import { defaultQuorum, quorum } from '@constat/sla/quorum'
import {
  MARK,
  isDown,
  isUnknown,
  mapWithin,
  markAt,
  stateOf,
  timelineOf,
  timelineWithin,
  where,
  type Timeline,
} from '@constat/sla/timeline'
import vectors from '../../vectors/fold.json' with { type: 'json' }

const UP = MARK.known | MARK.provenUp
const DOWN = MARK.known | MARK.down | MARK.provenDown

function pairs(set: readonly Interval[]): number[][] {
  return set.map(({ startMs, endMs }) => [startMs, endMs])
}

function setOf(list: readonly number[][]): readonly Interval[] {
  return normalise(list.map(([startMs, endMs]) => ({ startMs: startMs!, endMs: endMs! })))
}

/** Up for all the window except where it is said to be down or unknown. */
function vantageOf(given: { down: number[][]; unknown: number[][] }, interval: Interval): Timeline {
  const up = timelineWithin([interval], UP)
  const seen = mapWithin(up, setOf(given.down), () => DOWN)
  return mapWithin(seen, setOf(given.unknown), () => 0)
}

describe('the published quorum cases', () => {
  const cases = vectors.cases.filter(({ category }) => category === 'quorum')
  test('are there', () => expect(cases.length).toBeGreaterThan(0))
  test.each(cases.map((c) => [c.id, c] as const))('%s', (_id, { given, expect: wanted }) => {
    const interval = { startMs: given.window![0]!, endMs: given.window![1]! }
    const vantages = given.vantages!.map((v) => vantageOf(v, interval))
    const whole = quorum(vantages, { down: given.down_needed!, minKnown: given.min_known! })
    expect({
      down: pairs(where(whole, interval, isDown)),
      partial: pairs(where(whole, interval, (mark) => stateOf(mark) === 'partial')),
      unknown: pairs(where(whole, interval, isUnknown)),
    }).toEqual(wanted)
  })
})

describe('the published composition cases', () => {
  const cases = vectors.cases.filter(({ category }) => category === 'composition')
  const day = { startMs: 0, endMs: 86_400 }
  test('are there', () => expect(cases.length).toBeGreaterThan(0))
  test.each(cases.map((c) => [c.id, c] as const))('%s', (_id, { given, expect: wanted }) => {
    // The file holds one list of intervals for each part.
    const parts = (given.down as unknown as number[][][]).map((down) => vantageOf({ down, unknown: [] }, day))
    const operator = { op: given.op, k: given.k } as Operator // one of the three by the file's own schema
    expect({ down_s: totalMs(where(compose(parts, operator), day, isDown)) }).toEqual(wanted)
  })
})

/** Masks that a fold can give: P ⊆ D ⊆ known, provenUp ⊆ known without D. */
const MASKS = [
  0,
  MARK.blocked,
  MARK.known,
  MARK.known | MARK.degraded,
  UP,
  UP | MARK.degraded,
  UP | MARK.partial,
  MARK.known | MARK.down,
  DOWN,
]
const someTimeline = fc
  .array(fc.record({ atMs: fc.nat({ max: 20 }), mark: fc.constantFrom(...MASKS) }), { maxLength: 8 })
  .map((changes) => {
    const sorted = changes.toSorted((a, b) => a.atMs - b.atMs)
    return sorted.reduce<Timeline>(
      (timeline, { atMs, mark }) => mapWithin(timeline, [{ startMs: atMs, endMs: 21 }], () => mark),
      { at: [], mark: [] },
    )
  })
const someTimelines = fc.array(someTimeline, { minLength: 1, maxLength: 6 })

type Sets = { known: boolean; p: boolean; d: boolean; s: boolean }
function setsOf(mark: number): Sets {
  return {
    known: (mark & MARK.known) !== 0,
    p: (mark & MARK.provenDown) !== 0,
    d: (mark & MARK.down) !== 0,
    s: (mark & MARK.provenUp) === 0,
  }
}

function assertNested({ known, p, d, s }: Sets): void {
  expect([!p || d, !d || s, !d || known, s || known]).toEqual([true, true, true, true])
}

test('a quorum counts each set by itself, at every instant', () => {
  const rules = fc.record({ down: fc.integer({ min: 1, max: 4 }), minKnown: fc.integer({ min: 1, max: 4 }) })
  fc.assert(
    fc.property(someTimelines, rules, (vantages, rule) => {
      const whole = quorum(vantages, rule)
      expect(whole.mark.every((mark, i) => mark !== (whole.mark[i - 1] ?? 0))).toBe(true)
      for (let atMs = -1; atMs <= 22; atMs += 1) {
        const seen = vantages.map((vantage) => setsOf(markAt(vantage, atMs)))
        const number = (name: keyof Sets): number => seen.filter((sets) => sets[name]).length
        const isKnown = number('known') >= rule.minKnown
        const told = setsOf(markAt(whole, atMs))
        expect({ atMs, ...told }).toEqual({
          atMs,
          known: isKnown,
          p: isKnown && number('p') >= rule.down,
          d: isKnown && number('d') >= rule.down,
          s: !isKnown || number('s') >= rule.down,
        })
        assertNested(told)
      }
    }),
  )
})

test('a composition follows Kleene, set by set, at every instant', () => {
  fc.assert(
    fc.property(someTimelines, fc.nat(), (parts, seed) => {
      const k = 1 + (seed % parts.length)
      const operator: Operator = { op: 'atLeast', k }
      const whole = compose(parts, operator)
      if (k === parts.length) expect(compose(parts, { op: 'all' })).toEqual(whole)
      if (k === 1) expect(compose(parts, { op: 'any' })).toEqual(whole)
      for (let atMs = -1; atMs <= 22; atMs += 1) {
        const seen = parts.map((part) => setsOf(markAt(part, atMs)))
        // "At least k are up", with each unknown part tried both ways: Kleene's unknown is a disagreement.
        const upAtBest = seen.filter(({ d }) => !d).length >= k
        const upAtWorst = seen.filter(({ d, known }) => known && !d).length >= k
        const told = setsOf(markAt(whole, atMs))
        expect({ atMs, ...told }).toEqual({
          atMs,
          known: upAtBest === upAtWorst,
          p: seen.filter(({ p }) => !p).length < k,
          d: !upAtBest,
          s: seen.filter(({ s }) => !s).length < k,
        })
        assertNested(told)
      }
    }),
  )
})

test('a part or a vantage that goes blind never grows P nor shrinks S', () => {
  const blindness = fc.record({ who: fc.nat(), startMs: fc.nat({ max: 20 }), lengthMs: fc.nat({ max: 20 }) })
  fc.assert(
    fc.property(someTimelines, blindness, fc.nat(), (list, { who, startMs, lengthMs }, seed) => {
      const k = 1 + (seed % list.length)
      const blinded = list.map((timeline, i) =>
        i === who % list.length
          ? mapWithin(timeline, [{ startMs, endMs: startMs + lengthMs }], () => 0)
          : timeline,
      )
      for (const fold of [
        (all: readonly Timeline[]) => quorum(all, { down: k, minKnown: 1 + (seed % 3) }),
        (all: readonly Timeline[]) => compose(all, { op: 'atLeast', k }),
      ]) {
        const [before, after] = [fold(list), fold(blinded)]
        for (let atMs = 0; atMs <= 22; atMs += 1) {
          const [was, is] = [setsOf(markAt(before, atMs)), setsOf(markAt(after, atMs))]
          expect([!is.p || was.p, !was.s || is.s]).toEqual([true, true])
        }
      }
    }),
  )
})

describe('how an instant is told', () => {
  const of = (...marks: number[]): number[] => marks
  test.each<[string, number[], number, string]>([
    ['one of three down', of(DOWN, UP, UP), 2, 'partial'],
    ['two of three down', of(DOWN, DOWN, UP), 2, 'down'],
    ['one degraded', of(UP | MARK.degraded, UP), 2, 'degraded'],
    ['one down beside a degraded one', of(UP | MARK.degraded, DOWN), 2, 'partial'],
    ['nobody sees', of(0, 0), 2, 'unknown'],
    ['one sees it up, one is blind', of(UP, 0), 2, 'up'],
    ['the only one left sees it down', of(DOWN, 0), 2, 'partial'],
  ])('%s', (_title, marks, down, state) => {
    const whole = quorum(
      marks.map((mark) => ({ at: [0], mark: [mark] })),
      { down, minKnown: 1 },
    )
    expect(stateOf(markAt(whole, 0))).toBe(state)
  })

  test('unknown because a firewall answered is said', () => {
    const blind = quorum(
      [
        { at: [0], mark: [MARK.blocked] },
        { at: [], mark: [] },
      ],
      { down: 1, minKnown: 1 },
    )
    expect(blind).toEqual({ at: [0], mark: [MARK.blocked] })
  })

  test('a known part decides for the whole: Kleene', () => {
    const down = timelineOf([{ atMs: 0, state: 'down' }])
    const up = timelineOf([{ atMs: 0, state: 'up' }])
    const unknown = timelineOf([])
    expect(stateOf(markAt(compose([down, unknown], { op: 'all' }), 0))).toBe('down')
    expect(stateOf(markAt(compose([up, unknown], { op: 'all' }), 0))).toBe('unknown')
    expect(stateOf(markAt(compose([up, unknown], { op: 'any' }), 0))).toBe('up')
    expect(stateOf(markAt(compose([down, unknown], { op: 'any' }), 0))).toBe('unknown')
  })

  test('the default asks for two when there are two', () => {
    expect([1, 2, 5].map(defaultQuorum)).toEqual([
      { down: 1, minKnown: 1 },
      { down: 2, minKnown: 1 },
      { down: 2, minKnown: 1 },
    ])
  })
})
