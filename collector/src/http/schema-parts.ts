/** What every schema of the API is made of. Each is held to its view by the compiler in both directions. Pure. */
import { z } from 'zod'
import type * as View from '../judge/view.ts'

/** Both types accept each other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? A : never) : never

/** A schema that is the view, no more and no less. */
export function shape<V>() {
  return <S extends z.ZodType<Same<z.infer<S>, V>>>(id: string, schema: S): S => schema.meta({ id })
}

export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .describe('RFC 3339, UTC, ms')
export const ms = z.int().describe('Milliseconds')
export const count = z.int().min(0)
export const percent = z
  .string()
  .regex(/^\d{1,3}\.\d{4}$/)
  .describe('Percent, 4 digits, truncated')
export const share = z
  .string()
  .regex(/^[01]\.\d{4}$/)
  .describe('Share of 1, 4 digits, truncated')

export const state = shape<View.State>()('State', z.enum(['up', 'degraded', 'partial', 'down', 'unknown']))
export const windowState = shape<View.WindowState>()(
  'WindowState',
  z.enum(['open', 'grace', 'final', 'amended']),
)
export const figures = shape<View.Figures>()(
  'Figures',
  z.object({ provable: ms, point: ms, pessimistic: ms }),
)
export const readiness = shape<View.Readiness>()(
  'Readiness',
  z.object({ claimable: z.boolean(), lacks: z.array(z.string()) }),
)

export const us = count.describe('Microseconds').nullable()
