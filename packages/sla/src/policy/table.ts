/** The table of policies: a new one is one entry here. Pure. */
import { Fault } from '@constat/shared/fault'
import { fractionText } from '../fraction.ts'
import { icinga } from './icinga.ts'
import { percentText, shareOf, type Policy } from './policy.ts'
import { held, type Stretch } from './stretch.ts'

const isUp = ({ state }: Stretch): boolean => state === 'ok' || state === 'warning'
const isTold = (one: Stretch): boolean => isUp(one) || one.state === 'critical'

/** Pandora FMS, SLA reports: unknown, planned downtime and warning are good; what never reported is left out. */
const pandora: Policy = {
  name: 'pandora',
  formula: '(ok + unknown + downtime + warning) / (ok + unknown + downtime + warning + error)',
  digits: 2,
  mode: 'truncate',
  score: shareOf(
    ({ isInHours, state }) => isInHours && state !== 'pending',
    ({ state, isExcluded }) => state !== 'critical' || isExcluded,
  ),
}

const isOnSchedule = ({ isInHours, isExcluded, state }: Stretch) =>
  isInHours && !isExcluded && state !== 'pending'
const zabbixShare = shareOf(isOnSchedule, ({ state }) => state !== 'critical', '-1')

/** Zabbix, SLI of a service: no unknown state, so the last one stands; off-schedule and excluded time is removed. */
const zabbix: Policy = {
  name: 'zabbix',
  formula: 'up / (up + down), the last state held; −1 where nothing is left',
  digits: 4,
  mode: 'round',
  score: (stretches) => zabbixShare(held(stretches)),
}

/** Checkmk, availability: service period first, then unmonitored, then downtime, then state; all inside the denominator. */
const checkmk: Policy = {
  name: 'checkmk',
  formula: 'ok / (all of the service period, unmonitored and downtime included)',
  digits: 2,
  mode: 'round',
  score: shareOf(
    ({ isInHours }) => isInHours,
    ({ state, isExcluded }) => state === 'ok' && !isExcluded,
  ),
}

/** Centreon, availability: unknown, unreachable and planned downtime are left out of both sides. */
const centreon: Policy = {
  name: 'centreon',
  formula: '(ok + warning) / (ok + warning + critical)',
  digits: 2,
  mode: 'round',
  score: shareOf((one) => one.isInHours && !one.isExcluded && isTold(one), isUp),
}

/** Nagios, availability report: the full partition of the period; scheduled time is a part of each state, not one of its own. */
const nagios: Policy = {
  name: 'nagios',
  formula: 'ok / (ok + warning + unknown + critical + undetermined)',
  digits: 3,
  mode: 'round',
  score: shareOf(
    ({ isInHours }) => isInHours,
    ({ state }) => state === 'ok',
  ),
}

/** Uptime monitors: up samples over up and down samples; at an even rate that is time told over time told. */
const sampleRatio: Policy = {
  name: 'sample-ratio',
  formula: 'up samples / (up + down samples), at all hours, nothing excluded',
  digits: 2,
  mode: 'round',
  score: shareOf(isTold, isUp),
}

export const POLICIES: readonly Policy[] = [pandora, zabbix, checkmk, icinga, centreon, nagios, sampleRatio]

/** Fault `bad-request` that lists the known ones. */
export function policyNamed(name: string): Policy {
  const found = POLICIES.find((policy) => policy.name === name)
  if (found) return found
  throw new Fault('bad-request', `there is no policy ${JSON.stringify(name)}`, {
    hint: `Known: ${POLICIES.map((policy) => policy.name).join(', ')}.`,
  })
}

/** `percent` in the tool's own digits; null where it says something else instead. */
export function replay(policy: Policy, stretches: readonly Stretch[]) {
  const { name, formula } = policy
  const score = policy.score(stretches)
  const share = score.kind === 'share' ? score.share : null
  const percent = share && percentText(share, policy)
  const says = score.kind === 'share' ? `${percent} %` : score.says
  return { policy: name, formula, percent, fraction: share && fractionText(share), says }
}
