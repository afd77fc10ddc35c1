/**
 * Four credits of one reconciled guarantee: by the provider's own numbers, by the facts both sides agree on,
 * by what is proved, and by what was measured. What lies between the least and the most is in dispute. Pure.
 */
import { creditStatement, type CreditQuestion } from '../credit/statement.ts'
import { availabilityTexts, type DownMs } from '../figures.ts'
import { compare, decimal, minus, type Fraction } from '../fraction.ts'
import { moneyText } from '../credit/money.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import { boundedVerdict } from '../verdict.ts'
import type { Reconciliation } from './reconcile.ts'

export const CREDIT_BASES = ['stated', 'agreed', 'provable', 'point'] as const
export type CreditBasis = (typeof CREDIT_BASES)[number]

export type FourCredits = { currency: string; credits: Record<CreditBasis, string>; inDispute: string }

/** Null where the contract prices nothing. `question` holds this guarantee among others of the window. */
export function fourCredits(
  guarantee: string,
  { downMs, isItemised }: Reconciliation,
  question: CreditQuestion,
): FourCredits | null {
  const { credits: terms, charges } = question.terms
  const own = question.judged.find(({ result }) => result.guarantee === guarantee)
  if (!terms || !charges || own?.result.measure.kind !== 'downtime') return null
  const by: Record<CreditBasis, number> = {
    // Its own lines, or where it lists none what its percentage means.
    stated: isItemised ? downMs.stated : (downMs.reported ?? downMs.stated),
    agreed: downMs.both,
    provable: own.result.measure.downMs.provable,
    point: own.result.measure.downMs.point,
  }
  const amounts = CREDIT_BASES.map((basis) => {
    const result = withDowntime(own.result, by[basis])
    const statement = creditStatement({ ...question, judged: [{ ...own, result }] })
    return [basis, statement?.total ?? '0'] as const
  })
  const values = amounts.map(([, amount]) => decimal(amount))
  const dispute = minus(extreme(values, 1), extreme(values, -1))
  return {
    currency: charges.currency,
    // The entries are one for each basis.
    credits: Object.fromEntries(amounts) as Record<CreditBasis, string>,
    inDispute: moneyText(dispute, terms.rounding),
  }
}

/** The result as it would be had exactly this been down. */
function withDowntime(result: GuaranteeResult, ms: number): GuaranteeResult {
  const { measure, elapsedMs, committedMs, target } = result
  if (measure.kind !== 'downtime') return result
  const downMs: DownMs = { provable: ms, point: ms, pessimistic: ms }
  const spent = { allowedMs: measure.budget.allowedMs, spentMs: ms, leftMs: measure.budget.allowedMs - ms }
  const availability = availabilityTexts({ committedMs: elapsedMs, downMs })
  return {
    ...result,
    verdict: boundedVerdict({ committedMs, minDownMs: ms, maxDownMs: ms, target }),
    measure: { ...measure, downMs, availability, budget: spent },
  }
}

function extreme(values: readonly Fraction[], sign: 1 | -1): Fraction {
  return values.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best))
}
