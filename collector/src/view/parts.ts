/** What every published shape is made of. The schemas are the source; types are inferred from them. Pure. */
import { STATES } from '@constat/sla/timeline'
import { VERDICTS } from '@constat/sla/verdict'
import { UNKNOWN_REASONS } from '@constat/sla/unknown'
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

const blamed = {
  reason: z.enum(UNKNOWN_REASONS).meta({ id: 'UnknownReason' }),
  agent: z.string().nullable().describe('By id; null: of no agent in particular'),
  name: z.string().nullable().describe('Of the agent'),
}

/** Why something is unknown. */
export const why = z
  .object({
    ...blamed,
    since: instant.nullable().describe('Since when; of a silent agent when it was last heard'),
  })
  .meta({ id: 'WhyUnknown' })
export type WhyView = z.infer<typeof why>

export const whySpan = why.extend(span.shape).meta({ id: 'WhyUnknownSpan' })
export type WhySpan = z.infer<typeof whySpan>

export const unknownShare = z.object({ ...blamed, ms }).meta({ id: 'UnknownShare' })
export type UnknownShare = z.infer<typeof unknownShare>

export const verdict = z.enum(VERDICTS)
export type Verdict = z.infer<typeof verdict>

export const windowState = z.enum(['open', 'grace', 'final', 'amended']).meta({ id: 'WindowState' })
export type WindowState = z.infer<typeof windowState>

export const figures = z.object({ provable: ms, point: ms, pessimistic: ms }).meta({ id: 'Figures' })
export type Figures = z.infer<typeof figures>

export const side = z.enum(['customer', 'provider'])

export const role = z.enum(['owner', 'viewer', 'provider', 'internal'])
export type Role = z.infer<typeof role>
/** Whoever speaks for a side. */
export const partyRole = role.exclude(['internal'])
/** Who asks for work: `key` tells tokens apart, and is none. */
export type Asker = { key: string; role: Role }

export const readiness = z
  .object({ claimable: z.boolean(), lacks: z.array(z.string()) })
  .meta({ id: 'Readiness' })
export type Readiness = z.infer<typeof readiness>
