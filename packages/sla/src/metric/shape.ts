/** What the shapes of measures are made of, and how anything judged stands. The schemas are the source. Pure. */
import { z } from 'zod'
import { VERDICTS } from '../verdict.ts'

export const ms = z.int().min(0).meta({ description: 'ms' })
export const count = z.int().min(0)
export const instant = z.string().meta({ description: 'RFC 3339, UTC, with milliseconds' })
export const percent = z
  .string()
  .regex(/^\d{1,3}\.\d{4}$/)
  .meta({ description: 'Percent, 4 digits, truncated' })

export function figuresOf<T extends z.ZodType>(value: T) {
  return z
    .strictObject({ provable: value, point: value, pessimistic: value })
    .meta({ description: 'At least, measured, at most' })
}

export const downMs = figuresOf(ms)
export const percentages = figuresOf(percent.nullable().meta({ description: 'Percent; null of nothing' }))

/** How a guarantee, or one site of it, stands. */
export const standing = z.strictObject({
  verdict: z.enum(VERDICTS),
  outlook: z.enum(['on_track', 'at_risk']).nullable().meta({ description: 'Of an open window only' }),
  insufficientEvidence: z.boolean(),
  committedMs: ms.meta({ description: 'Of the whole window, ms' }),
  elapsedMs: ms.meta({ description: 'Of it, up to asOf, ms' }),
  knownMs: ms,
  coverage: z
    .string()
    .regex(/^[01]\.\d{4}$/)
    .nullable()
    .meta({ description: 'knownMs of elapsedMs, as a share' }),
  blockedMs: ms.meta({
    description:
      'Of elapsedMs, ms in which a firewall or rate limit answered in the target’s place: unknown, not up',
  }),
})
export type Standing = z.infer<typeof standing>

export type ScoredAs<M> = Standing & { measure: M }
