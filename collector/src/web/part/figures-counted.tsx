/**
 * All the figures of a guarantee that is counted and not timed: what is proved, the best estimate, and what
 * it would be had the unknown gone badly. Pure.
 */
import type { CountGuaranteeView, MeanGuaranteeView, RequestShareView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, percentText, shareText } from '../text/format.ts'
import { guaranteeName } from './names.ts'

type Counted = CountGuaranteeView | MeanGuaranteeView | RequestShareView
type Props = { guarantee: Counted; scene: Scene }

export function CountedFigures({ guarantee: g, scene }: Props) {
  const { text } = scene
  const name = guaranteeName(g, scene)
  const [provable, point, pessimistic] = valuesOf(g, scene)
  const rows = [
    [text.figure.provable, provable, text.figure.provableMeaning],
    [text.figure.point, point, text.figure.pointMeaning],
    [text.figure.pessimistic, pessimistic, text.figure.pessimisticMeaning],
  ] as const
  return (
    <details class="figures" id={`figures-${g.guarantee}`}>
      <summary aria-label={`${text.figure.all}: ${name}`}>{text.figure.all}</summary>
      <div class="scroll" tabindex={0} role="region" aria-label={name}>
        <table class="stacking">
          <thead>
            <tr>
              <th scope="col">{name}</th>
              <th scope="col" class="number">
                {text.figure.measured}
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {rows.map(([term, value, meaning]) => (
              <tr>
                <th scope="row">{term}</th>
                <td class="number" data-label={text.figure.measured}>
                  {value}
                </td>
                <td class="note">{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl class="facts">
        {factsOf(g, scene).map(([term, value]) => (
          <div>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
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
