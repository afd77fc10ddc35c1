/** Pace: the verdict of a probe that ran to a good end, which may have come late. Pure. */
import type { Judgement } from './probe.ts'

type Finding = { latencyUs: number; value: number; detail: string }

/** Slower than `degradedOverMs` is degraded, exactly as slow is not. */
export function judgePace(
  { latencyUs, value, detail }: Finding,
  { degradedOverMs }: { degradedOverMs?: number },
): Judgement {
  if (degradedOverMs === undefined || latencyUs <= degradedOverMs * 1_000) {
    return { outcome: 'ok', cause: 'none', value, detail }
  }
  return { outcome: 'degraded', cause: 'slow', value, detail: `slower than ${degradedOverMs} ms: ${detail}` }
}
