/**
 * The report of a window as it is published: what was promised, what came of it, and what stands behind it; the forms
 * it takes, and the name of its file. Pure.
 */
import { formatInstant } from '@constat/shared/time'
import { z } from 'zod'
import { exclusion } from './exclusion.ts'
import type { ReportFormat } from './report-format.ts'
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

/** Forms that reports are sent in: JSON stands inside of the PDF. */
const sentForm = z.enum(['pdf', 'html', 'csv'])
const lang = z.enum(['en', 'fr'])
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A report that a schedule has sent. Its id in place of the key of a window fetches it: `rpt_….pdf?lang=fr`. */
export const sentReport = z
  .object({
    id: z.string(),
    contract: z.string(),
    window: z.string(),
    version: count.nullable().describe('Of the window; null: it was not closed yet'),
    madeAt: instant,
    document: z.string().describe('The Alerting document that asks for it'),
    schedule: z.string().describe('Id of the report in it'),
    side: z.enum(['customer', 'provider']).describe('Whose eyes it was made for'),
    resultSha256: sha256.describe('Of result.json, which the PDF has attached'),
    files: z
      .array(z.object({ form: sentForm, language: lang, sha256, bytes: count }))
      .describe('As they were sent'),
    sentTo: z.array(
      z.object({
        endpoint: z.string(),
        mailbox: z.string().nullable().describe('Null: a webhook'),
        language: lang,
        state: z
          .enum(['pending', 'delivered', 'failed', 'disabled'])
          .nullable()
          .describe('Null: not kept any more, or the endpoint was not in use'),
        deliveredAt: instant.nullable(),
      }),
    ),
  })
  .meta({ id: 'SentReport' })
export type SentReportView = z.infer<typeof sentReport>

/** What one was made from, and is made again from. */
export type SentFacts = {
  /** `result.json`, to the byte, and what it says. */
  facts: string
  report: ReportView
  termsRevision: number
  product: string
}

/** `acme-2026-10-v2.pdf`; one that is not closed says when it was made: `acme-2026-11-20261122T172904Z.pdf`. */
export function reportFile({ contract, window, closing, asOf }: ReportView, format: ReportFormat): string {
  const made = formatInstant(Date.parse(asOf)).replace(/[-:]|\.\d+/g, '')
  return `${contract}-${window.key}-${closing ? `v${closing.version}` : made}.${format}`
}
