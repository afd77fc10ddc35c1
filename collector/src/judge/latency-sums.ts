/**
 * Latency sums: what the samples of several places come to within a population. A place is one check seen
 * from one agent; every slot that it should have filled is counted, or missing. Reads through Latencies.
 */
import { clip, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import {
  countedLatencies,
  countWithin,
  missingBetween,
  slotsWithin,
  type LatencyTally,
  type Population,
  type SlotColumns,
} from '@constat/sla/latency'
import type { Place } from '../fold/tracks.ts'
import type { Latencies } from '../latency/latencies.ts'

/** A place that should have filled a slot every interval of `expected`. */
export type Expected = Place & Population & { intervalMs: number; holdMs: number; expected: Interval }

export type LatencySums = {
  tally: LatencyTally
  /** Instant of the last sample, by place. */
  lastMs: Map<string, UnixMs>
}

export type SumDeps = {
  latencies: Pick<Latencies, 'read'>
  thresholdUs: number
  /** Each run of latencies that counts. */
  take: (latencyUs: Uint32Array) => void
}

export function placeName({ log, check, agent }: Place): string {
  return `${log}/${agent}/${check}`
}

/** Adds the chunks that begin in [fromMs, toMs), or reach into it from before, to `sums`. */
export async function addChunks(
  sums: LatencySums,
  places: readonly Expected[],
  { span, ...deps }: SumDeps & { span: { fromMs: UnixMs; toMs: UnixMs } },
): Promise<void> {
  for (const place of places) {
    for (const columns of await deps.latencies.read(place, span)) addColumns(sums, { place, columns, deps })
  }
}

type Added = { place: Expected; columns: SlotColumns; deps: SumDeps }

function addColumns({ tally, lastMs }: LatencySums, { place, columns, deps }: Added): void {
  const { baseMs, offsetMs } = columns
  const count = offsetMs.length
  if (count === 0) return
  const name = placeName(place)
  const { latencyUs, undecided } = countedLatencies(columns, place)
  tally.n += latencyUs.length
  tally.within += countWithin(latencyUs, deps.thresholdUs)
  tally.missing +=
    undecided + missingBefore(place, { lastMs: lastMs.get(name), firstMs: baseMs + offsetMs[0]! })
  tally.missing += missingInside(place, columns)
  deps.take(latencyUs)
  lastMs.set(name, baseMs + offsetMs[count - 1]!)
}

function missingInside(place: Expected, { baseMs, offsetMs }: SlotColumns): number {
  const { intervalMs, open } = place
  // Nearer than this, the two are neighbours: nearly every pair is.
  const apartMs = 1.5 * intervalMs
  let missing = 0
  for (let i = 1; i < offsetMs.length; i += 1) {
    if (offsetMs[i]! - offsetMs[i - 1]! < apartMs) continue
    missing += missingBetween(
      { fromMs: baseMs + offsetMs[i - 1]!, toMs: baseMs + offsetMs[i]!, intervalMs },
      open,
    )
  }
  return missing
}

/** Slots before the first sample of a chunk: since the last one, or since the place was expected to begin. */
function missingBefore(
  { intervalMs, open, expected }: Expected,
  { lastMs, firstMs }: { lastMs: UnixMs | undefined; firstMs: UnixMs },
): number {
  if (lastMs !== undefined) return missingBetween({ fromMs: lastMs, toMs: firstMs, intervalMs }, open)
  const count = Math.floor((firstMs - expected.startMs) / intervalMs)
  return slotsWithin({ firstMs: firstMs - count * intervalMs, count, intervalMs }, open)
}

/** Slots after the last sample of each place, where it is silent for longer than a sample stands. */
export function missingAtEnd(places: readonly Expected[], { lastMs }: LatencySums): number {
  let missing = 0
  for (const place of places) {
    const { intervalMs, holdMs, expected, open } = place
    const last = lastMs.get(placeName(place))
    const firstMs = last === undefined ? expected.startMs : last + intervalMs
    if (expected.endMs - (last ?? expected.startMs) <= holdMs) continue
    const count = Math.ceil((expected.endMs - firstMs) / intervalMs)
    missing += slotsWithin({ firstMs, count, intervalMs }, open)
  }
  return missing
}

export function emptySums(): LatencySums {
  return { tally: { n: 0, within: 0, missing: 0 }, lastMs: new Map() }
}

export function copyOf({ tally, lastMs }: LatencySums): LatencySums {
  return { tally: { ...tally }, lastMs: new Map(lastMs) }
}

/** The population up to an instant: what a signature of the settled part covers. */
export function populationUntil({ up, open }: Population, untilMs: UnixMs): IntervalSet[] {
  const span = { startMs: -Infinity, endMs: untilMs }
  return [clip(up, span), clip(open, span)]
}
