/** Centreon, availability: unknown, unreachable and planned downtime are left out of both sides. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { sumMs, type Stretch } from './stretch.ts'

export const centreon: Policy = {
  name: 'centreon',
  formula: '(ok + warning) / (ok + warning + critical)',
  digits: 2,
  mode: 'round',
  score(stretches) {
    const isGood = ({ state }: Stretch): boolean => state === 'ok' || state === 'warning'
    const counted = stretches.filter(
      (one) => one.isInHours && !one.isExcluded && (isGood(one) || one.state === 'critical'),
    )
    return scoreOf({ good: sumMs(counted, isGood), all: sumMs(counted, () => true), empty: 'no data' })
  },
}
