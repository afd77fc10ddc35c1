/** What one probe came to, as it is told: by `constat-agent probe --json`, and to a collector that tried. Pure. */
import type { ProbeSpec } from '@constat/shared/check'
import { faultOwner } from '@constat/shared/sample'
import { MAX_TRIED_CHARS } from '@constat/shared/trial'
import type { ProbeResult } from '@constat/probe/probe'
import { comparisonsOf, type Comparison } from './compared.ts'

export type Probed = Omit<ProbeResult, 'hops'> & {
  fault: string
  phasesUs: ProbeResult['phases']
  hops: Record<string, unknown>[]
  compared: Comparison[]
}

/** `phases` is the older name of `phasesUs`. */
export function probedOf(spec: ProbeSpec, result: ProbeResult, { timeoutMs }: { timeoutMs: number }): Probed {
  const { phases, hops = [], ...rest } = result
  const told = hops.map(({ phases: phasesUs, ...hop }) => ({ ...hop, phasesUs }))
  const compared = comparisonsOf(spec, result, { timeoutMs })
  return { ...rest, fault: faultOwner(result.cause), phasesUs: phases, phases, hops: told, compared }
}

/** Of a long text, so much is told to a collector. */
const MAX_TOLD_CHARS = 500

/** Within the limit of an answer: long texts are cut, and then what is only there for people goes. */
export function probedText(probed: Probed & { check: string }): string {
  const cut = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.length > MAX_TOLD_CHARS
      ? `${value.slice(0, MAX_TOLD_CHARS - 1)}…`
      : value
  const whole = JSON.stringify(probed, cut)
  if (whole.length <= MAX_TRIED_CHARS) return whole
  const { steps: _, ...rest } = probed
  return JSON.stringify({ ...rest, hops: [], compared: [] }, cut)
}
