/** Worst first: the order in which guarantees are listed wherever there are several. */
import { expect, test } from 'vitest'
import { worstFirst } from '../../../collector/src/web/part/worst.ts'

test('what is broken, may break, is not known, holds so far, held; equal ones as the contract has them', () => {
  const [met, onTrack, unknown, atRisk, broken] = [
    { id: 'met', verdict: 'met', outlook: null },
    { id: 'on track', verdict: 'indeterminate', outlook: 'on_track' },
    { id: 'unknown', verdict: 'indeterminate', outlook: null },
    { id: 'at risk', verdict: 'indeterminate', outlook: 'at_risk' },
    { id: 'broken', verdict: 'not_met', outlook: null },
  ] as const
  const second = { ...broken, id: 'broken too' }
  const listed = worstFirst([met, onTrack, unknown, broken, atRisk, second])
  expect(listed.map(({ id }) => id)).toEqual([
    'broken',
    'broken too',
    'at risk',
    'unknown',
    'on track',
    'met',
  ])
})
