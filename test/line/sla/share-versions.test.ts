/**
 * Shares of answers in time by the rules of each semantics version, on one quarter of an hour that has an answer of
 * every sort: proved up, down and not proved, up and not proved, excused, never sent.
 */
import { describe, expect, test } from 'vitest'
import type { ScoreQuestion } from '@constat/sla/metric/base'
import { score } from '@constat/sla/metric/table'
import { rulesOf } from '@constat/sla/semantics'
import { MARK } from '@constat/sla/timeline'
import { MINUTE_MS } from '../../support/scenario.ts'

const SLOW_US = 900_000
const END_MS = 14 * MINUTE_MS
const window = { startMs: 0, endMs: END_MS }

const timeline = {
  at: [0, 4, 6, 8].map((minute) => minute * MINUTE_MS),
  mark: [MARK.known | MARK.provenUp, MARK.known | MARK.down, MARK.known, MARK.known | MARK.provenUp],
}
/** Every minute from 0 to 11; of 12 and 13 nothing came. */
const latencyUs = Uint32Array.from([1, 1, 1, SLOW_US, 1, SLOW_US, 1, SLOW_US, 1, 1, SLOW_US, 1])
const columns = {
  baseMs: 0,
  offsetMs: latencyUs.map((_, i) => i * MINUTE_MS),
  outcome: new Uint8Array(latencyUs.length),
  latencyUs,
}
const watch = { expected: window, known: [window], holdMs: 130_000 }
const slots = [{ columns, intervalMs: MINUTE_MS, watch }]

function shareBy(semantics: number, excluded: { startMs: number; endMs: number }[], minimumSamples = 1) {
  const question = {
    terms: {
      measurement: {
        mergeGap: { gapMs: 0, countGapAsDown: false },
        minimumOutageMs: 0,
        bindingFigure: 'provable',
        minimumCoverage: '0.5',
        latency: { minimumSamples },
      },
    },
    guarantee: { metric: 'share-within', thresholdMs: 400, target: { percent: '70' } },
    window,
    asOfMs: END_MS,
    phase: 'closed',
    inForce: [window],
    commitment: { inHours: [window], excluded, committed: [window], isKept: true },
    pausedBy: () => [],
    rules: rulesOf(semantics),
    // Of the terms only what a share reads.
  } as unknown as ScoreQuestion
  const scored = score({ timeline, slots, incidents: [] }, question)
  if (scored.measure.kind !== 'share') throw new Error('a share is a share')
  const { n, within, missing, doubtful, uncounted, provable, pessimistic } = scored.measure.share
  const told = [n, within, missing, doubtful.n, doubtful.within, uncounted?.n, uncounted?.within]
  return { told, provable, pessimistic, isThin: scored.insufficientEvidence }
}

const nobody: { startMs: number; endMs: number }[] = []
const last = [{ startMs: 9 * MINUTE_MS, endMs: END_MS }]

describe('an answer that may belong to an outage', () => {
  test.each([2, 3])('is as good as lost in version %i', (version) => {
    // As the program that closed windows by it has it.
    expect(shareBy(version, nobody)).toMatchObject({
      told: [10, 7, 4, 2, 1, undefined, undefined],
      provable: '84.6153',
      pessimistic: '46.1538',
    })
  })

  test('is in time or late, by the figure, from version 4 on', () => {
    // At least: of 10 counted, 2 never sent and 1 fast one of the outage, less 1 slow one in doubt, 10 of 12 in time.
    expect(shareBy(4, nobody)).toMatchObject({
      told: [10, 7, 2, 2, 1, 2, 1],
      provable: '83.3333',
      pessimistic: '50.0000',
    })
  })

  test('is one of the least samples only where it is proved up, from version 4 on', () => {
    const thin = (version: number, least: number) => shareBy(version, nobody, least).isThin
    expect([thin(3, 10), thin(3, 11)]).toEqual([false, true])
    expect([thin(4, 8), thin(4, 9)]).toEqual([false, true])
  })
})

describe('excused time that stays in the denominator', () => {
  test.each([2, 3])('has the answers that came, in version %i', (version) => {
    expect(shareBy(version, last).told).toEqual([10, 8, 2, 2, 1, undefined, undefined])
  })

  test('has every slot, from version 4 on', () => {
    expect(shareBy(4, last).told).toEqual([12, 10, 0, 2, 1, 2, 1])
  })
})
