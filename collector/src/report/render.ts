/** A report in the form that was asked for: made from what stands now, or again from the facts of one that was sent. */
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

export type Print = (asked: PdfAsked) => Promise<Uint8Array>

type Surroundings = { nowMs: UnixMs; print: Print }

const SECOND_MS = 1000
/** How ids of reports that were sent begin: no key of a window does. */
const SENT = /^rpt_/

/** Null: there is no such contract, window or version, or no such report was sent. */
export async function renderReport(
  wanted: ReportWanted,
  { nowMs, print }: Surroundings,
): Promise<ReportMade | null> {
  if (SENT.test(wanted.window)) return renderSent(wanted, print)
  const report = await makeReport(wanted.read, wanted, nowMs)
  if (report === null) return null
  const { format, lang, read } = wanted
  const scene = sceneOf(report, { lang, termsOf: (contract) => read.terms(contract) })
  const body = await renderView(report, { format, scene, print, product: VERSION })
  return { file: reportFile(report, format), body }
}

/** The bytes that were sent; what was not sent in this form is made from the same facts. */
async function renderSent(
  { contract, window: id, format, lang, read }: ReportWanted,
  print: Print,
): Promise<ReportMade | null> {
  const sent = await read.sentReport(contract, id)
  if (sent === null) return null
  const { facts, report, termsRevision, product } = sent
  const file = reportFile(report, format)
  if (format === 'json') return { file, body: facts }
  const kept = await read.sentFile(contract, { report: id, form: format, lang })
  if (kept !== null) return { file, body: kept }
  const scene = sceneOf(report, { lang, termsOf: (name) => read.terms(name, termsRevision) })
  return { file, body: await renderView(report, { format, scene, print, product }) }
}

/** As of the instant of the report. */
export function sceneOf(
  { asOf, timeZone }: Pick<ReportView, 'asOf' | 'timeZone'>,
  { lang, termsOf }: Pick<Scene, 'lang' | 'termsOf'>,
): Scene {
  return {
    lang,
    text: TEXTS[lang],
    nowMs: Date.parse(asOf),
    zone: timeZone,
    caller: null,
    termsOf,
    address: '/',
    version: VERSION,
    troubles: [],
    fragment: false,
  }
}

type Form = { format: ReportFormat; scene: Scene; print: Print; product: string }

/** A report that was gathered, in one form and the language of the scene. `product`: version that it is set by. */
export async function renderView(
  report: ReportView,
  { format, scene, print, product }: Form,
): Promise<string | Uint8Array> {
  const result = JSON.stringify(report)
  if (format === 'json') return result
  if (format === 'csv') return reportCsv(report, scene)
  const document = reportDocument(report, scene)
  if (format === 'html') return reportHtml(document)
  const atS = Math.floor(scene.nowMs / SECOND_MS)
  return print({ document, result, product: `${scene.text.product} ${product}`, atS })
}
