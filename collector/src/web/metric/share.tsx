/**
 * Shares: answers within the threshold, or attempts that were good. What is missing takes no side, so the share
 * is a range where anything is; beside speed stand the percentiles. Pure.
 */
import { countsOf } from '@constat/sla/latency'
import type { ViewOf } from '../../view/guarantee.ts'
import { Fact } from '../part/fact.tsx'
import { FoldedFigures, threeFigures } from '../part/folded-figures.tsx'
import type { Scene } from '../scene.ts'
import { rangeText } from '../text/figures.ts'
import { countText, latencyText, percentOrNone, percentText } from '../text/format.ts'
import type { MetricPart, PartProps } from './part.ts'

type Share = ViewOf<'request-share'>['share']

export const shareWithin: MetricPart<'share-within'> = {
  promised({ target, thresholdUs }, { text, lang }) {
    const threshold = latencyText(thresholdUs, lang)
    return text.glance.share.target({ percent: percentText(target, lang), threshold })
  },
  Measured({ guarantee, scene }) {
    return <MeasuredShare share={guarantee.share} said={withinText(guarantee, scene)} scene={scene} />
  },
  Beside: Percentiles,
  Figures({ guarantee, scene }) {
    const { text, lang } = scene
    const { share } = guarantee
    const rows = threeFigures(
      (figure) => [countText(countsOf(share, figure).within, lang), percentOrNone(share[figure], lang)],
      scene,
      { pessimistic: text.latency.missingMeaning },
    )
    const told = { summary: text.latency.all, heads: [text.latency.within, '%'] }
    return (
      <FoldedFigures guarantee={guarantee} scene={scene} rows={rows} {...told}>
        <Fact term={text.latency.answers}>{countText(share.n, lang)}</Fact>
        <Fact term={text.latency.late}>{countText(share.n - share.within, lang)}</Fact>
        <Fact term={text.latency.missingSlots}>{countText(share.missing, lang)}</Fact>
      </FoldedFigures>
    )
  },
  line: ({ share }, { guarantee, scene }) => ({
    measured:
      share.point === null ? scene.text.glance.share.none : withinText({ ...guarantee, share }, scene),
  }),
}

export const requestShare: MetricPart<'request-share'> = {
  promised: ({ target }, { text, lang }) => text.metric.requests.target(percentText(target, lang)),
  Measured({ guarantee: { share }, scene }) {
    return <MeasuredShare share={share} said={goodText(share, scene)} scene={scene} />
  },
  Figures({ guarantee, scene }) {
    const { text, lang } = scene
    const { share } = guarantee
    const rows = threeFigures((figure) => [percentOrNone(share[figure], lang)], scene)
    return (
      <FoldedFigures guarantee={guarantee} scene={scene} rows={rows}>
        <Fact term={text.latency.answers}>{countText(share.n, lang)}</Fact>
        <Fact term={text.latency.missingSlots}>{countText(share.missing, lang)}</Fact>
      </FoldedFigures>
    )
  },
  line: ({ share }, { scene }) => ({
    measured: share.point === null ? scene.text.glance.share.none : goodText(share, scene),
  }),
}

function withinText(
  { share, thresholdUs }: Pick<ViewOf<'share-within'>, 'share' | 'thresholdUs'>,
  { text, lang }: Scene,
): string {
  const threshold = latencyText(thresholdUs, lang)
  return text.glance.share.measured({ percent: percentOrNone(share.point, lang), threshold })
}

function goodText({ point }: Share, { text, lang }: Scene): string {
  return text.metric.requests.measured(percentOrNone(point, lang))
}

function MeasuredShare({ share, said, scene }: { share: Share; said: string; scene: Scene }) {
  const { lang, text } = scene
  const words = text.glance.share
  const { n, within, missing, point } = share
  if (point === null) return <p class="figure">{words.none}</p>
  const notes = [words.counted({ within: countText(within, lang), n: countText(n, lang) })]
  if (missing > 0) notes.push(words.missing(countText(missing, lang)))
  notes.push(rangeText(share, scene))
  return (
    <>
      <p class="figure">{said}</p>
      <p class="note">{notes.filter(Boolean).join(' · ')}</p>
    </>
  )
}

function Percentiles({ guarantee: g, scene }: PartProps<'share-within'>) {
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
