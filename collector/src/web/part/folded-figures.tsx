/** The figures of a guarantee behind one line: a table of provable, point and pessimistic, and facts below. Pure. */
import type { GuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { guaranteeName } from './names.ts'

export type FigureRow = { term: string; values: readonly string[]; meaning: string }

type Props = {
  guarantee: GuaranteeView
  scene: Scene
  summary: string
  /** What each column of values says. */
  heads: readonly string[]
  rows: readonly FigureRow[]
  children: unknown
}

export function FoldedFigures({ guarantee, scene, summary, heads, rows, children }: Props) {
  const name = guaranteeName(guarantee, scene)
  return (
    <details class="figures" id={`figures-${guarantee.guarantee}`}>
      <summary aria-label={`${summary}: ${name}`}>{summary}</summary>
      <div class="scroll" tabindex={0} role="region" aria-label={name}>
        <table class="stacking">
          <thead>
            <tr>
              <th scope="col">{name}</th>
              {heads.map((head) => (
                <th scope="col" class="number">
                  {head}
                </th>
              ))}
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ term, values, meaning }) => (
              <tr>
                <th scope="row">{term}</th>
                {values.map((value, i) => (
                  <td class="number" data-label={heads[i]}>
                    {value}
                  </td>
                ))}
                <td class="note">{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {children}
    </details>
  )
}
