/**
 * Ending: services that left a contract, and the form that archives a contract. Pure.
 */
import { may } from '../../http/scope.ts'
import type { ContractView, ServiceView } from '../../view/contract.ts'
import { contractHref } from '../page/contracts.tsx'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'
import { serviceHref } from './bar.tsx'
import { serviceName } from './names.ts'
import { msOf } from './time.tsx'

/** `leavesAt` lies behind: it is part of the contract no more. */
export function hasLeft({ leavesAt }: ServiceView, { nowMs }: Scene): boolean {
  return leavesAt !== null && msOf(leavesAt) <= nowMs
}

export function PastServices({ contract, scene }: { contract: ContractView; scene: Scene }) {
  const { pastServices } = contract
  if (pastServices.length === 0) return null
  return (
    <details id="past-services">
      <summary>{scene.text.ending.pastServices(pastServices.length)}</summary>
      <ul class="past-services">
        {pastServices.map((service) => (
          <li>
            <a href={serviceHref(service)}>{serviceName(service, scene)}</a>
            {service.leavesAt !== null && (
              <span class="note">
                {scene.text.ending.leftAt(timeText(msOf(service.leavesAt), 'minute', scene))}
              </span>
            )}
          </li>
        ))}
      </ul>
    </details>
  )
}

/** Asks once more before it ends; of one that has ended it says how to take it up again. */
export function Archive({ contract, scene }: { contract: ContractView; scene: Scene }) {
  const { text, caller } = scene
  if (caller === null || !may(caller, 'manage')) return null
  if (contract.endedAt !== null) {
    return (
      <section class="sheet wide">
        <p>{text.ending.takeUp}</p>
        <pre>constat apply -f contract.yaml</pre>
      </section>
    )
  }
  return (
    <section class="sheet wide">
      <details class="confirm" id="archive">
        <summary>{text.ending.archive}</summary>
        <form method="post" action={`${contractHref(contract.name)}/archive`}>
          <p>{text.ending.archiveHelp}</p>
          <button>{text.ending.archiveYes(contract.displayName)}</button>
        </form>
      </details>
    </section>
  )
}
