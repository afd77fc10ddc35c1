/**
 * What a metric is to everything else: how it is scored, what is published of it, and the words and figures
 * that traces, credits and sites take from that. The schema is the source; the type is inferred. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import type { z } from 'zod'
import type { Metric } from '../contract/objective.ts'
import type { Figure } from '../figures.ts'
import type { Fraction } from '../fraction.ts'
import type { Counted, Of } from './base.ts'
import type { ScoredAs } from './shape.ts'

/** What credit schedules may count by. */
export type Gives = 'a percentage' | 'a length of time' | 'the time an outage took'

/** Methods, so that an entry of one metric is one of any. */
export type MetricEntry<M extends Metric = Metric, S extends z.ZodObject = z.ZodObject> = {
  /** What is measured, as it is published and as closings keep it. */
  measure: S
  /** Whether slot samples are counted, and not states alone. */
  countsSlots: boolean
  gives: readonly Gives[]
  score(scope: Counted, question: Of<M>): ScoredAs<z.infer<S>>
  /** Exact, for the trace. */
  words(measure: z.infer<S>): string
  /** For people at a terminal, against the target. */
  brief(measure: z.infer<S>, target: string): string
  /** Of two sites the one with more has the figures; null: nothing was seen, which is worse than any. */
  lost(measure: z.infer<S>, figure: Figure): Fraction | null
  /** Of the whole window, exact; null: no percentage comes out of it. */
  percent(measure: z.infer<S>, figure: Figure, committedMs: number): Fraction | null
  /** What passes the promise, ms each; null: what the percentage lacks of the target. */
  lateMs(measure: z.infer<S>, figure: Figure): Fraction[] | null
  /** Onsets of the incidents that it failed by; null: of every one in promised time. */
  failedBy(measure: z.infer<S>): UnixMs[] | null
}
