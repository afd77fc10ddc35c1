/**
 * Scoring: one guarantee on one timeline: the whole service, or one site of it. Pure.
 * Every metric ends in the same three-valued verdict: `not_met` once the binding figure cannot be mended,
 * `met` only at close and only where even the pessimistic figure keeps the target. (spec: window)
 */
import { clip, intersect, totalMs, type IntervalSet } from '@constat/shared/time'
import { invariant } from '@constat/shared/fault'
import { availabilityTexts, type DownMs, type Figure } from '../figures.ts'
import { compare, decimal, fraction, fractionText, minus, ONE, percent, product } from '../fraction.ts'
import { countedTimeline } from '../outage.ts'
import { isDown, isPossiblyDown, isProvenDown, where, type Timeline } from '../timeline.ts'
import { judge } from '../verdict.ts'
import type { Measured } from '../window.ts'
import { excusedOf, excusedTimeline } from './committed.ts'
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
  type Counted,
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
  const { guarantee, commitment, terms, asOfMs } = question
  // Counted first: which outages count is tried on whole outages, before anything is cut from them.
  const counted = countedTimeline(scope.timeline, outageRulesOf(terms), asOfMs)
  const asExcused = (timeline: Timeline): Timeline => excusedTimeline(timeline, commitment)
  const own = { ...scope, counted: asExcused(counted) }
  const excused = { ...own, timeline: asExcused(scope.timeline) }
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
      // Clocks run as they were agreed: what makes them stand still is named with them.
      return timing(own, { ...question, guarantee })
    case 'incident-count':
      return incidentCount(own, { ...question, guarantee })
  }
}

const IS_DOWN: Record<Figure, (mark: number) => boolean> = {
  provable: isProvenDown,
  point: isDown,
  pessimistic: isPossiblyDown,
}

function availability(scope: Counted, question: ScoreQuestion): Scored {
  const { guarantee } = question
  invariant(guarantee.metric === 'interval-availability', 'availability is judged here')
  const measured = measuredOf(scope, question)
  const elapsed = elapsedOf(question)
  const down = (figure: Figure): IntervalSet =>
    intersect(where(scope.counted, spanOf(question), IS_DOWN[figure]), elapsed)
  return downtimeScore(
    { measured, downMs: measured.downMs, target: guarantee.target.percent, down },
    question,
  )
}

type Downtime = {
  measured: Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs'>
  downMs: DownMs
  target: string
  /** Where the downtime of a figure lies, for what is told beside it. */
  down: (figure: Figure) => IntervalSet
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
  const point = down('point')
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'downtime',
      downMs,
      availability: availabilityTexts({ committedMs, downMs }),
      budget,
      exhaustion: exhaustionOf({
        down: down(bindingFigure),
        committed: question.commitment.committed,
        budget,
        asOfMs,
        window,
        isOpen,
      }),
      worst: WORST_LENGTHS_MS.flatMap((lengthMs) => worstWindow(point, { lengthMs, interval: window }) ?? []),
    },
  }
}

function slicedAvailability(scope: Counted, question: Of<'error-rate-slices'>): Scored {
  const { guarantee } = question
  const slices = slicesOf(scope, question)
  const measured = slicedTime(slices, question)
  const downMs = badMs(slices, guarantee.badWhen)
  const down = (figure: Figure): IntervalSet =>
    intersect(badSpans(slices, { ...guarantee, figure }), elapsedOf(question))
  return downtimeScore({ measured, downMs, target: guarantee.target.percent, down }, question)
}

function slicesOf(
  { slots, timeline }: Scope,
  question: Of<'error-rate-slices' | 'mean-error-rate'>,
): Slice[] {
  const { window, guarantee } = question
  const slicing = {
    window,
    sliceMs: guarantee.sliceMs,
    committed: slicedOf(question),
    excused: excusedOf(question),
  }
  return slots.length > 0 ? attemptSlices(slots, slicing) : timeSlices(timeline, slicing)
}

/** Committed time of slices that are over: the one that is not may still turn out either way. */
function slicedOf(question: Of<'error-rate-slices' | 'mean-error-rate'>): IntervalSet {
  const { window, guarantee, asOfMs, phase } = question
  const elapsed = elapsedOf(question)
  if (phase === 'closed') return elapsed
  const whole = Math.floor((asOfMs - window.startMs) / guarantee.sliceMs)
  return clip(elapsed, { startMs: window.startMs, endMs: window.startMs + whole * guarantee.sliceMs })
}

function slicedTime(
  slices: readonly Slice[],
  question: Of<'error-rate-slices' | 'mean-error-rate'>,
): Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs'> {
  const committedMs = totalMs(slicedOf(question))
  return { windowCommittedMs: wholeMs(question), committedMs, knownMs: knownMs(slices) }
}

function meanErrorRate(scope: Counted, question: Of<'mean-error-rate'>): Scored {
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
  const measured = slicedTime(slices, question)
  const share = percentages((figure) =>
    slices.length === 0 ? null : minus(ONE, product(lost[figure], fraction(1, slices.length))),
  )
  return {
    ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
    measure: {
      kind: 'mean',
      slices: slices.length,
      slicesOfWindow: whole,
      lost: {
        provable: fractionText(lost.provable),
        point: fractionText(lost.point),
        pessimistic: fractionText(lost.pessimistic),
      },
      availability: share,
    },
  }
}
