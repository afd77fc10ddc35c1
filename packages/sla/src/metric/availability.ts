/**
 * Availability: downtime of the states in committed time against the allowance of the target, and the measure
 * that every metric of downtime shares. Pure. Budget, exhaustion and the worst stretches are told beside it.
 */
import { formatInstant, intersect, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { z } from 'zod'
import { availabilityTexts, type DownMs, type Figure } from '../figures.ts'
import { fraction, minus, product, ratio, type Fraction } from '../fraction.ts'
import { exhaustionOf } from '../judgement/exhaustion.ts'
import { worstWindow } from '../judgement/worst.ts'
import { lengthText } from '../length.ts'
import { isDown, isPossiblyDown, isProvenDown, where } from '../timeline.ts'
import { judge } from '../verdict.ts'
import { base, elapsedOf, measuredOf, spanOf, type Evidence, type ScoreQuestion } from './base.ts'
import type { MetricEntry } from './entry.ts'
import { downMs, figuresOf, instant, ms, percent, type ScoredAs } from './shape.ts'

export const downtimeMeasure = z.strictObject({
  kind: z.literal('downtime'),
  downMs,
  availability: figuresOf(percent),
  budget: z.strictObject({ allowedMs: ms, spentMs: ms, leftMs: z.int().meta({ description: 'ms' }) }),
  exhaustion: z.strictObject({
    exhaustedAt: instant.nullable().meta({ description: 'When the budget was gone' }),
    projectedAt: instant.nullable().meta({ description: 'When it would be, at the rate so far' }),
  }),
  worst: z
    .array(z.strictObject({ lengthMs: ms, start: instant, downMs: ms }))
    .meta({ description: 'Hour, day and week with the most downtime' }),
})
export type Downtime = z.infer<typeof downtimeMeasure>

const measure = downtimeMeasure.extend({ partialMs: ms, degradedMs: ms, unknownMs: ms })

/** What every metric of downtime has. */
export const ofDowntime = {
  words({ downMs: { provable, point, pessimistic } }: Downtime): string {
    return `down: provable ${provable} ms, point ${point} ms, pessimistic ${pessimistic} ms`
  },
  brief({ downMs: down, availability }: Downtime, target: string): string {
    const told = `at least ${lengthText(down.provable)} down, at most ${lengthText(down.pessimistic)}`
    return `${availability.point} % (${told}) of ${target} %`
  },
  lost({ downMs: down }: Downtime, figure: Figure): Fraction {
    return fraction(down[figure])
  },
  percent({ downMs: down }: Downtime, figure: Figure, committedMs: number): Fraction {
    return percentKept({ lost: fraction(down[figure]), of: committedMs })
  },
  lateMs: () => null,
  failedBy: () => null,
}

/** Where nothing can be divided by, all of it was kept. */
export function percentKept({ lost, of }: { lost: Fraction; of: number }): Fraction {
  const whole = fraction(100)
  return of === 0 ? whole : minus(whole, product(ratio(lost, fraction(of)), whole))
}

export const intervalAvailability: MetricEntry<'interval-availability', typeof measure> = {
  ...ofDowntime,
  measure,
  countsSlots: false,
  gives: ['a percentage', 'a length of time'],
  score(scope, question) {
    const measured = measuredOf(scope, question)
    const elapsed = elapsedOf(question)
    const down = (figure: Figure): IntervalSet =>
      intersect(where(scope.counted, spanOf(question), IS_DOWN[figure]), elapsed)
    const target = question.guarantee.target.percent
    const scored = downtimeScore({ measured, downMs: measured.downMs, target, down }, question)
    const { partialMs, degradedMs, unknownMs } = measured
    return { ...scored, measure: { ...scored.measure, partialMs, degradedMs, unknownMs } }
  },
}

const IS_DOWN: Record<Figure, (mark: number) => boolean> = {
  provable: isProvenDown,
  point: isDown,
  pessimistic: isPossiblyDown,
}

const HOUR_MS = 3_600_000
const WORST_LENGTHS_MS = [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS]

type DowntimeQuestion = {
  measured: Evidence
  downMs: DownMs
  target: string
  /** Where the downtime of a figure lies, for what is told beside it. */
  down: (figure: Figure) => IntervalSet
}

export function downtimeScore(
  { measured, downMs: down, target, down: downOf }: DowntimeQuestion,
  question: ScoreQuestion,
): ScoredAs<Downtime> {
  const { terms, window, phase, asOfMs } = question
  const { bindingFigure, minimumCoverage } = terms.measurement
  const { budget, ...judgement } = judge({
    measured: { ...measured, downMs: down },
    target,
    bindingFigure,
    minimumCoverage,
    phase,
  })
  const { exhaustedMs, projectedMs } = exhaustionOf({
    down: downOf(bindingFigure),
    committed: question.commitment.committed,
    budget,
    asOfMs,
    window,
    isOpen: phase === 'open',
  })
  const point = downOf('point')
  const worst = WORST_LENGTHS_MS.flatMap(
    (lengthMs) => worstWindow(point, { lengthMs, interval: window }) ?? [],
  )
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'downtime',
      downMs: down,
      availability: availabilityOf({ committedMs: measured.committedMs, downMs: down }),
      budget,
      exhaustion: { exhaustedAt: instantOf(exhaustedMs), projectedAt: instantOf(projectedMs) },
      worst: worst.map(({ startMs, ...one }) => ({ ...one, start: formatInstant(startMs) })),
    },
  }
}

/** Before anything was promised nothing is lost, and nothing is proved. */
export function availabilityOf(given: { committedMs: number; downMs: DownMs }): Downtime['availability'] {
  const { provable, point, pessimistic } = availabilityTexts(given)
  return {
    provable: provable ?? '100.0000',
    point: point ?? '100.0000',
    pessimistic: pessimistic ?? '0.0000',
  }
}

function instantOf(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}
