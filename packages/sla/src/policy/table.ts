/** The table of policies. A new one is one file and one line here. Pure. */
import { Fault } from '@constat/shared/fault'
import { centreon } from './centreon.ts'
import { checkmk } from './checkmk.ts'
import { icinga } from './icinga.ts'
import { nagios } from './nagios.ts'
import { pandora } from './pandora.ts'
import type { Policy } from './policy.ts'
import { sampleRatio } from './sample-ratio.ts'
import { percentText } from './score.ts'
import { fractionText } from '../fraction.ts'
import type { Stretch } from './stretch.ts'
import { zabbix } from './zabbix.ts'

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
export type Replayed = {
  policy: string
  formula: string
  percent: string | null
  fraction: string | null
  says: string
}

export function replay(policy: Policy, stretches: readonly Stretch[]): Replayed {
  const { name, formula } = policy
  const score = policy.score(stretches)
  if (score.kind === 'empty')
    return { policy: name, formula, percent: null, fraction: null, says: score.says }
  const percent = percentText(score.share, policy)
  return { policy: name, formula, percent, fraction: fractionText(score.share), says: `${percent} %` }
}
