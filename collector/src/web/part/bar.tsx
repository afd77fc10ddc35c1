/**
 * Bar: one service on one line: its name, its last hour or day, its state now. Pure.
 */
import type { Segment, ServiceView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { StateMark } from './mark.tsx'
import { Ribbon, ribbonLabel, type Span } from './ribbon.tsx'

/** The states of one service; null where the read model has none. */
export type BarOf = (service: ServiceView) => readonly Segment[] | null

type Props = { service: ServiceView; segments: readonly Segment[]; span: Span; scene: Scene }

export function Bar({ service, segments, span, scene }: Props) {
  const label = ribbonLabel({ name: service.service, segments, span }, scene)
  return (
    <div class="bar">
      <a class="bar-name" href={serviceHref(service)}>
        {service.service}
      </a>
      <Ribbon segments={segments} span={span} label={label} />
      <StateMark state={service.state} text={scene.text} />
    </div>
  )
}

export function serviceHref({ contract, service }: Pick<ServiceView, 'contract' | 'service'>): string {
  return `/contracts/${encodeURIComponent(contract)}/services/${encodeURIComponent(service)}`
}
