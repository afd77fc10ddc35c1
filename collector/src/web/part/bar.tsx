/**
 * Bar: one service on one line: its name, its last hour or day, its state now. Pure.
 */
import type { ServiceView } from '../../view/contract.ts'
import type { Segment } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { StateMark } from './mark.tsx'
import { DayBar } from './days.tsx'
import { serviceName } from './names.ts'
import { Why } from './why.tsx'
import { Ribbon, ribbonLabel, type Span } from './ribbon.tsx'

/** The states of one service; null where the read model has none. */
export type BarOf = (service: ServiceView) => readonly Segment[] | null

type Props = {
  service: ServiceView
  segments: readonly Segment[]
  span: Span
  scene: Scene
  /** One mark a day in place of the states as they were. */
  by?: 'state' | 'day'
  /** Nothing else on the page says why it is unknown. */
  saysWhy: boolean
}

export function Bar({ service, segments, span, scene, saysWhy, by = 'state' }: Props) {
  const name = serviceName(service, scene)
  return (
    <div class="bar">
      <a class="bar-name" href={serviceHref(service)}>
        {name}
      </a>
      {by === 'day' ? (
        <DayBar name={name} segments={segments} span={span} scene={scene} />
      ) : (
        <Ribbon segments={segments} span={span} label={ribbonLabel({ name, segments, span }, scene)} />
      )}
      <StateMark state={service.state} text={scene.text} />
      {saysWhy && <Why reasons={service.reasons} scene={scene} />}
    </div>
  )
}

export function serviceHref({ contract, service }: Pick<ServiceView, 'contract' | 'service'>): string {
  return `/contracts/${encodeURIComponent(contract)}/services/${encodeURIComponent(service)}`
}
