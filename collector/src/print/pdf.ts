/**
 * A report as PDF/A-3b (ISO 19005-3), set by typst, with `result.json` attached. Runs on a thread of the callers, as
 * setting a page keeps a processor busy. The same report gives the same bytes.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, messageOf } from '@constat/shared/fault'
import type { ReportDocument, ReportTable } from './document.ts'

/** `result`: the JSON of the whole report. `atS`: when it was made, Unix seconds. */
export type PdfAsked = { document: ReportDocument; result: string; product: string; atS: number }

const TEMPLATE = new URL('./static/report.typ', import.meta.url)
/** Far more than twenty services need. */
const MAX_ROWS = 5_000
/** Of the widest column to the narrowest: none is squeezed to nothing. */
const MAX_SHARE = 4

/** Faults: `too-large`, `internal` where it cannot be set. */
export async function reportPdf({ document, result, product, atS }: PdfAsked): Promise<Uint8Array> {
  const rows = document.sections.reduce((sum, { table }) => sum + (table?.rows.length ?? 0), 0)
  if (rows > MAX_ROWS) {
    throw new Fault('too-large', `The report has ${rows} rows, more than the ${MAX_ROWS} of a PDF.`, {
      hint: 'Ask for it as HTML, CSV or JSON.',
    })
  }
  const { NodeCompiler } = await import('@myriaddreamin/typst-ts-node-compiler')
  const path = fileURLToPath(TEMPLATE)
  const compiler = NodeCompiler.create({ workspace: dirname(path) })
  const inputs = {
    result,
    document: JSON.stringify({ ...document, product, sections: document.sections.map(laidOut) }),
  }
  try {
    return compiler.pdf(
      { mainFileContent: readFileSync(path, 'utf8'), inputs },
      { pdfStandard: 'a-3b', creationTimestamp: atS },
    )
  } catch (error) {
    throw new Error(`the report could not be set: ${messageOf(error)}`, { cause: error })
  }
}

/** Every key there, and columns as wide as what stands in them. */
function laidOut({ heading, notes = [], facts = [], table }: ReportDocument['sections'][number]) {
  const { head = [], numbers = [], rows = [] } = table ?? {}
  return { heading, notes, facts, head, numbers, rows, widths: table ? widthsOf(table) : [] }
}

function widthsOf({ head, rows }: ReportTable): number[] {
  const longest = head.map((said, i) =>
    Math.max(longestWord(said), ...rows.map((row) => Math.sqrt((row[i] ?? '').length) * 3)),
  )
  const least = Math.max(1, Math.max(...longest) / MAX_SHARE)
  return longest.map((chars) => Math.round(Math.max(chars, least) * 10) / 10)
}

function longestWord(said: string): number {
  return Math.max(...said.split(/\s+/).map((word) => word.length))
}
