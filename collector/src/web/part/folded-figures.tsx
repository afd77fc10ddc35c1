/** The figures of a guarantee behind one line: a table of provable, point and pessimistic, and facts below. Pure. */
import type { Child } from 'hono/jsx'
import { FIGURES, type Figure } from '@constat/sla/figures'
import type { GuaranteeView } from '../../view/guarantee.ts'
import type { Scene } from '../scene.ts'
import { Coverage } from './coverage.tsx'
import { Fact } from './fact.tsx'
import { guaranteeName } from './names.ts'
import { Table, type Column } from './table.tsx'
import { WhyShares } from './why.tsx'

type FigureRow = { term: string; values: readonly string[]; meaning: string }

type Props = {
  guarantee: GuaranteeView
  scene: Scene
  summary?: string
  /** What each column of values says. */
  heads?: readonly string[]
  rows: readonly FigureRow[]
  /** Facts that stand below, before the coverage. */
  children?: Child
}

/** One row for each of the three figures, with what it means. */
export function threeFigures(
  valuesOf: (figure: Figure) => readonly string[],
  { text: { figure: words } }: Scene,
  meanings: Partial<Record<Figure, string>> = {},
): FigureRow[] {
  const usual = {
    provable: words.provableMeaning,
    point: words.pointMeaning,
    pessimistic: words.pessimisticMeaning,
  }
  return FIGURES.map((figure) => ({
    term: words[figure],
    values: valuesOf(figure),
    meaning: meanings[figure] ?? usual[figure],
  }))
}

export function FoldedFigures({ guarantee, scene, rows, children, ...told }: Props) {
  const { figure } = scene.text
  const { summary = figure.all, heads = [figure.measured] } = told
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
      <dl class="facts">
        {children}
        <Fact term={figure.coverage}>
          <Coverage of={guarantee} scene={scene} />
        </Fact>
      </dl>
      <WhyShares unknown={guarantee.unknown} scene={scene} />
    </details>
  )
}
