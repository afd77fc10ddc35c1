/** Exclusions as they are published: who declared what, what was answered, what the contract makes of it. Pure. */
import { z } from 'zod'
import { instant, ms, side, span } from './parts.ts'

export const exclusion = z
  .object({
    id: z.string(),
    contract: z.string(),
    service: z.string().nullable().describe('Null: every service of the contract'),
    kind: z.string(),
    clause: z.string().nullable(),
    ...span.shape,
    announcedAt: instant.nullable().describe('When it is said to have been announced; null: not otherwise'),
    announcementOnRecord: z.boolean().describe('False: the provider says so, and nobody has confirmed it'),
    announced: span.nullable(),
    reason: z.string(),
    declaredAt: instant,
    afterwards: z.boolean().describe('Declared when the time had begun'),
    declaredBy: z.string().describe('Party of the contract'),
    side,
    standing: z
      .enum(['counts', 'contested', 'waiting', 'refused'])
      .describe('Contested and waiting: the result is told both ways'),
    refusals: z.array(z.string()),
    notice: z
      .object({
        unit: z.enum(['elapsed-ms', 'days']),
        given: z.int(),
        required: z.int(),
        isEnough: z.boolean(),
      })
      .nullable(),
    answers: z.array(
      z.object({
        answer: z.enum(['accepted', 'disputed']),
        by: z.string(),
        side,
        at: instant,
        note: z.string(),
      }),
    ),
    effects: z
      .array(z.object({ guarantee: z.string(), window: z.string(), excusedMs: ms, contested: z.boolean() }))
      .describe('What it excuses of each guarantee, in the window in which it begins'),
  })
  .meta({ id: 'Exclusion' })
export type ExclusionView = z.infer<typeof exclusion>
