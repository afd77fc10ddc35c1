/**
 * The answer of a reconciliation: plain JSON with instants as RFC 3339 text and lengths in ms. The same in the
 * collector and in `constat evaluate`. Pure.
 */
import { formatInstant, type Interval } from '@constat/shared/time'
import type { NextDeadline } from '../credit/claim.ts'
import type { FourCredits } from './credits.ts'
import type { Match, Reconciliation } from './reconcile.ts'

export type MatchAnswer = Omit<Match, 'interval' | 'measured' | 'readings'> & {
  start: string
  end: string
  measured: SpanAnswer[]
  readings: SpanAnswer[]
}
export type SpanAnswer = { start: string; end: string }
export type ReconciliationAnswer = Omit<Reconciliation, 'matches'> & {
  guarantee: string
  matches: MatchAnswer[]
  credits: FourCredits | null
  /** What has to happen next; null where the contract sets no term, or it has passed. */
  nextDeadline: { what: NextDeadline['what']; at: string } | null
}

export function reconciliationAnswer({
  matches,
  ...rest
}: Reconciliation): Omit<ReconciliationAnswer, 'guarantee' | 'credits' | 'nextDeadline'> {
  return {
    ...rest,
    matches: matches.map(({ interval, measured, readings, ...match }) => ({
      ...match,
      ...spanAnswer(interval),
      measured: measured.map(spanAnswer),
      readings: readings.map(spanAnswer),
    })),
  }
}

function spanAnswer({ startMs, endMs }: Interval): SpanAnswer {
  return { start: formatInstant(startMs), end: formatInstant(endMs) }
}

export function deadlineAnswer(next: NextDeadline | null): ReconciliationAnswer['nextDeadline'] {
  return next && { what: next.what, at: formatInstant(next.atMs) }
}
