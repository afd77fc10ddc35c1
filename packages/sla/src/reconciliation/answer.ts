/**
 * The answer of a reconciliation: one guarantee held against the provider's statement, as it is published.
 * The schema is the source; instants are RFC 3339 text, lengths ms. Pure.
 */
import { formatInstant, type Interval, type IntervalSet } from '@constat/shared/time'
import { z } from 'zod'
import type { NextDeadline } from '../credit/claim.ts'
import { REFUSALS } from '../judgement/declaration.ts'

export const MATCH_CLASSES = [
  'agreed',
  'shorter-in-the-statement',
  'longer-in-the-statement',
  'absent-from-the-statement',
  'declared-only-by-the-provider',
  'reclassified',
  'out-of-scope',
  'ambiguous-local-time',
] as const
export type MatchClass = (typeof MATCH_CLASSES)[number]

const ms = z.int().meta({ description: 'ms' })
const line = z.int().min(0)
const instant = z.string().meta({ description: 'RFC 3339, UTC, with milliseconds' })
const span = z.strictObject({ start: instant, end: instant })
const amount = z.string()

export const noticeSchema = z.strictObject({
  unit: z.enum(['elapsed-ms', 'days']),
  given: z.int(),
  required: z.int(),
  valid: z.boolean(),
})

const excuse = z
  .strictObject({
    line,
    kind: z.string(),
    clause: z.string().nullable(),
    ruling: z.string().nullable().meta({ description: 'Id of the declaration' }),
    standing: z.enum(['valid', 'contested', 'refused', 'not-declared']),
    refusals: z.array(z.enum(REFUSALS)),
    notice: noticeSchema.nullable(),
    needs: z.enum(['announcement', 'customer-acceptance', 'agreement-or-decision', 'nothing']),
    acceptedBy: z.array(z.string()).readonly(),
    claimedMs: ms,
    excusedMs: ms,
    outsideMs: ms.meta({ description: 'Outside the declaration, ms' }),
    overCapMs: ms.meta({ description: 'Beyond the cap, ms' }),
  })
  .meta({ description: 'What the provider calls excused, tried against what was declared' })
/** One excused line against one declaration of its kind, or against none. Lengths in service hours of the line. */
export type ExcuseCheck = z.infer<typeof excuse>

const match = z.strictObject({
  ...span.shape,
  class: z.enum(MATCH_CLASSES),
  measured: z.array(span),
  lines: z.array(line).meta({ description: 'Of the statement' }),
  bothMs: ms,
  measuredOnlyMs: ms,
  providerOnlyMs: ms,
  startDifferenceMs: ms.nullable().meta({ description: 'The statement minus the measurement, ms' }),
  endDifferenceMs: ms.nullable(),
  readings: z.array(span).meta({ description: 'Every meaning of its local times, where there are several' }),
  excuses: z.array(excuse),
})
export type MatchAnswer = z.infer<typeof match>
/** A match as it is worked out, on unwidened committed time. `interval`: from the first to the last instant of either side. */
export type Match = Omit<MatchAnswer, 'start' | 'end' | 'measured' | 'readings'> & {
  interval: Interval
  measured: IntervalSet
  readings: Interval[]
}

export const reconciliationSchema = z.strictObject({
  guarantee: z.string(),
  matches: z.array(match),
  linesOutside: z.array(line).meta({ description: 'Lines that lie outside the window altogether' }),
  reportedPercent: z
    .string()
    .nullable()
    .meta({ description: 'As the statement has it of this guarantee; null where it has none' }),
  isItemised: z
    .boolean()
    .meta({ description: 'Whether the statement lists outages, be it none; a percentage lists nothing' }),
  waterfall: z
    .array(
      z.strictObject({
        step: z.enum([
          'stated',
          // The statement's own lines against the percentage that it reports.
          'arithmetic-of-the-statement',
          // A percentage without any line: nothing says where the downtime was.
          'not-itemised-in-the-statement',
          ...MATCH_CLASSES,
          'measured',
        ]),
        ms,
      }),
    )
    .meta({ description: 'From the figure of the provider to the measured one' }),
  /** `both`: of lines the time that both have down; of a percentage alone the lesser of the two figures. */
  downMs: z.strictObject({
    reported: ms.nullable().meta({ description: 'What the percentage of the statement means, ms' }),
    stated: ms,
    both: ms,
    measured: ms,
  }),
  credits: z
    .strictObject({
      currency: z.string(),
      credits: z.strictObject({ stated: amount, agreed: amount, provable: amount, point: amount }),
      inDispute: amount,
    })
    .nullable(),
})
export type ReconciliationAnswer = z.infer<typeof reconciliationSchema>
/** As it is worked out, before anything is priced. */
export type Reconciliation = Omit<ReconciliationAnswer, 'guarantee' | 'credits' | 'matches'> & {
  matches: Match[]
}

/** What has to happen next; null where the contract sets no term, or it has passed. */
export const deadlineSchema = z
  .strictObject({ what: z.enum(['claim', 'provider-answer']), at: instant })
  .nullable()
  .meta({ description: 'What has to happen next; null where the contract sets no term' })
export type DeadlineAnswer = z.infer<typeof deadlineSchema>

export function deadlineAnswer(next: NextDeadline | null): DeadlineAnswer {
  return next && { what: next.what, at: formatInstant(next.atMs) }
}

export function reconciliationAnswer(
  result: Reconciliation,
  beside: Pick<ReconciliationAnswer, 'guarantee' | 'credits'>,
): ReconciliationAnswer {
  const matches = result.matches.map(({ interval, measured, readings, ...rest }) => ({
    ...rest,
    ...spanAnswer(interval),
    measured: measured.map(spanAnswer),
    readings: readings.map(spanAnswer),
  }))
  return { ...beside, ...result, matches }
}

function spanAnswer({ startMs, endMs }: Interval): z.infer<typeof span> {
  return { start: formatInstant(startMs), end: formatInstant(endMs) }
}
