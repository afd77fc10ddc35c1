/**
 * Schemas of the kinds Calendar and Check. Pure.
 */
import { z } from 'zod'
import { hostOptions } from './schema-host.ts'
import { webOptions } from './schema-http.ts'
import { networkOptions } from './schema-network.ts'
import { atMost, count, date, flag, list, name, positiveDuration, some, text, timeZone } from './scalar.ts'
import { weeklySlot, year } from './scalar.ts'

export const metadata = z.strictObject({ name, displayName: text.optional() })

export const holiday = z.union([date, z.strictObject({ date, name: text.optional() })], {
  error: 'should be a date in quotes, such as "2026-05-01", or {date: "2026-05-01"}',
})

/** Service hours, and the years whose holidays are listed. */
export const weekly = some(weeklySlot, 'list the service hours', 100)
export const yearsCovered = some(year, 'list the years whose holidays stand here', 200)

export const calendarSpec = z.strictObject({
  timeZone,
  weekly,
  holidays: list(holiday).default([]),
  yearsCovered,
})

export const PROBE_KINDS = ['http', 'transaction', 'tcp', 'tls', 'dns', 'icmp', 'host'] as const

/** Samples in a row. */
const run = count.max(100, atMost(100))

export const confirmation = z.strictObject({
  down: run.default(2),
  up: run.default(1),
  by: z.enum(['reprobes', 'slots']).default('reprobes'),
})

export const checkSpec = z
  .strictObject({
    /** Absent: a reference, it belongs to no guaranteed service. */
    service: name.optional(),
    ...webOptions,
    ...networkOptions,
    host: hostOptions.optional(),
    interval: positiveDuration,
    timeout: positiveDuration,
    reprobe: positiveDuration.optional(),
    hold: positiveDuration.optional(),
    confirm: confirmation.optional(),
    brackets: flag.optional(),
    vantages: some(name, 'name the agents, or leave it out for all of them').optional(),
    zone: name.optional(),
  })
  .refine((spec) => PROBE_KINDS.filter((kind) => spec[kind] !== undefined).length === 1, {
    error: `should have exactly one of ${PROBE_KINDS.join(', ')}`,
  })
