/**
 * Sketch: how often values of about each size came, in buckets that widen with the value. Two sketches add
 * up. A percentile read from it is at least the true one and at most 1/128 above; the live figures of an
 * open window use it and say so. What is closed is exact: see `selection.ts`. Pure.
 */
import { rankOf } from './percentile.ts'

/** Below this each value has a bucket of its own; above, each doubling has this many. */
const STEPS = 128
const STEP_BITS = 7
/** Of 2³² values. */
const BUCKETS = (32 - STEP_BITS + 1) * STEPS

/** In percent, rounded up: what a percentile of a sketch may be above the true one. */
export const SKETCH_ERROR_PERCENT = '0.79'

export type Sketch = Uint32Array

export function emptySketch(): Sketch {
  return new Uint32Array(BUCKETS)
}

/** Values are integers in [0, 2³²). */
export function addToSketch(sketch: Sketch, values: Uint32Array): void {
  for (let i = 0; i < values.length; i += 1) sketch[bucketOf(values[i]!)]! += 1
}

/** The p-th percentile by nearest rank, as the upper end of its bucket; null of no values. */
export function sketchPercentile(sketch: Sketch, p: string | number): number | null {
  let count = 0
  for (let i = 0; i < BUCKETS; i += 1) count += sketch[i]!
  if (count === 0) return null
  let left = rankOf({ p, count })
  let bucket = 0
  while ((left -= sketch[bucket]!) > 0) bucket += 1
  return upperEnd(bucket)
}

function bucketOf(value: number): number {
  if (value < STEPS) return value
  const shift = 31 - Math.clz32(value) - STEP_BITS
  // Between 128 and 255 after the shift: the doubling begins where the one before has ended.
  return shift * STEPS + (value >>> shift)
}

function upperEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket
  const shift = Math.floor(bucket / STEPS) - 1
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1
}
