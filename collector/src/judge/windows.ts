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
import type { AvailabilityView, GuaranteeView, Readiness, WindowState } from './view.ts'

export type AvailabilityGuarantee = Extract<GuaranteeTerms, { metric: 'interval-availability' }>
export type LatencyGuarantee = Extract<GuaranteeTerms, { metric: 'share-within' }>
export type JudgedGuarantee = AvailabilityGuarantee | LatencyGuarantee

/** Guarantees this engine judges: availability and latency, of a service or at each site. */
export function judged({ terms }: Revision): JudgedGuarantee[] {
  return terms.guarantees.filter(
    (one): one is JudgedGuarantee => one.metric === 'interval-availability' || one.metric === 'share-within',
  )
}

export function windowNow(guarantee: GuaranteeTerms, { terms }: Revision, nowMs: UnixMs): CalendarWindow {
  const table = tableOf(terms.zoneTables, guarantee.window.timeZone)
  return windowAt({ ...guarantee.window, table }, nowMs)
}

/** The window of `key`, when it is one of this guarantee's period and has begun. */
export function windowKeyed(
  guarantee: GuaranteeTerms,
  { terms }: Revision,
  { key, nowMs }: { key: string; nowMs: UnixMs },
): CalendarWindow | null {
  const window = windowOfKey(key, tableOf(terms.zoneTables, guarantee.window.timeZone), guarantee.window)
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

/** One guarantee in one window, and all that its figures are measured from. */
export type Measurable<G extends GuaranteeTerms = GuaranteeTerms> = {
  terms: Terms
  revision: Revision
  guarantee: G
  window: CalendarWindow
  timeline: Timeline
  nowMs: UnixMs
}

export type WindowQuestion<G extends GuaranteeTerms = GuaranteeTerms> = Measurable<G> & {
  readiness: Readiness
}

export function availabilityView(question: WindowQuestion<AvailabilityGuarantee>): AvailabilityView {
  const { revision, guarantee } = question
  const { measurement } = revision.terms
  const committed = committedTime(question)
  const measured = measuredIn(question, committed)
  const { budget, ...judgement } = judge({
    measured,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumCoverage: measurement.minimumCoverage,
    phase: phaseOf(question),
  })
  return {
    metric: 'interval-availability',
    ...headOf(question),
    ...coverOf(measured),
    ...figuresOf(measured),
    target: guarantee.target.percent,
    ...judgement,
    budget,
    measuredFrom: measuredFrom(question, committed),
  }
}

type HeadFields =
  | 'guarantee'
  | 'service'
  | 'clause'
  | 'contract'
  | 'state'
  | 'revision'
  | 'window'
  | 'readiness'
  | 'asOf'

/** What is said of a guarantee in a window before anything is measured. */
export function headOf(question: WindowQuestion): Pick<GuaranteeView, HeadFields> {
  const { terms, revision, guarantee, window, readiness, nowMs } = question
  return {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    contract: terms.contract,
    state: stateOfWindow(window, revision, nowMs),
    revision: revision.revision,
    window: { ...windowBounds(window), timeZone: guarantee.window.timeZone },
    readiness,
    asOf: formatInstant(asOfOf(question)),
  }
}

export function phaseOf({ window, revision, nowMs }: Measurable): 'open' | 'closed' {
  return stateOfWindow(window, revision, nowMs) === 'final' ? 'closed' : 'open'
}

/** A window is measured up to its end, an open one up to now. */
export function asOfOf({ window, nowMs }: Measurable): UnixMs {
  return Math.min(nowMs, window.endMs)
}

/** Service hours of the window, from the day on which the guarantee was promised. */
export function committedTime({ terms, revision, guarantee, window }: Measurable): IntervalSet {
  const { calendars, zoneTables, effective } = revision.terms
  const calendar = calendars[guarantee.calendar] ?? ALWAYS
  const inForce = { startMs: promisedFromMs(terms, guarantee.id), endMs: effective.toMs ?? Infinity }
  return clip(serviceIntervals(calendar, zoneTables, window), inForce)
}

export function measuredIn(question: Measurable, committed: IntervalSet): Measured {
  return measure({
    timeline: countedIn(question),
    committed,
    window: question.window,
    asOfMs: asOfOf(question),
  })
}

/** The timeline as the outage rules count it, up to the instant measured at. */
export function countedIn(question: Measurable): Timeline {
  return countedTimeline(question.timeline, outageRules(question.revision.terms), asOfOf(question))
}

/** The first instant of committed time that anything is known of. */
export function measuredFrom({ timeline, window }: Measurable, committed: IntervalSet): string | null {
  const known = where(timeline, window, (mark) => !isUnknown(mark))
  const first = intersect(known, committed)[0]
  return first ? formatInstant(first.startMs) : null
}

function windowBounds({ key, startMs, endMs }: CalendarWindow): { key: string; start: string; end: string } {
  return { key, start: formatInstant(startMs), end: formatInstant(endMs) }
}

type CoverFields = 'committedMs' | 'elapsedCommittedMs' | 'excludedMs' | 'knownMs' | 'coverage'

export function coverOf(measured: Measured): Pick<GuaranteeView, CoverFields> {
  return {
    committedMs: measured.windowCommittedMs,
    elapsedCommittedMs: measured.committedMs,
    excludedMs: 0,
    knownMs: measured.knownMs,
    // Nothing committed yet: nothing was covered, and the verdict says that it is indeterminate.
    coverage: coverageText(measured) ?? '0.0000',
  }
}

type FigureFields = 'downMs' | 'partialMs' | 'degradedMs' | 'unknownMs' | 'availability'

function figuresOf(measured: Measured): Pick<AvailabilityView, FigureFields> {
  const { provable, point, pessimistic } = availabilityTexts(measured)
  return {
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
