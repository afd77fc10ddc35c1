/** Batches as a real agent sends them: 50 checks, one sample each, phases included. */
import type { Batch } from '@constat/shared/batch'

export type BatchPlace = { session: Buffer; seq: number; prev: Buffer; baseS: number }

export const BENCH_CHECKS = 50

export function benchBatch(
  { origin, configDigest, agent }: { origin: string; configDigest: Buffer; agent: Buffer },
  { session, seq, prev, baseS }: BatchPlace,
  checks = BENCH_CHECKS,
): Batch {
  const column = (of: (i: number) => number): number[] => Array.from({ length: checks }, (_, i) => of(i))
  const stepMs = Math.floor(10_000 / checks)
  return {
    kind: 'data',
    origin,
    configDigest,
    agent,
    session,
    seq,
    prev,
    gapCount: 0,
    beacon: null,
    clock: {
      wallS: baseS + 10,
      wallMs: 3,
      monotonicS: seq * 10,
      monotonicMs: 1,
      offsetMs: 0,
      errorMs: 1,
      source: 1,
      stepMs: 0,
    },
    schedule: { check: column((i) => i), firstMs: column((i) => i * stepMs), count: column(() => 1) },
    health: { version: '0.1.0', loopLagUs: 300, drops: 0, spoolFrames: 0 },
    baseS,
    samples: {
      check: column((i) => i),
      offsetMs: column((i) => i * stepMs),
      outcome: column(() => 0),
      attempt: null,
      latencyUs: column((i) => 80_000 + i),
      value: column(() => 200),
      phases: [
        column(() => 900),
        column(() => 12_000),
        column(() => 0),
        column(() => 60_000),
        column(() => 7_000),
      ],
      cause: null,
    },
  }
}
