/**
 * Begun: what stands on a contract's page after the form made it: whether the first sample is there yet,
 * and what to do next. Pure.
 */
import type { AgentView, ContractView } from '../../view/contract.ts'
import type { Scene } from '../scene.ts'
import { nearText } from '../text/format.ts'

type Props = { contract: ContractView; agents: readonly AgentView[]; scene: Scene }

export function Begun({ contract, agents, scene }: Props) {
  const words = scene.text.first
  return (
    <section class="sheet fresh">
      <h2>{words.done}</h2>
      <p role="status">{seenText({ contract, agents, scene })}</p>
      <p class="label">{words.next}</p>
      <ul class="next">
        <li>
          <a href="/setup/agents">{words.nextSite}</a> – {words.nextSiteWhy}
        </li>
        <li>
          <a href="/setup/alerts">{words.nextAlerts}</a> – {words.nextAlertsWhy}
        </li>
      </ul>
    </section>
  )
}

function seenText({ contract, agents, scene }: Props): string {
  const words = scene.text.first
  const times = contract.services.flatMap(({ since, state }) =>
    since === null || state === 'unknown' ? [] : [Date.parse(since)],
  )
  if (times.length > 0) return words.seen(nearText(Math.min(...times), scene.nowMs, scene))
  return agents.length === 0 ? words.waitingAgent : words.waiting
}
