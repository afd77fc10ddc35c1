/**
 * Schemas of the kinds that are no part of the shared terms: Alerting and LossModel. Pure.
 */
import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import {
  clock,
  currency,
  decimalText,
  duration,
  list,
  ms,
  name,
  positiveDuration,
  some,
  text,
  timeZone,
  weekday,
} from './scalar.ts'
import { flag, tooLong, weeklySlot } from './scalar.ts'

const webAddress = z
  .string('should be an http or https URL')
  .max(2048, tooLong(2048))
  .refine((value) => URL.canParse(value) && /^https?:/.test(value), 'should be an http or https URL')
const eventType = z
  .string('should be an event type, such as incident.opened')
  .regex(/^(\*|[a-z]+\.(\*|[a-z_]+))$/, 'should be an event type, such as incident.opened, incident.* or *')

/** Endpoints of one document, steps of its escalation, and its reports. */
const MAX_ENDPOINTS = 50
const MAX_STEPS = 20
const MAX_REPORTS = 20

const endpoint = z
  .strictObject({
    id: name,
    url: webAddress.optional(),
    email: z.email('should be an e-mail address').optional(),
    shape: z
      .enum(['generic', 'slack', 'teams', 'pagerduty', 'alertmanager', 'email', 'ntfy', 'sms'])
      .default('generic'),
    language: z.enum(['en', 'fr']).optional(),
    /** The party that runs what takes the messages: a claim needs a path that the provider does not. */
    operatedBy: name.optional(),
  })
  .refine(({ url, email }) => (url === undefined) !== (email === undefined), {
    error: 'should have either url or email',
  })

/** Shapes that people read: what they are told of incidents is gathered. */
export const SHAPES_FOR_PEOPLE: ReadonlySet<string> = new Set(['slack', 'teams', 'ntfy', 'sms', 'email'])

/** What a person who is woken wants: one message for one cause, soon, and not one at every turn. */
export const GATHERING_DEFAULTS = { grouping: { hold: 'PT10S' }, damping: { opens: 3, within: 'PT30M' } }

const upTo = (most: string) =>
  duration.refine((value) => (parseDuration(value) ?? 0) <= ms(most), `should be ${most} or less`)

/** What has one cause is one message, held for so long; PT0S: each is told by itself. */
const grouping = z.strictObject({ hold: upTo('PT10M').default(GATHERING_DEFAULTS.grouping.hold) })
/** What goes down so often within so long is told that it flaps; PT0S: each time. */
const damping = z.strictObject({
  opens: z
    .int('should be a whole number')
    .min(2, 'should be 2 or more')
    .max(100, 'should be 100 or less')
    .default(GATHERING_DEFAULTS.damping.opens),
  within: upTo('P1D').default(GATHERING_DEFAULTS.damping.within),
})

const hours = z.strictObject({ timeZone, weekly: some(weeklySlot, 'list the hours') })

/** Each condition that is given narrows a route. */
const route = z.strictObject({
  types: some(eventType, 'list the events, such as incident.*'),
  services: some(name, 'name the services, or leave it out for all of them').optional(),
  sites: some(name, 'name the sites, or leave it out for all of them').optional(),
  severity: z.literal('critical', 'should be critical, or left out').optional(),
  hours: hours.optional(),
  to: some(name, 'name the endpoints'),
})

/** What a report that is sent may be attached as; JSON stands inside of the PDF. */
export const SENT_FORMS = ['pdf', 'html', 'csv'] as const

const reportFields = {
  id: name,
  to: some(name, 'name the endpoints'),
  forms: some(z.enum(SENT_FORMS), 'list the forms, such as [pdf, csv]', SENT_FORMS.length).default(['pdf']),
}
/** By the clock of a zone. `of`: windows that have become final since the last time, or those that go on. */
const byClock = { of: z.enum(['closed', 'current']).default('closed'), at: clock, timeZone }

const scheduledReport = z.discriminatedUnion(
  'every',
  [
    z.strictObject({ ...reportFields, every: z.literal('closing') }),
    z.strictObject({ ...reportFields, ...byClock, every: z.literal('week'), on: weekday }),
    z.strictObject({
      ...reportFields,
      ...byClock,
      every: z.literal('month'),
      /** A month that has no such day gives its last one. */
      on: z
        .int('should be a day of the month, 1 to 31')
        .min(1, 'should be 1 or more')
        .max(31, 'should be 31 or less'),
    }),
  ],
  { error: 'should be closing, week or month' },
)
export type ScheduledReport = z.output<typeof scheduledReport>

export const alertingSpec = z.strictObject({
  contract: name.optional(),
  paused: flag.default(false),
  endpoints: some(endpoint, 'write where alerts go', MAX_ENDPOINTS),
  routes: list(route).default([]),
  escalation: z
    .array(z.strictObject({ after: duration, to: some(name, 'name the endpoints') }))
    .max(MAX_STEPS)
    .default([]),
  grouping: grouping.default(GATHERING_DEFAULTS.grouping),
  damping: damping.default(GATHERING_DEFAULTS.damping),
  quietHours: hours.safeExtend({ except: list(eventType).default([]) }).optional(),
  heartbeat: z.strictObject({ url: webAddress, every: positiveDuration }).optional(),
  reports: z.array(scheduledReport).max(MAX_REPORTS).default([]),
  logRoot: z.enum(['daily', 'never']).default('daily'),
})

export type AlertingSpec = z.output<typeof alertingSpec>

const rate = weeklySlot.safeExtend({ amount: decimalText })

const share = z.union(
  [
    z.strictObject({ from: z.literal('vantages-down'), of: z.literal('vantages-known') }),
    z.strictObject({ fixed: decimalText }),
  ],
  { error: 'should be {from: vantages-down, of: vantages-known} or {fixed: "0.5"}' },
)

export const lossModelSpec = z.strictObject({
  contract: name,
  currency,
  showToProvider: flag.default(false),
  services: some(
    z.strictObject({
      service: name,
      perMinute: list(rate).default([]),
      timeZone,
      otherwise: decimalText.default('0'),
      perIncident: decimalText.default('0'),
      affectedShare: share.optional(),
      note: text.optional(),
    }),
    'price a service',
  ),
})

export type LossModelSpec = z.output<typeof lossModelSpec>
