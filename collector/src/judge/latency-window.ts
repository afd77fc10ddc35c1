/**
 * Latency windows: the share and the percentiles of one guarantee in one window. An open window is kept as
 * the sum of the chunks that have settled, under a signature of all that could change it; only the chunks
 * that still grow are added each time. Its percentiles come from a sketch. A window that has ended is exact,
 * from every sample, and kept until its signature changes. Derived.
 */
import { createHash } from 'node:crypto'
import type { UnixMs } from '@constat/shared/time'
import type { WholeTally } from '@constat/sla/latency'
import type { LatencyMeasure } from '@constat/sla/metric/share'
import { nearestRanks } from '@constat/sla/selection'
import { addToSketch, emptySketch, SKETCH_ERROR_PERCENT, sketchPercentile } from '@constat/sla/sketch'
import type { Sketch } from '@constat/sla/sketch'
import { chunkStart } from '@constat/sla/fold/track'
import { Kept } from '../latency/kept.ts'
import { SETTLE_MS, type Latencies } from '../latency/latencies.ts'
import { addChunks, copyOf, emptySums, missingAtEnds, placeName, populationUntil } from './latency-sums.ts'
import type { Expected, LatencySums } from './latency-sums.ts'

export const PERCENTILES = ['50', '95', '99'] as const

export type LatencyWindowQuestion = {
  /** Names the guarantee and the window: the same one again is answered from what is kept. */
  name: string
  places: readonly Expected[]
  thresholdUs: number
  startMs: UnixMs
  /** The end of the window, or now while it is open. */
  asOfMs: UnixMs
  hasEnded: boolean
}

export type LatencyAnswer = Pick<LatencyMeasure, 'percentileUs' | 'percentileErrorPercent'> & {
  tally: WholeTally
  asOfMs: UnixMs
}

type Settled = { signature: string; sums: LatencySums; sketch: Sketch }

/** Open windows take most: a sketch each. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024
const ANSWER_BYTES = 1_000

export class LatencyWindows {
  readonly #latencies: Latencies
  readonly #nowMs: () => UnixMs
  readonly #settled = new Kept<Settled>(MAX_KEPT_BYTES)
  readonly #final = new Kept<{ signature: string; answer: LatencyAnswer }>(MAX_KEPT_BYTES)
  readonly #last = new Kept<LatencyAnswer>(MAX_KEPT_BYTES)

  constructor(latencies: Latencies, nowMs: () => UnixMs) {
    this.#latencies = latencies
    this.#nowMs = nowMs
  }

  /** The last answer that was given, or null before the first. */
  last(name: string): LatencyAnswer | null {
    return this.#last.get(name) ?? null
  }

  async measure(question: LatencyWindowQuestion): Promise<LatencyAnswer> {
    const answer = question.hasEnded ? await this.#ended(question) : await this.#open(question)
    this.#last.set(question.name, { value: answer, bytes: ANSWER_BYTES })
    return answer
  }

  async #ended(question: LatencyWindowQuestion): Promise<LatencyAnswer> {
    const signature = this.#signature(question, question.asOfMs)
    const known = this.#final.get(question.name)
    if (known?.signature === signature) return known.answer
    const parts: Uint32Array[] = []
    const sums = emptySums()
    await this.#add(sums, question, {
      span: { fromMs: question.startMs, toMs: question.asOfMs },
      take: (latencyUs) => void parts.push(latencyUs),
    })
    const [p50 = null, p95 = null, p99 = null] = nearestRanks(parts, PERCENTILES)
    const answer = {
      ...finished(question, sums),
      percentileUs: { p50, p95, p99 },
      percentileErrorPercent: '0',
    }
    this.#final.set(question.name, { value: { signature, answer }, bytes: ANSWER_BYTES })
    return answer
  }

  async #open(question: LatencyWindowQuestion): Promise<LatencyAnswer> {
    const settledMs = Math.max(question.startMs, chunkStart(this.#nowMs() - SETTLE_MS))
    const settled = await this.#settledUntil(question, settledMs)
    const sums = copyOf(settled.sums)
    const sketch = Uint32Array.from(settled.sketch)
    await this.#add(sums, question, {
      span: { fromMs: settledMs, toMs: Math.max(settledMs, question.asOfMs) },
      take: (latencyUs) => addToSketch(sketch, latencyUs),
    })
    const [p50 = null, p95 = null, p99 = null] = PERCENTILES.map((p) => sketchPercentile(sketch, p))
    return {
      ...finished(question, sums),
      percentileUs: { p50, p95, p99 },
      percentileErrorPercent: SKETCH_ERROR_PERCENT,
    }
  }

  async #settledUntil(question: LatencyWindowQuestion, settledMs: UnixMs): Promise<Settled> {
    const signature = this.#signature(question, settledMs)
    const known = this.#settled.get(question.name)
    if (known?.signature === signature) return known
    const made = { signature, sums: emptySums(), sketch: emptySketch() }
    if (settledMs > question.startMs) {
      await this.#add(made.sums, question, {
        span: { fromMs: question.startMs, toMs: settledMs },
        take: (latencyUs) => addToSketch(made.sketch, latencyUs),
      })
    }
    this.#settled.set(question.name, { value: made, bytes: made.sketch.byteLength + ANSWER_BYTES })
    return made
  }

  #add(
    sums: LatencySums,
    { places, thresholdUs }: LatencyWindowQuestion,
    part: { span: { fromMs: UnixMs; toMs: UnixMs }; take: (latencyUs: Uint32Array) => void },
  ): Promise<void> {
    return addChunks(sums, places, { latencies: this.#latencies, thresholdUs, ...part })
  }

  /** Everything that the sum up to an instant depends on. */
  #signature({ places, thresholdUs, startMs }: LatencyWindowQuestion, untilMs: UnixMs): string {
    const parts = places.map((place) => [
      placeName(place),
      place.intervalMs,
      place.holdMs,
      place.expected.startMs,
      populationUntil(place, untilMs),
      this.#latencies.sizes(place, { fromMs: startMs, toMs: untilMs }),
    ])
    return createHash('sha256')
      .update(JSON.stringify([thresholdUs, startMs, untilMs, parts]))
      .digest('hex')
  }
}

function finished(
  { places, asOfMs }: LatencyWindowQuestion,
  sums: LatencySums,
): { tally: WholeTally; asOfMs: UnixMs } {
  const { tally } = copyOf(sums)
  return { tally: { ...tally, missing: tally.missing + missingAtEnds(places, sums) }, asOfMs }
}
