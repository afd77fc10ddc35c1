/**
 * Response and restoration: how long each incident took on the clock that the contract names. Pure.
 * The clock runs in service hours only and stands still while a paused kind of exclusion holds. Where it
 * starts or stops by measurement it has three figures; where people start and stop it, one.
 * (spec: window, other metrics)
 */
import {
  clip,
  intersect,
  subtract,
  totalMs,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import type { IncidentClock } from '../contract/expanded.ts'
import { FIGURES, type Figure } from '../figures.ts'
import type { Verdict } from '../verdict.ts'

/** One incident as measured, and what people did about it. */
export type IncidentFacts = {
  /** Null for an incident of a file. */
  id: string | null
  onsetMs: UnixMs
  /** Null while it is open. */
  endMs: UnixMs | null
  /** From the first to the last instant provably down; null where nothing is proved. */
  proved: Interval | null
  /** The longest it can have been. */
  possible: Interval
  zone: string | null
  cause: string | null
  alertedMs: UnixMs | null
  /** The provider was told otherwise than by an alert. */
  notifiedMs: UnixMs | null
  /** The provider's own word. */
  acknowledgedMs: UnixMs | null
  providerClosedMs: UnixMs | null
}

export type IncidentTiming = {
  id: string | null
  onsetMs: UnixMs
  /** Null: the clock never started. */
  ms: Record<Figure, number> | null
  isRunning: boolean
  verdict: Verdict
}

export type TimingQuestion = {
  clock: IncidentClock
  eachMs: number
  bindingFigure: Figure
  /** Service hours, reaching over everything the incidents last. */
  inHours: IntervalSet
  /** When the clock stands still. */
  paused: IntervalSet
  asOfMs: UnixMs
}

export function timingOf(incident: IncidentFacts, question: TimingQuestion): IncidentTiming {
  const { clock, bindingFigure, eachMs } = question
  const stop = stopOf(incident, clock)
  const isRunning = stop === null
  const spans = FIGURES.map((figure) => [figure, spanOf(incident, { question, figure })] as const)
  const base = { id: incident.id, onsetMs: incident.onsetMs, isRunning }
  if (startOf(incident, clock, 'point') === null)
    return { ...base, isRunning: false, ms: null, verdict: 'indeterminate' }
  const runs = spans.map(([figure, span]) => [figure, ranMs(span, question)] as const)
  // The entries are one for each figure.
  const ms = Object.fromEntries(runs) as Record<Figure, number>
  if (ms[bindingFigure] > eachMs) return { ...base, ms, verdict: 'not_met' }
  const isSafe = !isRunning && ms.pessimistic <= eachMs
  return { ...base, ms, verdict: isSafe ? 'met' : 'indeterminate' }
}

function ranMs(span: Interval | null, { inHours, paused }: TimingQuestion): number {
  if (!span) return 0
  return totalMs(subtract(clip(inHours, span), intersect(paused, [span])))
}

function spanOf(
  incident: IncidentFacts,
  { question, figure }: { question: TimingQuestion; figure: Figure },
): Interval | null {
  const { clock, asOfMs } = question
  const startMs = startOf(incident, clock, figure)
  if (startMs === null) return null
  const endMs =
    clock.stop === 'measured-recovery' ? measuredEnd(incident, figure, asOfMs) : stopOf(incident, clock)
  const span = { startMs, endMs: Math.min(endMs ?? asOfMs, asOfMs) }
  return span.startMs < span.endMs ? span : null
}

/** Null: it has not started, or by this figure never was. */
function startOf(incident: IncidentFacts, { start }: IncidentClock, figure: Figure): UnixMs | null {
  switch (start) {
    case 'measured-onset':
      return figure === 'provable'
        ? (incident.proved?.startMs ?? null)
        : figure === 'point'
          ? incident.onsetMs
          : incident.possible.startMs
    case 'alert-sent':
      return incident.alertedMs
    case 'provider-notified':
      return incident.notifiedMs ?? incident.alertedMs
    case 'provider-acknowledgement':
      return incident.acknowledgedMs
  }
}

function measuredEnd({ endMs, proved, possible }: IncidentFacts, figure: Figure, asOfMs: UnixMs): UnixMs {
  if (figure === 'provable') return proved?.endMs ?? -Infinity
  return figure === 'point' ? (endMs ?? asOfMs) : possible.endMs
}

function stopOf(incident: IncidentFacts, { stop }: IncidentClock): UnixMs | null {
  switch (stop) {
    case 'measured-recovery':
      return incident.endMs
    case 'provider-acknowledgement':
      return incident.acknowledgedMs
    case 'provider-closed':
      return incident.providerClosedMs
  }
}

/** The verdict over all incidents of a window; `hiddenMs` is the longest stretch that could hide one more. */
export function timingVerdict(
  timings: readonly IncidentTiming[],
  { eachMs, hiddenMs, phase }: { eachMs: number; hiddenMs: number; phase: 'open' | 'closed' },
): Verdict {
  if (timings.some(({ verdict }) => verdict === 'not_met')) return 'not_met'
  const started = timings.filter(({ ms }) => ms !== null)
  const allMet = started.every(({ verdict }) => verdict === 'met')
  return phase === 'closed' && allMet && hiddenMs <= eachMs ? 'met' : 'indeterminate'
}
