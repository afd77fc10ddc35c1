/**
 * Loss: what downtime cost the customer, beside the credit and never added to it. Pure.
 */
import { product, sum, type Fraction } from './fraction.ts'

/** Minutes of one incident at one rate per minute. */
export type LossPiece = { minutes: Fraction; rate: Fraction }

/** Σ minutes × rate × affected share, plus what an incident costs however long it lasts. */
export function lossOf(
  pieces: readonly LossPiece[],
  { affectedShare, perIncident }: { affectedShare: Fraction; perIncident: Fraction },
): Fraction {
  const timed = sum(...pieces.map(({ minutes, rate }) => product(minutes, rate)))
  return sum(product(timed, affectedShare), perIncident)
}
