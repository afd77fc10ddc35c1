/** A batch with something in every field, for tests that need one. */
import type { Batch } from '@constat/shared/batch'
import { privateKeyOf } from '@constat/shared/signature'

/** Key of the published vector: 32 bytes 0x01. */
export const VECTOR_KEY = privateKeyOf(Buffer.alloc(32, 1))

export function sampleBatch(changes: Partial<Batch> = {}): Batch {
  return {
    kind: 'data',
    origin: 'log.example/contract/portal',
    configDigest: Buffer.alloc(32, 0xc0),
    agent: Buffer.alloc(16, 0xa9),
    session: Buffer.alloc(16, 0x5e),
    seq: 300,
    prev: Buffer.alloc(32, 0x9e),
    gapCount: 2,
    beacon: { size: 70_000, root: Buffer.alloc(32, 0xb0) },
    clock: {
      wallS: 1_790_000_000,
      wallMs: 999,
      monotonicS: 86_400,
      monotonicMs: 1,
      offsetMs: -12,
      errorMs: 3,
      source: 1,
      stepMs: -40_000,
    },
    schedule: { check: [0, 1], firstMs: [0, 128], count: [2, 1] },
    health: { version: '0.1.0', loopLagUs: 1_500, drops: 0, spoolFrames: 4 },
    baseS: 1_789_999_990,
    samples: {
      check: [0, 1, 0, 1],
      offsetMs: [0, 128, 10_000, 65_536],
      outcome: [0, 2, 1, 3],
      attempt: [0, 0, 0, 1],
      latencyUs: [31, 5_000_000, 4_294_967_295, 0],
      value: [200, -1, -2_147_483_648, 0],
      phases: [
        [1, 2, 3, 4],
        [127, 128, 255, 256],
        [0, 0, 0, 0],
        [65_535, 65_536, 0, 1],
        [0, 0, 4_294_967_295, 0],
      ],
      cause: [0, 5, 12, 21],
    },
    ...changes,
  }
}
