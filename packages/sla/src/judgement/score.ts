/**
 * Scoring: one guarantee on one timeline: the whole service, or one site of it. Pure.
 * Every metric ends in the same three-valued verdict: `not_met` once the binding figure cannot be mended,
 * `met` only at close and only where even the pessimistic figure keeps the target. (spec: window)
 */
import {
  clip,
  intersect,
  subtract,
  totalMs,
  union,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import { invariant } from '@constat/shared/fault'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import {
  availabilityTexts,
  coverageText,
  DISPLAY_DIGITS,
  FIGURES,
  type DownMs,
  type Figure,
} from '../figures.ts'
import {
  compare,
  decimal,
  fraction,
  minus,
  ONE,
  percent,
  product,
  truncatedText,
  type Fraction,
} from '../fraction.ts'
import { countedLatencies, countWithin, judgeLatency, shareText, type LatencyTally } from '../latency.ts'
import { countedTimeline, type OutageRules } from '../outage.ts'
import { nearestRanks } from '../selection.ts'
import { isDown, isPossiblyDown, isUp, where, type Timeline } from '../timeline.ts'
import { judge, type Judgement, type Verdict } from '../verdict.ts'
import { measure, type Measured } from '../window.ts'
import { excusedTimeline, type Commitment } from './committed.ts'
import { exhaustionOf } from './exhaustion.ts'
import type { Scored } from './result.ts'
import {
  attempts,
  attemptSlices,
  badMs,
  badSpans,
  errorSum,
  knownMs,
  sliceCount,
  timeSlices,
  type Slice,
  type VantageSlots,
} from './slices.ts'
import { timingOf, timingVerdict, type IncidentFacts } from './timing.ts'
import { worstWindow } from './worst.ts'

/** What is known of a service, or of one site of it. */
export type Scope = {
  timeline: Timeline
  slots: readonly VantageSlots[]
  incidents: readonly IncidentFacts[]
}

export type ScoreQuestion = {
  terms: ExpandedContract
  guarantee: GuaranteeTerms
  window: Interval
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  commitment: Commitment
  /** Service hours over everything that the window's incidents last. */
  incidentHours: IntervalSet
  /** Time of the exclusions that pause clocks, by kind. */
  pausedBy: (kind: string) => IntervalSet
}

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

type Of<M extends GuaranteeTerms['metric']> = ScoreQuestion & {
  guarantee: Extract<GuaranteeTerms, { metric: M }>
}

export function outageRulesOf({ measurement }: ExpandedContract): OutageRules {
  const { mergeGap, minimumOutageMs } = measurement
  return { mergeGapMs: mergeGap.gapMs, countGapAsDown: mergeGap.countGapAsDown, minimumOutageMs }
}

function measuredOf({ timeline }: Scope, { terms, window, asOfMs, commitment }: ScoreQuestion): Measured {
  const counted = countedTimeline(timeline, outageRulesOf(terms), asOfMs)
  return measure({ timeline: counted, committed: commitment.committed, window, asOfMs })
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

function shareOf(scope: Scope, question: Of<'share-within' | 'request-share'>): Scored {
  const { guarantee, terms, phase } = question
  const measured = measuredOf(scope, question)
  const { bindingFigure, minimumCoverage, latency } = terms.measurement
  const isLatency = guarantee.metric === 'share-within'
  const counted = isLatency ? latencies(scope, question) : requests(scope, question)
  const { tally } = counted
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure,
    minimumSamples: isLatency ? latency.minimumSamples : 1,
    measured,
    minimumCoverage,
    phase,
  })
  return {
    ...base(measured, judgement),
    measure: {
      kind: 'share',
      ...tally,
      share: {
        provable: shareText(tally, 'provable'),
        point: shareText(tally, 'point'),
        pessimistic: shareText(tally, 'pessimistic'),
      },
      thresholdUs: isLatency ? guarantee.thresholdMs * 1_000 : null,
      percentileUs: percentilesOf(counted.latencyUs),
    },
  }
}

type Counted = { tally: LatencyTally; latencyUs: Uint32Array[] }

/** Answers inside up and committed time. What is missing is counted where it could have been one. */
function latencies({ slots, timeline }: Scope, question: Of<'share-within' | 'request-share'>): Counted {
  const { guarantee } = question
  invariant(guarantee.metric === 'share-within', 'latencies have a threshold')
  const elapsed = elapsedOf(question)
  const up = intersect(where(timeline, spanOf(question), isUp), elapsed)
  const open = subtract(elapsed, where(timeline, spanOf(question), isDown))
  const tally = { n: 0, within: 0, missing: 0 }
  const latencyUs: Uint32Array[] = []
  for (const { columns, intervalMs } of slots) {
    const counted = countedLatencies(columns, { up, open })
    latencyUs.push(counted.latencyUs)
    tally.n += counted.latencyUs.length
    tally.within += countWithin(counted.latencyUs, guarantee.thresholdMs * 1_000)
    tally.missing += counted.undecided
    for (const { isMissing } of attempts(columns, { intervalMs, committed: open }))
      if (isMissing) tally.missing += 1
  }
  return { tally, latencyUs }
}

/** Attempts at committed instants; the good ones are `within`. */
function requests({ slots }: Scope, question: ScoreQuestion): Counted {
  const tally = { n: 0, within: 0, missing: 0 }
  for (const { columns, intervalMs } of slots) {
    for (const { isMissing, isFailed } of attempts(columns, { intervalMs, committed: elapsedOf(question) })) {
      if (isMissing) tally.missing += 1
      else tally.n += 1
      if (!isMissing && !isFailed) tally.within += 1
    }
  }
  return { tally, latencyUs: [] }
}

function percentilesOf(latencyUs: readonly Uint32Array[]): { p50: number; p95: number; p99: number } | null {
  const [p50, p95, p99] = nearestRanks(latencyUs, [50, 95, 99])
  if (
    p50 === undefined ||
    p50 === null ||
    p95 === undefined ||
    p95 === null ||
    p99 === undefined ||
    p99 === null
  )
    return null
  return { p50, p95, p99 }
}

function timing(scope: Scope, question: Of<'restoration-time' | 'response-time'>): Scored {
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

function incidentCount(scope: Scope, question: Of<'incident-count'>): Scored {
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

/** The verdict where each figure keeps the target or does not. */
function verdictOf(given: {
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

function outlookOf(given: {
  verdict: Verdict
  phase: 'open' | 'closed'
  isAtRisk: boolean
}): Judgement['outlook'] {
  if (given.phase === 'closed' || given.verdict !== 'indeterminate') return null
  return given.isAtRisk ? 'at_risk' : 'on_track'
}

function base(
  {
    windowCommittedMs,
    committedMs,
    knownMs: known,
  }: Pick<Measured, 'windowCommittedMs' | 'committedMs' | 'knownMs'>,
  { verdict, outlook, insufficientEvidence }: Pick<Judgement, 'verdict' | 'outlook' | 'insufficientEvidence'>,
): Omit<Scored, 'measure'> {
  return {
    verdict,
    outlook,
    insufficientEvidence,
    committedMs: windowCommittedMs,
    elapsedMs: committedMs,
    knownMs: known,
    coverage: coverageText({ committedMs, knownMs: known }),
  }
}

function isThin(
  { committedMs, knownMs: known }: Pick<Measured, 'committedMs' | 'knownMs'>,
  terms: ExpandedContract,
): boolean {
  return (
    committedMs === 0 || compare(fraction(known, committedMs), decimal(terms.measurement.minimumCoverage)) < 0
  )
}

function percentages(shareOfFigure: (figure: Figure) => Fraction | null): Record<Figure, string | null> {
  const texts = FIGURES.map((figure) => {
    const share = shareOfFigure(figure)
    return [figure, share && truncatedText(product(share, fraction(100)), DISPLAY_DIGITS)] as const
  })
  // The entries are one for each figure.
  return Object.fromEntries(texts) as Record<Figure, string | null>
}

function spanOf({ window, asOfMs }: ScoreQuestion): Interval {
  return { startMs: window.startMs, endMs: Math.max(window.startMs, Math.min(window.endMs, asOfMs)) }
}

function elapsedOf(question: ScoreQuestion): IntervalSet {
  return clip(question.commitment.committed, spanOf(question))
}

function wholeMs({ commitment, window }: ScoreQuestion): number {
  return totalMs(clip(commitment.committed, window))
}
