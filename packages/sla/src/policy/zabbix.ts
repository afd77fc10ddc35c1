/** Zabbix, SLI of a service: no unknown state, so the last one stands; off-schedule and excluded time is removed. Pure. */
import { scoreOf } from './score.ts'
import type { Policy } from './policy.ts'
import { held, sumMs } from './stretch.ts'

export const zabbix: Policy = {
  name: 'zabbix',
  formula: 'up / (up + down), the last state held; −1 where nothing is left',
  digits: 4,
  mode: 'round',
  score(stretches) {
    const counted = held(stretches).filter(
      ({ isInHours, isExcluded, state }) => isInHours && !isExcluded && state !== 'pending',
    )
    const down = sumMs(counted, ({ state }) => state === 'critical')
    const all = sumMs(counted, () => true)
    return scoreOf({ good: all - down, all, empty: '-1' })
  },
}
