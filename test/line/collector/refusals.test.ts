/** Refusals: an agent of which nothing is taken is told, once until something is. */
import { expect, it } from 'vitest'
import type { Database } from '../../../collector/src/db/tx.ts'
import { ALL_REFUSED_AFTER_MS, Refusals } from '../../../collector/src/intake/refusals.ts'
import { createSimulatedClock } from '../../support/simulated-clock.ts'

const REFUSED = { reason: 'unknown-config', detail: 'not here' }
const TAKEN = null

function setting() {
  const clock = createSimulatedClock()
  let told = 0
  const refusals = new Refusals({
    // What is written is seen in the system test.
    db: { begin: () => Promise.resolve() } as unknown as Database,
    shell: {
      clock,
      random: { bytes: (count) => Buffer.alloc(count) },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      identity: {} as never,
    },
    publicUrl: 'https://constat.example',
    agentName: () => 'lyon-1',
    told: () => (told += 1),
  })
  /** Answers how often it was told so far. */
  const answered = async (refused: typeof REFUSED | null, afterMs: number, agent = 'ab'): Promise<number> => {
    clock.advanceUs(afterMs * 1_000)
    if (refused) refusals.refused(agent, refused)
    else refusals.taken(agent)
    await new Promise((resolve) => setImmediate(resolve))
    return told
  }
  return { answered }
}

it('tells when nothing was taken for long enough, and only once', async () => {
  const { answered } = setting()
  expect(await answered(REFUSED, 0)).toBe(0)
  expect(await answered(REFUSED, ALL_REFUSED_AFTER_MS - 1)).toBe(0)
  expect(await answered(REFUSED, 1)).toBe(1)
  expect(await answered(REFUSED, ALL_REFUSED_AFTER_MS)).toBe(1)
})

it('begins anew with every frame that is taken', async () => {
  const { answered } = setting()
  await answered(REFUSED, 0)
  await answered(TAKEN, ALL_REFUSED_AFTER_MS)
  expect(await answered(REFUSED, 0)).toBe(0)
  expect(await answered(REFUSED, ALL_REFUSED_AFTER_MS)).toBe(1)
  await answered(TAKEN, 0)
  await answered(REFUSED, 0)
  expect(await answered(REFUSED, ALL_REFUSED_AFTER_MS)).toBe(2)
})

it('takes each agent for itself', async () => {
  const { answered } = setting()
  await answered(REFUSED, 0, 'ab')
  expect(await answered(REFUSED, ALL_REFUSED_AFTER_MS, 'cd')).toBe(0)
})
