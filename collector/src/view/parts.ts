/** What every published shape is made of. The schemas are the source; types are inferred from them. Pure. */
import { STATES } from '@constat/sla/timeline'
import { VERDICTS } from '@constat/sla/verdict'
import { z } from 'zod'

export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .describe('RFC 3339, UTC, ms')
export const span = z.object({ start: instant, end: instant })
export const ms = z.int().describe('Milliseconds')
export const count = z.int().min(0)
export const us = count.describe('Microseconds').nullable()
export const amount = z.string().describe('Decimal; what takes away is negative')
export const share = z
  .string()
  .regex(/^[01]\.\d{4}$/)
  .describe('Share of 1, 4 digits, truncated')

export const state = z.enum(STATES).meta({ id: 'State' })
export type State = z.infer<typeof state>

export const verdict = z.enum(VERDICTS)
export type Verdict = z.infer<typeof verdict>

export const windowState = z.enum(['open', 'grace', 'final', 'amended']).meta({ id: 'WindowState' })
export type WindowState = z.infer<typeof windowState>

export const figures = z.object({ provable: ms, point: ms, pessimistic: ms }).meta({ id: 'Figures' })
export type Figures = z.infer<typeof figures>

export const role = z.enum(['owner', 'viewer', 'provider'])
export type Role = z.infer<typeof role>

export const readiness = z
  .object({ claimable: z.boolean(), lacks: z.array(z.string()) })
  .meta({ id: 'Readiness' })
export type Readiness = z.infer<typeof readiness>
