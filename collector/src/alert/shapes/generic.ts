/**
 * Generic: the envelope as it stands, after Standard Webhooks. Pure.
 */
import type { Shape } from './shape.ts'

export const generic: Shape = { body: ({ text }) => text }
