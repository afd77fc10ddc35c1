/** The mean error rate of all slices. Pure. */
import { FoldedFigures, threeFigures } from '../part/folded-figures.tsx'
import { rangeText } from '../text/figures.ts'
import { countText, percentOrNone, percentText, durationText } from '../text/format.ts'
import type { MetricPart } from './part.ts'

export const meanErrorRate: MetricPart<'mean-error-rate'> = {
  promised: ({ target }, { text, lang }) => text.metric.mean.target(percentText(target, lang)),
  Measured({ guarantee: { slices, sliceMs, availability }, scene }) {
    const { text, lang } = scene
    const words = text.metric.mean
    if (availability.point === null) return <p class="figure">{words.none}</p>
    const counted = words.slices({ n: countText(slices, lang), length: durationText(sliceMs, lang) })
    return (
      <>
        <p class="figure">{words.measured(percentText(availability.point, lang))}</p>
        <p class="note">{[rangeText(availability, scene), counted].filter(Boolean).join(' · ')}</p>
      </>
    )
  },
  Figures({ guarantee, scene }) {
    const { availability } = guarantee
    const rows = threeFigures((figure) => [percentOrNone(availability[figure], scene.lang)], scene)
    return <FoldedFigures guarantee={guarantee} scene={scene} rows={rows} />
  },
  line({ availability: { point } }, { scene: { text, lang } }) {
    const { mean } = text.metric
    return { measured: point === null ? mean.none : mean.measured(percentText(point, lang)) }
  },
}
