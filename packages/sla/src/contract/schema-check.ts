/**
 * Schemas of the kinds Calendar and Check. Pure.
 */
import { z } from 'zod'
import { hostOptions } from './schema-host.ts'
import { webOptions } from './schema-http.ts'
import { networkOptions } from './schema-network.ts'
import {
  atMost,
  count,
  date,
  flag,
  MAX_LIST,
  name,
  positiveDuration,
  text,
  timeZone,
  weeklySlot,
  year,
} from './scalar.ts'

export const metadata = z.strictObject({ name, displayName: text.optional() })

export const holiday = z.union([date, z.strictObject({ date, name: text.optional() })], {
  error: 'should be a date in quotes, such as "2026-05-01", or {date: "2026-05-01"}',
})

export const calendarSpec = z.strictObject({
  timeZone,
  weekly: z.array(weeklySlot).min(1, 'is empty: list the service hours').max(100),
  holidays: z.array(holiday).max(MAX_LIST).default([]),
  yearsCovered: z.array(year).min(1, 'is empty: list the years whose holidays stand here').max(200),
})

export const probeOptions = {
  ...webOptions,
  ...networkOptions,
  host: hostOptions.optional(),
}

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
    ...probeOptions,
    interval: positiveDuration,
    timeout: positiveDuration,
    reprobe: positiveDuration.optional(),
    hold: positiveDuration.optional(),
    confirm: confirmation.optional(),
    brackets: flag.optional(),
    vantages: z
      .array(name)
      .min(1, 'is empty: name the agents, or leave it out for all of them')
      .max(MAX_LIST)
      .optional(),
    zone: name.optional(),
  })
  .refine((spec) => PROBE_KINDS.filter((kind) => spec[kind] !== undefined).length === 1, {
    error: `should have exactly one of ${PROBE_KINDS.join(', ')}`,
  })
