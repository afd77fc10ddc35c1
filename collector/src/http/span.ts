/**
 * Spans of time as callers ask for them, within their limits. The API and the pages read them alike. Pure.
 */
import { Fault } from '@constat/shared/fault'
import { parseInstant, type Clock } from '@constat/shared/time'
import { z } from 'zod'
import type { TimelineView } from '../judge/view.ts'
import { DEFAULT_TIMELINE_MS, MAX_TIMELINE_MS, MAX_TIMELINE_SEGMENTS } from './limits.ts'

const instant = z
  .string()
  .max(40)
  .describe('RFC 3339')
  .refine((text) => parseInstant(text) !== undefined, 'is not an RFC 3339 instant')

export const spanQuery = z.object({ from: instant.optional(), to: instant.optional() })

/** The span asked for; the last day where nothing else is said. */
export function spanOf(asked: { from?: string | undefined; to?: string | undefined }, clock: Clock) {
  const toMs = (asked.to === undefined ? undefined : parseInstant(asked.to)) ?? clock.nowMs()
  const fromMs =
    (asked.from === undefined ? undefined : parseInstant(asked.from)) ?? toMs - DEFAULT_TIMELINE_MS
  if (fromMs >= toMs) throw new Fault('bad-request', 'The span ends before it begins.')
  if (toMs - fromMs > MAX_TIMELINE_MS) {
    throw new Fault('too-large', 'The span is longer than 400 days.', { hint: 'Ask for it in parts.' })
  }
  return { fromMs, toMs }
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
