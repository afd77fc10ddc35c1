/** Pandora FMS, SLA reports: unknown, planned downtime and warning are good; what never reported is left out. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { sumMs } from './stretch.ts'

export const pandora: Policy = {
  name: 'pandora',
  formula: '(ok + unknown + downtime + warning) / (ok + unknown + downtime + warning + error)',
  digits: 2,
  mode: 'truncate',
  score(stretches) {
    const counted = stretches.filter(({ isInHours, state }) => isInHours && state !== 'pending')
    const error = sumMs(counted, ({ state, isExcluded }) => state === 'critical' && !isExcluded)
    const all = sumMs(counted, () => true)
    return scoreOf({ good: all - error, all, empty: 'no data' })
  },
}
