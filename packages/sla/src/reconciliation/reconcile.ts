/**
 * Reconciliation of one availability guarantee with the provider's statement of the same window: the outages
 * of both sides matched, each match classed, and the difference of the two figures explained to the
 * millisecond. Pure. Neutral words only: a match is a difference of documents, not a fault of people.
 * (spec: reconciliation with a provider's statement)
 */
import { clip, intersect, normalise, subtract, totalMs, union } from '@constat/shared/time'
import type { Interval, IntervalSet } from '@constat/shared/time'
import type { ExclusionKind } from '../contract/expanded.ts'
import type { Ruling } from '../judgement/declaration.ts'
import { MATCH_CLASSES, type Match, type MatchClass, type Reconciliation } from './answer.ts'
import { componentsOf } from './components.ts'
import { excuseChecks } from './excuses.ts'
import type { StatedIncident } from './provider-statement.ts'

/** A measured outage, and the zone whose failing made it. */
export type MeasuredOutage = { spans: IntervalSet; zone: string | null }

export type ReconcileQuestion = {
  /** Apart from each other; what is down in the window. */
  measured: readonly MeasuredOutage[]
  /** Of this service; those of every service too. */
  stated: readonly StatedIncident[]
  /** Whether the statement is a list at all. */
  isList: boolean
  /** Service hours of the window. */
  inHours: IntervalSet
  /** What is excused of them in the end. */
  excluded: IntervalSet
  window: Interval
  toleranceMs: number
  /** What was declared for this service, and the kinds that the contract has. */
  rulings: readonly Ruling[]
  kinds: readonly ExclusionKind[]
  /** Whether the provider answers for a zone. */
  isProviders: (zone: string) => boolean
  /** What it reports, and the downtime that it means; null where it reports none. */
  reported: { percent: string; ms: number } | null
}

type Context = ReconcileQuestion & { committed: IntervalSet }

export function reconcile(question: ReconcileQuestion): Reconciliation {
  const { window, inHours, excluded, reported, kinds } = question
  const context = { ...question, committed: clip(subtract(inHours, excluded), window) }
  const lines = question.stated.map((one) => ({ ...one, kind: claimedKind(one, kinds) }))
  const isInside = ({ readings }: StatedIncident): boolean => clip(normalise(readings), window).length > 0
  const inside = lines.filter(isInside)
  // Without a line, a percentage that concedes downtime has told of it in its own way.
  const isItemised = inside.length > 0 || (question.isList && (reported?.ms ?? 0) === 0)
  const components = isItemised ? joined({ measured: question.measured, stated: inside }, context) : []
  const matches = components.map((component) => matchOf(component, context))
  const spans = union(...question.measured.map((one) => one.spans))
  const measured = totalMs(intersect(spans, context.committed))
  const downMs = {
    reported: reported?.ms ?? null,
    stated: totalMs(intersect(claimedSet(inside), context.committed)),
    both: isItemised
      ? matches.reduce((ms, match) => ms + match.bothMs, 0)
      : Math.min(reported?.ms ?? 0, measured),
    measured,
  }
  return {
    matches,
    reportedPercent: reported?.percent ?? null,
    isItemised,
    linesOutside: lines.filter((one) => !isInside(one)).map(({ line }) => line),
    waterfall: waterfallOf(matches, { downMs, isItemised }),
    downMs,
  }
}

/** The kind of exclusion that a line claims; null: an outage, by whatever name. */
function claimedKind({ kind }: StatedIncident, kinds: readonly ExclusionKind[]): string | null {
  const word = kind?.trim().toLowerCase()
  return kinds.find(({ id }) => id.toLowerCase() === word)?.id ?? null
}

/** What the lines say is down and not excused, each by its first reading. */
function claimedSet(stated: readonly StatedIncident[]): IntervalSet {
  return normalise(stated.filter(({ kind }) => kind === null).flatMap(({ readings }) => readings.slice(0, 1)))
}

type Members = { measured: readonly MeasuredOutage[]; stated: readonly StatedIncident[] }
type Component = { measured: MeasuredOutage[]; stated: StatedIncident[] }

function joined({ measured, stated }: Members, context: Context): Component[] {
  const nodes = [
    ...measured.map(({ spans }) => ({ side: 'measured' as const, intervals: [hullOf(spans)] })),
    ...stated.map(({ readings }) => ({ side: 'stated' as const, intervals: readings })),
  ]
  return componentsOf(nodes, context.toleranceMs)
    .map((members) => ({
      measured: members.flatMap((node) => measured[node] ?? []),
      stated: members.flatMap((node) => stated[node - measured.length] ?? []),
    }))
    .filter(({ measured: own, stated: lines }) => lines.length > 0 || isPromised(own, context))
}

/** An outage outside committed time is no difference: nobody had to report it. */
function isPromised(outages: readonly MeasuredOutage[], { committed }: Context): boolean {
  return outages.some(({ spans }) => intersect(spans, committed).length > 0)
}

function hullOf(set: IntervalSet): Interval {
  return { startMs: set[0]?.startMs ?? 0, endMs: set.at(-1)?.endMs ?? 0 }
}

function matchOf({ measured, stated }: Component, context: Context): Match {
  const { committed, window } = context
  const spans = union(...measured.map((one) => one.spans))
  const claimed = claimedSet(stated)
  const overlap = overlapOf({
    measured: intersect(spans, committed),
    provider: intersect(claimed, committed),
  })
  const match = {
    interval: hullOf(union(spans, ...stated.map(({ readings }) => normalise(readings)))),
    measured: spans,
    lines: stated.map(({ line }) => line),
    ...overlap,
    // An outage over the end of the window is compared within it.
    ...differences(spans, clip(normalise(stated.flatMap(({ readings }) => readings.slice(0, 1))), window)),
    readings: stated.flatMap(({ readings }) => (readings.length > 1 ? readings : [])),
    excuses: stated.flatMap((one) => excuseChecks(one, context)),
  }
  return { class: classOf({ measured, stated, match }, context), ...match }
}

type Sides = { measured: IntervalSet; provider: IntervalSet }
type Overlap = Pick<Match, 'bothMs' | 'measuredOnlyMs' | 'providerOnlyMs'>

/** How long both say down, and each alone. Both are sets, so overlapping lines of one statement count once. */
export function overlapOf({ measured, provider }: Sides): Overlap {
  return {
    bothMs: totalMs(intersect(measured, provider)),
    measuredOnlyMs: totalMs(subtract(measured, provider)),
    providerOnlyMs: totalMs(subtract(provider, measured)),
  }
}

function differences(
  measured: IntervalSet,
  provider: IntervalSet,
): Pick<Match, 'startDifferenceMs' | 'endDifferenceMs'> {
  if (measured.length === 0 || provider.length === 0)
    return { startDifferenceMs: null, endDifferenceMs: null }
  const ours = hullOf(measured)
  const theirs = hullOf(provider)
  return { startDifferenceMs: theirs.startMs - ours.startMs, endDifferenceMs: theirs.endMs - ours.endMs }
}

type Classed = Component & { match: Omit<Match, 'class'> }

function classOf(
  { measured, stated, match }: Classed,
  { toleranceMs, isProviders }: ReconcileQuestion,
): MatchClass {
  const isForeign = measured.length > 0 && measured.every(({ zone }) => zone !== null && !isProviders(zone))
  if (stated.length === 0) return isForeign ? 'out-of-scope' : 'absent-from-the-statement'
  if (match.readings.length > 0) return 'ambiguous-local-time'
  if (measured.length === 0) return 'declared-only-by-the-provider'
  if (isReclassified(match.measured, stated)) return 'reclassified'
  if (isForeign) return 'out-of-scope'
  const differsBy = Math.max(Math.abs(match.startDifferenceMs ?? 0), Math.abs(match.endDifferenceMs ?? 0))
  // Several outages can begin and end together and still differ in between.
  const isClose = match.measuredOnlyMs <= 2 * toleranceMs && match.providerOnlyMs <= 2 * toleranceMs
  if (differsBy <= toleranceMs && isClose) return 'agreed'
  return match.providerOnlyMs > match.measuredOnlyMs ? 'longer-in-the-statement' : 'shorter-in-the-statement'
}

/** Part of what was measured is told as excused and not as an outage. */
function isReclassified(measured: IntervalSet, stated: readonly StatedIncident[]): boolean {
  const excused = normalise(
    stated.filter(({ kind }) => kind !== null).flatMap(({ readings }) => readings.slice(0, 1)),
  )
  return subtract(intersect(measured, excused), claimedSet(stated)).length > 0
}

/** Additive: the steps between the first and the last line sum to their difference. */
function waterfallOf(
  matches: readonly Match[],
  { downMs, isItemised }: Pick<Reconciliation, 'downMs' | 'isItemised'>,
): Reconciliation['waterfall'] {
  const { reported, stated, measured } = downMs
  const first = { step: 'stated', ms: reported ?? stated } as const
  const last = { step: 'measured', ms: measured } as const
  const classes = MATCH_CLASSES.map((step) => ({
    step,
    ms: matches
      .filter((match) => match.class === step)
      .reduce((sum, match) => sum + match.measuredOnlyMs - match.providerOnlyMs, 0),
  }))
  const steps = isItemised
    ? [{ step: 'arithmetic-of-the-statement' as const, ms: stated - first.ms }, ...classes]
    : [{ step: 'not-itemised-in-the-statement' as const, ms: measured - first.ms }]
  return [first, ...steps.filter(({ ms }) => ms !== 0), last]
}
