/**
 * Four credits of one reconciled guarantee: by the provider's own numbers, by the facts both sides agree on,
 * by what is proved, and by what was measured. What lies between the least and the most is in dispute. Pure.
 */
import { creditStatement, type CreditQuestion } from '../credit/statement.ts'
import type { DownMs } from '../figures.ts'
import { compare, decimal, minus, type Fraction } from '../fraction.ts'
import { moneyText } from '../credit/money.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import { availabilityOf } from '../metric/availability.ts'
import { boundedVerdict } from '../verdict.ts'
import type { Reconciliation, ReconciliationAnswer } from './answer.ts'

const CREDIT_BASES = ['stated', 'agreed', 'provable', 'point'] as const
type CreditBasis = (typeof CREDIT_BASES)[number]

/** Null where the contract prices nothing. `question` holds this guarantee among others of the window. */
export function fourCredits(
  guarantee: string,
  reconciliation: Reconciliation,
  question: CreditQuestion,
): ReconciliationAnswer['credits'] {
  const { credits: terms, charges } = question.terms
  const own = question.judged.find(({ result }) => result.guarantee === guarantee)
  if (!terms || !charges || own?.result.measure.kind !== 'downtime') return null
  const { provable, point } = own.result.measure.downMs
  const by = { ...conceded(reconciliation, question), provable: { ms: provable }, point: { ms: point } }
  const amounts = CREDIT_BASES.map((basis) => {
    const { ms, percent = null }: Conceded = by[basis]
    const result = withDowntime(own.result, ms, percent)
    const statement = creditStatement({ ...question, judged: [{ ...own, result, percent }] })
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

/** Downtime; where it is that of a percentage, the percentage as it was written: the ms are rounded. */
type Conceded = { ms: number; percent?: string | null }

/** What the provider says, and what both say. Where admissions bind, both say whatever the provider admits. */
function conceded(
  { downMs, isItemised, reportedPercent }: Reconciliation,
  { terms }: CreditQuestion,
): { stated: Conceded; agreed: Conceded } {
  // Its own lines, or where it lists none what its percentage means.
  const stated = isItemised
    ? { ms: downMs.stated }
    : { ms: downMs.reported ?? downMs.stated, percent: reportedPercent }
  const isAll = terms.reconciliation.admissions === 'binding' || (!isItemised && downMs.both === stated.ms)
  return { stated, agreed: isAll ? stated : { ms: downMs.both } }
}

/** The result as it would be had exactly this been down. */
function withDowntime(result: GuaranteeResult, ms: number, percent: string | null): GuaranteeResult {
  const { measure, elapsedMs, committedMs, target } = result
  if (measure.kind !== 'downtime') return result
  const downMs: DownMs = { provable: ms, point: ms, pessimistic: ms }
  const spent = { allowedMs: measure.budget.allowedMs, spentMs: ms, leftMs: measure.budget.allowedMs - ms }
  const availability = availabilityOf({ committedMs: elapsedMs, downMs })
  return {
    ...result,
    verdict:
      percent === null
        ? boundedVerdict({ committedMs, minDownMs: ms, maxDownMs: ms, target })
        : compare(decimal(percent), decimal(target)) < 0
          ? 'not_met'
          : 'met',
    measure: { ...measure, downMs, availability, budget: spent },
  }
}

function extreme(values: readonly Fraction[], sign: 1 | -1): Fraction {
  return values.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best))
}
