/**
 * Outage rules: which downtime counts. Gaps up to `mergeGap` join outages into one, and an outage below
 * `minimumOutage` does not count; both are tried on whole outages, before any window clips them.
 * Pure. Applied to each of P, D and S by itself, which keeps P ⊆ D ⊆ S. (spec: incident)
 */
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { normalise, union } from '@constat/shared/time'
import { combine, type Counts } from './combine.ts'
import type { Figure } from './figures.ts'
import {
  MARK,
  everywhere,
  isDown,
  isPossiblyDown,
  isProvenDown,
  isUnknown,
  timelineWithin,
  within,
  type Timeline,
} from './timeline.ts'

export type OutageRules = {
  /** Outages at most this far apart are one. 0: only those that touch. */
  mergeGapMs: number
  /** Is the merged gap itself downtime? */
  countGapAsDown: boolean
  /** A whole outage, from its first to its last instant, counts from this length on. */
  minimumOutageMs: number
  /** Downtime of an outage counts in whole multiples of this. Absent: to the millisecond. */
  granularityMs?: number
}

export const EVERY_OUTAGE: OutageRules = Object.freeze({
  mergeGapMs: 0,
  countGapAsDown: false,
  minimumOutageMs: 0,
})

/** A span of downtime, and until when nothing has told that it ended: unknown time never ends one. */
export type Reach = { span: Interval; untilMs: UnixMs }

/** What of `outages` counts. */
export function countedOutages(outages: IntervalSet, rules: OutageRules): IntervalSet {
  return countedSpans(outages.map(reachOfItself), rules)
}

/**
 * The timeline as the rules count it: `down`, `provenDown` and the lack of `provenUp` say what counts, and
 * `known` still says what was seen. Time from `asOfMs` on is unknown, so what is running may still grow.
 */
export function countedTimeline(timeline: Timeline, rules: OutageRules, asOfMs: UnixMs): Timeline {
  const told = within(timeline, { startMs: -Infinity, endMs: asOfMs })
  if (rules.minimumOutageMs === 0 && !rules.countGapAsDown && rules.granularityMs === undefined) return told
  const provable = countedSpans(everywhere(told, isProvenDown).map(reachOfItself), rules)
  const point = countedSpans(downReaches(told), rules)
  const pessimistic = countedSpans(everywhere(told, isPossiblyDown).map(reachOfItself), rules)
  return remarked(told, nested({ provable, point, pessimistic }, rules))
}

/**
 * D with the time after each span that does not tell of an end: unknown, or seen down by somebody while the
 * others cannot yet be proved up, as when a new vantage has only begun to look.
 */
export function downReaches(timeline: Timeline): Reach[] {
  const unknown = everywhere(timeline, isUntold)
  let next = 0
  return everywhere(timeline, isDown).map((span) => {
    while (next < unknown.length && unknown[next]!.startMs < span.endMs) next += 1
    const isFollowed = unknown[next]?.startMs === span.endMs
    return { span, untilMs: isFollowed ? unknown[next]!.endMs : span.endMs }
  })
}

function isUntold(mark: number): boolean {
  return isUnknown(mark) || (mark & (MARK.partial | MARK.provenUp)) === MARK.partial
}

/** Outages joined over gaps up to `mergeGapMs`, in order. Never empty inside. */
export function merged(reaches: readonly Reach[], { mergeGapMs }: OutageRules): Reach[][] {
  const outages: Reach[][] = []
  for (const reach of reaches) {
    const current = outages.at(-1)
    if (current && reach.span.startMs - current.at(-1)!.untilMs <= mergeGapMs) current.push(reach)
    else outages.push([reach])
  }
  return outages
}

/** Each outage of a set, joined as the rules join them, from its first to its last instant. */
export function hulls(spans: IntervalSet, rules: OutageRules): Interval[] {
  return merged(spans.map(reachOfItself), rules).map((group) => ({
    startMs: group[0]!.span.startMs,
    endMs: group.at(-1)!.span.endMs,
  }))
}

const VERDICT_MARKS = MARK.down | MARK.provenDown | MARK.provenUp

type Sets = Record<Figure, IntervalSet>

/** Cutting each outage's end can leave a set sticking out of the next one: it is put back in. */
function nested({ provable, point, pessimistic }: Sets, { granularityMs }: OutageRules): Sets {
  if (granularityMs === undefined) return { provable, point, pessimistic }
  return { provable, point: union(point, provable), pessimistic: union(pessimistic, point, provable) }
}

function remarked({ at, mark }: Timeline, { provable, point, pessimistic }: Sets): Timeline {
  const sets = [
    { at, mark: mark.map((marks) => marks & ~VERDICT_MARKS) },
    timelineWithin(provable, MARK.provenDown),
    timelineWithin(point, MARK.down),
    timelineWithin(between(pessimistic), MARK.provenUp),
  ]
  return combine(sets, everyMark)
}

function reachOfItself(span: Interval): Reach {
  return { span, untilMs: span.endMs }
}

function countedSpans(reaches: readonly Reach[], rules: OutageRules): IntervalSet {
  const counted: Interval[] = []
  for (const outage of merged(reaches, rules)) {
    const lengthMs = outage.at(-1)!.span.endMs - outage[0]!.span.startMs
    if (lengthMs < rules.minimumOutageMs) continue
    const spans = rules.countGapAsDown ? filled(outage, rules) : spansOf(outage)
    for (const span of wholeUnits(spans, rules)) counted.push(span)
  }
  return counted
}

function spansOf(outage: readonly Reach[]): IntervalSet {
  return outage.map(({ span }) => span)
}

/** The outage with its gaps; unknown time longer than a gap stays out. */
function filled(outage: readonly Reach[], { mergeGapMs }: OutageRules): IntervalSet {
  const gaps = outage.slice(1).map(({ span }, i) => {
    const before = outage[i]!
    const isShort = span.startMs - before.span.endMs <= mergeGapMs
    return { startMs: isShort ? before.span.endMs : before.untilMs, endMs: span.startMs }
  })
  return normalise([...spansOf(outage), ...gaps])
}

/** The first whole multiple of the granularity out of the outage's downtime. */
function wholeUnits(spans: IntervalSet, { granularityMs }: OutageRules): IntervalSet {
  if (granularityMs === undefined) return spans
  const lengthMs = spans.reduce((ms, { startMs, endMs }) => ms + endMs - startMs, 0)
  if (lengthMs === Infinity) return spans
  let leftMs = lengthMs - (lengthMs % granularityMs)
  const whole = spans.map(({ startMs, endMs }) => {
    const takenMs = Math.min(leftMs, endMs - startMs)
    leftMs -= takenMs
    return { startMs, endMs: startMs + takenMs }
  })
  return whole.filter(({ startMs, endMs }) => startMs < endMs)
}

function between(set: IntervalSet): IntervalSet {
  return set.slice(1).map(({ startMs }, i) => ({ startMs: set[i]!.endMs, endMs: startMs }))
}

function everyMark(counts: Readonly<Counts>): number {
  let mark = 0
  if (counts.known > 0) mark |= MARK.known
  if (counts.down > 0) mark |= MARK.down
  if (counts.provenDown > 0) mark |= MARK.provenDown
  if (counts.provenUp > 0) mark |= MARK.provenUp
  if (counts.degraded > 0) mark |= MARK.degraded
  if (counts.partial > 0) mark |= MARK.partial
  return counts.blocked > 0 ? mark | MARK.blocked : mark
}
