/**
 * JSON Schema of the contract documents, from the definitions that parse them. Pure.
 */
import type { Json } from '@constat/shared/canonical-json'
import { z } from 'zod'
import { KINDS } from './kinds.ts'

/** Draft 2020-12. One document of any kind; rules that cross documents are not in it. */
export function contractJsonSchema(): Json {
  const any = z.union(Object.values(KINDS))
  // The generator's type is wider than JSON only in what it never writes.
  return z.toJSONSchema(any, { io: 'input', target: 'draft-2020-12' }) as Json
}
