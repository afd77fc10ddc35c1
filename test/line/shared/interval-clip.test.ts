/**
 * Clipping, found by halving: against the general intersection.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, intersect, normalise } from '@constat/shared/time'

const edge = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.constantFrom(-Infinity, Infinity))

test('is the intersection with one interval', () => {
  const sets = fc
    .array(fc.tuple(edge, edge), { maxLength: 8 })
    .map((list) => normalise(list.map(([startMs, endMs]) => ({ startMs, endMs }))))
  fc.assert(
    fc.property(sets, edge, edge, (set, startMs, endMs) => {
      expect(clip(set, { startMs, endMs })).toEqual(intersect(set, normalise([{ startMs, endMs }])))
    }),
    { numRuns: 500 },
  )
})
