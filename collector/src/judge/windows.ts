/**
 * Windows: one guarantee in one window, as published. Committed time is the service hours of the window
 * from the day the contract takes effect; the verdict and the figures are those of packages/sla. Pure.
 */
import { coverageText, availabilityTexts } from '@constat/sla/figures'
import { serviceIntervals, tableOf } from '@constat/sla/calendar'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import { countedTimeline } from '@constat/sla/outage'
import { windowAt, windowOfKey, windowBeside, type CalendarWindow } from '@constat/sla/period'
import type { Timeline } from '@constat/sla/timeline'
import { judge } from '@constat/sla/verdict'
import { measure } from '@constat/sla/window'
import { clip, formatInstant, intersect, totalMs, type UnixMs } from '@constat/shared/time'
import { promisedFromMs, type Revision, type Terms } from '../terms/register.ts'
import type { GuaranteeView, Readiness, WindowState } from './view.ts'

export type AvailabilityGuarantee = Extract<GuaranteeTerms, { metric: 'interval-availability' }>

/** Guarantees this engine judges: availability of a whole service. */
export function judged({ terms }: Revision): AvailabilityGuarantee[] {
  return terms.guarantees.filter(
    (one): one is AvailabilityGuarantee => one.metric === 'interval-availability' && one.scope === 'service',
  )
}

export function windowNow(guarantee: GuaranteeTerms, { terms }: Revision, nowMs: UnixMs): CalendarWindow {
  const table = tableOf(terms.zoneTables, guarantee.window.timeZone)
  return windowAt({ period: guarantee.window.period, table }, nowMs)
}

/** The window of `key`, when it is one of this guarantee's period and has begun. */
export function windowKeyed(
  guarantee: GuaranteeTerms,
  { terms }: Revision,
  { key, nowMs }: { key: string; nowMs: UnixMs },
): CalendarWindow | null {
  const window = windowOfKey(key, tableOf(terms.zoneTables, guarantee.window.timeZone))
  return window && window.period === guarantee.window.period && window.startMs <= nowMs ? window : null
}

/** Windows from now back to the one in which the contract took effect, newest first. */
export function windowsSince(
  guarantee: GuaranteeTerms,
  revision: Revision,
  { fromMs, nowMs, limit }: { fromMs: UnixMs; nowMs: UnixMs; limit: number },
): CalendarWindow[] {
  const table = tableOf(revision.terms.zoneTables, guarantee.window.timeZone)
  const found: CalendarWindow[] = []
  let window = windowNow(guarantee, revision, nowMs)
  while (window.endMs > fromMs && found.length < limit) {
    found.push(window)
    window = windowBeside(window, table, -1)
  }
  return found
}

export function stateOfWindow(window: CalendarWindow, { terms }: Revision, nowMs: UnixMs): WindowState {
  if (nowMs < window.endMs) return 'open'
  return nowMs < window.endMs + terms.finalisation.graceMs ? 'grace' : 'final'
}

export type WindowQuestion = {
  terms: Terms
  revision: Revision
  guarantee: AvailabilityGuarantee
  window: CalendarWindow
  timeline: Timeline
  readiness: Readiness
  nowMs: UnixMs
}

export function guaranteeView({
  terms,
  revision,
  guarantee,
  window,
  timeline,
  readiness,
  nowMs,
}: WindowQuestion): GuaranteeView {
  const contract = revision.terms
  const { measurement } = contract
  const asOfMs = Math.min(nowMs, window.endMs)
  const calendar = contract.calendars[guarantee.calendar] ?? { kind: 'always', name: 'always' }
  const inForce = { startMs: promisedFromMs(terms, guarantee.id), endMs: contract.effective.toMs ?? Infinity }
  const hours = serviceIntervals(calendar, contract.zoneTables, window)
  const committed = clip(hours, inForce)
  const rules = {
    mergeGapMs: measurement.mergeGap.gapMs,
    countGapAsDown: measurement.mergeGap.countGapAsDown,
    minimumOutageMs: measurement.minimumOutageMs,
  }
  const measured = measure({ timeline: countedTimeline(timeline, rules, asOfMs), committed, window, asOfMs })
  const state = stateOfWindow(window, revision, nowMs)
  const judgement = judge({
    measured,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumCoverage: measurement.minimumCoverage,
    phase: state === 'final' ? 'closed' : 'open',
  })
  const availability = availabilityTexts(measured)
  const elapsed = intersect(committed, [
    { startMs: window.startMs, endMs: Math.max(asOfMs, window.startMs + 1) },
  ])
  return {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    contract: terms.contract,
    state,
    revision: revision.revision,
    window: {
      key: window.key,
      start: formatInstant(window.startMs),
      end: formatInstant(window.endMs),
      timeZone: guarantee.window.timeZone,
    },
    committedMs: measured.windowCommittedMs,
    elapsedCommittedMs: measured.committedMs,
    excludedMs: 0,
    knownMs: measured.knownMs,
    // Nothing committed yet: nothing is missing either, and the verdict says that it is indeterminate.
    coverage: coverageText(measured) ?? '0.0000',
    downMs: measured.downMs,
    partialMs: measured.partialMs,
    degradedMs: measured.degradedMs,
    unknownMs: measured.unknownMs,
    availability: {
      provable: availability.provable ?? '100.0000',
      point: availability.point ?? '100.0000',
      pessimistic: availability.pessimistic ?? '0.0000',
    },
    target: guarantee.target.percent,
    verdict: judgement.verdict,
    outlook: judgement.outlook,
    insufficientEvidence: judgement.insufficientEvidence,
    readiness,
    budget: judgement.budget,
    measuredFrom: totalMs(elapsed) > 0 && elapsed[0] ? formatInstant(elapsed[0].startMs) : null,
    asOf: formatInstant(asOfMs),
  }
}
