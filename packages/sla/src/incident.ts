/**
 * Incidents: maximal intervals of D, joined over short gaps; unknown time never closes one.
 * Pure. They are lists of facts for people: windows are measured on the timeline, not on incidents.
 */
import { invariant } from '@constat/shared/fault'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { DownMs } from './figures.ts'
import { countedTimeline, downReaches, merged, type OutageRules, type Reach } from './outage.ts'
import { MARK, indexAt, isDown, isPossiblyDown, isProvenDown, piecesWithin, within } from './timeline.ts'
import type { Timeline } from './timeline.ts'

export type Incident = {
  /** Onset: the first failed sample of the run that confirmed it. */
  startMs: UnixMs
  /** When it was first seen up again; null while it is open. */
  endMs: UnixMs | null
  /** D inside it, before any rule on what counts. */
  spans: IntervalSet
  /** The longest it can have been: back to the last proof of up, on to the next, through seen time. */
  possible: Interval
  /**
   * What counts of it. The pessimistic figure covers `possible`, and unknown time before it: nobody saw whether it
   * had begun by then. So those of neighbours can overlap.
   * `point` is 0 for an incident below the minimum outage.
   */
  downMs: DownMs
}

/** All incidents with an onset before `asOfMs`, in order. */
export function incidentsOf(timeline: Timeline, rules: OutageRules, asOfMs: UnixMs): Incident[] {
  const told = within(timeline, { startMs: -Infinity, endMs: asOfMs })
  const counted = countedTimeline(told, rules, asOfMs)
  return merged(downReaches(told), rules).map((outage) => incidentOf(outage, { told, counted, asOfMs }))
}

type Seen = { told: Timeline; counted: Timeline; asOfMs: UnixMs }

function incidentOf(outage: readonly Reach[], { told, counted, asOfMs }: Seen): Incident {
  const first = outage[0]
  const last = outage.at(-1)
  invariant(first && last, 'an outage has a span')
  const isOpen = last.untilMs >= asOfMs
  const startMs = first.span.startMs
  const seenEndMs = isOpen ? asOfMs : last.untilMs
  const possible = {
    startMs: sinceWhen(told, startMs, isInDoubt),
    endMs: isOpen ? asOfMs : doubtAfter(told, { fromMs: seenEndMs, asOfMs }),
  }
  const seen = { startMs, endMs: seenEndMs }
  const sinceProof = { ...possible, startMs: sinceWhen(told, startMs, isUnproved) }
  return {
    startMs,
    endMs: isOpen ? null : seenEndMs,
    spans: outage.map(({ span }) => span),
    possible,
    downMs: {
      provable: lengthMs(counted, seen, isProvenDown),
      point: lengthMs(counted, seen, isDown),
      pessimistic: lengthMs(counted, sinceProof, isPossiblyDown),
    },
  }
}

/** Seen, not down, and not proved up either. */
function isInDoubt(mark: number): boolean {
  return isPossiblyDown(mark) && (mark & (MARK.known | MARK.down)) === MARK.known
}

/** In doubt, or not seen at all. */
function isUnproved(mark: number): boolean {
  return isPossiblyDown(mark) && !isDown(mark)
}

/** Back from `startMs` while it holds, at most to the first instant that anything is known of. */
function sinceWhen(timeline: Timeline, startMs: UnixMs, holds: (mark: number) => boolean): UnixMs {
  let i = indexAt(timeline, startMs)
  while (i > 0 && holds(timeline.mark[i - 1]!)) i -= 1
  return timeline.at[i] ?? startMs
}

function doubtAfter(timeline: Timeline, { fromMs, asOfMs }: { fromMs: UnixMs; asOfMs: UnixMs }): UnixMs {
  let i = indexAt(timeline, fromMs)
  while (i < timeline.at.length && isInDoubt(timeline.mark[i]!)) i += 1
  return Math.min(Math.max(timeline.at[i] ?? asOfMs, fromMs), asOfMs)
}

function lengthMs(timeline: Timeline, interval: Interval, holds: (mark: number) => boolean): number {
  let sum = 0
  for (const { startMs, endMs, mark } of piecesWithin(timeline, interval)) {
    if (holds(mark)) sum += endMs - startMs
  }
  return sum
}
