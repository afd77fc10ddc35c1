/**
 * How often one address may say that something fails: a page without an account has no other name for who sends.
 * The limit of a service is in `collector/src/judge/remarks.ts`, and that of the ledger in its quotas.
 */
import { Fault } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import type { Context } from 'hono'
import { Rates } from '../rates.ts'
import { addressOf } from './guesses.ts'

/** Of one address in a minute: an office behind one address has many users. */
export const MAX_REPORTS_OF_ADDRESS = 10

/** Takes one. Fault `rate-limited`. */
export function reportRate(clock: Clock): (c: Context) => void {
  const rates = new Rates(MAX_REPORTS_OF_ADDRESS, () => clock.monotonicUs() / 1_000)
  return (c) => {
    const waitMs = rates.take(addressOf(c) ?? 'here')
    if (waitMs === 0) return
    throw new Fault('rate-limited', 'Many reports have come from your address within a minute.', {
      hint: 'It is known: nothing is lost by waiting.',
      retryAfterS: Math.ceil(waitMs / 1_000),
    })
  }
}
