/** Words that people wrote, as their contract's owner finds and erases them. Pure. */
import { z } from 'zod'
import { instant, side } from './parts.ts'

export const words = z
  .object({
    digest: z.string().describe('Hex, SHA-256 of salt and words: what the log holds of them'),
    of: z.enum(['note', 'dispute', 'trouble', 'terms', 'penalty', 'exclusion']),
    about: z.string().describe('Its incident or service, revision, or window'),
    side,
    at: instant,
    text: z.string().nullable().describe('Null: erased'),
  })
  .meta({ id: 'Words' })
export type WordsView = z.infer<typeof words>

export const erased = z
  .object({
    contract: z.string(),
    digest: z.string(),
    changed: z.boolean().describe('False: they had been erased already'),
  })
  .meta({ id: 'Erased' })
export type ErasedView = z.infer<typeof erased>
