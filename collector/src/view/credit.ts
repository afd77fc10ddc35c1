/** Money as it is published: what a window is worth by the contract, and what its outages cost. Pure. */
import { CREDIT_RULES } from '@constat/sla/credit/statement'
import { z } from 'zod'
import { amount, instant } from './parts.ts'
import { deadline, penaltyStatus } from './penalty.ts'

const line = z
  .object({
    guarantee: z.string().nullable().describe('Null: over several guarantees'),
    service: z.string().nullable(),
    clause: z.string().nullable(),
    rule: z.enum(CREDIT_RULES),
    text: z.string(),
    amount,
  })
  .meta({ id: 'CreditLine' })

export const guaranteeCredit = z.object({ amount, currency: z.string(), lines: z.array(line) })
export type GuaranteeCreditView = z.infer<typeof guaranteeCredit>

/** Of a whole window, caps over several guarantees included. */
export const credits = z
  .object({
    state: penaltyStatus.describe('Theoretical until somebody notifies it'),
    nextDeadline: deadline.nullable().describe('Of its penalty, once the window is final'),
    currency: z.string(),
    tax: z.enum(['outside-vat', 'vat-included', 'vat-excluded']),
    total: amount,
    lines: z.array(line),
    rights: z.array(
      z.object({ id: z.string(), right: z.string(), clause: z.string().nullable(), text: z.string() }),
    ),
    exclusive: z.boolean().describe('Whether the credit settles the loss'),
    claim: z
      .object({
        deadlineAt: instant.nullable().describe('Null for the provider: it is the customer’s own to do'),
        formalNotice: z.enum(['required', 'not-required']),
        silence: z.enum(['none', 'acceptance', 'rejection']),
      })
      .nullable(),
  })
  .meta({ id: 'Credits' })
export type CreditsView = z.infer<typeof credits>

/** By a private model; told beside the credit, never added to it. */
export const loss = z
  .object({
    model: z.string(),
    currency: z.string(),
    total: amount,
    lines: z.array(z.object({ service: z.string(), onsetAt: instant, minutes: z.string(), amount })),
    showToProvider: z.boolean(),
  })
  .meta({ id: 'Loss' })
export type LossView = z.infer<typeof loss>
