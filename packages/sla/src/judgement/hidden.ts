/**
 * Hidden outages: what may have happened where nobody can prove that nothing did. Pure. Silence never makes
 * a failure, but it keeps `met` away: losing samples must not hide the third outage, nor the long one.
 */
import { clip, subtract, totalMs, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { merged, type OutageRules } from '../outage.ts'
import {
  indexAt,
  isPossiblyDown,
  isProvenDown,
  isUnknown,
  markAt,
  where,
  type Timeline,
} from '../timeline.ts'
import type { IncidentFacts } from './timing.ts'

export type HiddenQuestion = {
  timeline: Timeline
  /** All that the timeline tells of, whenever they began. */
  incidents: readonly IncidentFacts[]
  window: Interval
  asOfMs: UnixMs
  rules: OutageRules
}

/**
 * Stretches that may be one outage with an onset in the window, to their end, joined as the contract joins
 * outages. What is provably the outage of an earlier window is not among them.
 */
export function possibleOutages({ timeline, window, asOfMs, rules }: HiddenQuestion): Interval[] {
  const startMs = afterProof(timeline, window.startMs)
  if (startMs >= asOfMs) return []
  const spans = where(timeline, { startMs, endMs: asOfMs }, isPossiblyDown)
  const isLongEnough = (hull: Interval): boolean => hull.endMs - hull.startMs >= rules.minimumOutageMs
  return hulls(spans, rules).filter((hull) => hull.startMs < window.endMs && isLongEnough(hull))
}

/** The end of the proved outage that `atMs` is in, or `atMs` itself. */
function afterProof(timeline: Timeline, atMs: UnixMs): UnixMs {
  if (!isProvenDown(markAt(timeline, atMs))) return atMs
  let i = indexAt(timeline, atMs)
  while (i < timeline.at.length && isProvenDown(timeline.mark[i]!)) i += 1
  return timeline.at[i] ?? Infinity
}

function hulls(spans: IntervalSet, rules: OutageRules): Interval[] {
  return merged(
    spans.map((span) => ({ span, untilMs: span.endMs })),
    rules,
  ).map((group) => ({ startMs: group[0]!.span.startMs, endMs: group.at(-1)!.span.endMs }))
}

/**
 * The longest that a possible outage may have run on a clock. Where people stop the clock, what the told
 * incidents explain has been timed already.
 */
export function longestHiddenMs(
  question: HiddenQuestion,
  { ranMs, isTimedByPeople }: { ranMs: (span: Interval) => number; isTimedByPeople: boolean },
): number {
  const told = question.incidents.map(({ possible }) => possible)
  const spans = possibleOutages(question).flatMap((span) =>
    isTimedByPeople ? subtract([span], hulls(told, question.rules)) : [span],
  )
  return spans.reduce((most, span) => Math.max(most, ranMs(span)), 0)
}

/**
 * How many more incidents there may have been than were told. Two outages nearer than the contract joins are
 * one, and none is shorter than the interval of the checks that would have seen it; so each silence has room
 * for so many. Seen time in doubt, such as a failure that never confirmed, has room for one.
 */
export function hiddenCount(
  question: HiddenQuestion,
  room: { terms: ExpandedContract; counts: IntervalSet },
): number {
  const { timeline, incidents, window, rules } = question
  const told = incidents.map(({ possible }) => possible)
  const leastMs = Math.max(rules.minimumOutageMs, shortestIntervalMs(room.terms))
  const eachMs = leastMs + rules.mergeGapMs
  const isCounted = (span: Interval): boolean => totalMs(clip(room.counts, span)) > 0
  let sum = 0
  for (const span of possibleOutages(question).flatMap((hull) => subtract([hull], hulls(told, rules)))) {
    if (!isCounted(span)) continue
    const isAlone = !told.some(({ startMs, endMs }) => startMs <= span.endMs && span.startMs <= endMs)
    const lengthMs = span.endMs - span.startMs
    const isSilent = where(timeline, span, isUnknown).length > 0
    if (!isAlone) sum += Math.floor(lengthMs / eachMs)
    else sum += isSilent ? Math.max(1, Math.floor((lengthMs + rules.mergeGapMs) / eachMs)) : 1
  }
  // A silence within an incident may have parted it.
  for (const { startMs, endMs } of told.flatMap((span) => where(timeline, clipped(span, window), isUnknown)))
    if (isCounted({ startMs, endMs })) sum += Math.floor((endMs - startMs - 1 + leastMs) / eachMs)
  return sum
}

function clipped(span: Interval, window: Interval): Interval {
  return { startMs: Math.max(span.startMs, window.startMs), endMs: Math.min(span.endMs, window.endMs) }
}

function shortestIntervalMs({ checks }: ExpandedContract): number {
  return checks.reduce((least, { spec }) => Math.min(least, spec.intervalMs), 60_000)
}
