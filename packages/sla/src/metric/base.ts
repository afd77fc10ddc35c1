/** What every score shares: the question, committed time so far, coverage, the verdict of three figures. Pure. */
import { clip, totalMs, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { coverageText, DISPLAY_DIGITS, type Figure } from '../figures.ts'
import { compare, decimal, fraction, product, truncatedText, type Fraction } from '../fraction.ts'
import type { OutageRules } from '../outage.ts'
import type { Rules } from '../semantics.ts'
import type { Timeline } from '../timeline.ts'
import type { Judgement, Verdict } from '../verdict.ts'
import { measure, type Measured } from '../window.ts'
import type { Commitment } from '../judgement/committed.ts'
import type { VantageSlots } from '../judgement/attempts.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { Standing } from './shape.ts'

/** What is known of a service, or of one site of it. */
export type Scope = {
  timeline: Timeline
  slots: readonly VantageSlots[]
  /** All of them, whenever they began. */
  incidents: readonly IncidentFacts[]
}

/** The same, excused where the contract keeps excluded time: `counted` as the outage rules count it. */
export type Counted = Scope & { counted: Timeline; asSeen: Timeline }

export type ScoreQuestion = {
  terms: ExpandedContract
  guarantee: GuaranteeTerms
  window: Interval
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  /** From when to when the promise holds. */
  inForce: IntervalSet
  commitment: Commitment
  /** Time of the exclusions that pause clocks, by kind. */
  pausedBy: (kind: string) => IntervalSet
  rules: Rules
}

/** The question about a guarantee of one metric. */
export type Of<M extends GuaranteeTerms['metric']> = ScoreQuestion & {
  guarantee: Extract<GuaranteeTerms, { metric: M }>
}

export function outageRulesOf({ measurement }: ExpandedContract): OutageRules {
  const { mergeGap, minimumOutageMs, granularityMs } = measurement
  return {
    mergeGapMs: mergeGap.gapMs,
    countGapAsDown: mergeGap.countGapAsDown,
    minimumOutageMs,
    ...(granularityMs !== undefined && { granularityMs }),
  }
}

/** The figures of states in committed time. */
export function measuredOf({ counted }: Counted, { window, asOfMs, commitment }: ScoreQuestion): Measured {
  return measure({ timeline: counted, committed: commitment.committed, window, asOfMs })
}

/** The verdict where each figure keeps the target or does not. */
export function verdictOf(given: {
  keeps: (figure: Figure) => boolean
  terms: ExpandedContract
  phase: 'open' | 'closed'
  isEmpty: boolean
}): Pick<Judgement, 'verdict' | 'outlook'> {
  const { keeps, terms, phase, isEmpty } = given
  if (!keeps(terms.measurement.bindingFigure)) return { verdict: 'not_met', outlook: null }
  const isMet = phase === 'closed' && !isEmpty && keeps('pessimistic')
  const verdict = isMet ? 'met' : 'indeterminate'
  return { verdict, outlook: outlookOf({ verdict, phase, isAtRisk: !keeps('pessimistic') }) }
}

export function outlookOf(given: {
  verdict: Verdict
  phase: 'open' | 'closed'
  isAtRisk: boolean
}): Judgement['outlook'] {
  if (given.phase === 'closed' || given.verdict !== 'indeterminate') return null
  return given.isAtRisk ? 'at_risk' : 'on_track'
}

/** What the standing of every metric says of the time that was measured. */
export type Evidence = Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs' | 'blockedMs'>

export function base(
  { windowCommittedMs, committedMs, knownMs: known, blockedMs }: Evidence,
  { verdict, outlook, insufficientEvidence }: Pick<Judgement, 'verdict' | 'outlook' | 'insufficientEvidence'>,
): Standing {
  return {
    verdict,
    outlook,
    insufficientEvidence,
    committedMs: windowCommittedMs,
    elapsedMs: committedMs,
    knownMs: known,
    coverage: coverageText({ committedMs, knownMs: known }),
    blockedMs,
  }
}

export function isThin(
  { committedMs, knownMs: known }: Pick<Measured, 'committedMs' | 'knownMs'>,
  terms: ExpandedContract,
): boolean {
  return (
    committedMs === 0 || compare(fraction(known, committedMs), decimal(terms.measurement.minimumCoverage)) < 0
  )
}

export function percentTexts(
  shareOfFigure: (figure: Figure) => Fraction | null,
): Record<Figure, string | null> {
  return byFigure((figure) => {
    const share = shareOfFigure(figure)
    return share && truncatedText(product(share, fraction(100)), DISPLAY_DIGITS)
  })
}

export function byFigure<T>(of: (figure: Figure) => T): Record<Figure, T> {
  return { provable: of('provable'), point: of('point'), pessimistic: of('pessimistic') }
}

export function spanOf({ window, asOfMs }: ScoreQuestion): Interval {
  return { startMs: window.startMs, endMs: Math.max(window.startMs, Math.min(window.endMs, asOfMs)) }
}

export function elapsedOf(question: ScoreQuestion): IntervalSet {
  return clip(question.commitment.committed, spanOf(question))
}

export function wholeMs({ commitment, window }: ScoreQuestion): number {
  return totalMs(clip(commitment.committed, window))
}
