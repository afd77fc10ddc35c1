/**
 * Tables: a row for each thing, its name first. On a phone the cells of a row stand one below the other, each
 * with the head of its column. Pure.
 */
import type { Child } from 'hono/jsx'

export type Column<Row> = {
  head?: string
  cell: (row: Row) => Child
  /** Numbers stand to the right, under a head that does too. */
  look?: 'number' | 'target' | 'note'
  /** Says what it is without its head. */
  bare?: true
}

type Props<Row> = {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  caption?: string
  frame?: 'sheet'
  /** Scrolled sideways on a phone, never stacked. */
  plain?: true
}

export function Table<Row>({ label, columns, rows, caption, frame, plain }: Props<Row>) {
  return (
    <div class={frame ? `${frame} scroll` : 'scroll'} tabindex={0} role="group" aria-label={label}>
      <table class={plain ? undefined : 'stacking'}>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map(({ head, look }) =>
              head === undefined ? (
                <td />
              ) : (
                <th scope="col" class={look === 'number' ? look : undefined}>
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map(({ head, cell, look, bare }, i) =>
                i === 0 ? (
                  <th scope="row">{cell(row)}</th>
                ) : (
                  <td class={look} data-label={plain || bare ? undefined : head}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
