/**
 * The scenario: what `constat evaluate` reads, as one schema that parses it and is published. Pure.
 * Rows of samples and states are read apart (`rows.ts`): there may be millions of them.
 */
import { z } from 'zod'

/** Most members of a list of people's words. */
export const MAX_DECLARATIONS = 10_000

export const instant = z
  .union([z.int(), z.string().max(40)], { error: 'should be ms since the epoch, or RFC 3339 text' })
  .meta({ description: 'Integer ms since the epoch, or RFC 3339 text with an offset' })
export const name = z.string().min(1).max(200)
const party = z.string().min(1).max(200)

const window = z
  .union([z.strictObject({ start: instant, end: instant }), z.string().max(40)], {
    error: 'should be {start, end}, or a key such as 2026-10',
  })
  .meta({ description: 'Bounds, or a key: 2026-10, 2026-Q4, 2026, 2026-W41, 2026-10-05, rolling-30d' })

const exclusion = z.strictObject({
  id: name.optional(),
  kind: name,
  service: name.optional(),
  start: instant,
  end: instant,
  announcedAt: instant.optional(),
  announcedStart: instant.optional(),
  announcedEnd: instant.optional(),
  declaredAt: instant.optional(),
  declaredBy: party.optional(),
  acceptedBy: z.union([party, z.array(party).max(20)]).optional(),
  contestedBy: z.union([party, z.array(party).max(20)]).optional(),
})

/** What people did about an outage: joined to the measured incident that it overlaps. */
const incident = z.strictObject({
  service: name,
  start: instant,
  end: instant.optional(),
  zone: name.optional(),
  cause: name.optional(),
  alertedAt: instant.optional(),
  notifiedAt: instant.optional(),
  acknowledgedAt: instant.optional(),
  providerClosedAt: instant.optional(),
})

const statedTime = z
  .union([z.number(), z.string().max(60)], {
    error: 'should be a time: 2026-10-05T10:00:00Z, or 2026-10-05 10:00',
  })
  .meta({ description: 'ISO 8601, seconds or ms since the epoch, or the reading of the provider’s clock' })

const statementIncident = z.strictObject({
  service: name.optional(),
  start: statedTime,
  end: statedTime.nullable().optional().meta({ description: 'Absent, null or empty: not over yet' }),
  kind: name.optional(),
  note: z.string().max(4000).optional(),
})

export const statement = z.strictObject({
  incidents: z.array(statementIncident).max(MAX_DECLARATIONS).optional(),
  /** By guarantee or service: the availability that was reported. */
  availability: z.record(name, z.union([z.string().max(40), z.number()])).optional(),
})

/** Verdicts of the windows before, oldest first: what repetition and chronic failure look at. */
const verdict = z.enum(['met', 'not_met', 'indeterminate'])
const past = z.union([verdict, z.strictObject({ verdict, credit: z.string().max(40).optional() })])
const history = z.record(name, z.array(past).max(1000))

const rows = z.custom<readonly unknown[]>((value) => Array.isArray(value), 'should be a list of rows')

export const scenarioSchema = z.strictObject({
  contract: z
    .union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown())).max(1000)])
    .optional()
    .meta({ description: 'Contract documents as JSON: one, or a list' }),
  contractFile: z.union([z.string().max(4096), z.array(z.string().max(4096)).max(100)]).optional(),
  /** Which contract, where the documents hold several. */
  contractName: name.optional(),
  window: window.optional(),
  /** Measured up to here; absent: the end of the window. */
  asOf: instant.optional(),
  samples: z.record(name, z.record(name, rows)).optional(),
  states: z.record(name, rows).optional(),
  exclusions: z.array(exclusion).max(MAX_DECLARATIONS).optional(),
  incidents: z.array(incident).max(MAX_DECLARATIONS).optional(),
  history: history.optional(),
  statement: statement.optional(),
  policies: z.array(name).max(50).optional(),
})
export type Scenario = z.output<typeof scenarioSchema>
export type ExclusionInput = z.output<typeof exclusion>
export type IncidentInput = z.output<typeof incident>
