/** Reports that schedules have sent, as they are shown: which, when, to whom, and how far each has come. */
import { formatInstant } from '@constat/shared/time'
import {
  listSentReports,
  sentBodies,
  sentFiles,
  sentReport,
  sentStates,
  type SentReport,
  type Side,
} from '../db/sent-reports.ts'
import type { Database } from '../db/tx.ts'
import type { SentAsked } from '../view/reads.ts'
import type { ReportView, SentFacts, SentReportView } from '../view/report.ts'

export async function sentViews(db: Database, asked: SentAsked): Promise<SentReportView[]> {
  const found = await listSentReports(db, asked)
  const ids = found.map(({ id }) => id)
  const [files, states] = await Promise.all([sentFiles(db, ids), sentStates(db, ids)])
  return found.map((one) => ({
    ...placeOf(one),
    files: files
      .filter(({ report }) => report === one.id)
      .map(({ form, lang: language, digest: sha256, bytes }) => ({ form, language, sha256, bytes })),
    sentTo: one.sentTo.map(({ endpoint, mailbox, lang: language }) => {
      const key = `${one.document}/${endpoint}`
      const known = states.find((state) => state.report === one.id && state.endpoint === key)
      const deliveredAt = known?.deliveredMs == null ? null : formatInstant(known.deliveredMs)
      return { endpoint, mailbox, language, state: known?.state ?? null, deliveredAt }
    }),
  }))
}

function placeOf({ id, contract, window, version, madeMs, document, schedule, side, digest }: SentReport) {
  const madeAt = formatInstant(madeMs)
  return { id, contract, window, version, madeAt, document, schedule, side, resultSha256: digest }
}

export async function sentFacts(
  db: Database,
  asked: { contract: string; id: string; side?: Side | undefined },
): Promise<SentFacts | null> {
  const found = await sentReport(db, asked)
  if (!found) return null
  const { facts, termsRevision, product } = found
  // Written by `makeReport`, and only there.
  return { facts, report: JSON.parse(facts) as ReportView, termsRevision, product }
}

/** Of a report that the asker may see. */
export async function sentFile(
  db: Database,
  { report, form, lang }: { report: string; form: string; lang: 'en' | 'fr' },
): Promise<Buffer | null> {
  const body = (await sentBodies(db, { report, lang })).find((one) => one.form === form)?.body
  return body ? Buffer.from(body) : null
}
