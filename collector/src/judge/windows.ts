/**
 * Windows: one guarantee in one window, as published. Committed time is the service hours of the window
 * from the day the contract takes effect; the verdict and the figures are those of packages/sla. Pure.
 */
import { coverageText, availabilityTexts } from '@constat/sla/figures'
import { ALWAYS, serviceIntervals, tableOf } from '@constat/sla/calendar'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import { countedTimeline } from '@constat/sla/outage'
import { windowAt, windowOfKey, windowBeside, type CalendarWindow } from '@constat/sla/period'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import { judge } from '@constat/sla/verdict'
import { measure, type Measured } from '@constat/sla/window'
import { clip, formatInstant, intersect, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { promisedFromMs, type Revision, type Terms } from '../terms/register.ts'
import { outageRules } from './describe.ts'
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

export function guaranteeView(question: WindowQuestion): GuaranteeView {
  const { terms, revision, guarantee, window, readiness, nowMs } = question
  const { measurement } = revision.terms
  const asOfMs = Math.min(nowMs, window.endMs)
  const committed = committedTime(question)
  const measured = measuredIn(question, { committed, asOfMs })
  const state = stateOfWindow(window, revision, nowMs)
  const { budget, ...judgement } = judge({
    measured,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumCoverage: measurement.minimumCoverage,
    phase: state === 'final' ? 'closed' : 'open',
  })
  return {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    contract: terms.contract,
    state,
    revision: revision.revision,
    window: { ...windowBounds(window), timeZone: guarantee.window.timeZone },
    ...figuresOf(measured),
    target: guarantee.target.percent,
    ...judgement,
    readiness,
    budget,
    measuredFrom: measuredFrom(question, committed),
    asOf: formatInstant(asOfMs),
  }
}

/** Service hours of the window, from the day on which the guarantee was promised. */
function committedTime({ terms, revision, guarantee, window }: WindowQuestion): IntervalSet {
  const { calendars, zoneTables, effective } = revision.terms
  const calendar = calendars[guarantee.calendar] ?? ALWAYS
  const inForce = { startMs: promisedFromMs(terms, guarantee.id), endMs: effective.toMs ?? Infinity }
  return clip(serviceIntervals(calendar, zoneTables, window), inForce)
}

function measuredIn(
  { revision, timeline, window }: WindowQuestion,
  { committed, asOfMs }: { committed: IntervalSet; asOfMs: UnixMs },
): Measured {
  const counted = countedTimeline(timeline, outageRules(revision.terms), asOfMs)
  return measure({ timeline: counted, committed, window, asOfMs })
}

/** The first instant of committed time that anything is known of. */
function measuredFrom({ timeline, window }: WindowQuestion, committed: IntervalSet): string | null {
  const known = where(timeline, window, (mark) => !isUnknown(mark))
  const first = intersect(known, committed)[0]
  return first ? formatInstant(first.startMs) : null
}

function windowBounds({ key, startMs, endMs }: CalendarWindow): { key: string; start: string; end: string } {
  return { key, start: formatInstant(startMs), end: formatInstant(endMs) }
}

type FigureFields =
  | 'committedMs'
  | 'elapsedCommittedMs'
  | 'excludedMs'
  | 'knownMs'
  | 'coverage'
  | 'downMs'
  | 'partialMs'
  | 'degradedMs'
  | 'unknownMs'
  | 'availability'

function figuresOf(measured: Measured): Pick<GuaranteeView, FigureFields> {
  const { provable, point, pessimistic } = availabilityTexts(measured)
  return {
    committedMs: measured.windowCommittedMs,
    elapsedCommittedMs: measured.committedMs,
    excludedMs: 0,
    knownMs: measured.knownMs,
    // Nothing committed yet: nothing was covered, and the verdict says that it is indeterminate.
    coverage: coverageText(measured) ?? '0.0000',
    downMs: measured.downMs,
    partialMs: measured.partialMs,
    degradedMs: measured.degradedMs,
    unknownMs: measured.unknownMs,
    availability: {
      provable: provable ?? '100.0000',
      point: point ?? '100.0000',
      pessimistic: pessimistic ?? '0.0000',
    },
  }
}
