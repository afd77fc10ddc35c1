/**
 * A guarantee of speed: the share of answers within the threshold, told by what is known and by what the
 * missing slots may have been, and how fast half, 95 and 99 in 100 answered. Pure.
 */
import type { LatencyGuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, decimalText, latencyText, percentText } from '../text/format.ts'

type Props = { guarantee: LatencyGuaranteeView; scene: Scene }

export function MeasuredShare({ guarantee: g, scene }: Props) {
  const { lang, text } = scene
  const words = text.glance.share
  const { n, within, missing, percent, provable, pessimistic } = g.share
  if (percent === null) return <p class="figure">{words.none}</p>
  const notes = [words.counted({ within: countText(within, lang), n: countText(n, lang) })]
  if (missing > 0) notes.push(words.missing(countText(missing, lang)))
  if (missing > 0 && provable !== null && pessimistic !== null) {
    const least = decimalText(pessimistic, lang)
    notes.push(words.bounds({ least, most: percentText(provable, lang) }))
  }
  const threshold = latencyText(g.thresholdUs, lang)
  return (
    <>
      <p class="figure">{words.measured({ percent: percentText(percent, lang), threshold })}</p>
      <p class="note">{notes.join(' · ')}</p>
    </>
  )
}

export function Percentiles({ guarantee: g, scene }: Props) {
  const { lang, text } = scene
  const words = text.glance.share
  const rows = [
    [words.half, g.percentileUs.p50],
    [words.p95, g.percentileUs.p95],
    [words.p99, g.percentileUs.p99],
  ] as const
  return (
    <div class="budget">
      <p class="label">{words.percentiles}</p>
      <dl class="percentiles">
        {rows.map(([term, us]) => (
          <div>
            <dt>{term}</dt>
            <dd>{us === null ? '–' : latencyText(us, lang)}</dd>
          </div>
        ))}
      </dl>
      {Number(g.percentileErrorPercent) > 0 && (
        <p class="note">{words.error(percentText(g.percentileErrorPercent, lang))}</p>
      )}
    </div>
  )
}
