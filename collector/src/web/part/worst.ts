/** Worst first: what is broken, what may break, what nobody knows, what holds. Pure. */
import type { GuaranteeView } from '../../view/guarantee.ts'

type Judged = Pick<GuaranteeView, 'verdict' | 'outlook'>

/** 0: worst. */
export function rankOf({ verdict, outlook }: Judged): number {
  if (verdict === 'not_met') return 0
  if (verdict === 'met') return 4
  return outlook === 'at_risk' ? 1 : outlook === null ? 2 : 3
}

/** Equal ones in the order of the contract. */
export function worstFirst<G extends Judged>(guarantees: readonly G[]): G[] {
  return guarantees.toSorted((a, b) => rankOf(a) - rankOf(b))
}
