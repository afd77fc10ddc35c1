/** A judged guarantee against the provider's statement of its window. Pure. */
import { totalMs, type Interval, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { decimal, floor, fraction, minus, percent, product, sum, ONE } from '../fraction.ts'
import { sideOf } from '../judgement/declaration.ts'
import type { Judged } from '../judgement/judge-guarantee.ts'
import { isDown, where, type Timeline } from '../timeline.ts'
import type { ProviderStatement } from './provider-statement.ts'
import { reconcile, type Reconciliation } from './reconcile.ts'

export type Reconciling = {
  terms: ExpandedContract
  judged: Judged
  timeline: Timeline
  statement: ProviderStatement
  window: Interval
  asOfMs: UnixMs
}

/** Null for a guarantee that a list of outages says nothing of. */
export function reconcileGuarantee(given: Reconciling): Reconciliation | null {
  const { terms, judged, timeline, statement, window, asOfMs } = given
  const { result, commitment, incidents, rulings } = judged
  if (result.metric !== 'interval-availability' || result.scope !== 'service') return null
  const span = { startMs: window.startMs, endMs: Math.min(window.endMs, asOfMs) }
  const measured = incidents.map(({ onsetMs, endMs, zone }) => ({
    spans: where(timeline, { startMs: onsetMs, endMs: endMs ?? asOfMs }, isDown),
    zone,
  }))
  const reported =
    statement.availability[result.guarantee] ??
    statement.availability[result.service] ??
    statement.availability['*']
  return reconcile({
    measured,
    stated: statement.incidents.filter(({ service }) => service === null || service === result.service),
    committed: commitment.committed,
    window: span,
    toleranceMs: terms.reconciliation.toleranceMs,
    rulings,
    isProviders: (zone) => {
      const owner = terms.zones.find(({ id }) => id === zone)?.owner
      return owner === undefined || sideOf(terms.parties, owner) === 'provider'
    },
    reportedMs: reported === undefined ? null : lostMs(reported, totalMs(commitment.committed)),
  })
}

/** Downtime that a percentage of committed time means, to the nearest ms. */
function lostMs(reported: string, committedMs: number): number {
  const lost = product(minus(ONE, percent(decimal(reported))), fraction(committedMs))
  return Number(floor(sum(lost, fraction(1, 2))))
}

/** Outages that the statement leaves out, ms each. */
export function absentOutagesMs({ matches }: Reconciliation): number[] {
  return matches
    .filter((match) => match.class === 'absent-from-the-statement')
    .map(({ measured }) => totalMs(measured))
}
