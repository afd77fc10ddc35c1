/** Scores of incidents: how long each took, and how many there were. Pure. */
import { clip, totalMs, union } from '@constat/shared/time'
import type { Figure } from '../figures.ts'
import { isPossiblyDown, where } from '../timeline.ts'
import type { Scored } from './result.ts'
import {
  base,
  isThin,
  measuredOf,
  outlookOf,
  spanOf,
  verdictOf,
  type Of,
  type Scope,
  type ScoreQuestion,
} from './score-base.ts'
import { timingOf, timingVerdict } from './timing.ts'

export function timing(scope: Scope, question: Of<'restoration-time' | 'response-time'>): Scored {
  const { guarantee, terms, asOfMs, phase, incidentHours, pausedBy } = question
  const { clock, target } = guarantee
  const paused = union(...clock.pausedWhile.map(pausedBy))
  const { bindingFigure } = terms.measurement
  const asked = { clock, eachMs: target.eachMs, bindingFigure, inHours: incidentHours, paused, asOfMs }
  const perIncident = scope.incidents.map((incident) => timingOf(incident, asked))
  const measured = measuredOf(scope, question)
  const hiddenMs = clock.start === 'measured-onset' ? longestHiddenMs(scope, question) : 0
  const verdict = timingVerdict(perIncident, { eachMs: target.eachMs, hiddenMs, phase })
  const isAtRisk = perIncident.some(
    ({ isRunning, ms }) => isRunning || (ms !== null && ms.pessimistic > target.eachMs),
  )
  return {
    ...base(measured, {
      verdict,
      outlook: outlookOf({ verdict, phase, isAtRisk }),
      insufficientEvidence: isThin(measured, terms),
    }),
    measure: { kind: 'timing', eachMs: target.eachMs, perIncident },
  }
}

/** The most committed time in one stretch that nobody saw end, and that no incident told of explains. */
function longestHiddenMs({ timeline, incidents }: Scope, question: ScoreQuestion): number {
  const { committed } = question.commitment
  const told = incidents.map(({ possible }) => possible)
  const hidden = where(timeline, spanOf(question), isPossiblyDown).filter(
    ({ startMs, endMs }) => !told.some((one) => one.startMs < endMs && startMs < one.endMs),
  )
  return hidden.reduce((most, span) => Math.max(most, totalMs(clip(committed, span))), 0)
}

export function incidentCount(scope: Scope, question: Of<'incident-count'>): Scored {
  const { guarantee, terms, phase, commitment } = question
  const counts = scope.incidents.filter(({ onsetMs, endMs }) => {
    const span = { startMs: onsetMs, endMs: endMs ?? question.asOfMs }
    return totalMs(clip(commitment.committed, span)) > 0
  })
  const hidden = where(scope.timeline, spanOf(question), isPossiblyDown).filter(
    (span) =>
      totalMs(clip(commitment.committed, span)) > 0 &&
      !counts.some(({ possible }) => possible.startMs < span.endMs && span.startMs < possible.endMs),
  )
  // A silence hides at most one outage here: what happens twice in one silence is nobody's to tell.
  const count = {
    provable: counts.filter(({ proved }) => proved !== null).length,
    point: counts.length,
    pessimistic: counts.length + hidden.length,
  }
  const keeps = (figure: Figure): boolean => count[figure] <= guarantee.target.count
  const measured = measuredOf(scope, question)
  const verdict = verdictOf({ keeps, terms, phase, isEmpty: measured.windowCommittedMs === 0 })
  return {
    ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
    measure: { kind: 'count', count },
  }
}
