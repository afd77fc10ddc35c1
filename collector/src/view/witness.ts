/** What a witness has seen of a log, as it is published. Pure. */
import { z } from 'zod'
import { count, instant } from './parts.ts'

export const witness = z
  .object({
    name: z.string().describe('As the policy calls it'),
    key: z.string().describe('Of its key, as it stands in checkpoints'),
    size: count.describe('Entries under the checkpoint that it cosigned last; 0: none'),
    cosignedAt: instant.nullable().describe('When it says it did'),
    problem: z.string().nullable().describe('Why it does not cosign now; null: nothing is wrong'),
  })
  .meta({ id: 'Witness' })
export type WitnessView = z.infer<typeof witness>

/** Who has witnessed the logs. */
export type Witnessing = {
  /** Whether a quorum has cosigned the log within the last day. */
  isWitnessed(log: number): boolean
  of(log: number): WitnessView[]
}
