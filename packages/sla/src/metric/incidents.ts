/**
 * Incidents: how long each took on the clock that the contract names, and how many there were. Pure. Clocks run
 * as they were agreed: what makes them stand still is named with them, so excused time is no part of them.
 */
import { clip, parseInstant, subtract, totalMs, union } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { z } from 'zod'
import { ALWAYS, uncoveredYears } from '../calendar.ts'
import type { Figure } from '../figures.ts'
import { fraction, type Fraction } from '../fraction.ts'
import { hoursIn } from '../judgement/committed.ts'
import { longestHiddenMs, possibleCount, possibleOutages, provenCount } from '../judgement/hidden.ts'
import type { HiddenQuestion } from '../judgement/hidden.ts'
import { belongs, incidentTiming, ranMs, timingOf, timingVerdict } from '../judgement/timing.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import { lengthText } from '../length.ts'
import { base, isThin, measuredOf, outageRulesOf, outlookOf, verdictOf } from './base.ts'
import type { Counted, Of, ScoreQuestion } from './base.ts'
import type { MetricEntry } from './entry.ts'
import { count, figuresOf, ms, type ScoredAs } from './shape.ts'

const clockMeasure = z.strictObject({
  kind: z.literal('timing'),
  eachMs: ms.meta({ description: 'What each incident may take, ms' }),
  clock: z.strictObject({ start: z.string(), stop: z.string() }),
  perIncident: z.array(incidentTiming),
})
type Clocked = z.infer<typeof clockMeasure>

const ofClock = {
  measure: clockMeasure,
  countsSlots: false,
  gives: ['a length of time', 'the time an outage took'] as const,
  score: timing,
  words: ({ perIncident, eachMs }: Clocked) => `${perIncident.length} incident(s), each at most ${eachMs} ms`,
  brief({ perIncident, eachMs }: Clocked): string {
    const longestMs = Math.max(0, ...perIncident.map((one) => one.ms?.point ?? 0))
    return `${countText(perIncident.length)}, the longest ${lengthText(longestMs)} of ${lengthText(eachMs)} at most`
  },
  lost({ perIncident }: Clocked, figure: Figure): Fraction {
    return fraction(Math.max(0, ...perIncident.map((one) => one.ms?.[figure] ?? 0)))
  },
  percent: () => null,
  lateMs({ perIncident, eachMs }: Clocked, figure: Figure): Fraction[] {
    const late = perIncident.map((one) => fraction((one.ms?.[figure] ?? 0) - eachMs))
    return late.filter(({ n }) => n > 0n)
  },
  failedBy({ perIncident }: Clocked): UnixMs[] {
    const failed = perIncident.filter(({ verdict }) => verdict === 'not_met')
    return failed.flatMap(({ onsetAt }) => parseInstant(onsetAt) ?? [])
  },
}

export const restorationTime: MetricEntry<'restoration-time', typeof clockMeasure> = ofClock
export const responseTime: MetricEntry<'response-time', typeof clockMeasure> = ofClock

function timing(scope: Counted, question: Of<'restoration-time' | 'response-time'>): ScoredAs<Clocked> {
  const { guarantee, terms, asOfMs, phase, pausedBy } = question
  const { clock, target } = guarantee
  const { eachMs } = target
  const incidents = scope.incidents.filter((incident) => belongs(incident, question))
  const paused = union(...clock.pausedWhile.map(pausedBy))
  const hidden = hiddenQuestion(scope, question)
  const inHours = clockHours(question, { incidents, hidden })
  const { bindingFigure } = terms.measurement
  const fromMs = hidden.window.startMs
  const asked = { clock, eachMs, bindingFigure, inHours, paused, fromMs, asOfMs }
  const perIncident = incidents.map((incident) => timingOf(incident, asked))
  const measured = measuredOf(scope, question)
  // An outage that nobody saw starts no clock that an alert or a person starts.
  const mayHide = clock.start === 'measured-onset'
  const hiddenMs = mayHide
    ? longestHiddenMs(hidden, {
        ranMs: (span) => ranMs(span, asked),
        isTimedByPeople: clock.stop !== 'measured-recovery',
      })
    : 0
  const verdict = timingVerdict(perIncident, { eachMs, hiddenMs, phase })
  const isAtRisk =
    hiddenMs > eachMs ||
    perIncident.some(({ isRunning, ms }) => isRunning || (ms !== null && ms.pessimistic > eachMs))
  return {
    ...base(measured, {
      verdict,
      outlook: outlookOf({ verdict, phase, isAtRisk }),
      insufficientEvidence: isThin(measured, terms),
    }),
    measure: { kind: 'timing', eachMs, clock: { start: clock.start, stop: clock.stop }, perIncident },
  }
}

function hiddenQuestion({ asSeen, incidents }: Counted, question: ScoreQuestion): HiddenQuestion {
  const { terms, window, inForce, asOfMs } = question
  const promised = clip(inForce, window)
  const span = {
    startMs: promised[0]?.startMs ?? window.endMs,
    endMs: promised.at(-1)?.endMs ?? window.endMs,
  }
  return { timeline: asSeen, incidents, window: span, asOfMs, rules: outageRulesOf(terms) }
}

/** Service hours for as long as any incident of the window lasts, or an unseen one may have. */
function clockHours(
  { terms, guarantee, window, asOfMs, inForce }: ScoreQuestion,
  { incidents, hidden }: { incidents: readonly IncidentFacts[]; hidden: HiddenQuestion },
): IntervalSet {
  const startMs = incidents.reduce((least, { possible }) => Math.min(least, possible.startMs), window.startMs)
  const toldMs = incidents.reduce((most, one) => Math.max(most, lastMs(one, asOfMs)), window.endMs)
  const unseenMs = possibleOutages(hidden).reduce((most, { endMs }) => Math.max(most, endMs), toldMs)
  const calendar = terms.calendars[guarantee.calendar] ?? ALWAYS
  const isCovered = uncoveredYears(calendar, terms.zoneTables, { startMs, endMs: unseenMs }).length === 0
  const span: Interval = { startMs, endMs: Math.min(asOfMs, isCovered ? unseenMs : toldMs) }
  if (span.startMs >= span.endMs) return []
  // An outage that began under the promise is counted to its end.
  const begun = { startMs: inForce[0]?.startMs ?? Infinity, endMs: Infinity }
  return hoursIn(terms, guarantee, { window: span, inForce: [begun] })
}

function lastMs(
  { endMs, possible, acknowledgedMs, providerClosedMs }: IncidentFacts,
  asOfMs: UnixMs,
): UnixMs {
  return Math.max(endMs ?? asOfMs, possible.endMs, acknowledgedMs ?? asOfMs, providerClosedMs ?? asOfMs)
}

const countMeasure = z.strictObject({ kind: z.literal('count'), count: figuresOf(count) })

export const incidentCount: MetricEntry<'incident-count', typeof countMeasure> = {
  measure: countMeasure,
  countsSlots: false,
  gives: [],
  score(scope, question) {
    const { guarantee, terms, phase, commitment, asOfMs } = question
    const { provedAtEdge } = question.rules
    const counts = subtract(commitment.inHours, commitment.excluded)
    const counted = scope.incidents.filter((incident) => {
      const span = { startMs: incident.onsetMs, endMs: incident.endMs ?? asOfMs }
      return belongs(incident, question) && totalMs(clip(counts, span)) > 0
    })
    const hidden = hiddenQuestion(scope, question)
    const found = {
      provable: provenCount({ ...hidden, incidents: counted }, counts),
      point: counted.length,
      pessimistic: Math.max(counted.length, possibleCount(hidden, { terms, counts, provedAtEdge })),
    }
    const keeps = (figure: Figure): boolean => found[figure] <= guarantee.target.count
    const measured = measuredOf(scope, question)
    const verdict = verdictOf({ keeps, terms, phase, isEmpty: measured.windowCommittedMs === 0 })
    return {
      ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
      measure: { kind: 'count', count: found },
    }
  },
  words({ count: { provable, point, pessimistic } }) {
    return `incidents: provable ${provable}, point ${point}, pessimistic ${pessimistic}`
  },
  brief: (measure, target) => `${countText(measure.count.point)} of ${target} at most`,
  lost: (measure, figure) => fraction(measure.count[figure]),
  percent: () => null,
  lateMs: () => [],
  failedBy: () => null,
}

function countText(count: number): string {
  return count === 1 ? '1 incident' : `${count} incidents`
}
