/** What a timestamp authority has said of a log, as it is published. Pure. */
import { z } from 'zod'
import { TIMESTAMP_REFUSALS } from '@constat/evidence/timestamp'
import { count, instant } from './parts.ts'

const problem = z.enum(['unreachable', ...TIMESTAMP_REFUSALS])
export type TimestampProblem = z.infer<typeof problem>

export const timestamps = z
  .object({
    size: count.describe('Entries under the newest checkpoint that was dated; 0: none'),
    at: instant.nullable().describe('When, as the authority says'),
    authority: z.string().nullable().describe('Subject of its certificate'),
    problem: problem.nullable().describe('Why it dates nothing now; null: nothing is wrong'),
  })
  .meta({ id: 'Timestamps' })
export type TimestampsView = z.infer<typeof timestamps>

/** Who dates the logs. */
export type Timestamping = {
  /** Whether the log was dated lately. */
  isStamped(log: number): boolean
  /** Null: nobody is asked, and nobody has. */
  of(log: number): TimestampsView | null
}
