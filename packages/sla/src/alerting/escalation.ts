/**
 * Escalation: which steps are due for an incident that nobody has acknowledged. Pure: the clock is an argument,
 * and elapsed time is all that counts, so a clock change moves no step.
 */
import type { UnixMs } from '@constat/shared/time'
import type { AlertingSpec } from '../contract/schema-private.ts'
import { ms } from '../contract/scalar.ts'

/** The last step is repeated this often at most. */
export const MAX_REPEATS = 48
/** It is repeated no more often than this, however soon it comes. */
export const MIN_REPEAT_MS = 5 * 60_000

export type Step = {
  /** What it is known by: a step of the document, or a repeat, which a longer document does not take for one. */
  key: string
  /** From 1; above the number of steps, a repeat of the last one. */
  step: number
  atMs: UnixMs
  to: readonly string[]
}

type Steps = AlertingSpec['escalation']

/** How long after the last step it comes again. */
export function repeatMs(steps: Steps): number {
  return Math.max(MIN_REPEAT_MS, ms(steps.at(-1)?.after ?? 'PT0S'))
}

export type Unanswered = {
  /** When people were to be told of the incident. */
  toldMs: UnixMs
  nowMs: UnixMs
  /** Keys of the steps that were taken already, and when. */
  taken: ReadonlyMap<string, UnixMs>
}

/**
 * Steps that are due and not taken, in order. None of the document's own is ever left out; of repeats that were
 * missed, as while the collector was away, the newest alone is made up for, and none before the step it repeats.
 */
export function dueSteps(steps: Steps, { toldMs, nowMs, taken }: Unanswered): Step[] {
  const due = steps
    .map(({ after, to }, i) => ({ key: String(i + 1), step: i + 1, atMs: toldMs + ms(after), to }))
    .filter(({ key, atMs }) => atMs <= nowMs && !taken.has(key))
  const repeat = repeatDue(steps, { toldMs, nowMs })
  // What was made up for late is not repeated in the same breath.
  const lastMs = Math.max(-Infinity, ...taken.values())
  return due.length === 0 && repeat && repeat.atMs > lastMs ? [repeat] : due
}

function repeatDue(steps: Steps, { toldMs, nowMs }: Pick<Unanswered, 'toldMs' | 'nowMs'>): Step | null {
  const last = steps.at(-1)
  if (!last) return null
  const everyMs = repeatMs(steps)
  const lastMs = toldMs + ms(last.after)
  const n = Math.min(MAX_REPEATS, Math.floor((nowMs - lastMs) / everyMs))
  return n < 1 ? null : { key: `r${n}`, step: steps.length + n, atMs: lastMs + n * everyMs, to: last.to }
}
