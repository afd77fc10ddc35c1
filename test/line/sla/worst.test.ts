/**
 * Worst windows, and the instant at which a budget is gone: against trying every instant.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalise, type IntervalSet } from '@constat/shared/time'
import { instantAfter } from '@constat/sla/judgement/exhaustion'
import { worstWindow } from '@constat/sla/judgement/worst'

const sets = fc
  .array(fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: 1, max: 12 })), { maxLength: 6 })
  .map((list) => normalise(list.map(([startMs, length]) => ({ startMs, endMs: startMs + length }))))

function downIn(set: IntervalSet, fromMs: number, toMs: number): number {
  let sum = 0
  for (let at = fromMs; at < toMs; at += 1)
    if (set.some(({ startMs, endMs }) => startMs <= at && at < endMs)) sum += 1
  return sum
}

describe('the worst window', () => {
  test('has the most downtime of all', () => {
    const interval = { startMs: 0, endMs: 60 }
    fc.assert(
      fc.property(sets, fc.integer({ min: 1, max: 70 }), (set, lengthMs) => {
        const within = set.filter(({ endMs, startMs }) => endMs > 0 && startMs < 60)
        const found = worstWindow(set, { lengthMs, interval })
        if (within.length === 0 || lengthMs > 60) {
          expect(found).toBeNull()
          return
        }
        const tried = Array.from({ length: 61 - lengthMs }, (_, startMs) =>
          downIn(set, startMs, startMs + lengthMs),
        )
        const most = Math.max(...tried)
        expect(found?.downMs).toBe(most)
        expect(downIn(set, found!.startMs, found!.startMs + lengthMs)).toBe(most)
      }),
    )
  })
})

describe('the instant after', () => {
  test('is the first at which more has passed', () => {
    fc.assert(
      fc.property(sets, fc.nat({ max: 60 }), (set, amountMs) => {
        const first = Array.from({ length: 90 }, (_, i) => i - 10).find(
          (at) => downIn(set, -10, at + 1) > amountMs,
        )
        expect(instantAfter(set, amountMs)).toBe(first ?? null)
      }),
    )
  })
})
