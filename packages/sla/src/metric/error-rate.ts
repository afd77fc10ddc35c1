/**
 * Error rates: a window cut into slices, judged by the slices that are bad or by the mean of all. Pure.
 */
import { clip, intersect, totalMs, type IntervalSet } from '@constat/shared/time'
import { z } from 'zod'
import type { Figure } from '../figures.ts'
import {
  compare,
  decimal,
  fraction,
  fractionOf,
  fractionText,
  minus,
  ONE,
  percent,
  product,
} from '../fraction.ts'
import { excusedOf } from '../judgement/committed.ts'
import {
  attemptSlices,
  badMs,
  badSpans,
  errorSum,
  knownMs,
  sliceCount,
  timeSlices,
  unknownSpans,
  type Slice,
} from '../judgement/slices.ts'
import { isBlocked, where } from '../timeline.ts'
import { downtimeMeasure, downtimeScore, ofDowntime, percentKept } from './availability.ts'
import { base, byFigure, elapsedOf, isThin, percentTexts, spanOf, verdictOf, wholeMs } from './base.ts'
import type { Counted, Evidence, Of, Scope } from './base.ts'
import type { MetricEntry } from './entry.ts'
import { count, figuresOf, ms, percentages } from './shape.ts'

const slicesMeasure = downtimeMeasure.extend({
  sliceMs: ms,
  badOverPercent: z
    .string()
    .nullable()
    .meta({ description: 'More than this failed makes a slice bad; null: only where all did' }),
})

/** Slices with too many failed attempts are down, whole. */
export const errorRateSlices: MetricEntry<'error-rate-slices', typeof slicesMeasure> = {
  ...ofDowntime,
  measure: slicesMeasure,
  countsSlots: true,
  gives: ['a percentage'],
  score(scope, question) {
    const { guarantee } = question
    const { sliceMs, badWhen } = guarantee
    const slices = slicesOf(scope, question)
    const measured = slicedTime(scope, slices, question)
    const down = (figure: Figure): IntervalSet =>
      intersect(badSpans(slices, { ...guarantee, figure }), elapsedOf(question))
    const target = guarantee.target.percent
    const scored = downtimeScore({ measured, downMs: badMs(slices, badWhen), target, down }, question)
    const badOverPercent = badWhen === 'all-failed' ? null : badWhen.overPercent
    return { ...scored, measure: { ...scored.measure, sliceMs, badOverPercent } }
  },
}

const meanMeasure = z.strictObject({
  kind: z.literal('mean'),
  sliceMs: ms,
  slices: count.meta({ description: 'So far' }),
  slicesOfWindow: count,
  lost: figuresOf(
    z
      .string()
      .regex(/^\d+(\/\d+)?$/)
      .meta({ description: 'Error rates of the slices added up, a reduced fraction such as 21/5' }),
  ),
  availability: percentages.meta({ description: '100 less the mean error rate of the slices so far' }),
})

export const meanErrorRate: MetricEntry<'mean-error-rate', typeof meanMeasure> = {
  measure: meanMeasure,
  countsSlots: true,
  gives: ['a percentage'],
  score(scope, question) {
    const { guarantee, window, commitment, phase, terms } = question
    const { sliceMs } = guarantee
    const slices = slicesOf(scope, question)
    const whole = sliceCount({ window, sliceMs, committed: commitment.committed })
    const lost = errorSum(slices)
    const target = decimal(guarantee.target.percent)
    const keeps = (figure: Figure): boolean => {
      // Lost slices against the share of all slices that may be lost.
      const allowed = product(minus(ONE, percent(target)), fraction(whole))
      return compare(lost[figure], allowed) <= 0
    }
    const verdict = verdictOf({ keeps, terms, phase, isEmpty: whole === 0 })
    const measured = slicedTime(scope, slices, question)
    const availability = percentTexts((figure) =>
      slices.length === 0 ? null : minus(ONE, product(lost[figure], fraction(1, slices.length))),
    )
    return {
      ...base(measured, { ...verdict, insufficientEvidence: isThin(measured, terms) }),
      measure: {
        kind: 'mean',
        sliceMs,
        slices: slices.length,
        slicesOfWindow: whole,
        lost: byFigure((figure) => fractionText(lost[figure])),
        availability,
      },
    }
  },
  words({ slices, availability: { provable, point, pessimistic } }) {
    return `${slices} slices: provable ${provable}, point ${point}, pessimistic ${pessimistic}`
  },
  brief({ slices, availability }, target) {
    return `${availability.point ?? '-'} % over ${slices} slices of ${target} %`
  },
  lost: ({ lost }, figure) => fractionOf(lost[figure]),
  percent: ({ lost, slicesOfWindow }, figure) =>
    percentKept({ lost: fractionOf(lost[figure]), of: slicesOfWindow }),
  lateMs: () => [],
  failedBy: () => [],
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
  { counted }: Counted,
  slices: readonly Slice[],
  question: Of<'error-rate-slices' | 'mean-error-rate'>,
): Evidence {
  const sliced = slicedOf(question)
  const unknown = intersect(sliced, unknownSpans(slices, question.guarantee))
  return {
    windowCommittedMs: wholeMs(question),
    committedMs: totalMs(sliced),
    knownMs: knownMs(slices),
    blockedMs: totalMs(intersect(unknown, where(counted, spanOf(question), isBlocked))),
  }
}
