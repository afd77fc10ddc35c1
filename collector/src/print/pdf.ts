/**
 * Paper as PDF/A-3b (ISO 19005-3), set by typst; a report has `result.json` attached. Runs on a thread of the callers, as
 * setting a page keeps a processor busy. The same facts give the same bytes.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, messageOf } from '@constat/shared/fault'
import type { ReportDocument, ReportTable } from './document.ts'
import type { Paper } from './paper.ts'

/** `result`: the JSON of the whole report. `atS`: when it was made, Unix seconds. */
export type PdfAsked = { document: ReportDocument; result: string; product: string; atS: number }

const REPORT = new URL('./static/report.typ', import.meta.url)
const PAPER = new URL('./static/paper.typ', import.meta.url)
/** Far more than twenty services need. */
const MAX_ROWS = 5_000
/** Of the widest column to the narrowest: none is squeezed to nothing. */
const MAX_SHARE = 4

/** Faults: `too-large`, `internal` where it cannot be set. */
export function reportPdf({ document, result, product, atS }: PdfAsked): Promise<Uint8Array> {
  requireRows(document.sections.map(({ table }) => table?.rows.length ?? 0))
  const sections = document.sections.map(laidOut)
  return setPdf(REPORT, { inputs: { result, document: { ...document, product, sections } }, atS })
}

export type PaperAsked = { paper: Paper; product: string; atS: number }

/** A letter or an amendment. Faults as above. */
export function paperPdf({ paper, product, atS }: PaperAsked): Promise<Uint8Array> {
  const blocks = paper.parts.flatMap((part) => part.blocks)
  requireRows(blocks.map((block) => (block.kind === 'table' ? block.rows.length : 0)))
  const parts = paper.parts.map((part) => ({
    ...part,
    blocks: part.blocks.map((block) =>
      block.kind === 'table' ? { ...block, widths: widthsOf(block) } : block,
    ),
  }))
  return setPdf(PAPER, { inputs: { document: { ...paper, product, parts } }, atS })
}

function requireRows(tables: readonly number[]): void {
  const rows = tables.reduce((sum, count) => sum + count, 0)
  if (rows <= MAX_ROWS) return
  throw new Fault('too-large', `The paper has ${rows} rows, more than the ${MAX_ROWS} of a PDF.`, {
    hint: 'Ask for it in another form: HTML, CSV or JSON.',
  })
}

async function setPdf(
  template: URL,
  { inputs, atS }: { inputs: { result?: string; document: object }; atS: number },
): Promise<Uint8Array> {
  const { NodeCompiler } = await import('@myriaddreamin/typst-ts-node-compiler')
  const path = fileURLToPath(template)
  const compiler = NodeCompiler.create({ workspace: dirname(path) })
  try {
    return compiler.pdf(
      {
        mainFileContent: readFileSync(path, 'utf8'),
        inputs: { ...inputs, document: JSON.stringify(inputs.document) },
      },
      { pdfStandard: 'a-3b', creationTimestamp: atS },
    )
  } catch (error) {
    throw new Error(`the paper could not be set: ${messageOf(error)}`, { cause: error })
  }
}

/** Every key there, and columns as wide as what stands in them. */
function laidOut({ heading, notes = [], facts = [], table }: ReportDocument['sections'][number]) {
  const { head = [], numbers = [], rows = [] } = table ?? {}
  return { heading, notes, facts, head, numbers, rows, widths: table ? widthsOf(table) : [] }
}

function widthsOf({ head, rows }: Pick<ReportTable, 'head' | 'rows'>): number[] {
  const longest = head.map((said, i) =>
    Math.max(longestWord(said), ...rows.map((row) => Math.sqrt((row[i] ?? '').length) * 3)),
  )
  const least = Math.max(1, Math.max(...longest) / MAX_SHARE)
  return longest.map((chars) => Math.round(Math.max(chars, least) * 10) / 10)
}

function longestWord(said: string): number {
  return Math.max(...said.split(/\s+/).map((word) => word.length))
}
