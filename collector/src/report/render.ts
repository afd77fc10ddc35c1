/** A report in the form that was asked for. */
import type { UnixMs } from '@constat/shared/time'
import type { ReportMade, ReportWanted } from '../http/actions.ts'
import type { PdfAsked } from '../print/pdf.ts'
import { VERSION } from '../version.ts'
import { reportFile, type ReportView } from '../view/report.ts'
import type { ReportFormat } from '../view/report-format.ts'
import type { Scene } from '../web/scene.ts'
import { TEXTS } from '../web/text/words.ts'
import { reportCsv } from './csv.ts'
import { reportDocument } from './document.ts'
import { reportHtml } from './html.tsx'
import { makeReport } from './make.ts'

type Surroundings = { nowMs: UnixMs; print: (asked: PdfAsked) => Promise<Uint8Array> }

const SECOND_MS = 1000

/** Null: there is no such contract, window or version. */
export async function renderReport(
  wanted: ReportWanted,
  { nowMs, print }: Surroundings,
): Promise<ReportMade | null> {
  const report = await makeReport(wanted.read, wanted, nowMs)
  if (report === null) return null
  const { format, lang, read } = wanted
  const scene: Scene = {
    lang,
    text: TEXTS[lang],
    nowMs: Date.parse(report.asOf),
    zone: report.timeZone,
    caller: null,
    termsOf: (contract) => read.terms(contract),
    address: '/',
    version: VERSION,
    troubles: [],
    fragment: false,
  }
  return { file: reportFile(report, format), body: await renderView(report, { format, scene, print }) }
}

type Form = { format: ReportFormat; scene: Scene; print: Surroundings['print'] }

/** A report that was gathered, in one form and the language of the scene. */
export async function renderView(
  report: ReportView,
  { format, scene, print }: Form,
): Promise<string | Uint8Array> {
  const result = JSON.stringify(report)
  if (format === 'json') return result
  if (format === 'csv') return reportCsv(report, scene)
  const document = reportDocument(report, scene)
  if (format === 'html') return reportHtml(document)
  const atS = Math.floor(scene.nowMs / SECOND_MS)
  return print({ document, result, product: `${scene.text.product} ${VERSION}`, atS })
}
