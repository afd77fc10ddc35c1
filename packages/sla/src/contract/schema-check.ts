/**
 * Schemas of the kinds Calendar and Check. Pure.
 */
import { z } from 'zod'
import { count, date, MAX_LIST, name, positiveDuration, text, timeZone, weeklySlot } from './scalar.ts'

export const metadata = z.strictObject({ name, displayName: text.optional() })

export const holiday = z.union([date, z.strictObject({ date, name: text.optional() })], {
  error: 'should be a date in quotes, such as "2026-05-01", or {date: "2026-05-01"}',
})

const year = z.int('should be a year, such as 2026').min(1970).max(9998)

export const calendarSpec = z.strictObject({
  timeZone,
  weekly: z.array(weeklySlot).min(1, 'is empty: list the service hours').max(100),
  holidays: z.array(holiday).max(MAX_LIST).default([]),
  yearsCovered: z.array(year).min(1, 'is empty: list the years whose holidays stand here').max(200),
})

const host = z
  .string('should be a host name or an address')
  .min(1, 'is empty')
  .max(253)
  .regex(/^[^\s/?#]+$/, 'should be a host name or an address, without a scheme or a path')
const port = z
  .int('should be a port')
  .min(1, 'should be a port from 1 to 65535')
  .max(65535, 'should be a port from 1 to 65535')
const family = z.union([z.literal(4), z.literal(6)], { error: 'should be 4 or 6' }).optional()
const status = z
  .int('should be an HTTP status')
  .min(100, 'should be from 100 to 599')
  .max(599, 'should be from 100 to 599')

const httpUrl = z
  .string('should be an http or https URL')
  .max(2048)
  .refine((value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')
  }, 'should be an http or https URL, such as https://intranet.example/login')

export const httpOptions = z.strictObject({
  url: httpUrl,
  method: z.enum(['GET', 'HEAD', 'POST']).optional(),
  headers: z.record(z.string().max(200), z.string().max(4000)).optional(),
  body: z.string().max(65_536).optional(),
  expect: z
    .strictObject({
      status: z.array(status).min(1).max(50).optional(),
      bodyContains: text.optional(),
      /** Answered, but slower than this: degraded. */
      within: positiveDuration.optional(),
    })
    .optional(),
  redirects: z.int().min(0).max(10).optional(),
  maxBytes: z
    .int()
    .min(1)
    .max(16 * 1024 * 1024)
    .optional(),
  family,
})

const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'CAA'] as const

export const probeOptions = {
  http: httpOptions.optional(),
  tcp: z.strictObject({ host, port, family }).optional(),
  tls: z.strictObject({ host, port: port.default(443), serverName: host.optional(), family }).optional(),
  dns: z
    .strictObject({ server: host.optional(), name: host, type: z.enum(DNS_TYPES).default('A') })
    .optional(),
  icmp: z.strictObject({ host, packets: count.max(20).default(3), family }).optional(),
}

export const PROBE_KINDS = ['http', 'tcp', 'tls', 'dns', 'icmp'] as const

export const confirmation = z.strictObject({
  down: count.max(100).default(2),
  up: count.max(100).default(1),
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
    vantages: z.array(name).min(1).max(MAX_LIST).optional(),
    zone: name.optional(),
  })
  .refine((spec) => PROBE_KINDS.filter((kind) => spec[kind] !== undefined).length === 1, {
    error: `should have exactly one of ${PROBE_KINDS.join(', ')}`,
  })
