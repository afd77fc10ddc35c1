/** Checkmk, availability: service period first, then unmonitored, then downtime, then state; all inside the denominator. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { sumMs } from './stretch.ts'

export const checkmk: Policy = {
  name: 'checkmk',
  formula: 'ok / (all of the service period, unmonitored and downtime included)',
  digits: 2,
  mode: 'round',
  score(stretches) {
    const counted = stretches.filter(({ isInHours }) => isInHours)
    const ok = sumMs(counted, ({ state, isExcluded }) => state === 'ok' && !isExcluded)
    return scoreOf({ good: ok, all: sumMs(counted, () => true), empty: 'no data' })
  },
}
