/**
 * All the figures of a latency guarantee: the three shares and what each counts. What is missing takes no
 * side, so the share is a range where anything is. Pure.
 */
import type { LatencyGuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, percentText } from '../text/format.ts'
import { guaranteeName } from './names.ts'

type Props = { guarantee: LatencyGuaranteeView; scene: Scene }

export function LatencyFigures({ guarantee: g, scene }: Props) {
  const { text, lang } = scene
  const { share } = g
  const name = guaranteeName(g, scene)
  const rows: [string, string, string | null, string][] = [
    [
      text.figure.provable,
      countText(share.within + share.missing, lang),
      share.provable,
      text.figure.provableMeaning,
    ],
    [text.figure.point, countText(share.within, lang), share.percent, text.figure.pointMeaning],
    [text.figure.pessimistic, countText(share.within, lang), share.pessimistic, text.latency.missingMeaning],
  ]
  return (
    <details class="figures" id={`figures-${g.guarantee}`}>
      <summary aria-label={`${text.latency.all}: ${name}`}>{text.latency.all}</summary>
      <div class="scroll" tabindex={0} role="region" aria-label={name}>
        <table class="stacking">
          <thead>
            <tr>
              <th scope="col">{name}</th>
              <th scope="col" class="number">
                {text.latency.within}
              </th>
              <th scope="col" class="number">
                %
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, count, percent, meaning]) => (
              <tr>
                <th scope="row">{name}</th>
                <td class="number" data-label={text.latency.within}>
                  {count}
                </td>
                <td class="number" data-label="%">
                  {percent === null ? '–' : percentText(percent, lang)}
                </td>
                <td class="note">{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl class="facts">
        <Count term={text.latency.answers} count={share.n} scene={scene} />
        <Count term={text.latency.late} count={share.n - share.within} scene={scene} />
        <Count term={text.latency.missingSlots} count={share.missing} scene={scene} />
      </dl>
    </details>
  )
}

function Count({ term, count, scene }: { term: string; count: number; scene: Scene }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{countText(count, scene.lang)}</dd>
    </div>
  )
}
