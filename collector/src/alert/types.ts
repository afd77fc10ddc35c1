/**
 * Event types and what is said of each: the closed list of what is told, the fact a stage
 * reports, the event the SSE stream replays, the envelope a webhook receives. Pure.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'

/** Every type that something tells: what a webhook can subscribe to. */
export const EVENT_TYPES = [
  'incident.opened',
  'incident.updated',
  'incident.closed',
  'incident.reopened',
  'incident.merged',
  'site.unreachable',
  'incident.acknowledged',
  'incident.escalated',
  'objective.at_risk',
  'objective.breached',
  'window.finalised',
  'window.amended',
  'agent.silent',
  'agent.back',
  'certificate.expiring',
  'exclusion.proposed',
  'claim.deadline',
  'terms.agreed',
  'terms.objected',
  'penalty.notified',
  'penalty.answered',
  'evidence.anomaly',
  'evidence.root',
  'report.ready',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** Asked for by a person, sent to one webhook; nobody subscribes to it. */
export const TEST_TYPE = 'webhook.test'
/** What people are told in place of many events: messages alone, which nobody subscribes to. */
export const GROUPED_TYPE = 'incident.grouped'
export const FLAPPING_TYPE = 'incident.flapping'
export type MessageType = EventType | typeof TEST_TYPE | typeof GROUPED_TYPE | typeof FLAPPING_TYPE

/** The body `{type, timestamp, data}` in UTF-8 stays below this. */
export const MAX_PAYLOAD_BYTES = 20_000

/** JSON of an event: what pages, SSE and webhooks show. */
export type EventData = { readonly [key: string]: DataValue }
export type DataValue = null | boolean | number | string | readonly DataValue[] | EventData

export type Fact = {
  type: EventType
  contract: string | null
  atMs: UnixMs
  data: EventData
  /** Of no one contract: those whose endpoints hear of it all the same. */
  concerns?: readonly string[]
}

/** A fact that was written. Ids grow in the order of the commits. */
export type Event = Omit<Fact, 'concerns'> & { id: number }

/** What a webhook receives, before its shape. */
export type Envelope = { type: MessageType; timestamp: string; data: EventData }

export function isEventType(text: string): text is EventType {
  // Widening the tuple only lets `includes` take any text.
  return (EVENT_TYPES as readonly string[]).includes(text)
}

/** The text that is stored, measured and, in the generic shape, sent and signed. */
export function envelopeText({
  type,
  atMs,
  data,
}: {
  type: MessageType
  atMs: UnixMs
  data: EventData
}): string {
  return JSON.stringify({ type, timestamp: formatInstant(atMs), data } satisfies Envelope)
}

export function payloadBytes(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}
