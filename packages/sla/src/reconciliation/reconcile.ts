/**
 * Reconciliation of one availability guarantee with the provider's statement of the same window: the outages
 * of both sides matched, each match classed, and the difference of the two figures explained to the
 * millisecond. Pure. Neutral words only: a match is a difference of documents, not a fault of people.
 * (spec: reconciliation with a provider's statement)
 */
import {
  clip,
  intersect,
  normalise,
  totalMs,
  union,
  type Interval,
  type IntervalSet,
  type UnixMs,
} from '@constat/shared/time'
import type { Ruling } from '../judgement/declaration.ts'
import { overlapOf } from './overlap.ts'
import type { StatedIncident } from './provider-statement.ts'

export const MATCH_CLASSES = [
  'agreed',
  'shorter-in-the-statement',
  'longer-in-the-statement',
  'absent-from-the-statement',
  'declared-only-by-the-provider',
  'reclassified',
  'out-of-scope',
  'ambiguous-local-time',
] as const
export type MatchClass = (typeof MATCH_CLASSES)[number]

/** A measured outage, and the zone whose failing made it. */
export type MeasuredOutage = { spans: IntervalSet; zone: string | null }

export type Match = {
  class: MatchClass
  /** From the first to the last instant of either side. */
  interval: Interval
  measured: IntervalSet
  /** Lines of the statement. */
  lines: number[]
  /** On unwidened committed time. */
  bothMs: number
  measuredOnlyMs: number
  providerOnlyMs: number
  /** The statement minus the measurement, ms; null where one side has none. */
  startDifferenceMs: number | null
  endDifferenceMs: number | null
  /** Every meaning of its local times, where there is more than one. */
  readings: Interval[]
  /** Rulings on what the provider calls excused. */
  rulings: Ruling[]
}

export type Reconciliation = {
  matches: Match[]
  /** The provider's figure, then each step, ends at the measured one. */
  waterfall: { step: string; ms: number }[]
  downMs: { stated: number; both: number; measured: number }
}

export type ReconcileQuestion = {
  measured: readonly MeasuredOutage[]
  /** Of this service; those of every service too. */
  stated: readonly StatedIncident[]
  /** Service hours without valid exclusions. */
  committed: IntervalSet
  window: Interval
  toleranceMs: number
  rulings: readonly Ruling[]
  /** Whether the provider answers for a zone. */
  isProviders: (zone: string) => boolean
  /** Downtime that the reported percentage means; null where it reports none. */
  reportedMs: number | null
}

export function reconcile(question: ReconcileQuestion): Reconciliation {
  const { committed, reportedMs } = question
  const matches = componentsOf(question).map((component) => matchOf(component, question))
  const stated = totalMs(intersect(statedSet(question), committed))
  const both = matches.reduce((ms, match) => ms + match.bothMs, 0)
  const measured = totalMs(intersect(measuredSet(question), committed))
  return {
    matches,
    waterfall: waterfallOf(matches, { stated, measured, reportedMs }),
    downMs: { stated, both, measured },
  }
}

/** What the statement says is down and not excused, each line by its first reading. */
function statedSet({ stated }: ReconcileQuestion): IntervalSet {
  return normalise(stated.filter(({ kind }) => kind === null).flatMap(({ readings }) => readings.slice(0, 1)))
}

function measuredSet({ measured }: ReconcileQuestion): IntervalSet {
  return union(...measured.map(({ spans }) => spans))
}

type Component = { measured: MeasuredOutage[]; stated: StatedIncident[] }

/** Outages of both sides that overlap once widened by the tolerance, directly or over others: many to many. */
function componentsOf({ measured, stated, toleranceMs, window }: ReconcileQuestion): Component[] {
  const sides = [
    ...measured.map((outage) => ({ outage, incident: null, hull: hullOf(outage.spans) })),
    ...stated.map((incident) => ({ outage: null, incident, hull: hullOf(normalise(incident.readings)) })),
  ]
  const inWindow = sides
    .filter(({ hull }) => clip([hull], window).length > 0)
    .sort((a, b) => a.hull.startMs - b.hull.startMs)
  const components: (Component & { untilMs: UnixMs })[] = []
  for (const { outage, incident, hull } of inWindow) {
    let current = components.at(-1)
    // Both sides are widened, so they may be twice the tolerance apart.
    if (!current || hull.startMs - toleranceMs >= current.untilMs + toleranceMs) {
      components.push((current = { measured: [], stated: [], untilMs: hull.endMs }))
    }
    if (outage) current.measured.push(outage)
    if (incident) current.stated.push(incident)
    current.untilMs = Math.max(current.untilMs, hull.endMs)
  }
  return components
}

function hullOf(set: IntervalSet): Interval {
  return { startMs: set[0]?.startMs ?? 0, endMs: set.at(-1)?.endMs ?? 0 }
}

function matchOf({ measured, stated }: Component, question: ReconcileQuestion): Match {
  const { committed, rulings } = question
  const spans = union(...measured.map((one) => one.spans))
  const claimed = stated.filter(({ kind }) => kind === null)
  const provider = normalise(claimed.flatMap(({ readings }) => readings.slice(0, 1)))
  const all = union(spans, ...stated.map(({ readings }) => normalise(readings)))
  const overlap = overlapOf({
    measured: intersect(spans, committed),
    provider: intersect(provider, committed),
  })
  const excused = stated.filter(({ kind }) => kind !== null)
  const match = {
    interval: hullOf(all),
    measured: spans,
    lines: stated.map(({ line }) => line),
    ...overlap,
    ...differences(spans, normalise(stated.flatMap(({ readings }) => readings.slice(0, 1)))),
    readings: stated.flatMap(({ readings }) => (readings.length > 1 ? readings : [])),
    rulings: rulings.filter((ruling) => excused.some((one) => touches(one.readings, ruling.interval))),
  }
  return { class: classOf({ measured, stated, match }, question), ...match }
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
  if (stated.length === 0) {
    const foreign = measured.length > 0 && measured.every(({ zone }) => zone !== null && !isProviders(zone))
    return foreign ? 'out-of-scope' : 'absent-from-the-statement'
  }
  if (match.readings.length > 0) return 'ambiguous-local-time'
  if (measured.length === 0) return 'declared-only-by-the-provider'
  if (stated.every(({ kind }) => kind !== null)) return 'reclassified'
  if (measured.every(({ zone }) => zone !== null && !isProviders(zone))) return 'out-of-scope'
  const differsBy = Math.max(Math.abs(match.startDifferenceMs ?? 0), Math.abs(match.endDifferenceMs ?? 0))
  const isClose = match.measuredOnlyMs <= 2 * toleranceMs && match.providerOnlyMs <= 2 * toleranceMs
  if (differsBy <= toleranceMs && isClose) return 'agreed'
  return match.providerOnlyMs > match.measuredOnlyMs ? 'longer-in-the-statement' : 'shorter-in-the-statement'
}

function touches(readings: readonly Interval[], interval: Interval): boolean {
  return readings.some((one) => one.startMs < interval.endMs && interval.startMs < one.endMs)
}

type WaterfallQuestion = { stated: number; measured: number; reportedMs: number | null }

/** Additive: the steps between the first and the last line sum to their difference. */
function waterfallOf(
  matches: readonly Match[],
  { stated, measured, reportedMs }: WaterfallQuestion,
): { step: string; ms: number }[] {
  const steps = MATCH_CLASSES.flatMap((name) => {
    const own = matches.filter((match) => match.class === name)
    const ms = own.reduce((sum, match) => sum + match.measuredOnlyMs - match.providerOnlyMs, 0)
    return own.length === 0 || ms === 0 ? [] : [{ step: name, ms }]
  })
  const arithmetic =
    reportedMs === null ? [] : [{ step: 'arithmetic-of-the-statement', ms: stated - reportedMs }]
  return [
    { step: 'stated', ms: reportedMs ?? stated },
    ...arithmetic.filter(({ ms }) => ms !== 0),
    ...steps,
    { step: 'measured', ms: measured },
  ]
}
