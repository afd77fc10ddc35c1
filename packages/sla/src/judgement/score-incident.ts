/** Scores of incidents: how long each took, and how many there were. Pure. */
import {
  clip,
  subtract,
  totalMs,
  union,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import { ALWAYS, uncoveredYears } from '../calendar.ts'
import type { IncidentClock } from '../contract/expanded.ts'
import type { Figure } from '../figures.ts'
import { hoursIn } from './committed.ts'
import {
  longestHiddenMs,
  possibleCount,
  provenCount,
  possibleOutages,
  type HiddenQuestion,
} from './hidden.ts'
import type { Scored } from './result.ts'
import {
  base,
  isThin,
  measuredOf,
  outageRulesOf,
  outlookOf,
  verdictOf,
  type Counted,
  type Of,
  type Scope,
  type ScoreQuestion,
} from './score-base.ts'
import { belongs, ranMs, timingOf, timingVerdict, type IncidentFacts } from './timing.ts'

export function timing(scope: Counted, question: Of<'restoration-time' | 'response-time'>): Scored {
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
  const hiddenMs = mayHide(clock)
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
    measure: { kind: 'timing', eachMs, perIncident },
  }
}

/** An outage that nobody saw starts no clock that an alert or a person starts. */
function mayHide({ start }: IncidentClock): boolean {
  return start === 'measured-onset'
}

function hiddenQuestion({ timeline, incidents }: Scope, question: ScoreQuestion): HiddenQuestion {
  const { terms, window, inForce, asOfMs } = question
  const promised = clip(inForce, window)
  const span = {
    startMs: promised[0]?.startMs ?? window.endMs,
    endMs: promised.at(-1)?.endMs ?? window.endMs,
  }
  return { timeline, incidents, window: span, asOfMs, rules: outageRulesOf(terms) }
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

export function incidentCount(scope: Counted, question: Of<'incident-count'>): Scored {
  const { guarantee, terms, phase, commitment } = question
  const counts = subtract(commitment.inHours, commitment.excluded)
  const counted = scope.incidents.filter((incident) => {
    const span = { startMs: incident.onsetMs, endMs: incident.endMs ?? question.asOfMs }
    return belongs(incident, question) && totalMs(clip(counts, span)) > 0
  })
  const hidden = hiddenQuestion(scope, question)
  const count = {
    provable: provenCount({ ...hidden, incidents: counted }, counts),
    point: counted.length,
    pessimistic: Math.max(counted.length, possibleCount(hidden, { terms, counts })),
  }
  const keeps = (figure: Figure): boolean => count[figure] <= guarantee.target.count
  const measured = measuredOf(scope, question)
  const verdict = verdictOf({ keeps, terms, phase, isEmpty: measured.windowCommittedMs === 0 })
  return {
    ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
    measure: { kind: 'count', count },
  }
}
