/**
 * Reconciliation: the eight classes, components against a graph built pair by pair, and a waterfall that adds
 * up to the millisecond. Times are minutes of 1 June 2026, UTC.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intersect, normalise, subtract, totalMs, union, type Interval } from '@constat/shared/time'
import type { ExclusionKind } from '@constat/sla/contract/expanded'
import type { Ruling } from '@constat/sla/judgement/declaration'
import type { StatedIncident } from '@constat/sla/reconciliation/provider-statement'
import type { MatchClass } from '@constat/sla/reconciliation/answer'
import { reconcile, type ReconcileQuestion } from '@constat/sla/reconciliation/reconcile'

const MINUTE_MS = 60_000
const DAY = { startMs: Date.UTC(2026, 5, 1), endMs: Date.UTC(2026, 5, 2) }
const at = (minutes: number) => DAY.startMs + minutes * MINUTE_MS
const span = ([from, to]: readonly [number, number]): Interval => ({ startMs: at(from), endMs: at(to) })

type Pair = readonly [from: number, to: number]
type Stated = { at: Pair; or?: Pair; kind?: string }
type Given = {
  measured?: readonly (Pair | { at: Pair; zone: string | null } | { parts: readonly Pair[] })[]
  stated?: readonly (Pair | Stated)[]
  /** Service hours; the whole day unless told. */
  hours?: readonly Pair[]
  excluded?: readonly Pair[]
  tolerance?: number
  rulings?: readonly Ruling[]
  reported?: number
}

const KINDS: ExclusionKind[] = [
  {
    id: 'planned',
    clause: 'A.4.1',
    needs: 'announcement',
    notice: null,
    maxPerOccurrenceMs: null,
    recurrence: null,
    zones: [],
  },
]

function questionOf({
  measured = [],
  stated = [],
  hours = [[0, 1440]],
  excluded = [],
  tolerance = 2,
  rulings = [],
  reported,
}: Given): ReconcileQuestion {
  return {
    measured: measured.map((one) => {
      if ('length' in one) return { spans: [span(one)], zone: null }
      if ('parts' in one) return { spans: normalise(one.parts.map(span)), zone: null }
      return { spans: [span(one.at)], zone: one.zone }
    }),
    stated: stated.map((one, i): StatedIncident => {
      const { at: told, or, kind }: Stated = 'length' in one ? { at: one } : one
      return {
        line: i + 1,
        service: null,
        readings: [told, ...(or ? [or] : [])].map(span),
        kind: kind ?? null,
        note: '',
      }
    }),
    inHours: normalise(hours.map(span)),
    excluded: normalise(excluded.map(span)),
    window: DAY,
    toleranceMs: tolerance * MINUTE_MS,
    rulings,
    kinds: KINDS,
    isProviders: (zone) => zone !== 'branch-lan',
    isList: stated.length > 0 || reported === undefined,
    reported: reported === undefined ? null : { percent: 'as told', ms: reported * MINUTE_MS },
  }
}

/** `class both measuredOnly providerOnly`, in minutes. */
const told = (given: Given) =>
  reconcile(questionOf(given)).matches.map((match) => {
    const minutes = [match.bothMs, match.measuredOnlyMs, match.providerOnlyMs].map((ms) => ms / MINUTE_MS)
    return `${match.class} ${minutes.join(' ')}`
  })

describe('one outage and one line', () => {
  test.each<[string, Given, string[]]>([
    ['the same', { measured: [[600, 660]], stated: [[600, 660]] }, ['agreed 60 0 0']],
    ['two minutes off at both ends', { measured: [[600, 660]], stated: [[602, 658]] }, ['agreed 56 4 0']],
    ['moved by two minutes', { measured: [[600, 660]], stated: [[602, 662]] }, ['agreed 58 2 2']],
    [
      'one ms more at the start',
      { measured: [[600, 660]], stated: [[602 + 1 / 60_000, 660]] },
      [`shorter-in-the-statement ${58 - 1 / 60_000} ${2 + 1 / 60_000} 0`],
    ],
    ['half as long', { measured: [[600, 660]], stated: [[600, 630]] }, ['shorter-in-the-statement 30 30 0']],
    ['twice as long', { measured: [[600, 630]], stated: [[600, 660]] }, ['longer-in-the-statement 30 0 30']],
    [
      'as long, elsewhere',
      { measured: [[600, 630]], stated: [[610, 640]] },
      ['shorter-in-the-statement 20 10 10'],
    ],
    ['left out', { measured: [[600, 660]] }, ['absent-from-the-statement 0 60 0']],
    ['only told', { stated: [[600, 660]] }, ['declared-only-by-the-provider 0 0 60']],
    // Widened by two minutes each they touch and do not overlap; a ms closer they do.
    [
      'four minutes apart',
      { measured: [[600, 610]], stated: [[614, 620]] },
      ['absent-from-the-statement 0 10 0', 'declared-only-by-the-provider 0 0 6'],
    ],
    [
      'a ms less apart',
      { measured: [[600, 610]], stated: [[614 - 1 / 60_000, 620]] },
      [`shorter-in-the-statement 0 10 ${6 + 1 / 60_000}`],
    ],
    [
      'in the zone of the customer, left out',
      { measured: [{ at: [600, 660], zone: 'branch-lan' }] },
      ['out-of-scope 0 60 0'],
    ],
    [
      'in the zone of the customer, told',
      { measured: [{ at: [600, 660], zone: 'branch-lan' }], stated: [[600, 630]] },
      ['out-of-scope 30 30 0'],
    ],
    [
      'in the zone of the provider',
      { measured: [{ at: [600, 660], zone: 'core' }] },
      ['absent-from-the-statement 0 60 0'],
    ],
    [
      'told as excused',
      { measured: [[600, 660]], stated: [{ at: [600, 660], kind: 'planned' }] },
      ['reclassified 0 60 0'],
    ],
    [
      'told as excused where nothing was measured',
      { stated: [{ at: [600, 660], kind: 'planned' }] },
      ['declared-only-by-the-provider 0 0 0'],
    ],
    [
      'at a time that reads twice',
      { measured: [[600, 660]], stated: [{ at: [600, 660], or: [660, 720] }] },
      ['ambiguous-local-time 60 0 0'],
    ],
  ])('%s', (_, given, expected) => {
    expect(told(given)).toEqual(expected)
  })
})

describe('committed time', () => {
  test.each<[string, Given, string[]]>([
    [
      'cuts both sides',
      { measured: [[600, 660]], stated: [[600, 660]], hours: [[630, 700]] },
      ['agreed 30 0 0'],
    ],
    [
      'without what is excused',
      { measured: [[600, 660]], stated: [[600, 660]], excluded: [[600, 650]] },
      ['agreed 10 0 0'],
    ],
    ['an outage outside it is no difference', { measured: [[600, 660]], hours: [[0, 600]] }, []],
    [
      'unless the statement tells it',
      { measured: [[600, 660]], stated: [[600, 660]], hours: [[0, 600]] },
      ['agreed 0 0 0'],
    ],
  ])('%s', (_, given, expected) => {
    expect(told(given)).toEqual(expected)
  })
  test('an outage over the end of the window is compared within it', () => {
    const given = { measured: [[0, 10]], stated: [[-20, 10]] } as const
    expect(told(given)).toEqual(['agreed 10 0 0'])
    expect(told({ measured: [[1430, 1440]], stated: [[1430, 1500]] })).toEqual(['agreed 10 0 0'])
  })
  test('a line outside the window is told apart', () => {
    const { matches, linesOutside } = reconcile(
      questionOf({
        measured: [[0, 10]],
        stated: [
          [-60, -30],
          [0, 10],
          [1440, 1500],
          [1430, 1500],
        ],
      }),
    )
    expect([matches.map(({ lines }) => lines), linesOutside]).toEqual([
      [[2], [4]],
      [1, 3],
    ])
  })
})

describe('many to many', () => {
  test.each<[string, Given, number[][], string[]]>([
    [
      'one outage, two lines',
      {
        measured: [[600, 660]],
        stated: [
          [600, 630],
          [635, 660],
        ],
      },
      [[1, 2]],
      ['shorter-in-the-statement 55 5 0'],
    ],
    [
      'two outages, one line',
      {
        measured: [
          [600, 620],
          [640, 660],
        ],
        stated: [[600, 660]],
      },
      [[1]],
      ['longer-in-the-statement 40 0 20'],
    ],
    [
      'a chain',
      {
        measured: [
          [600, 620],
          [630, 650],
        ],
        stated: [
          [615, 632],
          [648, 660],
        ],
      },
      [[1, 2]],
      ['shorter-in-the-statement 9 31 20'],
    ],
    [
      'two by themselves',
      {
        measured: [
          [600, 620],
          [700, 720],
        ],
        stated: [
          [600, 620],
          [700, 720],
        ],
      },
      [[1], [2]],
      ['agreed 20 0 0', 'agreed 20 0 0'],
    ],
    // Three minutes apart: the contract has them as two outages, and so they stay.
    [
      'neighbours on one side',
      {
        measured: [
          [600, 603],
          [606, 609],
        ],
      },
      [[], []],
      ['absent-from-the-statement 0 3 0', 'absent-from-the-statement 0 3 0'],
    ],
    [
      'lines that overlap count once',
      {
        stated: [
          [600, 630],
          [610, 640],
        ],
      },
      [[1, 2]],
      ['declared-only-by-the-provider 0 0 40'],
    ],
    // The line lies in the gap of one outage.
    [
      'a line in a gap',
      {
        measured: [
          {
            parts: [
              [600, 610],
              [650, 660],
            ],
          },
        ],
        stated: [[620, 630]],
      },
      [[1]],
      ['shorter-in-the-statement 0 20 10'],
    ],
    // Between both readings, within neither.
    [
      'an outage between two readings',
      { measured: [[630, 640]], stated: [{ at: [600, 610], or: [660, 670] }] },
      [[1], []],
      ['ambiguous-local-time 0 0 10', 'absent-from-the-statement 0 10 0'],
    ],
    [
      'an outage in the second reading',
      { measured: [[660, 670]], stated: [{ at: [600, 610], or: [660, 670] }] },
      [[1]],
      ['ambiguous-local-time 0 10 10'],
    ],
    // 60 min down: 20 told, 40 told as planned.
    [
      'part of it excused',
      { measured: [[600, 660]], stated: [[600, 620], { at: [620, 660], kind: 'planned' }] },
      [[1, 2]],
      ['reclassified 20 40 0'],
    ],
    [
      'excused and told at once',
      { measured: [[600, 660]], stated: [[600, 660], { at: [620, 660], kind: 'planned' }] },
      [[1, 2]],
      ['agreed 60 0 0'],
    ],
  ])('%s', (_, given, lines, expected) => {
    expect(reconcile(questionOf(given)).matches.map((match) => match.lines)).toEqual(lines)
    expect(told(given)).toEqual(expected)
  })

  test('lists every reading', () => {
    const [match] = reconcile(questionOf({ stated: [{ at: [600, 610], or: [660, 670] }] })).matches
    expect(match).toMatchObject({
      readings: [span([600, 610]), span([660, 670])],
      interval: span([600, 670]),
    })
  })
  test('says how far the ends lie apart', () => {
    const [match] = reconcile(questionOf({ measured: [[600, 660]], stated: [[605, 650]] })).matches
    expect([match!.startDifferenceMs, match!.endDifferenceMs]).toEqual([5 * MINUTE_MS, -10 * MINUTE_MS])
    const [alone] = reconcile(questionOf({ measured: [[600, 660]] })).matches
    expect([alone!.startDifferenceMs, alone!.endDifferenceMs]).toEqual([null, null])
  })
})

describe('what is told as excused is tried', () => {
  const ruling = (of: Pair, more: Partial<Ruling> = {}): Ruling => ({
    id: 'm1',
    kind: 'planned',
    clause: 'A.4.1',
    service: null,
    interval: span(of),
    spans: [span(of)],
    counts: true,
    contested: false,
    refusals: [],
    notice: null,
    acceptedBy: [],
    afterwards: false,
    ...more,
  })
  const planned: Given = { measured: [[600, 660]], stated: [{ at: [600, 660], kind: 'planned' }] }
  const refused = { spans: [], counts: false, refusals: ['notice-too-short' as const] }
  test.each<[string, Given, object[]]>([
    [
      'never declared',
      planned,
      [{ ruling: null, standing: 'not-declared', claimedMs: 60, excusedMs: 0, outsideMs: 60 }],
    ],
    [
      'by a word that is no kind of the contract: an outage by another name',
      { ...planned, stated: [{ at: [600, 660], kind: 'act-of-god' }] },
      [],
    ],
    [
      'declared and valid',
      { ...planned, rulings: [ruling([600, 660])], excluded: [[600, 660]] },
      [
        {
          ruling: 'm1',
          standing: 'valid',
          clause: 'A.4.1',
          needs: 'announcement',
          claimedMs: 60,
          excusedMs: 60,
          outsideMs: 0,
          overCapMs: 0,
        },
      ],
    ],
    [
      'longer than was announced',
      { ...planned, rulings: [ruling([600, 640])], excluded: [[600, 640]] },
      [{ standing: 'valid', excusedMs: 40, outsideMs: 20, overCapMs: 0 }],
    ],
    [
      'beyond the cap',
      { ...planned, rulings: [ruling([600, 660])], excluded: [[600, 615]] },
      [{ standing: 'valid', excusedMs: 15, outsideMs: 0, overCapMs: 45 }],
    ],
    [
      'with too short a notice',
      { ...planned, rulings: [ruling([600, 660], refused)] },
      [{ standing: 'refused', refusals: ['notice-too-short'], excusedMs: 0, outsideMs: 60 }],
    ],
    [
      'contested',
      {
        ...planned,
        rulings: [ruling([600, 660], { contested: true, acceptedBy: ['customer'] })],
        excluded: [[600, 660]],
      },
      [{ standing: 'contested', acceptedBy: ['customer'] }],
    ],
    [
      'by a declaration of another time',
      { ...planned, rulings: [ruling([700, 760])] },
      [{ standing: 'not-declared' }],
    ],
    [
      'by one of another kind',
      { ...planned, rulings: [ruling([600, 660], { kind: 'other' })] },
      [{ standing: 'not-declared' }],
    ],
    [
      'by two',
      { ...planned, rulings: [ruling([600, 620]), ruling([620, 660], { id: 'm2' })], excluded: [[600, 660]] },
      [
        { ruling: 'm1', excusedMs: 20 },
        { ruling: 'm2', excusedMs: 40 },
      ],
    ],
    [
      'outside service hours',
      { ...planned, hours: [[600, 630]], rulings: [ruling([600, 660])], excluded: [[600, 630]] },
      [{ claimedMs: 30, excusedMs: 30, overCapMs: 0 }],
    ],
  ])('%s', (_, given, expected) => {
    const inMs = expected.map((check) =>
      Object.fromEntries(
        Object.entries(check).map(([key, value]) => [
          key,
          typeof value === 'number' ? value * MINUTE_MS : (value as unknown),
        ]),
      ),
    )
    const { matches } = reconcile(questionOf(given))
    expect(matches.flatMap(({ excuses }) => excuses)).toMatchObject(inMs)
    expect(matches.flatMap(({ excuses }) => excuses)).toHaveLength(expected.length)
  })
})

describe('the waterfall', () => {
  const steps = (given: Given) =>
    reconcile(questionOf(given)).waterfall.map(({ step, ms }) => `${step} ${ms / MINUTE_MS}`)
  test.each<[string, Given, string[]]>([
    ['of nothing', {}, ['stated 0', 'measured 0']],
    [
      'of everything at once',
      {
        measured: [[0, 60], [100, 130], { at: [200, 210], zone: 'branch-lan' }, [300, 320], [400, 440]],
        stated: [[0, 30], [100, 150], [500, 505], { at: [300, 320], kind: 'planned' }],
      },
      // 30 + 50 + 5 told; 60 + 30 + 10 + 20 + 40 measured.
      [
        'stated 85',
        'shorter-in-the-statement 30',
        'longer-in-the-statement -20',
        'absent-from-the-statement 40',
        'declared-only-by-the-provider -5',
        'reclassified 20',
        'out-of-scope 10',
        'measured 160',
      ],
    ],
    [
      'from a percentage that its lines do not bear out',
      { measured: [[0, 60]], stated: [[0, 60]], reported: 20 },
      ['stated 20', 'arithmetic-of-the-statement 40', 'measured 60'],
    ],
    [
      'from a percentage and no line',
      { measured: [[0, 60]], reported: 20 },
      ['stated 20', 'not-itemised-in-the-statement 40', 'measured 60'],
    ],
    [
      'from a percentage that fits',
      { measured: [[0, 60]], stated: [[0, 60]], reported: 60 },
      ['stated 60', 'measured 60'],
    ],
  ])('%s', (_, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })
})

describe('of every pair of lists', () => {
  const pair = fc
    .tuple(fc.integer({ min: -30, max: 1450 }), fc.integer({ min: 1, max: 50 }))
    .map(([from, length]): Pair => [from, from + length])
  const stated = fc.record(
    { at: pair, or: pair, kind: fc.constantFrom('planned', 'other') },
    { requiredKeys: ['at'] },
  )
  // What is measured lies in the window.
  const inside = fc
    .tuple(fc.integer({ min: 0, max: 1390 }), fc.integer({ min: 1, max: 50 }))
    .map(([from, length]): Pair => [from, from + length])
  const given = fc.record({
    measured: fc
      .array(inside, { maxLength: 8 })
      .map((pairs) =>
        normalise(pairs.map(span)).map(
          (one) => [(one.startMs - DAY.startMs) / MINUTE_MS, (one.endMs - DAY.startMs) / MINUTE_MS] as const,
        ),
      ),
    stated: fc.array(stated, { maxLength: 8 }),
    hours: fc.array(pair, { maxLength: 4 }),
    excluded: fc.array(pair, { maxLength: 2 }),
    tolerance: fc.integer({ min: 0, max: 5 }),
  })

  test('the waterfall adds up, and matches partition the lines', () => {
    fc.assert(
      fc.property(
        given,
        fc.option(fc.integer({ min: 0, max: 1440 }), { nil: undefined }),
        (drawn, reported) => {
          const question = questionOf({ ...drawn, ...(reported !== undefined && { reported }) })
          const { matches, waterfall, linesOutside, downMs, isItemised } = reconcile(question)
          const [first, last] = [waterfall[0]!, waterfall.at(-1)!]
          const between = waterfall.slice(1, -1).reduce((ms, one) => ms + one.ms, 0)
          expect([first.step, last.step]).toEqual(['stated', 'measured'])
          expect(first.ms + between).toBe(last.ms)
          // Both ends by sets alone.
          const committed = intersect(subtract(question.inHours, question.excluded), [DAY])
          const down = intersect(union(...question.measured.map(({ spans }) => spans)), committed)
          const claimed = question.stated
            .filter(({ kind }) => kind !== 'planned')
            .map(({ readings }) => readings[0]!)
          expect(downMs.measured).toBe(totalMs(down))
          expect(downMs.stated).toBe(totalMs(intersect(normalise(claimed), committed)))
          const both = totalMs(intersect(down, normalise(claimed)))
          // Of a percentage alone both sides have the lesser figure.
          const conceded = Math.min(question.reported?.ms ?? 0, totalMs(down))
          expect(downMs.both).toBe(isItemised ? both : conceded)
          if (!isItemised) expect(matches).toEqual([])

          const lines = [...matches.flatMap((match) => match.lines), ...linesOutside]
          expect(lines.toSorted((a, b) => a - b)).toEqual(question.stated.map(({ line }) => line))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('a statement of just what was measured is agreed throughout', () => {
    fc.assert(
      fc.property(given, ({ measured, hours, excluded, tolerance }) => {
        const { matches, downMs } = reconcile(
          questionOf({ measured, stated: measured, hours, excluded, tolerance }),
        )
        expect(matches.every((match) => match.class === 'agreed')).toBe(true)
        expect(downMs.stated).toBe(downMs.measured)
      }),
    )
  })

  test('the tolerance is the same for both: lists in each other’s place give the opposite classes', () => {
    const opposite: Partial<Record<MatchClass, string>> = {
      'absent-from-the-statement': 'declared-only-by-the-provider',
      'declared-only-by-the-provider': 'absent-from-the-statement',
    }
    fc.assert(
      fc.property(given, ({ measured, stated: lines, tolerance }) => {
        const isInside = ([from, to]: Pair): boolean => from >= 0 && to <= 1440
        // Apart, as outages are: what overlaps on one side joins lines and not outages.
        const apart = normalise(lines.map((one) => span(one.at))).map((one): Pair => [
          (one.startMs - DAY.startMs) / MINUTE_MS,
          (one.endMs - DAY.startMs) / MINUTE_MS,
        ])
        const [a, b] = [measured, apart.filter(isInside)]
        const there = reconcile(questionOf({ measured: a, stated: b, tolerance })).matches
        const back = reconcile(questionOf({ measured: b, stated: a, tolerance })).matches
        const lengths = (name: string): string => (/^(shorter|longer)/.test(name) ? 'differs' : name)
        expect(back.map((match) => lengths(match.class))).toEqual(
          there.map((match) => lengths(opposite[match.class] ?? match.class)),
        )
        expect(
          back.map(({ bothMs, measuredOnlyMs, providerOnlyMs }) => [bothMs, measuredOnlyMs, providerOnlyMs]),
        ).toEqual(
          there.map(({ bothMs, measuredOnlyMs, providerOnlyMs }) => [bothMs, providerOnlyMs, measuredOnlyMs]),
        )
      }),
    )
  })
})
