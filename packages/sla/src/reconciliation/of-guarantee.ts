/** A judged guarantee against the provider's statement of its window. Pure. */
import { clip, intersect, subtract, totalMs } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { decimal, floor, fraction, minus, percent, product, sum, ONE } from '../fraction.ts'
import { sideOf } from '../judgement/declaration.ts'
import type { Judged } from '../judgement/judge-guarantee.ts'
import { outageRulesOf } from '../metric/base.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { countedTimeline } from '../outage.ts'
import { isDown, where, type Timeline } from '../timeline.ts'
import type { ProviderStatement } from './provider-statement.ts'
import type { Reconciliation } from './answer.ts'
import { reconcile, type MeasuredOutage } from './reconcile.ts'

export type Reconciling = {
  terms: ExpandedContract
  judged: Judged
  timeline: Timeline
  statement: ProviderStatement
  window: Interval
  asOfMs: UnixMs
}

/** Null for a guarantee that a list of outages, or this statement, says nothing of. */
export function reconcileGuarantee(given: Reconciling): Reconciliation | null {
  const { terms, judged, timeline, statement, window, asOfMs } = given
  const { result, commitment, incidents, rulings } = judged
  if (result.metric !== 'interval-availability' || result.scope !== 'service') return null
  const span = { startMs: window.startMs, endMs: Math.max(window.startMs, Math.min(window.endMs, asOfMs)) }
  const counted = countedTimeline(timeline, outageRulesOf(terms), asOfMs)
  const inHours = clip(commitment.inHours, span)
  const { toleranceMs, providerClock } = terms.reconciliation
  const reported =
    statement.availability[result.guarantee] ??
    statement.availability[result.service] ??
    statement.availability['*']
  // Neither a list nor a figure of this guarantee: the statement says nothing of it.
  if (!statement.isList && reported === undefined) return null
  return reconcile({
    measured: outagesOf(where(counted, span, isDown), incidents, asOfMs),
    stated: statement.incidents
      .filter(({ service }) => service === null || service === result.service)
      .map((one) => ({ ...one, readings: one.readings.map((reading) => endedBy(reading, span.endMs)) })),
    isList: statement.isList,
    inHours,
    excluded: commitment.excluded,
    window: span,
    // A clock read to the quarter of an hour cannot agree to two minutes.
    toleranceMs: Math.max(toleranceMs, providerClock.resolutionMs),
    rulings,
    kinds: terms.exclusions.kinds,
    isProviders: (zone) => {
      const owner = terms.zones.find(({ id }) => id === zone)?.owner
      return owner === undefined || sideOf(terms.parties, owner) === 'provider'
    },
    reported:
      reported === undefined
        ? null
        : { percent: reported, ms: lostMs(reported, denominatorMs({ inHours, commitment, terms })) },
  })
}

/** What is not over lasts as far as anybody looks. */
function endedBy({ startMs, endMs }: Interval, atMs: UnixMs): Interval {
  return { startMs, endMs: endMs === Infinity ? Math.max(atMs, startMs + 1) : endMs }
}

/** Downtime by the incident it belongs to; what began before the window is an outage of its own. */
function outagesOf(down: IntervalSet, incidents: readonly IncidentFacts[], asOfMs: UnixMs): MeasuredOutage[] {
  const own = incidents.map(({ onsetMs, endMs, zone }) => ({
    spans: clip(down, { startMs: onsetMs, endMs: endMs ?? asOfMs }),
    zone,
  }))
  const earlier = own.reduce<IntervalSet>((left, { spans }) => subtract(left, spans), down)
  return [...earlier.map((span) => ({ spans: [span], zone: null })), ...own].filter(
    ({ spans }) => spans.length > 0,
  )
}

type Denominator = Pick<Judged, 'commitment'> & { inHours: IntervalSet; terms: ExpandedContract }

/** What the provider's percentage is of, by the contract's own rule. */
function denominatorMs({ inHours, commitment, terms }: Denominator): number {
  const hoursMs = totalMs(inHours)
  if (terms.exclusions.denominatorMode === 'excuse-only') return hoursMs
  return hoursMs - totalMs(intersect(inHours, commitment.excluded))
}

/** Downtime that a percentage of committed time means, to the nearest ms. */
function lostMs(reported: string, committedMs: number): number {
  const lost = product(minus(ONE, percent(decimal(reported))), fraction(committedMs))
  return Number(floor(sum(lost, fraction(1, 2))))
}

/** Outages that the statement leaves out, committed ms each. */
export function absentOutagesMs({ matches }: Reconciliation): number[] {
  return matches
    .filter((match) => match.class === 'absent-from-the-statement')
    .map(({ measuredOnlyMs }) => measuredOnlyMs)
}
