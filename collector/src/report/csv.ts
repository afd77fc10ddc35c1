/**
 * CSV (RFC 4180) of a report: one row for each guarantee, figures as the API has them. In French as its spreadsheets
 * read it: semicolons, decimal commas, and a byte order mark. Pure.
 */
import { FIGURES, type Figure } from '@constat/sla/figures'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { ReportView } from '../view/report.ts'
import { guaranteeName } from '../web/part/names.ts'
import type { Scene } from '../web/scene.ts'

type Cell = string | number | null
export type Column<T> = { head: string; cell: (item: T, scene: Scene) => Cell; isText?: true }
type Own = Column<GuaranteeView>

const text = (head: string, cell: Own['cell']): Own => ({ head, cell, isText: true })
const number = (head: string, cell: Own['cell']): Own => ({ head, cell })
const three = (head: string, of: (g: GuaranteeView) => Partial<Record<Figure, Cell>> | null): Own[] =>
  FIGURES.map((figure) => number(`${head}_${figure}`, (g) => of(g)?.[figure] ?? null))

const COLUMNS: readonly Own[] = [
  text('guarantee', (g) => g.guarantee),
  text('name', (g, scene) => guaranteeName(g, scene)),
  text('service', (g) => g.service),
  text('clause', (g) => g.clause),
  text('metric', (g) => g.metric),
  number('target', (g) => g.target),
  text('verdict', (g) => g.verdict),
  text('start', (g) => g.window.start),
  text('end', (g) => g.window.end),
  number('committed_ms', (g) => g.committedMs),
  number('excluded_ms', (g) => g.excludedMs),
  number('known_ms', (g) => g.knownMs),
  number('coverage', (g) => g.coverage),
  ...three('down_ms', (g) => ('downMs' in g ? g.downMs : null)),
  ...three('availability_percent', (g) => ('availability' in g ? g.availability : null)),
  ...three('share_percent', (g) => ('share' in g ? g.share : null)),
  ...three('count', (g) => ('count' in g ? g.count : null)),
  number('credit', (g) => g.credit?.amount ?? null),
  text('currency', (g) => g.credit?.currency ?? null),
]

const BOM = '\uFEFF'

export function reportCsv({ guarantees }: ReportView, scene: Scene): string {
  return csvText(guarantees, COLUMNS, scene)
}

export function csvText<T>(items: readonly T[], columns: readonly Column<T>[], scene: Scene): string {
  const isFrench = scene.lang === 'fr'
  const separator = isFrench ? ';' : ','
  const written = (cell: Cell, isText: boolean): string => {
    if (cell === null) return ''
    const said = isText || !isFrench ? String(cell) : String(cell).replace('.', ',')
    return quoted(isText ? guarded(said) : said, separator)
  }
  const rows = items.map((item) =>
    columns.map(({ cell, isText }) => written(cell(item, scene), isText === true)).join(separator),
  )
  const lines = [columns.map(({ head }) => head).join(separator), ...rows]
  return `${isFrench ? BOM : ''}${lines.map((line) => `${line}\r\n`).join('')}`
}

function quoted(cell: string, separator: string): string {
  const isPlain = !/["\r\n]/.test(cell) && !cell.includes(separator)
  return isPlain ? cell : `"${cell.replaceAll('"', '""')}"`
}

/** A spreadsheet takes a text that begins so for a formula. */
function guarded(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
}
