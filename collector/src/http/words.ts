/** Words: what somebody says with an act, under any of the names that clients have for it. */
import { z } from 'zod'
import { MAX_REASON_CHARS } from './limits.ts'

const said = z.string().trim().max(MAX_REASON_CHARS).optional()

/** For the body of an act. */
export const WORDS = { note: said, text: said.describe('As note'), reason: said.describe('As note') }

/** Empty: nothing was said. */
export function wordsOf({
  note,
  text,
  reason,
}: { [Name in keyof typeof WORDS]?: string | undefined }): string {
  return note || text || reason || ''
}
