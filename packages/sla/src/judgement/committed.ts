/**
 * Committed time: the part of a window in which the promise holds. Service hours from the day it was made,
 * less what valid exclusions take, whose cap is spent in order of time and only within service hours. Pure.
 * (spec: window)
 */
import { clip, intersect, normalise, subtract } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { ALWAYS, serviceIntervals, tableOf, uncoveredYears } from '../calendar.ts'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { spend } from '../exclusion.ts'
import { windowAt } from '../period.ts'
import { STATE_MARK, mapWithin, type Timeline } from '../timeline.ts'
import type { Ruling } from './declaration.ts'
import { remembered } from './remembered.ts'

export type Commitment = {
  /** Service hours of the window, from the promise on. */
  inHours: IntervalSet
  /** What exclusions excuse of them. */
  excluded: IntervalSet
  /** What figures are measured in: by the denominator mode, with or without the excluded time. */
  committed: IntervalSet
  /** Whether excluded time stays in `committed`. */
  isKept: boolean
}

/** When a promise is in force, the end open where it has none; a contract can be taken up again. */
export type InForce = IntervalSet

const inService = remembered<IntervalSet>()

/** Service hours of `window` while the promise is in force. Fault `bad-contract` for a year not covered. */
export function hoursIn(
  terms: ExpandedContract,
  { calendar }: Pick<GuaranteeTerms, 'calendar'>,
  { window, inForce }: { window: Interval; inForce: InForce },
): IntervalSet {
  const hours = inService({ owner: terms, name: calendar, span: window }, () =>
    serviceIntervals(terms.calendars[calendar] ?? ALWAYS, terms.zoneTables, window),
  )
  return intersect(hours, inForce)
}

export type CommitmentQuestion = {
  terms: ExpandedContract
  guarantee: Pick<GuaranteeTerms, 'calendar' | 'window'>
  window: Interval
  inForce: InForce
  rulings: readonly Ruling[]
}

/** `rulings`: those that excuse, contested or not. */
export function commitmentOf(question: CommitmentQuestion): Commitment {
  const { terms, window } = question
  const inHours = hoursIn(terms, question.guarantee, question)
  const excluded = clip(excludedIn(question), window)
  const isKept = terms.exclusions.denominatorMode === 'excuse-only'
  const committed = isKept ? inHours : subtract(inHours, excluded)
  return { inHours, excluded: intersect(excluded, inHours), committed, isKept }
}

/** Excluded time that stays in the denominator: whatever happens in it is good. */
export function excusedOf({ commitment }: { commitment: Commitment }): IntervalSet {
  return commitment.isKept ? commitment.excluded : []
}

/** The timeline that figures are measured on: where excluded time stays in the denominator, it is up. */
export function excusedTimeline(timeline: Timeline, commitment: Commitment): Timeline {
  const excused = excusedOf({ commitment })
  return excused.length === 0 ? timeline : mapWithin(timeline, excused, () => STATE_MARK.up)
}

/** Excused time in service hours of every calendar month that the window touches, each within its cap. */
function excludedIn(question: CommitmentQuestion): IntervalSet {
  const { terms, guarantee, window, rulings } = question
  const valid = normalise(rulings.flatMap(({ spans }) => spans))
  const { capPerMonthMs } = terms.exclusions
  if (capPerMonthMs === null || valid.length === 0)
    return intersect(valid, hoursIn(terms, guarantee, question))
  const found = monthsOf(question).flatMap((month) => {
    const span = coveredPart(terms, guarantee, { month, window })
    const inside = intersect(valid, hoursIn(terms, guarantee, { ...question, window: span }))
    return spend(inside, capPerMonthMs)
  })
  return normalise(found)
}

/** Months of the window's zone from the one it begins in to the one it ends in. */
function monthsOf({ terms, guarantee, window }: CommitmentQuestion): Interval[] {
  const table = tableOf(terms.zoneTables, guarantee.window.timeZone)
  const months: Interval[] = []
  let atMs: UnixMs = window.startMs
  while (atMs < window.endMs) {
    const month = windowAt({ period: 'P1M', table }, atMs)
    months.push(month)
    atMs = month.endMs
  }
  return months
}

/** A month may reach into a year that the calendar does not cover, where the window itself does not. */
function coveredPart(
  terms: ExpandedContract,
  { calendar }: Pick<GuaranteeTerms, 'calendar'>,
  { month, window }: { month: Interval; window: Interval },
): Interval {
  const isCovered = uncoveredYears(terms.calendars[calendar] ?? ALWAYS, terms.zoneTables, month).length === 0
  if (isCovered) return month
  return { startMs: Math.max(month.startMs, window.startMs), endMs: Math.min(month.endMs, window.endMs) }
}
