/**
 * Spans of time as callers ask for them, within their limits. The API and the pages read them alike. Pure.
 */
import { Fault } from '@constat/shared/fault'
import { parseInstant, type Clock } from '@constat/shared/time'
import { parseDuration } from '@constat/sla/duration'
import { z } from 'zod'
import type { LatencySpan } from '../view/reads.ts'
import type { Within } from '../view/paging.ts'
import type { TimelineView } from '../view/timeline.ts'
import {
  DEFAULT_TIMELINE_MS,
  MAX_LATENCY_MS,
  MAX_LATENCY_POINTS,
  MAX_TIMELINE_MS,
  MAX_TIMELINE_SEGMENTS,
  MIN_LATENCY_STEP_MS,
} from './limits.ts'

const instant = z
  .string()
  .max(40)
  .describe('RFC 3339')
  .refine((text) => parseInstant(text) !== undefined, 'is not an RFC 3339 instant')

const step = z
  .string()
  .max(40)
  .describe('An ISO 8601 duration, PT1M, or whole milliseconds. Absent: about 100 steps')
  .refine((text) => stepMsOf(text) !== undefined, 'is no duration such as PT1M, and no whole milliseconds')

/** The part of a list that touches a span; each end is open where it is left out. */
export const withinQuery = z.object({
  from: instant.optional().describe('RFC 3339: what goes on or begins from then on'),
  to: instant.optional().describe('RFC 3339: what began before it'),
})

export function withinOf({ from, to }: z.output<typeof withinQuery>): Within {
  const msOf = (text: string | undefined) => (text === undefined ? null : (parseInstant(text) ?? null))
  const within = { fromMs: msOf(from), toMs: msOf(to) }
  if (within.fromMs !== null && within.toMs !== null && within.fromMs >= within.toMs) throw backwards()
  return within
}

function backwards(): Fault {
  return new Fault('bad-request', 'from: the span ends before it begins; `from` is before `to`.')
}

export const spanQuery = z.object({ from: instant.optional(), to: instant.optional() })

/** The span asked for; the last day where nothing else is said. */
export function spanOf(asked: { from?: string | undefined; to?: string | undefined }, clock: Clock) {
  const toMs = (asked.to === undefined ? undefined : parseInstant(asked.to)) ?? clock.nowMs()
  const fromMs =
    (asked.from === undefined ? undefined : parseInstant(asked.from)) ?? toMs - DEFAULT_TIMELINE_MS
  if (fromMs >= toMs) throw backwards()
  if (toMs - fromMs > MAX_TIMELINE_MS) {
    throw new Fault('too-large', 'The span is longer than 400 days.', { hint: 'Ask for it in parts.' })
  }
  return { fromMs, toMs }
}

export const latencyQuery = spanQuery.extend({ step: step.optional() })

/** Lengths of a step that people read at a glance. */
const STEPS_MS = [1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (s) => s * 1_000,
)
const USUAL_POINTS = 120

/** The span asked for and its steps; about 100 of them where nothing else is said. */
export function latencySpanOf(
  { step: asked, ...span }: { step?: string | undefined; from?: string | undefined; to?: string | undefined },
  clock: Clock,
): LatencySpan {
  const { fromMs, toMs } = spanOf(span, clock)
  const lengthMs = toMs - fromMs
  if (lengthMs > MAX_LATENCY_MS) {
    throw new Fault('too-large', 'The span is longer than 35 days: latencies are read sample by sample.', {
      hint: 'Ask for it in parts.',
    })
  }
  const stepMs = (asked === undefined ? undefined : stepMsOf(asked)) ?? usualStepMs(lengthMs)
  if (stepMs < MIN_LATENCY_STEP_MS) {
    throw new Fault('bad-request', `A step is at least ${MIN_LATENCY_STEP_MS} ms.`)
  }
  const points = Math.ceil(lengthMs / stepMs)
  if (points > MAX_LATENCY_POINTS) {
    throw new Fault('too-large', `The answer would hold ${points} points, more than ${MAX_LATENCY_POINTS}.`, {
      hint: 'Ask for a longer step or a shorter span.',
    })
  }
  return { fromMs, toMs, stepMs }
}

export function usualStepMs(lengthMs: number): number {
  return STEPS_MS.find((stepMs) => lengthMs / stepMs <= USUAL_POINTS) ?? STEPS_MS.at(-1)!
}

function stepMsOf(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : parseDuration(text)
}

export function limitSegments({ segments, vantages }: TimelineView): void {
  const count = Object.values(vantages).reduce((sum, list) => sum + list.length, segments.length)
  if (count <= MAX_TIMELINE_SEGMENTS) return
  throw new Fault(
    'too-large',
    `The answer would hold ${count} segments, more than ${MAX_TIMELINE_SEGMENTS}.`,
    { hint: 'Ask for a shorter span.' },
  )
}
