/**
 * Isolation: when every reference of an agent stands failed, the agent itself is cut off, and what it
 * says of its targets is unknown. Decided in the fold, never by the agent. Pure. (spec: vantage timeline)
 */
import { outcomeCode } from '@constat/shared/sample'
import { intersect, normalise, union, type Interval, type IntervalSet } from '@constat/shared/time'
import type { ExpandedContract } from './contract/expanded.ts'
import type { SampleColumns } from './vantage.ts'

/** A check by which an agent knows that it is cut off, and how long one of its samples stands. */
export type Reference = { check: string; holdMs: number }

const FAIL = outcomeCode('fail')
const UNKNOWN = outcomeCode('unknown')

export type ReferenceSamples = { columns: SampleColumns; holdMs: number }

/** Of samples that are all at hand: where the latest one of every reference, at most `holdMs` old, is a failure. */
export function isolatedTime(references: readonly ReferenceSamples[]): IntervalSet {
  return isolatedWhere(
    references.map((reference) => ({ failed: standsFailed(reference), runs: runOf(reference) })),
  )
}

/** A reference as one agent runs it: where it stands failed, and from when to when the agent ran it at all. */
export type RunReference = { failed: IntervalSet; runs: Interval }

/**
 * Where every reference that the agent runs at that instant stands failed. A reference that it does not run
 * yet, or no longer, says nothing either way; where it runs none it is never isolated.
 */
export function isolatedWhere(references: readonly RunReference[]): IntervalSet {
  const running = normalise(references.map(({ runs }) => runs))
  return references.reduce<IntervalSet>((isolated, { failed, runs }) => {
    const before = { startMs: -Infinity, endMs: runs.startMs }
    const after = { startMs: runs.endMs, endMs: Infinity }
    return intersect(isolated, union(failed, [before, after]))
  }, running)
}

/** The same samples, unknown where `isolated` holds at their instant. Untouched columns are not copied. */
export function withIsolation(columns: SampleColumns, isolated: IntervalSet): SampleColumns {
  if (isolated.length === 0) return columns
  const outcome = Uint8Array.from(columns.outcome)
  let next = 0
  for (let i = 0; i < outcome.length; i += 1) {
    const atMs = columns.atMs[i]!
    while (next < isolated.length && isolated[next]!.endMs <= atMs) next += 1
    if (next === isolated.length) break
    if (isolated[next]!.startMs <= atMs) outcome[i] = UNKNOWN
  }
  return { atMs: columns.atMs, outcome }
}

/** From the first sample that told anything, until nothing has stood for a hold. */
function runOf({ columns: { atMs, outcome }, holdMs }: ReferenceSamples): Interval {
  const endMs = (atMs[atMs.length - 1] ?? -Infinity) + holdMs
  for (let i = 0; i < atMs.length; i += 1) if (outcome[i] !== UNKNOWN) return { startMs: atMs[i]!, endMs }
  return { startMs: endMs, endMs }
}

function standsFailed({ columns, holdMs }: ReferenceSamples): IntervalSet {
  const spans: Interval[] = []
  const { atMs, outcome } = columns
  for (let i = 0; i < atMs.length; i += 1) {
    if (outcome[i] !== FAIL) continue
    spans.push({ startMs: atMs[i]!, endMs: Math.min(atMs[i + 1] ?? Infinity, atMs[i]! + holdMs) })
  }
  return normalise(spans)
}

/** The references by which an agent knows that it is cut off, in order of name. */
export function isolationReferences({ measurement, checks }: ExpandedContract): Reference[] {
  if (measurement.isolation.rule !== 'all-references-failed') return []
  const { references } = measurement.isolation
  // The checks of expanded terms stand in order of name.
  return checks
    .filter(({ name }) => references.includes(name))
    .map(({ name, fold }) => ({ check: name, holdMs: fold.holdMs }))
}
