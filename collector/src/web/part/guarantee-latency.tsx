/**
 * All the figures of a latency guarantee: the three shares and what each counts. What is missing takes no
 * side, so the share is a range where anything is. Pure.
 */
import type { LatencyGuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, percentText } from '../text/format.ts'
import { Fact } from './fact.tsx'
import { FoldedFigures } from './folded-figures.tsx'

type Props = { guarantee: LatencyGuaranteeView; scene: Scene }

export function LatencyFigures({ guarantee: g, scene }: Props) {
  const { text, lang } = scene
  const { share } = g
  const valuesOf = (count: number, percent: string | null): string[] => [
    countText(count, lang),
    percent === null ? '–' : percentText(percent, lang),
  ]
  const rows = [
    {
      term: text.figure.provable,
      values: valuesOf(share.within + share.missing, share.provable),
      meaning: text.figure.provableMeaning,
    },
    {
      term: text.figure.point,
      values: valuesOf(share.within, share.percent),
      meaning: text.figure.pointMeaning,
    },
    {
      term: text.figure.pessimistic,
      values: valuesOf(share.within, share.pessimistic),
      meaning: text.latency.missingMeaning,
    },
  ]
  const heads = [text.latency.within, '%']
  return (
    <FoldedFigures guarantee={g} scene={scene} summary={text.latency.all} heads={heads} rows={rows}>
      <dl class="facts">
        <Fact term={text.latency.answers}>{countText(share.n, lang)}</Fact>
        <Fact term={text.latency.late}>{countText(share.n - share.within, lang)}</Fact>
        <Fact term={text.latency.missingSlots}>{countText(share.missing, lang)}</Fact>
      </dl>
    </FoldedFigures>
  )
}
