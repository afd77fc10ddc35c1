/**
 * User minutes: availability weighted by the users that an outage touched. Pure.
 */
import { minus, ONE, product, ratio, sum, type Fraction } from './fraction.ts'

/** `minutes` of outage for `affected` users. */
export type UserOutage = { minutes: Fraction; affected: Fraction }

/** 1 − Σ minutes × affected ÷ (users × period). Users and period above zero. */
export function userAvailability(
  outages: readonly UserOutage[],
  { users, periodMinutes }: { users: Fraction; periodMinutes: Fraction },
): Fraction {
  const lost = sum(...outages.map(({ minutes, affected }) => product(minutes, affected)))
  return minus(ONE, ratio(lost, product(users, periodMinutes)))
}
