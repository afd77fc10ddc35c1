/**
 * Slots: what the samples of a service are counted by: which vantages should have filled the slots of which
 * check, from when to when, and which samples say how it went. The collector and a scenario count by this
 * alone. Pure.
 */
import { outcomeCode } from '@constat/shared/sample'
import { clip, type Interval, type UnixMs } from '@constat/shared/time'
import type { CheckTerms } from '../contract/expanded.ts'
import type { VantageSlots, VantageWatch } from '../judgement/attempts.ts'
import type { SlotColumns } from '../latency.ts'
import { checksOf } from '../service-tree.ts'
import { isUnknown, NOTHING_KNOWN, where } from '../timeline.ts'
import { foldRules } from './rules.ts'
import type { Observed, Vantage } from './observed.ts'

export type SlotSpan = { window: Interval; asOfMs: UnixMs }

/** A vantage that should have filled the slots of a check, whether it ever spoke of it or not. */
export type Watching<V extends Vantage = Vantage> = { check: CheckTerms; vantage: V; watch: VantageWatch }

const UNKNOWN = outcomeCode('unknown')
const BLOCKED = outcomeCode('blocked')
const FAIL = outcomeCode('fail')

/** Everybody expected to look at a check of the service within the span, in order of the checks. */
export function watching<V extends Vantage>(
  { terms, vantagesOf }: Observed<V>,
  service: string,
  { window, asOfMs }: SlotSpan,
): Watching<V>[] {
  return checksOf(terms, service).flatMap((check) => {
    const { holdMs } = foldRules(check, terms)
    return vantagesOf(check).flatMap((vantage) => {
      const { spans, heard } = vantage
      const expected = {
        startMs: Math.max(window.startMs, spans[0]?.startMs ?? Infinity),
        endMs: Math.min(window.endMs, asOfMs, spans.at(-1)?.endMs ?? -Infinity),
      }
      if (expected.startMs >= expected.endMs) return []
      const known = where(heard?.timeline() ?? NOTHING_KNOWN, expected, (mark) => !isUnknown(mark))
      return [{ check, vantage, watch: { expected, known: clip(known, expected), holdMs } }]
    })
  })
}

/** The slots of one of them. `columns`: its samples in order, re-probes left out. */
export function slotsOf(
  { check, watch }: Watching,
  columns: SlotColumns,
  blockedIs: 'unknown' | 'fail',
): VantageSlots {
  return { columns: toldSlots(columns, blockedIs), intervalMs: check.spec.intervalMs, watch }
}

/** Samples that say how it went; a blocked answer is a failure where the contract says so, and else nothing. */
export function toldSlots(columns: SlotColumns, blockedIs: 'unknown' | 'fail'): SlotColumns {
  const { baseMs, offsetMs, outcome, latencyUs } = columns
  if (!outcome.includes(UNKNOWN) && !outcome.includes(BLOCKED)) return columns
  const isTold = (_: number, i: number): boolean =>
    outcome[i] !== UNKNOWN && (outcome[i] !== BLOCKED || blockedIs === 'fail')
  return {
    baseMs,
    offsetMs: offsetMs.filter(isTold),
    outcome: outcome.filter(isTold).map((code) => (code === BLOCKED ? FAIL : code)),
    latencyUs: latencyUs.filter(isTold),
  }
}
