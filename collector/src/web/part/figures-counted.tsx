/**
 * All the figures of a guarantee that is counted and not timed: what is proved, the best estimate, and what
 * it would be had the unknown gone badly. Pure.
 */
import type { CountGuaranteeView, MeanGuaranteeView, RequestShareView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, percentText, shareText } from '../text/format.ts'
import { Fact } from './fact.tsx'
import { FoldedFigures } from './folded-figures.tsx'

type Counted = CountGuaranteeView | MeanGuaranteeView | RequestShareView
type Props = { guarantee: Counted; scene: Scene }

export function CountedFigures({ guarantee: g, scene }: Props) {
  const { text } = scene
  const [provable, point, pessimistic] = valuesOf(g, scene)
  const rows = [
    { term: text.figure.provable, values: [provable], meaning: text.figure.provableMeaning },
    { term: text.figure.point, values: [point], meaning: text.figure.pointMeaning },
    { term: text.figure.pessimistic, values: [pessimistic], meaning: text.figure.pessimisticMeaning },
  ]
  const summary = text.figure.all
  return (
    <FoldedFigures guarantee={g} scene={scene} summary={summary} heads={[text.figure.measured]} rows={rows}>
      <dl class="facts">
        {factsOf(g, scene).map(([term, value]) => (
          <Fact term={term}>{value}</Fact>
        ))}
      </dl>
    </FoldedFigures>
  )
}

/** Provable, point, pessimistic. */
function valuesOf(g: Counted, { lang }: Scene): [string, string, string] {
  const shown = (percent: string | null): string => (percent === null ? '–' : percentText(percent, lang))
  switch (g.metric) {
    case 'incident-count': {
      const { provable, point, pessimistic } = g.count
      return [countText(provable, lang), countText(point, lang), countText(pessimistic, lang)]
    }
    case 'mean-error-rate': {
      const { provable, point, pessimistic } = g.availability
      return [shown(provable), shown(point), shown(pessimistic)]
    }
    case 'request-share':
      return [shown(g.share.provable), shown(g.share.percent), shown(g.share.pessimistic)]
  }
}

function factsOf(g: Counted, { text, lang }: Scene): [string, string][] {
  const coverage: [string, string] = [text.figure.coverage, shareText(g.coverage, lang)]
  if (g.metric !== 'request-share') return [coverage]
  return [
    [text.latency.answers, countText(g.share.n, lang)],
    [text.latency.missingSlots, countText(g.share.missing, lang)],
    coverage,
  ]
}
