/** Bars: services one below the other over one axis. Pure. */
import type { ServiceView } from '../../view/contract.ts'
import type { Scene } from '../scene.ts'
import { Bar, type BarOf } from './bar.tsx'
import { Axis, type Span } from './ribbon.tsx'

type Props = {
  services: readonly ServiceView[]
  barOf: BarOf
  span: Span
  scene: Scene
  /** Nothing else on the page says why one is unknown. */
  saysWhy: boolean
}

export function Bars({ services, barOf, span, scene, saysWhy }: Props) {
  return (
    <div class="bars">
      {services.map((service) => (
        <Bar service={service} segments={barOf(service) ?? []} {...{ span, scene, saysWhy }} />
      ))}
      <div class="bar-axis">
        <span class="zone">{scene.zone}</span>
        <Axis span={span} scene={scene} />
      </div>
    </div>
  )
}
