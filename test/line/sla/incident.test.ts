/**
 * Incidents and the rules on what counts: whole outages first, windows afterwards, set by set.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalise, totalMs } from '@constat/shared/time'
import { incidentsOf } from '@constat/sla/incident'
import { defaultQuorum, quorum } from '@constat/sla/quorum'
import { EVERY_OUTAGE, countedOutages, countedTimeline, type OutageRules } from '@constat/sla/outage'
import {
  MARK,
  NOTHING_KNOWN,
  isDown,
  isPossiblyDown,
  isProvenDown,
  mapWithin,
  splice,
  timelineOf,
  where,
  type State,
  type Timeline,
} from '@constat/sla/timeline'
import vectors from '../../vectors/fold.json' with { type: 'json' }

const CODES: Record<string, State> = { u: 'up', d: 'down', x: 'unknown', g: 'degraded' }

/** `u0 d60 x120`: state and instant. */
function states(text: string): Timeline {
  return timelineOf(text.split(' ').map((word) => ({ atMs: Number(word.slice(1)), state: CODES[word[0]!]! })))
}

describe('the published minimum durations', () => {
  const cases = vectors.cases.filter(({ category }) => category === 'min_duration')
  test('are there', () => expect(cases.length).toBeGreaterThan(1))
  test.each(cases.map((c) => [c.id, c] as const))('%s', (_id, { given, expect: wanted }) => {
    const outages = normalise(
      given.incidents!.map(([startMs, endMs]) => ({ startMs: startMs!, endMs: endMs! })),
    )
    const rules = { ...EVERY_OUTAGE, minimumOutageMs: given.minimum_s! }
    const granularity = given.granularity_s === undefined ? {} : { granularityMs: given.granularity_s }
    expect({ counted_s: totalMs(countedOutages(outages, { ...rules, ...granularity })) }).toEqual(wanted)
  })
})

describe('incidents', () => {
  const asOfMs = 1000
  test.each<[string, string, Partial<OutageRules>, [number, number | null, number][]]>([
    ['none', 'u0', {}, []],
    ['one', 'u0 d100 u160', {}, [[100, 160, 60]]],
    ['running', 'u0 d100', {}, [[100, null, 900]]],
    ['unknown never closes it', 'u0 d100 x160', {}, [[100, null, 60]]],
    ['the next sight of up does', 'u0 d100 x160 u400', {}, [[100, 400, 60]]],
    ['down again after unknown is the same one', 'u0 d100 x160 d400 u500', {}, [[100, 500, 160]]],
    ['degraded is up', 'u0 d100 g160', {}, [[100, 160, 60]]],
    [
      'two',
      'd100 u160 d300 u310',
      {},
      [
        [100, 160, 60],
        [300, 310, 10],
      ],
    ],
    ['joined over a gap of the limit', 'd100 u160 d300 u310', { mergeGapMs: 140 }, [[100, 310, 70]]],
    [
      'a millisecond more is two',
      'd100 u160 d300 u310',
      { mergeGapMs: 139 },
      [
        [100, 160, 60],
        [300, 310, 10],
      ],
    ],
    [
      'the gap counts where the contract says so',
      'd100 u160 d300 u310',
      { mergeGapMs: 140, countGapAsDown: true },
      [[100, 310, 210]],
    ],
    ['unknown time is no part of the gap', 'd100 x160 u390 d400 u500', { mergeGapMs: 10 }, [[100, 500, 160]]],
    [
      'of gap and unknown time only the gap counts',
      'd100 x160 u390 d400 u500',
      { mergeGapMs: 10, countGapAsDown: true },
      [[100, 500, 170]],
    ],
    [
      'below the minimum it is listed and counts nothing',
      'd100 u160',
      { minimumOutageMs: 61 },
      [[100, 160, 0]],
    ],
    ['at the minimum it counts', 'd100 u160', { minimumOutageMs: 60 }, [[100, 160, 60]]],
    [
      'the minimum is tried on the joined outage',
      'd100 u160 d300 u310',
      { mergeGapMs: 140, minimumOutageMs: 210 },
      [[100, 310, 70]],
    ],
    ['whole minutes', 'd100 u230', { granularityMs: 60 }, [[100, 230, 120]]],
    ['what comes after is not told yet', 'd100 u160 d1000', {}, [[100, 160, 60]]],
  ])('%s: %s', (_title, text, rules, wanted) => {
    const list = incidentsOf(states(text), { ...EVERY_OUTAGE, ...rules }, asOfMs)
    expect(list.map(({ startMs, endMs, downMs }) => [startMs, endMs, downMs.point])).toEqual(wanted)
  })

  test('the bounds reach over the doubt on both sides', () => {
    const K = MARK.known
    const timeline = {
      at: [0, 60, 120, 180, 240, 300, 360],
      mark: [
        K | MARK.provenUp,
        K,
        K | MARK.down,
        K | MARK.down | MARK.provenDown,
        K | MARK.down,
        K,
        K | MARK.provenUp,
      ],
    }
    expect(incidentsOf(timeline, EVERY_OUTAGE, 1000)).toEqual([
      {
        startMs: 120,
        endMs: 300,
        spans: [{ startMs: 120, endMs: 300 }],
        possible: { startMs: 60, endMs: 360 },
        downMs: { provable: 60, point: 180, pessimistic: 300 },
      },
    ])
  })

  test('unknown time between the last proof of up and the onset may be part of it', () => {
    const K = MARK.known
    const timeline = {
      at: [0, 60, 70, 90, 120, 180],
      mark: [K | MARK.provenUp, K, 0, K | MARK.down, K, K | MARK.provenUp],
    }
    expect(incidentsOf(timeline, EVERY_OUTAGE, 1000)).toMatchObject([
      {
        startMs: 90,
        possible: { startMs: 90, endMs: 180 },
        downMs: { provable: 0, point: 30, pessimistic: 120 },
      },
    ])
  })

  test('unseen time before the onset is not blamed on it', () => {
    const [incident] = incidentsOf({ at: [100, 200], mark: [3, 0] }, EVERY_OUTAGE, 500)
    expect(incident).toMatchObject({
      possible: { startMs: 100, endMs: 500 },
      downMs: { point: 100, pessimistic: 400 },
    })
  })
})

const MASKS = [0, MARK.known, 9, 3, 7]
const someTimeline = fc
  .array(fc.record({ atMs: fc.nat({ max: 40 }), mark: fc.constantFrom(...MASKS) }), { maxLength: 12 })
  .map((changes) =>
    changes
      .toSorted((a, b) => a.atMs - b.atMs)
      .reduce<Timeline>((t, { atMs, mark }) => mapWithin(t, [{ startMs: atMs, endMs: 41 }], () => mark), {
        at: [],
        mark: [],
      }),
  )
const someRules = fc.record({
  mergeGapMs: fc.nat({ max: 8 }),
  countGapAsDown: fc.boolean(),
  minimumOutageMs: fc.nat({ max: 12 }),
})
const span = { startMs: -20, endMs: 60 }
const SETS = [isProvenDown, isDown, isPossiblyDown]

describe('what counts', () => {
  test('each set keeps its nesting under every rule', () => {
    fc.assert(
      fc.property(
        someTimeline,
        someRules,
        fc.option(fc.constantFrom(2, 5)),
        (timeline, rules, granularityMs) => {
          const counted = countedTimeline(timeline, granularityMs ? { ...rules, granularityMs } : rules, 45)
          const stray = where(
            counted,
            span,
            (mark) => (isProvenDown(mark) && !isDown(mark)) || (isDown(mark) && !isPossiblyDown(mark)),
          )
          expect(stray).toEqual([])
        },
      ),
    )
  })

  test('whole units of a longer outage leave no shorter one sticking out', () => {
    const doubt = { at: [0, 9, 10, 15, 17], mark: [9, 1, 7, 1, 9] }
    const counted = countedTimeline(doubt, { ...EVERY_OUTAGE, granularityMs: 5 }, 45)
    const past = { startMs: 0, endMs: 45 }
    expect(where(counted, past, isDown)).toEqual([{ startMs: 10, endMs: 15 }])
    expect(where(counted, past, isPossiblyDown)).toEqual([{ startMs: 9, endMs: 15 }])
  })

  test('without a rule nothing changes before the present', () => {
    fc.assert(
      fc.property(someTimeline, (timeline) => {
        const counted = countedTimeline(timeline, EVERY_OUTAGE, 45)
        // The same through the long way: a granularity of one unit cuts nothing.
        expect(countedTimeline(timeline, { ...EVERY_OUTAGE, granularityMs: 1 }, 45)).toEqual(counted)
        const past = { startMs: -5, endMs: 45 }
        for (const holds of SETS) expect(where(counted, past, holds)).toEqual(where(timeline, past, holds))
      }),
    )
  })

  test('blindness neither grows what is provable nor shrinks what is possible', () => {
    const blindness = fc.record({ startMs: fc.nat({ max: 40 }), lengthMs: fc.integer({ min: 1, max: 20 }) })
    fc.assert(
      fc.property(someTimeline, someRules, blindness, (timeline, rules, { startMs, lengthMs }) => {
        const blind = mapWithin(timeline, [{ startMs, endMs: startMs + lengthMs }], () => 0)
        const [before, after] = [countedTimeline(timeline, rules, 45), countedTimeline(blind, rules, 45)]
        const grown = where(after, span, isProvenDown).filter(
          (piece) => totalMs(where(before, piece, isProvenDown)) < piece.endMs - piece.startMs,
        )
        const shrunk = where(before, span, isPossiblyDown).filter(
          (piece) => totalMs(where(after, piece, isPossiblyDown)) < piece.endMs - piece.startMs,
        )
        expect([grown, shrunk]).toEqual([[], []])
      }),
    )
  })

  test('the counted point figure is that of the incidents', () => {
    fc.assert(
      fc.property(someTimeline, someRules, (timeline, rules) => {
        const counted = totalMs(where(countedTimeline(timeline, rules, 45), span, isDown))
        const list = incidentsOf(timeline, rules, 45)
        expect(list.reduce((sum, { downMs }) => sum + downMs.point, 0)).toBe(counted)
        for (const { downMs, possible, startMs, endMs } of list) {
          expect(downMs.provable <= downMs.point && downMs.point <= downMs.pessimistic).toBe(true)
          expect(possible.startMs <= startMs && (endMs ?? 45) <= possible.endMs).toBe(true)
        }
      }),
    )
  })
})

describe('a vantage that joins during an outage', () => {
  const seenDown = timelineOf([{ atMs: 100, state: 'down' }])
  const joined = (newcomer: Timeline): Timeline =>
    splice([
      { timeline: quorum([seenDown], defaultQuorum(1)), interval: { startMs: 0, endMs: 200 } },
      {
        timeline: quorum([seenDown, newcomer], defaultQuorum(2)),
        interval: { startMs: 200, endMs: Infinity },
      },
    ])
  test.each([
    ['has said nothing yet', NOTHING_KNOWN, null],
    ['sees it down too', timelineOf([{ atMs: 210, state: 'down' }]), null],
    ['proves that it is up', timelineOf([{ atMs: 210, state: 'up' }]), 210],
  ])('%s', (_, newcomer, endMs) => {
    const incidents = incidentsOf(joined(newcomer), EVERY_OUTAGE, 1_000)
    expect(incidents.map((one) => [one.startMs, one.endMs])).toEqual([[100, endMs]])
  })
})
