/**
 * PagerDuty Events API v2. Pure. The address is `https://events.pagerduty.com/v2/enqueue` with
 * `?routing_key=…`, which moves from the address into the body. One alert for each incident and each
 * silent agent: opened, acknowledged and resolved under its id as `dedup_key`. What is over is resolved, never
 * triggered or acknowledged.
 */
import { textAt, type Urgency } from '../headline.ts'
import type { MessageType } from '../types.ts'
import type { Shape, ShapeInput } from './shape.ts'

const KEY = 'routing_key'
/** PagerDuty's own limit of `payload.summary`. */
const MAX_SUMMARY_CHARS = 1_024

const SEVERITY: Readonly<Record<Urgency, string>> = {
  page: 'critical',
  warn: 'warning',
  good: 'info',
  note: 'info',
}

/** What does not stand here would open alerts that nothing ever resolves. */
const ACTION: Readonly<Partial<Record<MessageType, 'trigger' | 'acknowledge' | 'resolve'>>> = {
  'incident.opened': 'trigger',
  'incident.updated': 'trigger',
  'incident.reopened': 'trigger',
  'incident.escalated': 'trigger',
  'incident.acknowledged': 'acknowledge',
  'incident.closed': 'resolve',
  'incident.merged': 'resolve',
  'site.unreachable': 'trigger',
  'agent.silent': 'trigger',
  'agent.back': 'resolve',
  'objective.breached': 'trigger',
  'evidence.anomaly': 'trigger',
  'webhook.test': 'trigger',
}

export const pagerduty: Shape = {
  body: (input) => JSON.stringify(eventOf(input)),
  target(url) {
    const bare = new URL(url)
    bare.searchParams.delete(KEY)
    return bare
  },
  problem: (url) =>
    url.searchParams.get(KEY) ? null : `a pagerduty address ends in ?${KEY}= and the integration key`,
  holdsAlerts: true,
  takes: (type) => ACTION[type] !== undefined,
}

function eventOf({ envelope, headline, url, isOver }: ShapeInput) {
  const action = isOver ? 'resolve' : (ACTION[envelope.type] ?? 'trigger')
  const head = {
    routing_key: url.searchParams.get(KEY),
    event_action: action,
    // The id alone, so that people and scripts can find it in both systems.
    dedup_key: textAt(envelope.data, 'id') ?? headline.subject,
  }
  if (action !== 'trigger') return head
  return {
    ...head,
    client: 'Constat',
    ...(headline.link === null ? {} : { client_url: headline.link }),
    payload: {
      summary: headline.title.slice(0, MAX_SUMMARY_CHARS),
      source: textAt(envelope.data, 'service') ?? 'constat',
      severity: SEVERITY[headline.urgency],
      timestamp: envelope.timestamp,
      class: envelope.type,
      ...groupOf(textAt(envelope.data, 'contract')),
      custom_details: envelope.data,
    },
  }
}

function groupOf(contract: string | null): { group?: string } {
  return contract === null ? {} : { group: contract }
}
