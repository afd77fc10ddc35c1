/**
 * Alertmanager webhook, version 4 (prometheus.io, "webhook_config"): for receivers that already read
 * what Alertmanager sends. One alert in each message. Pure.
 */
import { createHash } from 'node:crypto'
import { linesText, textAt, type Headline, type Urgency } from '../headline.ts'
import type { Envelope } from '../types.ts'
import type { Shape } from './shape.ts'

/** Go's zero time: an alert that has not ended. */
const NOT_ENDED = '0001-01-01T00:00:00Z'

const SEVERITY: Readonly<Record<Urgency, string>> = {
  page: 'critical',
  warn: 'warning',
  good: 'critical',
  note: 'info',
}

export const alertmanager: Shape = {
  holdsAlerts: true,
  body({ envelope, headline, isOver }) {
    const labels = labelsOf(envelope, headline)
    const annotations = { summary: headline.title, description: linesText(headline) }
    const status = isOver ? 'resolved' : 'firing'
    return JSON.stringify({
      version: '4',
      groupKey: `{}:{subject="${headline.subject}"}`,
      truncatedAlerts: 0,
      status,
      receiver: 'constat',
      groupLabels: { subject: headline.subject },
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: headline.link === null ? '' : new URL(headline.link).origin,
      alerts: [
        {
          status,
          labels,
          annotations,
          startsAt:
            textAt(envelope.data, 'onsetAt') ?? textAt(envelope.data, 'silentSince') ?? envelope.timestamp,
          endsAt: status === 'resolved' ? (textAt(envelope.data, 'endAt') ?? envelope.timestamp) : NOT_ENDED,
          generatorURL: headline.link ?? '',
          fingerprint: createHash('sha256').update(headline.subject).digest('hex').slice(0, 16),
        },
      ],
    })
  },
}

/** The labels of a thing stay the same from its first message to its last: receivers match by them. */
function labelsOf({ type, data }: Envelope, { subject, urgency }: Headline): Record<string, string> {
  const [noun = type] = type.split('.')
  const lifecycle = noun === 'incident' || noun === 'agent'
  const labels: Record<string, string> = {
    alertname: lifecycle ? `constat_${noun}` : `constat_${type.replace('.', '_')}`,
    severity: lifecycle ? (noun === 'incident' ? 'critical' : 'warning') : SEVERITY[urgency],
    subject,
  }
  for (const key of ['contract', 'service', 'check']) {
    const value = textAt(data, key)
    if (value !== null) labels[key] = value
  }
  return labels
}
