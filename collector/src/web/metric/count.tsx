/** Incidents counted: how many there were at least, and at most. Pure. */
import { FoldedFigures, threeFigures } from '../part/folded-figures.tsx'
import type { Scene } from '../scene.ts'
import { countText } from '../text/format.ts'
import type { MetricPart } from './part.ts'

type Counted = { count: { provable: number; pessimistic: number } }

function countedText({ count: { provable, pessimistic } }: Counted, { text, lang }: Scene): string {
  const [least, most] = [countText(provable, lang), countText(pessimistic, lang)]
  return text.metric.count.measured({ least, most })
}

export const incidentCount: MetricPart<'incident-count'> = {
  promised: ({ target }, { text }) => text.metric.count.target(target),
  Measured: ({ guarantee, scene }) => <p class="figure">{countedText(guarantee, scene)}</p>,
  Figures: ({ guarantee, scene }) => {
    const rows = threeFigures((figure) => [countText(guarantee.count[figure], scene.lang)], scene)
    return <FoldedFigures guarantee={guarantee} scene={scene} rows={rows} />
  },
  line: (site, { scene }) => ({ measured: countedText(site, scene) }),
}
