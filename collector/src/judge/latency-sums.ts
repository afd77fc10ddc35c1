/**
 * Latency sums: what the samples of several places come to within a population. A place is one check seen
 * from one agent; every slot that it should have filled is counted, or missing. Reads through Latencies.
 */
import { clip, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { toldSlots } from '@constat/sla/assembly/slots'
import { emptyTally, type WholeTally } from '@constat/sla/latency'
import { addSlots, missingAtEnd, type SlotPlace, type SurePopulation } from '@constat/sla/latency-slots'
import type { Place } from '@constat/sla/fold/tracks'
import type { Latencies } from '../latency/latencies.ts'

/** A place that should have filled a slot every interval of `expected`. */
export type Expected = Place & SlotPlace & { blockedIs: 'unknown' | 'fail' }

export type LatencySums = {
  tally: WholeTally
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
  { tally, lastMs }: LatencySums,
  places: readonly Expected[],
  { span, latencies, ...given }: SumDeps & { span: { fromMs: UnixMs; toMs: UnixMs } },
): Promise<void> {
  for (const place of places) {
    const name = placeName(place)
    for (const chunk of await latencies.read(place, span)) {
      const columns = toldSlots(chunk, place.blockedIs)
      const sum = addSlots({ tally, lastMs: lastMs.get(name) ?? null }, place, { columns, ...given })
      if (sum.lastMs !== null) lastMs.set(name, sum.lastMs)
    }
  }
}

/** Slots after the last sample of each place. */
export function missingAtEnds(places: readonly Expected[], { lastMs }: LatencySums): number {
  return places.reduce((sum, place) => sum + missingAtEnd(place, lastMs.get(placeName(place)) ?? null), 0)
}

export function emptySums(): LatencySums {
  return { tally: emptyTally(), lastMs: new Map() }
}

export function copyOf({ tally, lastMs }: LatencySums): LatencySums {
  return { tally: structuredClone(tally), lastMs: new Map(lastMs) }
}

/** The population up to an instant: what a signature of the settled part covers. */
export function populationUntil({ up, open, sure, heard }: SurePopulation, untilMs: UnixMs): IntervalSet[] {
  const span = { startMs: -Infinity, endMs: untilMs }
  return [up, open, sure, heard].map((set) => clip(set, span))
}
