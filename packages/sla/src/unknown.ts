/**
 * Unknown: why nothing is known of a stretch of time. A closed set of reasons, each of them a fact of the
 * ledger: what a sample said, that none came, or what the contract asked for. Pure.
 */
import { causeCode, outcomeCode, type Cause } from '@constat/shared/sample'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { isUnknown, where, type Timeline } from './timeline.ts'

/** Reasons that a sample gives itself, under the name of its cause. */
const OWN_REASONS = [
  'blocked',
  'no-program',
  'unsupported',
  'denied',
  'network',
  'resources',
  'interference',
  'suspended',
  'missed',
] as const satisfies readonly Cause[]

export const UNKNOWN_REASONS = [
  ...OWN_REASONS,
  /** Cut off: every isolation reference that the agent runs stood failed. */
  'isolated',
  /** Nothing was heard: the hold of the last sample is over. */
  'silent',
  /** The spool of the agent was full, and the oldest samples went. */
  'lost',
  /** The agent may run the check, and has not spoken of it so far. */
  'not-measured',
  /** The agent could not tell, and its sample does not say why. */
  'unexplained',
  /** Nobody may run the check. */
  'no-agent',
  /** Not part of the contract in force then. */
  'not-in-force',
  /** A revision that was applied with `--stop-probing` no longer has it. */
  'probing-stopped',
  /** The contract was archived. */
  'archived',
  /** The contract cannot be judged for the time being. */
  'set-aside',
] as const
export type UnknownReason = (typeof UNKNOWN_REASONS)[number]

/** What the fold says of a sample in place of its cause. A cause of a sample is one byte, so these are none. */
export const FOLD_CAUSES = { isolated: 256, lost: 257 } as const

const BY_CODE: ReadonlyMap<number, UnknownReason> = new Map([
  ...OWN_REASONS.map((reason): [number, UnknownReason] => [causeCode(reason), reason]),
  [FOLD_CAUSES.isolated, 'isolated'],
  [FOLD_CAUSES.lost, 'lost'],
])

/** Where a run of samples that tell nothing began, or its cause changed. In order of instant. */
export type Blind = { readonly atMs: readonly UnixMs[]; readonly cause: readonly number[] }

type Causes = {
  atMs: readonly UnixMs[]
  outcome: readonly number[]
  causeAt: (i: number) => number
}

const UNKNOWN = outcomeCode('unknown')
const BLOCKED = outcomeCode('blocked')

/** Where samples that tell nothing begin, or give another reason than the one before. */
export function blindAmong(
  before: { lastOutcome: number; lastCause: number },
  { atMs, outcome, causeAt }: Causes,
): Blind {
  let { lastOutcome, lastCause } = before
  const found: { atMs: UnixMs[]; cause: number[] } = { atMs: [], cause: [] }
  for (let i = 0; i < atMs.length; i += 1) {
    const code = outcome[i]!
    const cause = causeAt(i)
    if ((code === UNKNOWN || code === BLOCKED) && (code !== lastOutcome || cause !== lastCause)) {
      found.atMs.push(atMs[i]!)
      found.cause.push(code === BLOCKED ? causeCode('blocked') : cause)
    }
    lastOutcome = code
    lastCause = cause
  }
  return found
}

/** What an agent said of one check, as far as it says why nothing is known. */
export type ToldBlind = { blind: Blind; silences: IntervalSet; holdMs: number }

/** `sinceMs`: when it began; of a silence when the agent was last heard; null: it never was otherwise. */
export type WhyUnknown = Interval & { reason: UnknownReason; sinceMs: UnixMs | null }

/** Why one vantage knows nothing, over all of its unknown time within `interval`; null: it never spoke. */
export function whyVantage(timeline: Timeline, told: ToldBlind | null, interval: Interval): WhyUnknown[] {
  return where(timeline, interval, isUnknown).flatMap((span) =>
    told ? whyWithin(told, span) : [untold(span)],
  )
}

function untold(span: Interval): WhyUnknown {
  return { ...span, reason: 'not-measured', sinceMs: null }
}

function whyWithin({ blind, silences, holdMs }: ToldBlind, span: Interval): WhyUnknown[] {
  const found: WhyUnknown[] = []
  let fromMs = span.startMs
  for (const silence of overlapping(silences, span)) {
    const startMs = Math.max(span.startMs, silence.startMs)
    const endMs = Math.min(span.endMs, silence.endMs)
    if (fromMs < startMs) found.push(...saidWithin(blind, { startMs: fromMs, endMs: startMs }))
    found.push({ startMs, endMs, reason: 'silent', sinceMs: silence.startMs - holdMs })
    fromMs = endMs
  }
  if (fromMs < span.endMs) found.push(...saidWithin(blind, { startMs: fromMs, endMs: span.endMs }))
  return found
}

/** What the samples of a stretch gave as their reasons. */
function saidWithin({ atMs, cause }: Blind, { startMs, endMs }: Interval): WhyUnknown[] {
  const found: WhyUnknown[] = []
  let i = lastUpTo(atMs, startMs)
  for (let fromMs = startMs; fromMs < endMs; i += 1) {
    const toMs = Math.min(atMs[i + 1] ?? endMs, endMs)
    const span = { startMs: fromMs, endMs: toMs }
    if (i < 0) found.push(untold(span))
    else found.push({ ...span, reason: BY_CODE.get(cause[i]!) ?? 'unexplained', sinceMs: atMs[i]! })
    fromMs = toMs
  }
  return found
}

/** Members that touch `span`, whole. */
function overlapping(set: IntervalSet, { startMs, endMs }: Interval): IntervalSet {
  const from = set.findLastIndex((one) => one.startMs <= startMs)
  return set.slice(Math.max(0, from)).filter((one) => one.endMs > startMs && one.startMs < endMs)
}

/** Index of the last instant up to `atMs`; −1: none. */
function lastUpTo(instants: readonly UnixMs[], atMs: UnixMs): number {
  let low = 0
  let high = instants.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (instants[middle]! <= atMs) low = middle + 1
    else high = middle
  }
  return low - 1
}
