/** The event of a report that was sent. Pure. Always fits into a payload. */
import type { UnixMs } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'
import type { ReportView } from '../view/report.ts'

/** A report was made by a schedule, and can be fetched. */
export type ReportSent = {
  report: { id: string; contract: string; document: string; schedule: string; window: string; digest: string }
  view: Pick<ReportView, 'provisional' | 'closing' | 'guarantees' | 'credits'>
  files: readonly { form: string; lang: string; digest: string; body: Uint8Array }[]
  atMs: UnixMs
  publicUrl: string
}

export function reportFact({ report, view, files, atMs, publicUrl }: ReportSent): Fact {
  const { id, contract, document, schedule, window, digest } = report
  const { provisional, closing, guarantees, credits } = view
  const path = `/contracts/${encodeURIComponent(contract)}/reports`
  const of = (verdict: string): number => guarantees.filter((one) => one.verdict === verdict).length
  return {
    type: 'report.ready',
    contract,
    atMs,
    data: {
      id,
      contract,
      window,
      version: closing?.version ?? null,
      provisional,
      schedule: `${document}/${schedule}`,
      verdicts: { met: of('met'), not_met: of('not_met'), indeterminate: of('indeterminate') },
      credit: credits && { amount: credits.total, currency: credits.currency },
      digest: closing?.digest ?? null,
      resultSha256: digest,
      files: files.map((one) => ({
        form: one.form,
        language: one.lang,
        sha256: one.digest,
        bytes: one.body.length,
        url: `${publicUrl}/api/v1${path}/${id}.${one.form}?lang=${one.lang}`,
      })),
      links: { reports: publicUrl + path },
    },
  }
}
