/**
 * Latency slots: what the samples of one vantage come to within a population, where it is known from when to
 * when it was expected to look. Every slot that it should have filled is counted, or missing. Pure. Counted
 * chunk by chunk, so that an open window adds only what is new; the whole at once comes to the same.
 */
import { clip, intersect, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { countedLatencies, countWithin, missingBetween, slotsWithin } from './latency.ts'
import type { Population, SlotColumns, WholeTally } from './latency.ts'

/**
 * `sure`: the part of `up` that is proved; answers elsewhere may be part of an outage. `heard`: where an answer says
 * how long it took, whether it counts or not; `up` lies within it, and it within `open`.
 */
export type SurePopulation = Population & { sure: IntervalSet; heard: IntervalSet }

/** A vantage that should have filled a slot every interval of `expected`. A sample stands for `holdMs`. */
export type SlotPlace = SurePopulation & { intervalMs: number; holdMs: number; expected: Interval }

export type SlotSum = {
  tally: WholeTally
  /** Instant of the last sample; null before the first. */
  lastMs: UnixMs | null
}

/** What an agent said while it was cut off is unknown, also of how long it took. */
export function populationSeen(
  { up, open, sure, heard }: SurePopulation,
  { expected, known }: { expected: Interval; known: IntervalSet },
): SurePopulation & { expected: Interval } {
  const told = (set: IntervalSet): IntervalSet => intersect(set, known)
  return { up: told(up), open: clip(open, expected), sure: told(sure), heard: told(heard), expected }
}

type Counting = { columns: SlotColumns; thresholdUs: number; take: (latencyUs: Uint32Array) => void }

/** Adds the samples of one chunk, later than those before. The tally is added to in place. */
export function addSlots(sum: SlotSum, place: SlotPlace, given: Counting): SlotSum {
  const { baseMs, offsetMs } = given.columns
  const count = offsetMs.length
  if (count === 0) return sum
  const { tally, lastMs } = sum
  addCounted(tally, { ...given, population: place })
  tally.missing += missingBefore(place, { lastMs, firstMs: baseMs + offsetMs[0]! })
  tally.missing += missingInside(place, given.columns)
  return { tally, lastMs: baseMs + offsetMs[count - 1]! }
}

/** Adds what was answered; an answer that does not say how long it took is missing. */
function addCounted(
  tally: WholeTally,
  { columns, thresholdUs, take, population }: Counting & { population: SurePopulation },
): void {
  const { up, open, sure, heard } = population
  const { latencyUs } = countedLatencies(columns, { up, open })
  const possible = countedLatencies(columns, { up: heard, open })
  const certain = countedLatencies(columns, { up: sure, open: sure }).latencyUs
  const within = countWithin(latencyUs, thresholdUs)
  tally.n += latencyUs.length
  tally.within += within
  tally.missing += possible.undecided
  tally.uncounted.n += possible.latencyUs.length - latencyUs.length
  tally.uncounted.within += countWithin(possible.latencyUs, thresholdUs) - within
  tally.doubtful.n += latencyUs.length - certain.length
  tally.doubtful.within += within - countWithin(certain, thresholdUs)
  take(latencyUs)
}

function missingInside({ intervalMs, open }: SlotPlace, { baseMs, offsetMs }: SlotColumns): number {
  // Nearer than this, the two are neighbours: nearly every pair is.
  const apartMs = 1.5 * intervalMs
  let missing = 0
  for (let i = 1; i < offsetMs.length; i += 1) {
    if (offsetMs[i]! - offsetMs[i - 1]! < apartMs) continue
    const span = { fromMs: baseMs + offsetMs[i - 1]!, toMs: baseMs + offsetMs[i]! }
    missing += missingBetween({ ...span, intervalMs }, open)
  }
  return missing
}

/** Slots before the first sample of a chunk: since the last one, or since the place was expected to begin. */
function missingBefore(
  { intervalMs, open, expected }: SlotPlace,
  { lastMs, firstMs }: { lastMs: UnixMs | null; firstMs: UnixMs },
): number {
  if (lastMs !== null) return missingBetween({ fromMs: lastMs, toMs: firstMs, intervalMs }, open)
  const count = Math.floor((firstMs - expected.startMs) / intervalMs)
  return slotsWithin({ firstMs: firstMs - count * intervalMs, count, intervalMs }, open)
}

/** Slots after the last sample, where the place is silent for longer than a sample stands. */
export function missingAtEnd(
  { intervalMs, holdMs, expected, open }: SlotPlace,
  lastMs: UnixMs | null,
): number {
  const firstMs = lastMs === null ? expected.startMs : lastMs + intervalMs
  if (expected.endMs - (lastMs ?? expected.startMs) <= holdMs) return 0
  const count = Math.ceil((expected.endMs - firstMs) / intervalMs)
  return slotsWithin({ firstMs, count, intervalMs }, open)
}
