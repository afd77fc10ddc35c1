/** What was seen over time, as it is published: states, latencies, incidents. Pure. */
import { CLOCKS } from '@constat/sla/detection'
import { INCIDENT_CHANGES } from '@constat/sla/state/incident-record'
import { z } from 'zod'
import { count, figures, instant, ms, partyRole, span, state, us, verdict, why, whySpan } from './parts.ts'
import { remark } from './remark.ts'

const segment = z
  .object({
    ...span.shape,
    state,
    reasons: z
      .array(whySpan)
      .exactOptional()
      .describe('Of an unknown one: why, and over which part; several can hold at once'),
  })
  .meta({ id: 'Segment' })
export type Segment = z.infer<typeof segment>

export const timeline = z
  .object({
    service: z.string(),
    contract: z.string(),
    from: instant,
    to: instant,
    segments: z.array(segment),
    vantages: z.record(z.string(), z.array(segment)).describe('By agent id, as in what follows'),
    agentNames: z.record(z.string(), z.string()),
    administeredBy: z
      .record(z.string(), z.string().nullable())
      .describe('The party that administers the host; null: nobody said'),
  })
  .meta({ id: 'Timeline' })
export type TimelineView = z.infer<typeof timeline>

const latencyPoint = z
  .object({
    at: instant.describe('Where the step begins'),
    n: count.describe('Slot samples that answered'),
    p50Us: us.describe('Nearest rank, exact; null where n is 0'),
    p95Us: us,
    p99Us: us,
    failed: count.describe('Slot samples that failed: not among n'),
  })
  .meta({ id: 'LatencyPoint' })
export type LatencyPoint = z.infer<typeof latencyPoint>

export const latency = z
  .object({ check: z.string(), stepMs: ms, points: z.array(latencyPoint) })
  .meta({ id: 'Latency' })
export type LatencyView = z.infer<typeof latency>

const vantage = z
  .object({
    agent: z.string(),
    name: z.string(),
    state,
    since: instant,
    reasons: z.array(why).describe('Why it is unknown; empty where it is known'),
    site: z.string().nullable().describe('Null: it stands in no site of the contract'),
    administeredBy: z.string().nullable(),
  })
  .meta({ id: 'IncidentVantage' })
export type IncidentVantage = z.infer<typeof vantage>

const failure = z
  .object({
    agent: z.string(),
    at: instant,
    code: z
      .string()
      .nullable()
      .describe('What was said: HTTP status, DNS rcode, TLS alert, reply code, errno; null: nothing was'),
    target: z.string().nullable().describe('What was probed; null: the terms no longer say'),
    latencyUs: us.describe('From the start of the probe to its end'),
    connectedUs: us.describe('From the connection to the failure; null: there was no connection'),
  })
  .meta({ id: 'FirstFailure' })

export const incident = z
  .object({
    id: z.string(),
    contract: z.string(),
    service: z.string(),
    check: z.string(),
    onsetAt: instant,
    openedAt: instant,
    closedAt: instant.nullable(),
    endAt: instant.nullable().describe('Last instant known down, when closed'),
    closeReason: z.string().nullable(),
    cause: z.string(),
    fault: z.string(),
    failure: failure.nullable().describe('The sample that it began with; null: none says'),
    zone: z.string().describe('In which it began; undetermined where nothing says'),
    owner: z.string().describe('Party that owns the zone'),
    answeredBy: z.string().describe('Party that answers for it: the provider for its subcontractors'),
    zoneReference: z.string().nullable().describe('Check whose failing puts it down to this zone'),
    downMs: figures,
    vantages: z.array(vantage),
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: partyRole.nullable().describe('Whoever was first'),
    providerAcknowledgedAt: instant
      .nullable()
      .describe('The provider’s own word: the only one that stops a response clock'),
    pagedAt: instant.nullable().describe('When people were due to be told'),
    unansweredSince: instant
      .nullable()
      .describe('Since when people wait for an answer, anew at each reopening; null: nobody does'),
    alertedAt: instant
      .nullable()
      .describe('When a receiver first accepted a message about it; null: nobody was told'),
    disputed: z.boolean().describe('The provider disputes it: said beside the figures, which stand'),
  })
  .meta({ id: 'Incident' })
export type IncidentView = z.infer<typeof incident>

const change = z
  .object({
    at: instant,
    change: z.enum(INCIDENT_CHANGES),
    onsetAt: instant.describe('As it was known from then on, and so are the others'),
    endAt: instant.nullable(),
    zone: z.string(),
  })
  .meta({ id: 'IncidentChange' })

const clock = z
  .object({
    clock: z.enum(CLOCKS),
    at: instant.nullable().describe('Null: nobody knew by it'),
    afterOnsetMs: ms.nullable().describe('Below zero: before the measured onset'),
  })
  .meta({ id: 'IncidentClock' })

const target = z
  .object({
    guarantee: z.string(),
    metric: z.enum(['response-time', 'restoration-time']),
    clause: z.string().nullable(),
    withinMs: ms,
    ranMs: ms.nullable().describe('On the clock that the contract names; null: it never started'),
    isRunning: z.boolean(),
    verdict,
  })
  .meta({ id: 'IncidentTarget' })

const counted = z
  .object({
    guarantee: z.string(),
    downMs: ms.describe('Of it, in the window of its onset'),
    countedMs: ms,
    outsideHoursMs: ms,
    excludedMs: ms,
  })
  .meta({ id: 'IncidentCounted' })

export const incidentRoom = incident
  .extend({
    changes: z.array(change).describe('What happened to it, in order'),
    remarks: z.array(remark).describe('Notes, disputes and reports of trouble, in order'),
    clocks: z.array(clock).describe('Who knew of it when'),
    targets: z.array(target).describe('What was promised of its response and its end'),
    counts: z.array(counted).describe('How much of it counts, by guarantee of its availability'),
  })
  .meta({ id: 'IncidentRoom' })
export type IncidentRoomView = z.infer<typeof incidentRoom>
