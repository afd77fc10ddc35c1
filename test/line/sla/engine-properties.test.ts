/**
 * Properties of the whole engine, from samples to verdicts, and an oracle that knows none of its code.
 * Weeks are short and limits low, so that a few samples reach every verdict.
 */
import fc from 'fast-check'
import { FIGURES } from '@constat/sla/figures'
import { describe, expect, test, vi } from 'vitest'
import type { GuaranteeAnswer } from '@constat/sla/scenario/answer'
import { judgedBySeconds } from '../../support/judge-oracle.ts'
import type { Letter } from '../../support/fold-oracle.ts'
import { contractOf, evaluated, type Json } from '../../support/scenario.ts'

// Hundreds of scenarios each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const START_MS = Date.parse('2026-01-05T00:00:00Z')
const STEP_MS = 60_000
const LENGTH = 24

const OUTCOME: Record<Letter, string> = { G: 'ok', D: 'degraded', F: 'fail', U: 'unknown', B: 'blocked' }
const COMMON = { service: 'portal', clause: 'A', window: { period: 'P1W', timeZone: 'UTC' } }
const METRICS: Json[] = [
  { id: 'availability', metric: 'interval-availability', target: { percent: '70' } },
  { id: 'requests', metric: 'request-share', target: { percent: '70' } },
  { id: 'latency', metric: 'share-within', threshold: 'PT0.4S', target: { percent: '70' } },
  {
    id: 'slices',
    metric: 'error-rate-slices',
    slice: 'PT3M',
    badWhen: { overPercent: '40' },
    target: { percent: '60' },
  },
  {
    id: 'all-failed',
    metric: 'error-rate-slices',
    slice: 'PT2M',
    badWhen: 'all-failed',
    target: { percent: '80' },
  },
  { id: 'mean', metric: 'mean-error-rate', slice: 'PT5M', target: { percent: '70' } },
  { id: 'restoration', metric: 'restoration-time', target: { each: 'PT5M' } },
  { id: 'count', metric: 'incident-count', target: { count: 1 } },
]
const WINDOW = { start: START_MS, end: START_MS + LENGTH * STEP_MS }

/** `slow` by the position: the same sample has the same latency however the rest changes. */
type Row = { at: number; letter: Letter; slow: boolean }
const letter = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Letter>('G') },
  { weight: 5, arbitrary: fc.constant<Letter>('F') },
  { weight: 1, arbitrary: fc.constantFrom<Letter>('U', 'D', 'B') },
)
/** The last two are good, so that no doubt is left about how the window ended. */
const FINE = { letter: 'G', slow: false } as const
const series = fc
  .array(fc.record({ letter, slow: fc.boolean() }), { minLength: LENGTH + 2, maxLength: LENGTH + 2 })
  .map((cells) =>
    cells.map((cell, i): Row => ({ at: START_MS + (i - 1) * STEP_MS, ...(i < LENGTH ? cell : FINE) })),
  )
const vantages = fc.array(series, { minLength: 1, maxLength: 3 })
const clauses = fc.record({
  confirm: fc.record({ down: fc.constantFrom(1, 2, 3), up: fc.constantFrom(1, 2) }),
  mergeGap: fc.constantFrom('PT0S', 'PT2M'),
  minimumOutage: fc.constantFrom('PT0S', 'PT2M'),
  bindingFigure: fc.constantFrom('provable', 'point', 'pessimistic'),
})
type Clauses = typeof clauses extends fc.Arbitrary<infer T> ? T : never

const exclusion = fc
  .tuple(fc.integer({ min: -3, max: LENGTH }), fc.integer({ min: 1, max: 10 }))
  .map(([from, length]) => ({
    kind: 'free',
    start: START_MS + from * STEP_MS,
    end: START_MS + (from + length) * STEP_MS,
  }))
const exclusions = fc.array(exclusion, { maxLength: 4 })

const rowsOf = (rows: readonly Row[]): unknown[] =>
  rows.map(({ at, letter: one, slow }) => [
    at,
    OUTCOME[one],
    ...(one === 'G' || one === 'D' ? [slow ? 900_000 : 1000] : []),
  ])

type Asked = {
  seen: readonly (readonly Row[])[]
  clause: Clauses
  measurement?: Json
  more?: Json
  spec?: Json
}

function judged({ seen, clause, measurement: clauses, more = {}, spec = {} }: Asked): GuaranteeAnswer[] {
  const { confirm, mergeGap, minimumOutage, bindingFigure } = clause
  const measurement = { confirm, mergeGap: { gap: mergeGap }, minimumOutage, bindingFigure, ...clauses }
  const guarantees = METRICS.map((metric) => ({ ...COMMON, ...metric }))
  const kinds = [{ id: 'free', clause: 'X', needs: 'nothing' }]
  const contract = contractOf({ spec: { measurement, guarantees, exclusions: { kinds }, ...spec } })
  const samples = { web: Object.fromEntries(seen.map((rows, v) => [`v${v}`, rowsOf(rows)])) }
  const asOf = START_MS + (LENGTH + 1) * STEP_MS
  return evaluated({ contract, window: WINDOW, asOf, samples, ...more }).guarantees
}

const BETTER = { not_met: 0, indeterminate: 1, met: 2 }

function figuresOf(result: GuaranteeAnswer): number[][] {
  switch (result.kind) {
    case 'downtime':
      return [Object.values(result.downMs)]
    case 'share':
      return [FIGURES.map((figure) => -Number(result.share[figure] ?? 0))]
    case 'mean':
      return [Object.values(result.availability).map((text) => (text === null ? 0 : -Number(text)))]
    case 'timing':
      return result.perIncident.flatMap(({ ms }) => (ms ? [Object.values(ms)] : []))
    case 'count':
      return [Object.values(result.count)]
  }
}

describe('every metric', () => {
  test('has a least, a measured and a most, in this order', () => {
    fc.assert(
      fc.property(vantages, clauses, (seen, clause) => {
        for (const result of judged({ seen, clause })) {
          for (const [least, point, most] of figuresOf(result)) {
            expect(point, result.guarantee).toBeGreaterThanOrEqual(least!)
            expect(most, result.guarantee).toBeGreaterThanOrEqual(point!)
          }
        }
      }),
      { numRuns: 80 },
    )
  })

  test('takes rows in any order, and in any number of pieces', () => {
    const shuffled = vantages.chain((seen) =>
      fc.record({
        seen: fc.constant(seen),
        mixed: fc.tuple(...seen.map((rows) => fc.shuffledSubarray(rows, { minLength: rows.length }))),
      }),
    )
    fc.assert(
      fc.property(shuffled, clauses, ({ seen, mixed }, clause) => {
        expect(judged({ seen: mixed, clause })).toEqual(judged({ seen, clause }))
      }),
      { numRuns: 60 },
    )
  })
})

// An outage is of the window in which it was first seen, and short gaps join one to the next: what was seen at its
// edge decides whose they all are. So the edge is good, and seen.
const FIRST_HOLE = 2
const seenAtEdge = (rows: readonly Row[]): Row[] =>
  rows.map((row, i) => (i < FIRST_HOLE ? { ...row, ...FINE } : row))

describe('losing data', () => {
  const lost = vantages.chain((seen) =>
    fc.record({
      seen: fc.constant(seen.map(seenAtEdge)),
      minimumSamples: fc.constantFrom(1, 3, 8),
      denominatorMode: fc.constantFrom('remove', 'excuse-only'),
      exclusions: fc.oneof(fc.constant([]), exclusions),
      holes: fc.array(fc.tuple(fc.nat(seen.length - 1), fc.integer({ min: FIRST_HOLE, max: LENGTH - 1 })), {
        minLength: 1,
        maxLength: 8,
      }),
    }),
  )
  type Lost = typeof lost extends fc.Arbitrary<infer T> ? T : never

  /** Judged with everything seen, and without what was lost. */
  function beforeAndAfter(
    { seen, holes, minimumSamples, denominatorMode, exclusions: told }: Lost,
    clause: Clauses,
  ): (readonly [before: GuaranteeAnswer, after: GuaranteeAnswer])[] {
    const kinds = [{ id: 'free', clause: 'X', needs: 'nothing' }]
    const by = (rows: readonly (readonly Row[])[]): GuaranteeAnswer[] =>
      judged({
        seen: rows,
        clause: { ...clause, bindingFigure: 'provable' },
        measurement: { latency: { minimumSamples } },
        spec: { exclusions: { kinds, denominatorMode } },
        more: { exclusions: told },
      })
    const isLost = (v: number, i: number): boolean => holes.some(([hv, hi]) => hv === v && hi === i)
    const blind = seen.map((rows, v) =>
      rows.map((row, i) => (isLost(v, i) ? { ...row, letter: 'U' as const } : row)),
    )
    const after = by(blind)
    return by(seen).map((one, i) => [one, after[i]!])
  }

  test('never makes a failure where the provable figure binds, and never a success', () => {
    fc.assert(
      fc.property(lost, clauses, (given, clause) => {
        for (const [before, after] of beforeAndAfter(given, clause)) {
          const told = `${before.guarantee}: ${before.verdict} → ${after.verdict}`
          if (before.verdict !== 'not_met') expect(after.verdict, told).not.toBe('not_met')
          if (before.verdict !== 'met') expect(after.verdict, told).not.toBe('met')
        }
      }),
      { numRuns: 100 },
    )
  })

  test('never makes what is proved worse, nor what is possible better', () => {
    fc.assert(
      fc.property(lost, clauses, (given, clause) => {
        for (const [before, after] of beforeAndAfter(given, clause)) {
          // Incidents may join or part, and a share of nothing is no figure.
          if (before.kind === 'timing' || (before.kind === 'share' && before.share.point === null)) continue
          const [least, , most] = figuresOf(before)[0]!
          const [leastAfter, , mostAfter] = figuresOf(after)[0]!
          const told = `${before.guarantee}: ${least} … ${most} → ${leastAfter} … ${mostAfter}`
          expect(leastAfter, told).toBeLessThanOrEqual(least!)
          expect(mostAfter, told).toBeGreaterThanOrEqual(most!)
        }
      }),
      { numRuns: 120 },
    )
  })

  test('an outage that began in excused time and lost its last failure may have lasted beyond it', () => {
    const letters = 'GGGGFFFFGFFFGGFGGGGGFGGGGG'
    const rows = letters.split('').map((one, i): Row => ({
      at: START_MS + (i - 1) * STEP_MS,
      // Of the alphabet above.
      letter: one as Letter,
      slow: false,
    }))
    const clause = {
      confirm: { down: 1, up: 1 },
      mergeGap: 'PT0S',
      minimumOutage: 'PT2M',
      bindingFigure: 'provable',
    } as const
    const excused = [{ kind: 'free', start: START_MS - 2 * STEP_MS, end: START_MS + 5 * STEP_MS }]
    const countOf = (holes: Lost['holes']): unknown => {
      const told = { seen: [rows], holes, minimumSamples: 1, denominatorMode: 'remove', exclusions: excused }
      const counts = beforeAndAfter(told as Lost, clause).map(([, after]) => after)
      return counts.flatMap((one) => (one.kind === 'count' ? [one.count] : []))
    }
    // Two are seen; each of the two single failures may be the edge of one that is long enough.
    expect(countOf([])).toMatchObject([{ point: 2, pessimistic: 4 }])
    expect(countOf([[0, 7]])).toMatchObject([{ point: 2, pessimistic: 4 }])
  })

  test('verdicts are no better when the window is judged by more', () => {
    // Where more of what was seen binds, a verdict can only get worse.
    fc.assert(
      fc.property(vantages, clauses, (seen, clause) => {
        const by = (bindingFigure: Clauses['bindingFigure']) =>
          judged({ seen, clause: { ...clause, bindingFigure } })
        const [least, point, most] = [by('provable'), by('point'), by('pessimistic')]
        for (const [i, one] of least.entries()) {
          expect(BETTER[point[i]!.verdict]).toBeLessThanOrEqual(BETTER[one.verdict])
          expect(BETTER[most[i]!.verdict]).toBeLessThanOrEqual(BETTER[point[i]!.verdict])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('exclusions', () => {
  test('told twice or in another order are the same', () => {
    fc.assert(
      fc.property(
        vantages,
        clauses,
        exclusions,
        fc.constantFrom(null, 'PT5M'),
        (seen, clause, list, capPerMonth) => {
          const kinds = [{ id: 'free', clause: 'X', needs: 'nothing' }]
          const spec = { exclusions: { kinds, ...(capPerMonth !== null && { capPerMonth }) } }
          const figures = (told: Json[]) => judged({ seen, clause, spec, more: { exclusions: told } })
          expect(figures([...list, ...list])).toEqual(figures(list))
          expect(figures(list.toReversed())).toEqual(figures(list))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('part the window to the millisecond', () => {
    fc.assert(
      fc.property(vantages, clauses, exclusions, (seen, clause, list) => {
        for (const { partition, committedMs, excludedMs } of judged({
          seen,
          clause,
          more: { exclusions: list },
        })) {
          const sum = (states: Record<string, number>) => Object.values(states).reduce((a, b) => a + b, 0)
          expect(sum(partition.committed)).toBe(committedMs)
          expect(sum(partition.inHoursExcluded)).toBe(excludedMs)
          const all = [
            partition.committed,
            partition.inHoursExcluded,
            partition.offHours,
            partition.offHoursExcluded,
          ]
          expect(all.reduce((total, states) => total + sum(states), 0)).toBe(LENGTH * STEP_MS)
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** One Monday, 07:59:00 to 08:06:40, the office opening on the way; everything in seconds. */
const FROM_S = 7 * 3600 + 59 * 60
const SECONDS = 460

describe('availability', () => {
  const second = fc.integer({ min: FROM_S - 60, max: FROM_S + SECONDS + 40 })
  const sample = fc.record({ atMs: second, letter })
  const samples = fc
    .uniqueArray(sample, { minLength: 2, maxLength: 24, selector: ({ atMs }) => atMs })
    .map((list) => list.toSorted((a, b) => a.atMs - b.atMs))
  const stretch = fc
    .tuple(second, fc.integer({ min: 1, max: 200 }))
    .map(([from, length]) => ({ from, to: from + length }))
  const question = fc.record({
    seen: fc.array(samples, { minLength: 1, maxLength: 3 }),
    down: fc.constantFrom(1, 2),
    up: fc.constantFrom(1, 2),
    quorum: fc.record({ down: fc.constantFrom(1, 2), minKnown: fc.constantFrom(1, 2) }),
    list: fc.array(stretch, { maxLength: 3 }),
    capS: fc.constantFrom(null, 45, 100),
    mergeGapS: fc.constantFrom(0, 10),
    minimumOutageS: fc.constantFrom(0, 20),
    office: fc.boolean(),
  })

  test('is what counting second by second comes to', () => {
    fc.assert(
      fc.property(question, ({ seen, down, up, quorum, list, capS, mergeGapS, minimumOutageS, office }) => {
        const names = seen.map((_, v) => `v${v}`)
        const rule = {
          down: Math.min(quorum.down, seen.length),
          minKnown: Math.min(quorum.minKnown, seen.length),
        }
        const measurement = {
          vantages: names,
          quorum: rule,
          confirm: { down, up },
          sample: { hold: 'PT25S' },
          mergeGap: { gap: `PT${mergeGapS}S` },
          minimumOutage: `PT${minimumOutageS}S`,
        }
        const guarantee = { ...COMMON, ...METRICS[0], calendar: office ? 'office' : 'always' }
        const kinds = [{ id: 'free', clause: 'X', needs: 'nothing' }]
        const cap = capS === null ? {} : { capPerMonth: `PT${capS}S` }
        const spec = { measurement, guarantees: [guarantee], exclusions: { kinds, ...cap } }
        const contract = contractOf({ spec }).map(quick)
        const at = (s: number) => START_MS + s * 1000
        const given = Object.fromEntries(
          seen.map((rows, v) => [names[v], rows.map(({ atMs, letter: one }) => [at(atMs), OUTCOME[one]])]),
        )
        const [result] = evaluated({
          contract,
          window: { start: at(FROM_S), end: at(FROM_S + SECONDS) },
          samples: { web: given },
          exclusions: list.map(({ from, to }) => ({ kind: 'free', start: at(from), end: at(to) })),
        }).guarantees
        const oracle = judgedBySeconds({
          vantages: seen,
          rules: { holdMs: 25, down, up },
          quorum: rule,
          isService: (s) => !office || s >= 8 * 3600,
          exclusions: list,
          capS,
          window: { from: FROM_S, to: FROM_S + SECONDS },
          mergeGapS,
          minimumOutageS,
        })
        if (result?.kind !== 'downtime') throw new Error('availability has a downtime')
        const { downMs, committedMs, excludedMs, knownMs } = result
        expect({ committedMs, excludedMs, knownMs, down: Object.values(downMs) }).toEqual({
          committedMs: oracle.committed * 1000,
          excludedMs: oracle.excluded * 1000,
          knownMs: oracle.known * 1000,
          down: oracle.down.map((s) => s * 1000),
        })
        const allowed = oracle.committed * 0.3
        const [least, , most] = oracle.down
        const wanted =
          least > allowed ? 'not_met' : most <= allowed && oracle.committed > 0 ? 'met' : 'indeterminate'
        expect(result.verdict).toBe(wanted)
      }),
      { numRuns: 80 },
    )
  })
})

/** The check every ten seconds, so that a hold of 25 s is long enough. */
function quick(document: Json): Json {
  if (document['kind'] !== 'Check') return document
  return {
    ...document,
    spec: { service: 'portal', http: { url: 'https://portal.example/' }, interval: 'PT10S', timeout: 'PT5S' },
  }
}
