/** Pace: a rested line waits for what comes together, a busy one leaves four fifths of the time to the intake. */
import { expect, it } from 'vitest'
import { GATHER_MS, MAX_GATHER_MS, Pace } from '../../../collector/src/pace.ts'

/** Steps of `tookMs`, each as soon as the pace lets it begin; the share of the time that they take. */
function shareOf(tookMs: number, steps: number): { share: number; waits: number[] } {
  const pace = new Pace(0)
  const waits: number[] = []
  let atMs = 0
  for (let step = 0; step < steps; step += 1) {
    const waitMs = pace.gatherMs(atMs)
    waits.push(waitMs)
    atMs += waitMs + tookMs
    pace.worked(tookMs, atMs)
  }
  return { share: (steps * tookMs) / atMs, waits }
}

it.each([1, 10, 60, 200])('steps of %i ms take a fifth of the time at most, in the long run', (tookMs) => {
  const { share, waits } = shareOf(tookMs, 1_000)
  expect(share).toBeLessThan(0.21)
  expect(Math.min(...waits)).toBe(GATHER_MS)
})

it('one long step delays nothing that follows', () => {
  const pace = new Pace(0)
  pace.worked(300, 300)
  expect(pace.gatherMs(300)).toBe(GATHER_MS)
})

it('however long the steps, nobody waits for longer than is named', () => {
  expect(Math.max(...shareOf(5_000, 20).waits)).toBe(MAX_GATHER_MS)
})

it('what was owed is worked off by resting', () => {
  const pace = new Pace(0)
  pace.worked(1_000, 1_000)
  // 500 ms were in hand, and 200 came in while it worked, of which there was no room.
  expect(pace.gatherMs(1_000)).toBe(MAX_GATHER_MS)
  expect(pace.gatherMs(3_500)).toBe(GATHER_MS)
})
