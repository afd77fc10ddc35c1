/** Uptime monitors: up samples over up and down samples; at an even rate that is time told over time told. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { sumMs, type Stretch } from './stretch.ts'

export const sampleRatio: Policy = {
  name: 'sample-ratio',
  formula: 'up samples / (up + down samples), at all hours, nothing excluded',
  digits: 2,
  mode: 'round',
  score(stretches) {
    const isUp = ({ state }: Stretch): boolean => state === 'ok' || state === 'warning'
    const counted = stretches.filter((one) => isUp(one) || one.state === 'critical')
    return scoreOf({ good: sumMs(counted, isUp), all: sumMs(counted, () => true), empty: 'no data' })
  },
}
