/** All that stands below one row of a guarantee: its sites where each is judged by itself, and every figure. Pure. */
import type { GuaranteeView } from '../../view/guarantee.ts'
import { partOf } from '../metric/table.ts'
import type { Scene } from '../scene.ts'
import { EachSite } from './each-site.tsx'

export function Figures({ guarantee, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  const part = partOf(guarantee.metric)
  return (
    <>
      <EachSite guarantee={guarantee} scene={scene} />
      <part.Figures guarantee={guarantee} scene={scene} />
    </>
  )
}
