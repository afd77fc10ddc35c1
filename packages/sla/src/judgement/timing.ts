/**
 * Response and restoration: how long each incident took on the clock that the contract names. Pure.
 * The clock runs in service hours only and stands still while a paused kind of exclusion holds. Where it
 * starts or stops by measurement it has three figures; where people start and stop it, one.
 * (spec: window, other metrics)
 */
import { clip, contains, formatInstant, subtract, totalMs } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { z } from 'zod'
import type { IncidentClock } from '../contract/objective.ts'
import { FIGURES, type Figure } from '../figures.ts'
import { downMs, instant } from '../metric/shape.ts'
import { VERDICTS, type Verdict } from '../verdict.ts'

/** One incident as measured, and what people did about it. */
export type IncidentFacts = {
  /** Null for an incident of a file. */
  id: string | null
  onsetMs: UnixMs
  /** Null while it is open. */
  endMs: UnixMs | null
  /**
   * Where it was provably down, stretches that the contract joins as one. Unknown time joins an incident but
   * proves nothing of how long it took.
   */
  proved: IntervalSet
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

/** An incident belongs to the window of its onset, if the promise held by then. */
export function belongs(
  { onsetMs }: IncidentFacts,
  { window, inForce }: { window: Interval; inForce: IntervalSet },
): boolean {
  return contains(window, onsetMs) && inForce.some((span) => contains(span, onsetMs))
}

export const incidentTiming = z.strictObject({
  id: z.string().nullable(),
  onsetAt: instant,
  ms: downMs.nullable().meta({ description: 'Null: its clock never started' }),
  isRunning: z.boolean(),
  verdict: z.enum(VERDICTS),
})
export type IncidentTiming = z.infer<typeof incidentTiming>

export type TimingQuestion = {
  clock: IncidentClock
  eachMs: number
  bindingFigure: Figure
  /** Service hours, reaching over everything the incidents last. */
  inHours: IntervalSet
  /** When the clock stands still. */
  paused: IntervalSet
  /** What began earlier is another window's. */
  fromMs: UnixMs
  asOfMs: UnixMs
}

export function timingOf(incident: IncidentFacts, question: TimingQuestion): IncidentTiming {
  const { clock, bindingFigure, eachMs } = question
  const stop = stopOf(incident, clock)
  const isRunning = stop === null
  const base = { id: incident.id, onsetAt: formatInstant(incident.onsetMs), isRunning }
  if (startOf(incident, clock, 'point') === null)
    return { ...base, isRunning: false, ms: null, verdict: 'indeterminate' }
  const runs = FIGURES.map((figure) => {
    const spans = spansOf(incident, { question, figure })
    return [figure, spans.reduce((most, span) => Math.max(most, ranMs(span, question)), 0)] as const
  })
  // The entries are one for each figure.
  const ms = Object.fromEntries(runs) as Record<Figure, number>
  if (ms[bindingFigure] > eachMs) return { ...base, ms, verdict: 'not_met' }
  const isSafe = !isRunning && ms.pessimistic <= eachMs
  return { ...base, ms, verdict: isSafe ? 'met' : 'indeterminate' }
}

export function ranMs(
  span: Interval,
  { inHours, paused }: Pick<TimingQuestion, 'inHours' | 'paused'>,
): number {
  return totalMs(subtract(clip(inHours, span), clip(paused, span)))
}

/** Where the clock may have run: the longest of these is the figure. */
function spansOf(
  incident: IncidentFacts,
  { question, figure }: { question: TimingQuestion; figure: Figure },
): Interval[] {
  const { clock, fromMs, asOfMs } = question
  const startMs = startOf(incident, clock, figure)
  if (startMs === null) return []
  const isProof = figure === 'provable' && clock.stop === 'measured-recovery'
  const spans = isProof
    ? incident.proved.map((span) => ({ startMs: Math.max(startMs, span.startMs), endMs: span.endMs }))
    : [{ startMs, endMs: endOf(incident, { clock, figure }) ?? asOfMs }]
  return spans.map((span) => {
    return { startMs: Math.max(span.startMs, fromMs), endMs: Math.min(span.endMs, asOfMs) }
  })
}

/** Null: it has not started, or by this figure never was. */
function startOf(incident: IncidentFacts, { start }: IncidentClock, figure: Figure): UnixMs | null {
  switch (start) {
    case 'measured-onset':
      return figure === 'provable'
        ? (incident.proved[0]?.startMs ?? null)
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

function endOf(
  incident: IncidentFacts,
  { clock, figure }: { clock: IncidentClock; figure: Figure },
): UnixMs | null {
  const isMeasured = clock.stop === 'measured-recovery'
  return isMeasured && figure === 'pessimistic' ? incident.possible.endMs : stopOf(incident, clock)
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
