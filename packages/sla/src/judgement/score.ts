/**
 * Scoring: one guarantee on one timeline: the whole service, or one site of it. Pure.
 * Every metric ends in the same three-valued verdict: `not_met` once the binding figure cannot be mended,
 * `met` only at close and only where even the pessimistic figure keeps the target. (spec: window)
 */
import { intersect, totalMs, type IntervalSet } from '@constat/shared/time'
import { invariant } from '@constat/shared/fault'
import { availabilityTexts, type DownMs, type Figure } from '../figures.ts'
import { compare, decimal, fraction, minus, ONE, percent, product } from '../fraction.ts'
import { countedTimeline } from '../outage.ts'
import { isDown, where } from '../timeline.ts'
import { judge } from '../verdict.ts'
import type { Measured } from '../window.ts'
import { excusedTimeline } from './committed.ts'
import { exhaustionOf } from './exhaustion.ts'
import type { Scored } from './result.ts'
import {
  base,
  elapsedOf,
  isThin,
  measuredOf,
  outageRulesOf,
  percentages,
  spanOf,
  verdictOf,
  wholeMs,
  type Of,
  type Scope,
  type ScoreQuestion,
} from './score-base.ts'
import { incidentCount, timing } from './score-incident.ts'
import { shareOf } from './score-share.ts'
import {
  attemptSlices,
  badMs,
  badSpans,
  errorSum,
  knownMs,
  sliceCount,
  timeSlices,
  type Slice,
} from './slices.ts'
import { worstWindow } from './worst.ts'

const HOUR_MS = 3_600_000
const WORST_LENGTHS_MS = [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS]

export function score(scope: Scope, question: ScoreQuestion): Scored {
  const { guarantee, commitment } = question
  const excused = { ...scope, timeline: excusedTimeline(scope.timeline, commitment, question.terms) }
  switch (guarantee.metric) {
    case 'interval-availability':
      return availability(excused, question)
    case 'error-rate-slices':
      return slicedAvailability(excused, { ...question, guarantee })
    case 'mean-error-rate':
      return meanErrorRate(excused, { ...question, guarantee })
    case 'share-within':
    case 'request-share':
      return shareOf(excused, { ...question, guarantee })
    case 'restoration-time':
    case 'response-time':
      return timing(excused, { ...question, guarantee })
    case 'incident-count':
      return incidentCount(excused, { ...question, guarantee })
  }
}

function availability(scope: Scope, question: ScoreQuestion): Scored {
  const { guarantee } = question
  invariant(guarantee.metric === 'interval-availability', 'availability is judged here')
  const measured = measuredOf(scope, question)
  const counted = countedTimeline(scope.timeline, outageRulesOf(question.terms), question.asOfMs)
  const elapsed = elapsedOf(question)
  const down = intersect(where(counted, spanOf(question), isDown), elapsed)
  return downtimeScore(
    { measured, downMs: measured.downMs, target: guarantee.target.percent, down },
    question,
  )
}

type Downtime = {
  measured: Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs'>
  downMs: DownMs
  target: string
  /** Where the downtime lies, for what is told beside the figure. */
  down: IntervalSet
}

function downtimeScore({ measured, downMs, target, down }: Downtime, question: ScoreQuestion): Scored {
  const { terms, window, phase, asOfMs } = question
  const { bindingFigure, minimumCoverage } = terms.measurement
  const { budget, ...judgement } = judge({
    measured: { ...measured, downMs },
    target,
    bindingFigure,
    minimumCoverage,
    phase,
  })
  const { committedMs } = measured
  const isOpen = phase === 'open'
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'downtime',
      downMs,
      availability: availabilityTexts({ committedMs, downMs }),
      budget,
      exhaustion: exhaustionOf({
        down,
        committed: question.commitment.committed,
        budget,
        asOfMs,
        window,
        isOpen,
      }),
      worst: WORST_LENGTHS_MS.flatMap((lengthMs) => worstWindow(down, { lengthMs, interval: window }) ?? []),
    },
  }
}

function slicedAvailability(scope: Scope, question: Of<'error-rate-slices'>): Scored {
  const { guarantee } = question
  const slices = slicesOf(scope, question)
  const elapsedMs = totalMs(elapsedOf(question))
  const measured = { windowCommittedMs: wholeMs(question), committedMs: elapsedMs, knownMs: knownMs(slices) }
  const downMs = badMs(slices, guarantee.badWhen)
  const down = intersect(badSpans(slices, guarantee), elapsedOf(question))
  return downtimeScore({ measured, downMs, target: guarantee.target.percent, down }, question)
}

function slicesOf(
  { slots, timeline }: Scope,
  question: Of<'error-rate-slices' | 'mean-error-rate'>,
): Slice[] {
  const { window, guarantee } = question
  const slicing = { window, sliceMs: guarantee.sliceMs, committed: elapsedOf(question) }
  return slots.length > 0 ? attemptSlices(slots, slicing) : timeSlices(timeline, slicing)
}

function meanErrorRate(scope: Scope, question: Of<'mean-error-rate'>): Scored {
  const { guarantee, window, commitment, phase, terms } = question
  const slices = slicesOf(scope, question)
  const whole = sliceCount({ window, sliceMs: guarantee.sliceMs, committed: commitment.committed })
  const lost = errorSum(slices)
  const target = decimal(guarantee.target.percent)
  const keeps = (figure: Figure): boolean => {
    // Lost slices against the share of all slices that may be lost.
    const allowed = product(minus(ONE, percent(target)), fraction(whole))
    return compare(lost[figure], allowed) <= 0
  }
  const verdict = verdictOf({ keeps, terms, phase, isEmpty: whole === 0 })
  const measured = {
    windowCommittedMs: wholeMs(question),
    committedMs: totalMs(elapsedOf(question)),
    knownMs: knownMs(slices),
  }
  const share = percentages((figure) =>
    slices.length === 0 ? null : minus(ONE, product(lost[figure], fraction(1, slices.length))),
  )
  return {
    ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
    measure: { kind: 'mean', slices: slices.length, availability: share },
  }
}
