/**
 * Alert plan: who would be told, when and why, if a service of a contract went down now. Services of which the same
 * would be told stand together. Pure.
 */
import type { AlertPlanView, PlannedView } from '../../view/alerting.ts'
import type { Scene } from '../scene.ts'
import { nearText, durationText } from '../text/format.ts'
import { listText } from '../text/words.ts'
import { contractName } from './names.ts'
import { Table } from './table.tsx'
import { since } from './time.tsx'

type Props = { plan: AlertPlanView; scene: Scene }

export function AlertPlan({ plan, scene: page }: Props) {
  const scene = { ...page, zone: plan.timeZone }
  const { alerting } = scene.text
  const id = `plan-${plan.contract}`
  return (
    <section class="sheet plan" aria-labelledby={id}>
      <h2 id={id}>{alerting.planTitle(contractName(plan, scene))}</h2>
      <p class="note">{alerting.planNote}</p>
      {plan.paused.map((document) => (
        <p class="note">{alerting.paused(document)}</p>
      ))}
      {groupsOf(plan).map((group) => (
        <Group plan={plan} group={group} scene={scene} />
      ))}
      {plan.heartbeats.map((heartbeat) => (
        <p class="note">{heartbeatText(heartbeat, scene)}</p>
      ))}
    </section>
  )
}

type Service = AlertPlanView['services'][number]
type Group = { services: readonly Service[]; told: readonly PlannedView[] }

function groupsOf({ services }: AlertPlanView): Group[] {
  const groups = new Map<string, Service[]>()
  for (const service of services) {
    const key = JSON.stringify(service.told)
    groups.set(key, [...(groups.get(key) ?? []), service])
  }
  return [...groups.values()].map((own) => ({ services: own, told: own[0]?.told ?? [] }))
}

function Group({ plan, group, scene }: Props & { group: Group }) {
  const { text } = scene
  const { alerting } = text
  const names = group.services.map(({ displayName }) => displayName)
  const isAll = group.services.length === plan.services.length && names.length > 1
  const label = isAll ? alerting.everyService : listText(names, text)
  if (group.told.length === 0) {
    return (
      <>
        <h3>{label}</h3>
        <p class="problem">{alerting.nobody}</p>
        <p class="note">{alerting.nobodyHelp}</p>
      </>
    )
  }
  const isHeld = group.told.some(({ heldUntil }) => heldUntil !== null)
  const held = {
    head: alerting.held,
    cell: ([{ heldUntil }]: Together) =>
      heldUntil === null ? '–' : nearText(Date.parse(heldUntil), scene.nowMs, scene),
  }
  return (
    <>
      <h3>{label}</h3>
      <Table
        label={label}
        rows={togetherOf(group.told)}
        columns={[
          { head: alerting.when, cell: ([one]) => whenText(plan, one, scene) },
          {
            head: alerting.who,
            cell: (all) => (
              <div>
                {all.map((one) => (
                  <Who plan={plan} planned={one} scene={scene} />
                ))}
              </div>
            ),
          },
          { head: alerting.why, look: 'note', cell: ([one]) => whyText(one, scene) },
          ...(isHeld ? [held] : []),
        ]}
      />
    </>
  )
}

/** Those that are told at one time for one reason. */
type Together = [PlannedView, ...PlannedView[]]

function togetherOf(told: readonly PlannedView[]): Together[] {
  const groups = new Map<string, Together>()
  for (const one of told) {
    const { webhook: _, ...rest } = one
    const key = JSON.stringify(rest)
    const known = groups.get(key)
    if (known) known.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()]
}

function whenText(
  plan: AlertPlanView,
  { type, afterMs, everyMs, gatherMs }: PlannedView,
  scene: Scene,
): string {
  const { alerting } = scene.text
  const length = (ms: number): string => durationText(ms, scene.lang)
  const first = afterMs === 0 ? firstText(plan, type, scene) : alerting.unanswered(length(afterMs))
  const again = everyMs === null ? [] : [alerting.again(length(everyMs))]
  const gathered = gatherMs === 0 ? [] : [alerting.gathered(length(gatherMs))]
  return [first, ...again, ...gathered].join(', ')
}

function firstText({ alertAfterMs }: AlertPlanView, type: PlannedView['type'], scene: Scene): string {
  const { alerting } = scene.text
  if (type === 'incident.escalated') return alerting.withFirst
  if (alertAfterMs === null) return alerting.atOnceOrSoon
  return alertAfterMs === 0 ? alerting.atOnce : alerting.after(durationText(alertAfterMs, scene.lang))
}

function Who({ plan, planned, scene }: Props & { planned: PlannedView }) {
  const { alerting } = scene.text
  const found = plan.endpoints.find(({ webhook }) => webhook === planned.webhook)
  if (!found) return <div class="told">{planned.webhook}</div>
  const { endpoint, address, problem } = found
  return (
    <div class="told">
      {endpoint !== null && <b>{endpoint.slice(endpoint.indexOf('/') + 1)} </b>}
      <span class="address">{address}</span>
      {problem !== null && <p class="problem">{alerting.problem[problem]}</p>}
    </div>
  )
}

function whyText({ why, step }: PlannedView, { text }: Scene): string {
  const { because } = text.alerting
  return why === 'step' ? because.step(step ?? 1) : because[why]
}

function heartbeatText(
  { address, everyMs, lastAt, error }: AlertPlanView['heartbeats'][number],
  scene: Scene,
): string {
  const { alerting } = scene.text
  const said = alerting.heartbeat({ address, every: durationText(everyMs, scene.lang) })
  if (error !== null) return `${said}: ${alerting.heartbeatFailed(error)}`
  const last = lastAt === null ? alerting.heartbeatWaiting : alerting.heartbeatAnswered(since(lastAt, scene))
  return `${said}: ${last}`
}
