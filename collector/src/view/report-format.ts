/** The forms of papers. Apart from their shapes, so that a command can name them without loading those. Pure. */

export const REPORT_FORMATS = ['html', 'pdf', 'csv', 'json'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

export const REPORT_TYPES: Record<ReportFormat, string> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
}

/** Forms of the annex: to sign, to read, to edit. */
export const ANNEX_FORMS = ['pdf', 'html', 'md'] as const
export type AnnexForm = (typeof ANNEX_FORMS)[number]

export const ANNEX_TYPES: Record<AnnexForm, string> = {
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
}
