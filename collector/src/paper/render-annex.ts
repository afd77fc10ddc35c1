/** The annex in the form that was asked for. The same terms give the same bytes. */
import type { AnnexWanted, ReportMade } from '../http/actions.ts'
import type { PaperAsked } from '../print/pdf.ts'
import { zoneOf } from '../web/scene.ts'
import { annexPaper } from './annex.ts'
import { paperHtml, paperText } from './forms.tsx'
import { paperScene, productOf } from './scene.ts'

const SECOND_MS = 1_000

/** Null: there is no such contract. */
export async function renderAnnex(
  { contract: name, form, lang, read }: AnnexWanted,
  printPaper: (asked: PaperAsked) => Promise<Uint8Array>,
): Promise<ReportMade | null> {
  const contract = read.contract(name)
  const terms = read.terms(name)
  const revision = (await read.revisions(name))[0]
  if (!contract || !terms || !revision) return null
  const first = lang ?? terms.prevailingLanguage
  const nowMs = Date.parse(revision.appliedAt)
  const zone = zoneOf(contract)
  const langs = first === 'en' ? (['en', 'fr'] as const) : (['fr', 'en'] as const)
  const scenes = langs.map((one) => paperScene({ lang: one, terms, zone, nowMs }))
  const paper = annexPaper({ terms, contract, revision }, scenes)
  const file = `${name}-annex-r${revision.revision}.${form}`
  if (form === 'html') return { file, body: paperHtml(paper) }
  if (form === 'md') return { file, body: paperText(paper) }
  const product = productOf(scenes[0]!)
  return { file, body: await printPaper({ paper, product, atS: Math.floor(nowMs / SECOND_MS) }) }
}
