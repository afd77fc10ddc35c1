/** Packed latencies, their sums over places and their steps: against oracles that go sample by sample. */
import { MAX_SAMPLES } from '@constat/shared/batch'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { outcomeCode } from '@constat/shared/sample'
import { nearestRank } from '../../support/formulas.ts'
import {
  addChunks,
  emptySums,
  missingAtEnds,
  type Expected,
} from '../../../collector/src/judge/latency-sums.ts'
import { addTimings, isToldSlot, packColumns, SlotBuilder, unpackColumns } from '@constat/sla/fold/columns'
import { MAX_CHUNK_READINGS } from '@constat/sla/fold/track'
import { authorOf, goodSamples, Session } from '../../support/hostile-frames.ts'
import { Kept } from '../../../collector/src/latency/kept.ts'
import { latencyPoints } from '../../../collector/src/latency/steps.ts'

const BASE_MS = 1_790_000_000_000
const CHUNK_MS = 14_400_000
const sample = fc.record({
  offsetMs: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: CHUNK_MS - 1 })),
  outcome: fc.constantFrom(0, 1, 2),
  latencyUs: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 0xffff_ffff })),
})
type Sample = { offsetMs: number; outcome: number; latencyUs: number }

function built(samples: readonly Sample[]): SlotBuilder {
  const builder = new SlotBuilder(BASE_MS)
  const batch = {
    check: [],
    attempt: null,
    offsetMs: [],
    outcome: samples.map(({ outcome }) => outcome),
    latencyUs: samples.map((one) => one.latencyUs),
  }
  for (const [i, { offsetMs }] of samples.entries()) builder.add(offsetMs, batch, i)
  return builder
}

describe('what one agent says of one check in one chunk', () => {
  const log = { origin: 'log.example/one', configDigest: Buffer.alloc(32, 7) }
  const session = new Session(authorOf(1), log, Buffer.alloc(16, 1))
  const PER_FRAME = MAX_SAMPLES
  const frame = (check: number): Buffer => {
    const own = Array.from({ length: PER_FRAME }, () => check)
    return session.frame({ baseS: BASE_MS / 1_000, samples: { ...goodSamples(...own), check: own } })
  }

  it('is kept up to its limit, told of from there on, and no other check has less', () => {
    const byCheck = new Map<string, SlotBuilder>()
    const add = (check: number): number =>
      addTimings(byCheck, frame(check), { startMs: BASE_MS, namesOf: () => ['much', 'little'] })
    const frames = Math.ceil(MAX_CHUNK_READINGS / PER_FRAME)
    const leftOut = Array.from({ length: frames + 1 }, () => add(0))
    expect(leftOut.slice(0, -2).every((count) => count === 0)).toBe(true)
    expect(leftOut.at(-2)).toBe(frames * PER_FRAME - MAX_CHUNK_READINGS)
    expect(leftOut.at(-1)).toBe(PER_FRAME)
    expect(byCheck.get('much')?.length).toBe(MAX_CHUNK_READINGS)
    expect(add(1)).toBe(0)
    expect(byCheck.get('little')?.length).toBe(PER_FRAME)
  })
})

describe('columns', () => {
  it('come back from their bytes, and the order of arrival leaves no trace', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 200 }), fc.infiniteStream(fc.nat()), (samples, random) => {
        const columns = built(samples).columns()
        const body = packColumns(columns)
        expect(unpackColumns(BASE_MS, body)).toEqual(columns)
        const keyed = samples.map((one) => ({ one, key: random.next().value ?? 0 }))
        const shuffled = keyed.toSorted((a, b) => a.key - b.key).map(({ one }) => one)
        expect(packColumns(built(shuffled).columns()).equals(body)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('take about four bytes a sample of a steady check', () => {
    const samples = Array.from({ length: 1_440 }, (_, i) => ({
      offsetMs: i * 10_000 + (i % 5),
      outcome: 0,
      latencyUs: 80_000 + ((i * 7_919) % 40_000),
    }))
    expect(packColumns(built(samples).columns()).length).toBeLessThan(4.1 * samples.length)
  })

  it('are refused where bytes are missing', () => {
    const body = packColumns(built([{ offsetMs: 1, outcome: 0, latencyUs: 300 }]).columns())
    for (let length = 0; length < body.length; length += 1) {
      expect(() => unpackColumns(BASE_MS, body.subarray(0, length))).toThrow()
    }
  })

  it('keep what was given out when more is added', () => {
    const builder = built([{ offsetMs: 9, outcome: 0, latencyUs: 1 }])
    const before = builder.columns()
    const more = { check: [], attempt: null, offsetMs: [], outcome: [0], latencyUs: [2] }
    builder.add(3, more, 0)
    expect([...before.offsetMs]).toEqual([9])
    expect([...builder.columns().offsetMs]).toEqual([3, 9])
  })

  it('hold slots that say how it went, or that somebody blocked it, and nothing else', () => {
    const outcome = (['ok', 'degraded', 'fail', 'unknown', 'blocked', 'ok'] as const).map(outcomeCode)
    const samples = { check: [], offsetMs: [], latencyUs: [], outcome, attempt: [0, 0, 0, 0, 0, 1] }
    expect(outcome.map((_, i) => isToldSlot(samples, i))).toEqual([true, true, true, false, true, false])
  })
})

describe('steps', () => {
  it('have the percentiles of their own samples, sorted one by one', () => {
    const few = fc.array(fc.record({ ...fields(), offsetMs: fc.integer({ min: 0, max: 99 }) }), {
      maxLength: 60,
    })
    const span = { from: fc.integer({ min: -20, max: 80 }), length: fc.integer({ min: 1, max: 90 }) }
    fc.assert(
      fc.property(
        few,
        few,
        fc.record(span),
        fc.integer({ min: 1, max: 40 }),
        (a, b, { from, length }, stepMs) => {
          const steps = { fromMs: BASE_MS + from, toMs: BASE_MS + from + length, stepMs }
          const points = latencyPoints([built(a).columns(), built(b).columns()], steps)
          expect(points.length).toBe(Math.ceil(length / stepMs))
          for (const [i, point] of points.entries()) {
            const start = from + i * stepMs
            const end = Math.min(start + stepMs, from + length)
            const own = [...a, ...b].filter(({ offsetMs }) => offsetMs >= start && offsetMs < end)
            const answered = own.filter(({ outcome }) => outcome !== 2).map(({ latencyUs }) => latencyUs)
            expect(point).toEqual({
              at: new Date(BASE_MS + start).toISOString(),
              n: answered.length,
              p50Us: nearestRank(answered, '50') ?? null,
              p95Us: nearestRank(answered, '95') ?? null,
              p99Us: nearestRank(answered, '99') ?? null,
              failed: own.length - answered.length,
            })
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

function fields() {
  return { outcome: fc.constantFrom(0, 1, 2), latencyUs: fc.integer({ min: 0, max: 50 }) }
}

describe('sums over places', () => {
  const INTERVAL_MS = 10_000
  const HOUR_MS = 3_600_000
  const NONE = { n: 0, within: 0 }
  const always = [{ startMs: BASE_MS, endMs: BASE_MS + HOUR_MS }]

  /** A place that should have filled every slot of one hour, of which some are there. */
  async function sumOf(slots: readonly number[], change: Partial<Expected> = {}) {
    const samples = slots.map((slot) => ({
      offsetMs: slot * INTERVAL_MS + 2_000 + (slot % 9),
      outcome: 0,
      latencyUs: slot,
    }))
    const place: Expected = {
      log: 1,
      check: 'c',
      agent: 'a',
      up: always,
      open: always,
      sure: change.up ?? always,
      heard: always,
      intervalMs: INTERVAL_MS,
      holdMs: 25_000,
      blockedIs: 'unknown',
      expected: always[0]!,
      ...change,
    }
    const sums = emptySums()
    // In chunks of ten minutes, as if there were such: what lies between two chunks must count once.
    const parts = Array.from({ length: 6 }, (_, i) =>
      built(samples.filter(({ offsetMs }) => Math.floor(offsetMs / 600_000) === i)).columns(),
    )
    const latencies = { read: () => Promise.resolve(parts) }
    const span = { fromMs: BASE_MS, toMs: BASE_MS + HOUR_MS }
    await addChunks(sums, [place], { latencies, thresholdUs: 179, take: () => undefined, span })
    const { n, within, missing, uncounted } = sums.tally
    return { n, within, uncounted, missing: missing + missingAtEnds([place], sums) }
  }

  const all = Array.from({ length: 360 }, (_, i) => i)

  it.each([
    ['nothing missing', all, 0],
    ['one here and there', all.filter((slot) => slot % 50 !== 10), 7],
    ['the beginning', all.filter((slot) => slot >= 60), 60],
    ['over a border of chunks', all.filter((slot) => slot < 50 || slot >= 130), 80],
    ['the end', all.filter((slot) => slot < 300), 60],
    ['all', [], 360],
  ])('%s', async (_, slots, missing) => {
    expect(await sumOf(slots)).toEqual({
      n: slots.length,
      within: slots.filter((slot) => slot <= 179).length,
      missing,
      uncounted: NONE,
    })
  })

  it('miss nothing while the last sample still stands', async () => {
    expect((await sumOf(all.slice(0, 359))).missing).toBe(0)
    expect((await sumOf(all.slice(0, 358))).missing).toBe(2)
  })

  it('leave out what is outside the population', async () => {
    const half = [{ startMs: BASE_MS, endMs: BASE_MS + HOUR_MS / 2 }]
    expect(await sumOf(all, { up: half, open: half })).toEqual({
      n: 180,
      within: 180,
      missing: 0,
      uncounted: NONE,
    })
    // Answers while nobody knows of the service take no side; where the agent itself was cut off, they tell nothing.
    const unsure = { n: 180, within: 180, missing: 0, uncounted: { n: 180, within: 0 } }
    expect(await sumOf(all, { up: half })).toEqual(unsure)
    const cutOff = { n: 180, within: 180, missing: 180, uncounted: NONE }
    expect(await sumOf(all, { up: half, heard: half })).toEqual(cutOff)
    expect((await sumOf([], { up: half, open: half })).missing).toBe(180)
  })
})

describe('what is kept', () => {
  it('never passes its limit; what was not asked for the longest goes first', () => {
    const kept = new Kept<string>(10)
    kept.set('a', { value: 'A', bytes: 4 })
    kept.set('b', { value: 'B', bytes: 4 })
    expect(kept.get('a')).toBe('A')
    kept.set('c', { value: 'C', bytes: 4 })
    expect([kept.get('a'), kept.get('b'), kept.get('c'), kept.bytes]).toEqual(['A', undefined, 'C', 8])
    kept.set('a', { value: 'whole', bytes: 10 })
    expect([kept.get('a'), kept.get('c'), kept.bytes]).toEqual(['whole', undefined, 10])
    kept.set('d', { value: 'too large', bytes: 11 })
    expect([kept.get('d'), kept.bytes]).toEqual([undefined, 0])
  })
})
