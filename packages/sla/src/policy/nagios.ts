/** Nagios, availability report: the full partition of the period; scheduled time is a part of each state, not one of its own. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { sumMs } from './stretch.ts'

export const nagios: Policy = {
  name: 'nagios',
  formula: 'ok / (ok + warning + unknown + critical + undetermined)',
  digits: 3,
  mode: 'round',
  score(stretches) {
    const counted = stretches.filter(({ isInHours }) => isInHours)
    const ok = sumMs(counted, ({ state }) => state === 'ok')
    return scoreOf({ good: ok, all: sumMs(counted, () => true), empty: 'no data' })
  },
}
