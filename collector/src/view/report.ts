/**
 * The report of a window as it is published: what was promised, what came of it, and what stands behind it; the forms
 * it takes, and the name of its file. Pure.
 */
import { formatInstant } from '@constat/shared/time'
import { z } from 'zod'
import { exclusion } from './exclusion.ts'
import { loss, credits } from './credit.ts'
import { guarantee } from './guarantee.ts'
import { count, instant, span, windowState } from './parts.ts'
import { incident } from './timeline.ts'
import { closedWindow, statement } from './window.ts'

const party = z.object({ id: z.string(), name: z.string(), role: z.string() })

export const report = z
  .object({
    contract: z.string(),
    displayName: z.string(),
    provider: z.string(),
    parties: z.array(party),
    timeZone: z.string(),
    terms: z.enum(['unilateral', 'agreed', 'objected']),
    revision: count,
    contractDigest: z.string().nullable(),
    binding: z.string().describe('The figure that decides'),
    window: z.object({ key: z.string(), ...span.shape, state: windowState }),
    provisional: z.boolean().describe('True: the window is not closed, and every figure may still move'),
    asOf: instant.describe('Of a closed window when this version of it was written'),
    closing: z
      .object({
        version: count,
        digest: z.string().describe('SHA-256 of the canonical JSON of the results'),
        semantics: count,
        ledger: z.object({ size: count, root: z.string(), leaf: count }),
      })
      .nullable(),
    guarantees: z.array(guarantee).describe('In the order of the contract'),
    credits: credits.nullable(),
    losses: z.array(loss).describe('Only for those who may see them'),
    incidents: z.array(incident).describe('That meet the window, earliest onset first'),
    incidentsLeftOut: count,
    exclusions: z.array(exclusion).describe('That meet the window'),
    statements: z.array(statement).describe('Of the provider about this window'),
    trend: z.array(closedWindow).describe('Windows closed up to this one, newest first'),
  })
  .meta({ id: 'Report' })
export type ReportView = z.infer<typeof report>

export const REPORT_FORMATS = ['html', 'pdf', 'csv', 'json'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** Forms of the annex: to sign, to read, to edit. */
export const ANNEX_FORMS = ['pdf', 'html', 'md'] as const
export type AnnexForm = (typeof ANNEX_FORMS)[number]

export const ANNEX_TYPES: Record<AnnexForm, string> = {
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
}

export const REPORT_TYPES: Record<ReportFormat, string> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
}

/** `acme-2026-10-v2.pdf`; one that is not closed says when it was made: `acme-2026-11-20261122T172904Z.pdf`. */
export function reportFile({ contract, window, closing, asOf }: ReportView, format: ReportFormat): string {
  const made = formatInstant(Date.parse(asOf)).replace(/[-:]|\.\d+/g, '')
  return `${contract}-${window.key}-${closing ? `v${closing.version}` : made}.${format}`
}
