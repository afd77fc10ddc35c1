/**
 * Steps: latencies of a span cut into steps of equal length, each with its exact percentiles by nearest rank.
 * An empty step has none. Pure.
 */
import { outcomeCode } from '@constat/shared/sample'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { SlotColumns } from '@constat/sla/latency'
import { rankOf } from '@constat/sla/percentile'

export type StepPoint = {
  at: string
  n: number
  p50Us: number | null
  p95Us: number | null
  p99Us: number | null
  failed: number
}

export type Steps = { fromMs: UnixMs; toMs: UnixMs; stepMs: number }

const FAIL = outcomeCode('fail')

/** The last step ends where the span ends. Samples of a step share one stretch of one array. */
export function latencyPoints(parts: readonly SlotColumns[], steps: Steps): StepPoint[] {
  const { fromMs, toMs, stepMs } = steps
  const count = Math.ceil((toMs - fromMs) / stepMs)
  const answered = new Uint32Array(count)
  const failed = new Uint32Array(count)
  forEachSample(parts, steps, (step, { outcome }, i) => {
    if (outcome[i] === FAIL) failed[step]! += 1
    else answered[step]! += 1
  })
  const end = Uint32Array.from(answered)
  for (let step = 1; step < count; step += 1) end[step]! += end[step - 1]!
  const filled = end.map((to, step) => to - answered[step]!)
  const latencyUs = new Uint32Array(end.at(-1) ?? 0)
  forEachSample(parts, steps, (step, { outcome, latencyUs: own }, i) => {
    if (outcome[i] === FAIL) return
    latencyUs[filled[step]!] = own[i]!
    filled[step]! += 1
  })
  return Array.from(answered, (n, step) => {
    const sorted = latencyUs.subarray(end[step]! - n, end[step]).sort()
    const at = formatInstant(fromMs + step * stepMs)
    return { at, n, ...percentilesOf(sorted), failed: failed[step]! }
  })
}

function percentilesOf(sorted: Uint32Array): Pick<StepPoint, 'p50Us' | 'p95Us' | 'p99Us'> {
  const rank = (p: string): number | null => sorted[rankOf({ p, count: sorted.length }) - 1] ?? null
  return { p50Us: rank('50'), p95Us: rank('95'), p99Us: rank('99') }
}

function forEachSample(
  parts: readonly SlotColumns[],
  { fromMs, toMs, stepMs }: Steps,
  take: (step: number, part: SlotColumns, i: number) => void,
): void {
  for (const part of parts) {
    const { baseMs, offsetMs } = part
    for (let i = 0; i < offsetMs.length; i += 1) {
      const atMs = baseMs + offsetMs[i]!
      if (atMs >= fromMs && atMs < toMs) take(Math.floor((atMs - fromMs) / stepMs), part, i)
    }
  }
}
