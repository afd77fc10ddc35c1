/** Penalties as they are published: where the credit of a closed window stands between the parties. Pure. */
import { PENALTY_STATUSES } from '@constat/sla/credit/penalty'
import { PENALTY_ACTS } from '@constat/sla/state/penalty-record'
import { z } from 'zod'
import { amount, count, instant, side, span } from './parts.ts'

export const penaltyStatus = z.enum(PENALTY_STATUSES).meta({ id: 'PenaltyStatus' })

export const deadline = z
  .object({ what: z.enum(['claim', 'provider-answer']), at: instant })
  .meta({ id: 'Deadline' })

const step = z.object({
  act: z.enum(PENALTY_ACTS),
  side,
  by: z.string().describe('Party of the contract'),
  amount: amount.nullable(),
  how: z.string().nullable().describe('Means of a notice, way of a settlement, who decided'),
  doneAt: instant.describe('When it was done, as whoever recorded it says'),
  recordedAt: instant,
  version: count.describe('Version of the closing that it cites'),
  note: z.string().nullable().describe('Null: none, or erased'),
})
export type PenaltyStepView = z.infer<typeof step>

export const penalty = z
  .object({
    contract: z.string(),
    window: z.string(),
    ...span.shape,
    status: penaltyStatus,
    currency: z.string(),
    clause: z.string().nullable(),
    theoretical: amount.describe('What the newest closing comes to'),
    newestVersion: count,
    citedVersion: count
      .nullable()
      .describe('Version that the claim cites, whatever came after; null: no claim'),
    notified: amount.nullable(),
    accepted: amount.nullable(),
    decided: amount.nullable(),
    settled: amount.nullable(),
    open: amount.nullable().describe('Claimed, and neither accepted, decided nor settled'),
    notifiedAt: instant.nullable(),
    late: z.boolean().describe('Notified after the time to claim'),
    claimUntil: instant
      .nullable()
      .describe(
        'First instant after the time to claim; null: the contract sets none, or for the provider before it is claimed',
      ),
    answerUntil: instant.nullable(),
    bySilence: z
      .object({ means: z.enum(['acceptance', 'rejection']), clause: z.string().nullable(), since: instant })
      .nullable()
      .describe('Where a clause gives silence a meaning, and the time to answer is over'),
    nextDeadline: deadline.nullable(),
    uncounted: z
      .string()
      .nullable()
      .describe('Why a time cannot be counted: a calendar that does not list the year'),
    may: z.array(z.enum(PENALTY_ACTS)).describe('What may be done next, by whoever asks'),
    steps: z.array(step).describe('All of them, the first one first; those of a withdrawn claim too'),
  })
  .meta({ id: 'Penalty' })
export type PenaltyView = z.infer<typeof penalty>
