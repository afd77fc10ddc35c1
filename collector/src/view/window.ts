/**
 * Windows as they are published: figures, versions, closings, statements, what is held against them, and what
 * other tools or other terms would have made of them. Pure.
 */
import { TRACE_STEPS } from '@constat/sla/judgement/trace'
import { reconciliationSchema } from '@constat/sla/reconciliation/answer'
import { z } from 'zod'
import { statementReading } from './statement.ts'
import { credits, loss } from './credit.ts'
import { guarantee } from './guarantee.ts'
import { amount, count, instant, partyRole, span, verdict, windowState } from './parts.ts'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

export const window = z
  .object({
    key: z.string(),
    ...span.shape,
    state: windowState,
    guarantees: z.array(guarantee),
    credits: credits.nullable().describe('Of the whole window, caps included; null: none are agreed'),
    losses: z.array(loss).describe('By private models; only for those who may see them'),
  })
  .meta({ id: 'Window' })
export type WindowView = z.infer<typeof window>

const versionFields = {
  version: count,
  at: instant.describe('When it was written into the ledger'),
  digest: hex.describe('SHA-256 of the canonical JSON of the results'),
  previous: hex.nullable(),
  semantics: count.describe('Version of the rules it was judged by'),
  revision: count,
  contractDigest: z.string(),
  ledger: z.object({ size: count, root: hex, leaf: count }).describe('Judged on the leaves below size'),
  guarantees: z.array(z.object({ guarantee: z.string(), verdict, credit: amount.nullable() })),
  credit: z.object({ total: amount, currency: z.string() }).nullable(),
}

const version = z.object(versionFields).meta({ id: 'WindowVersion' })
export type WindowVersionView = z.infer<typeof version>
/** A closed window among others, by its newest version. */
export const closedWindow = version.extend({ window: z.string(), ...span.shape }).meta({ id: 'ClosedWindow' })
export type ClosedWindowView = z.infer<typeof closedWindow>

export const windowLife = window
  .extend({
    version: count.nullable().describe('Null: not closed yet'),
    provisional: z.boolean(),
    closesAt: instant.nullable().describe('Earliest; null once it is closed'),
    amendableUntil: instant.nullable().describe('What is accepted before this may still amend it'),
    versions: z.array(version),
  })
  .meta({ id: 'WindowLife' })
export type WindowLifeView = z.infer<typeof windowLife>

/** The whole closing of one version: whoever judges the same leaves again has to find the same digest. */
export const closing = z
  .object({
    ...versionFields,
    contract: z.string(),
    window: z.string(),
    asOf: instant.describe('Until when incidents were followed'),
    trace: z.array(
      z.object({
        step: z.enum(TRACE_STEPS),
        guarantee: z.string().nullable(),
        clause: z.string().nullable(),
        text: z.string(),
      }),
    ),
    results: z.unknown().describe('Exactly what the digest is of'),
  })
  .meta({ id: 'Closing' })
export type ClosingView = z.infer<typeof closing>

export const statement = z
  .object({
    id: z.string(),
    contract: z.string(),
    window: z.string(),
    sha256: hex.describe('Of the bytes as they came'),
    bytes: count,
    by: partyRole,
    receivedAt: instant,
  })
  .meta({ id: 'Statement' })
export type StatementView = z.infer<typeof statement>

export const reconciliation = z
  .object({
    statement: statement.nullable().describe('Null: looked at, and not handed in'),
    window: z.string(),
    asOf: instant,
    version: count.nullable().describe('Version that the measured side stands in; null: provisional'),
    guarantees: z.array(
      reconciliationSchema.extend({
        service: z.string(),
        agrees: z.boolean().describe('Nothing differs beyond the tolerance that was agreed'),
      }),
    ),
    leftOut: z.array(z.string()).describe('Guarantees that a list of outages says nothing of'),
    reading: statementReading.nullable().describe('How each line was read; null: nothing was promised'),
  })
  .meta({ id: 'Reconciliation' })
export type ReconciliationView = z.infer<typeof reconciliation>

export const replayed = z
  .object({
    contract: z.string(),
    window: z.string(),
    asOf: instant,
    results: z.array(
      z.object({
        guarantee: z.string(),
        service: z.string(),
        policy: z.string(),
        formula: z.string(),
        percent: z.string().nullable(),
        fraction: z.string().nullable(),
        says: z.string(),
      }),
    ),
  })
  .meta({ id: 'Replay' })
export type ReplayView = z.infer<typeof replayed>

const outcome = z
  .object({ verdict, coverage: z.string().nullable(), credit: amount.nullable() })
  .nullable()
  .describe('Null: those terms do not promise it, or had no such window')
const previewVerdict = z.object({ guarantee: z.string(), inForce: outcome, proposed: outcome })
export type PreviewVerdict = z.infer<typeof previewVerdict>

/** The last closed window under other terms, on the same measurements. */
export const preview = z
  .object({
    contract: z.string(),
    window: z.string().describe('The last closed one'),
    version: count,
    guarantees: z.array(previewVerdict),
    credit: z.object({
      inForce: amount.nullable(),
      proposed: amount.nullable(),
      currency: z.string().nullable(),
    }),
  })
  .meta({ id: 'Preview' })
export type PreviewView = z.infer<typeof preview>
