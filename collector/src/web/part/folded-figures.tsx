/** The figures of a guarantee behind one line: a table of provable, point and pessimistic, and facts below. Pure. */
import type { GuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { guaranteeName } from './names.ts'
import { Table, type Column } from './table.tsx'

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
      <Table
        label={name}
        rows={rows}
        columns={[
          { head: name, cell: ({ term }) => term },
          ...heads.map((head, i): Column<FigureRow> => ({
            head,
            look: 'number',
            cell: ({ values }) => values[i],
          })),
          { look: 'note', cell: ({ meaning }) => meaning },
        ]}
      />
      {children}
    </details>
  )
}
