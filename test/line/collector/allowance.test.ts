/** Allowances: what frames weigh, what an agent has in hand, and what an honest one never comes to. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Allowances, IN_HAND_MS, weightMs, type Paced } from '../../../collector/src/intake/allowance.ts'
import { MAX_SLOTS } from '@constat/shared/slots'
import { goodSamples } from '../../support/hostile-frames.ts'

const LOG = 1
const check = (intervalMs: number): Paced => ({ intervalMs, reprobeMs: 2_000 })
const frame = (samples: number, counts: number[] = []) => ({
  samples: goodSamples(...Array.from({ length: samples }, (_, i) => i)),
  schedule: { check: counts.map(() => 0), firstMs: counts.map(() => 0), count: counts },
})

function opened() {
  let ms = 0
  const allowances = new Allowances(() => ms)
  return {
    allowances,
    pass: (more: number) => void (ms += more),
    spend: (weight: number, agent = 'a', log = LOG) => allowances.spend(agent, { log, weightMs: weight }),
  }
}

describe('a frame weighs the time that its checks need to say it', () => {
  const one = [check(10_000)]
  const fifty = Array.from({ length: 50 }, () => check(10_000))
  it.each([
    // 0.1 slots, 0.5 re-probes and 1 look a second, each a frame, and one every 10 s.
    ['a sample', one, frame(1, [1]), 500, 1_176],
    ['a frame of nothing', one, frame(0), 300, 588],
    ['as much as a frame may tell of', one, frame(0, [20_000, 20_000]), 500, 23_529_412],
    [
      'fifty samples of fifty checks',
      fifty,
      frame(
        50,
        Array.from({ length: 50 }, () => 1),
      ),
      2_000,
      1_176,
    ],
    ['the longest frame', one, frame(1, [1]), 60_000, 24_331],
  ])('%s', (_, checks, batch, bytes, expected) => {
    expect(Math.round(weightMs(batch, { bytes, checks }))).toBe(expected)
  })

  it('an honest agent never has less in hand than it began with, however its checks fail', () => {
    const pace = fc.record({
      intervalMs: fc.integer({ min: 1_000, max: 600_000 }),
      reprobeMs: fc.integer({ min: 1_000, max: 5_000 }),
    })
    fc.assert(
      fc.property(
        fc.array(pace, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (checks, s) => {
          // Every slot and every re-probe of these seconds, closed in one batch.
          const slots = checks.map(({ intervalMs }) => Math.floor((s * 1_000) / intervalMs))
          const tries = checks.map(({ reprobeMs }, i) => slots[i]! + Math.floor((s * 1_000) / reprobeMs))
          const count = tries.reduce((a, b) => a + b, 0)
          const weight = weightMs(frame(count, slots), { bytes: 1_200 + 80 * count, checks })
          // Or one frame of its own, which a second holds twice at the least.
          expect(weight).toBeLessThanOrEqual(Math.max(s * 1_000 * 2, 10_000))
        },
      ),
    )
  })

  it('of no check at all: never nothing', () => {
    expect(weightMs(frame(0), { bytes: 100, checks: [] })).toBe(10_000)
    expect(weightMs(frame(0, [MAX_SLOTS]), { bytes: 100, checks: [] })).toBe(Infinity)
  })
})

describe('in hand', () => {
  it('are 72 h, and it passes them once', () => {
    const { spend, allowances } = opened()
    expect(spend(IN_HAND_MS)).toBe(false)
    expect(allowances.owedMs('a')).toBe(0)
    expect(spend(1_000)).toBe(true)
    expect(allowances.owedMs('a')).toBe(500)
    expect(spend(1_000)).toBe(false)
    expect(allowances.owedMs('a')).toBe(1_000)
  })

  it('comes back twice as fast as time goes, and never more than there was', () => {
    const { spend, pass, allowances } = opened()
    spend(IN_HAND_MS + 10_000)
    pass(4_000)
    expect(allowances.owedMs('a')).toBe(1_000)
    pass(1_000)
    expect(allowances.owedMs('a')).toBe(0)
    expect(spend(1)).toBe(true)
    pass(10 * IN_HAND_MS)
    expect(spend(IN_HAND_MS)).toBe(false)
    expect(spend(1)).toBe(true)
  })

  it('goes on after a restart as if there had been none', () => {
    const whole = opened()
    const before = opened()
    for (const { spend, pass } of [whole, before]) {
      spend(IN_HAND_MS + 60_000, 'a', 1)
      spend(5_000, 'a', 2)
      pass(1_000)
    }
    const after = opened()
    // As a database gives it back; the clock of this process began elsewhere.
    after.allowances.restore(
      'a',
      JSON.parse(JSON.stringify(before.allowances.stored('a', 1_000_000))),
      1_004_000,
    )
    whole.pass(4_000)
    expect(whole.allowances.owedMs('a')).toBe(25_000)
    expect(after.allowances.owedMs('a')).toBe(25_000)
    for (const { spend } of [whole, after]) {
      expect(spend(IN_HAND_MS - 1, 'a', 2)).toBe(false)
      expect(spend(1_000, 'a', 2)).toBe(true)
    }
  })

  it('gains nothing from an instant that is still to come', () => {
    const { allowances } = opened()
    allowances.restore('a', [{ log: 1, inHandMs: -10_000, atMs: 9_000_000 }], 1_000)
    expect(allowances.owedMs('a')).toBe(5_000)
  })

  it('is of one agent and one log', () => {
    const { spend, allowances } = opened()
    spend(2 * IN_HAND_MS, 'a', 1)
    expect([allowances.owedMs('a'), allowances.owedMs('b')]).toEqual([IN_HAND_MS / 2, 0])
    expect(spend(IN_HAND_MS, 'a', 2)).toBe(false)
  })
})
