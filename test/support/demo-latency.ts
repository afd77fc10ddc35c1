/** Demo latency: a day's breathing, a slow stretch with failures, and a hole. A function of the instant alone. */
import type { LatencySpan } from '@constat/collector/view/reads'
import type { LatencyView } from '@constat/collector/view/timeline'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function demoLatency(check: string, { fromMs, toMs, stepMs }: LatencySpan): LatencyView {
  const count = Math.ceil((toMs - fromMs) / stepMs)
  const points = Array.from({ length: count }, (_, i) => pointAt(fromMs + i * stepMs, { i, count, stepMs }))
  return { check, stepMs, points }
}

function pointAt(atMs: number, { i, count, stepMs }: { i: number; count: number; stepMs: number }) {
  const at = new Date(atMs).toISOString()
  const share = i / count
  if (share > 0.3 && share < 0.36) return { at, n: 0, p50Us: null, p95Us: null, p99Us: null, failed: 0 }
  const breathing = 90_000 + Math.round(30_000 * Math.sin((2 * Math.PI * atMs) / DAY_MS))
  const noise = ((i * 7_919) % 97) * 400
  const slow = share > 0.62 && share < 0.7 ? 260_000 : 0
  const p50Us = breathing + noise + slow
  const p95Us = Math.round(p50Us * 1.7) + 4 * noise
  return {
    at,
    n: Math.max(1, Math.round(stepMs / 10_000) * 3),
    p50Us,
    p95Us,
    p99Us: Math.round(p95Us * 1.4) + (i % 29 === 0 ? 900_000 : 0),
    failed: slow > 0 ? 1 + (i % 3) : 0,
  }
}
