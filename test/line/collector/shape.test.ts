/**
 * Shapes: what each kind of receiver gets, word for word.
 */
import { describe, expect, it } from 'vitest'
import { durationText } from '@constat/collector/alert/headline'
import {
  bodiesOf,
  isShapeName,
  SHAPE_NAMES,
  shapeNamed,
  shapesTaking,
  type ShapeName,
} from '@constat/collector/alert/shapes/table'
import { EVENT_TYPES, type Envelope, type EventData } from '@constat/collector/alert/types'

const INCIDENT: EventData = {
  id: 'inc-7f',
  contract: 'acme',
  service: 'order <portal>',
  check: 'portal-home',
  onsetAt: '2026-10-01T08:00:00.000Z',
  openedAt: '2026-10-01T08:00:12.000Z',
  closedAt: null,
  endAt: null,
  cause: 'connect',
  zone: 'application',
  owner: 'outsourcer',
  downMs: { provable: 0, point: 0, pessimistic: 0 },
  vantages: [],
  links: { incident: 'https://constat.example/incidents/inc-7f' },
}
const OPENED: Envelope = { type: 'incident.opened', timestamp: '2026-10-01T08:00:12.000Z', data: INCIDENT }
const CLOSED: Envelope = {
  type: 'incident.closed',
  timestamp: '2026-10-01T09:04:42.000Z',
  data: {
    ...INCIDENT,
    closedAt: '2026-10-01T09:04:42.000Z',
    endAt: '2026-10-01T09:04:30.000Z',
    downMs: { provable: 3_870_000, point: 3_880_000, pessimistic: 3_890_000 },
  },
}
const SILENT: Envelope = {
  type: 'agent.silent',
  timestamp: '2026-10-01T08:01:30.000Z',
  data: { agent: { id: 'a1', name: 'lyon-1' }, silentSince: '2026-10-01T08:00:00.000Z', links: {} },
}

const URLS: Record<ShapeName, string> = {
  generic: 'https://ops.example/hook',
  slack: 'https://hooks.slack.example/services/T/B/x',
  teams: 'https://teams.example/workflows/1',
  pagerduty: 'https://events.pagerduty.example/v2/enqueue?routing_key=R0&x=1',
  alertmanager: 'https://am.example/webhook',
  ntfy: 'https://ntfy.example/base/ops-alerts',
  email: 'mailto:ops@acme.example',
  sms: 'https://gateway.example/send?to=%2B33600000000',
}

/** What is sent, in order. `isOver`: it is known to be over by now. */
function sent(shape: ShapeName, envelope: Envelope, isOver = false): unknown[] {
  const text = JSON.stringify(envelope)
  const bodies = bodiesOf(shape, { envelope, text, url: new URL(URLS[shape]), isOver })
  return bodies.map((body): unknown => JSON.parse(body))
}

function shaped(shape: ShapeName, envelope: Envelope): unknown {
  return sent(shape, envelope)[0]
}

const AM_LABELS = {
  alertname: 'constat_incident',
  severity: 'critical',
  subject: 'incident:inc-7f',
  contract: 'acme',
  service: 'order <portal>',
  check: 'portal-home',
}
const DESCRIPTION =
  'Contract: acme\nCheck: portal-home\nCause: connect\nZone: application\nAnswers for it: outsourcer\nSince: 2026-10-01T08:00:00.000Z'

const table: [ShapeName, Envelope, unknown][] = [
  ['generic', OPENED, OPENED],
  [
    'slack',
    OPENED,
    {
      text: 'order &lt;portal&gt;: down',
      blocks: [
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text:
              ':red_circle: *order &lt;portal&gt;: down*\n' +
              `${DESCRIPTION}\n<https://constat.example/incidents/inc-7f|Open in Constat>`,
          },
        },
      ],
    },
  ],
  [
    'slack',
    SILENT,
    {
      text: 'lyon-1: agent silent',
      blocks: [
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: ':large_yellow_circle: *lyon-1: agent silent*\nSilent since: 2026-10-01T08:00:00.000Z',
          },
        },
      ],
    },
  ],
  [
    'teams',
    CLOSED,
    {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              {
                type: 'TextBlock',
                text: 'order <portal>: up again',
                weight: 'bolder',
                size: 'medium',
                wrap: true,
                color: 'good',
              },
              {
                type: 'FactSet',
                facts: [
                  { title: 'Contract', value: 'acme' },
                  { title: 'Check', value: 'portal-home' },
                  { title: 'Cause', value: 'connect' },
                  { title: 'Zone', value: 'application' },
                  { title: 'Answers for it', value: 'outsourcer' },
                  { title: 'Since', value: '2026-10-01T08:00:00.000Z' },
                  { title: 'Until', value: '2026-10-01T09:04:30.000Z' },
                  { title: 'Down for at least', value: '1 h 4 min 30 s' },
                ],
              },
            ],
            actions: [
              {
                type: 'Action.OpenUrl',
                title: 'Open in Constat',
                url: 'https://constat.example/incidents/inc-7f',
              },
            ],
          },
        },
      ],
    },
  ],
  [
    'pagerduty',
    OPENED,
    {
      routing_key: 'R0',
      event_action: 'trigger',
      dedup_key: 'inc-7f',
      client: 'Constat',
      client_url: 'https://constat.example/incidents/inc-7f',
      payload: {
        summary: 'order <portal>: down',
        source: 'order <portal>',
        severity: 'critical',
        timestamp: '2026-10-01T08:00:12.000Z',
        class: 'incident.opened',
        group: 'acme',
        custom_details: INCIDENT,
      },
    },
  ],
  ['pagerduty', CLOSED, { routing_key: 'R0', event_action: 'resolve', dedup_key: 'inc-7f' }],
  [
    'pagerduty',
    { ...OPENED, type: 'incident.acknowledged' },
    { routing_key: 'R0', event_action: 'acknowledge', dedup_key: 'inc-7f' },
  ],
  [
    'pagerduty',
    { ...SILENT, type: 'agent.back' },
    { routing_key: 'R0', event_action: 'resolve', dedup_key: 'agent:a1' },
  ],
  [
    'alertmanager',
    OPENED,
    {
      version: '4',
      groupKey: '{}:{subject="incident:inc-7f"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'constat',
      groupLabels: { subject: 'incident:inc-7f' },
      commonLabels: AM_LABELS,
      commonAnnotations: { summary: 'order <portal>: down', description: DESCRIPTION },
      externalURL: 'https://constat.example',
      alerts: [
        {
          status: 'firing',
          labels: AM_LABELS,
          annotations: { summary: 'order <portal>: down', description: DESCRIPTION },
          startsAt: '2026-10-01T08:00:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'https://constat.example/incidents/inc-7f',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      ],
    },
  ],
  [
    'ntfy',
    OPENED,
    {
      topic: 'ops-alerts',
      title: 'order <portal>: down',
      message: DESCRIPTION,
      priority: 5,
      tags: ['rotating_light'],
      click: 'https://constat.example/incidents/inc-7f',
    },
  ],
  [
    'ntfy',
    { type: 'window.finalised', timestamp: OPENED.timestamp, data: {} },
    {
      topic: 'ops-alerts',
      title: 'Constat: window final',
      message: 'window.finalised',
      priority: 3,
      tags: ['information_source'],
    },
  ],
]

describe('shapes', () => {
  it.each(table)('%s of $type', (shape, envelope, expected) => {
    expect(shaped(shape, envelope)).toEqual(expected)
  })

  it('alertmanager: what closes has the labels and the fingerprint of what opened', () => {
    type Message = { status: string; alerts: { labels: unknown; fingerprint: string; endsAt: string }[] }
    // Both were written by the shape under test, whose form the table above checks.
    const [opened, closed] = [OPENED, CLOSED].map((e) => shaped('alertmanager', e) as Message)
    expect(closed?.status).toBe('resolved')
    expect(closed?.alerts[0]?.endsAt).toBe('2026-10-01T09:04:30.000Z')
    expect(closed?.alerts[0]?.labels).toEqual(opened?.alerts[0]?.labels)
    expect(closed?.alerts[0]?.fingerprint).toBe(opened?.alerts[0]?.fingerprint)
  })

  it.each([
    ['generic', 'https://ops.example/hook'],
    ['slack', 'https://hooks.slack.example/services/T/B/x'],
    ['pagerduty', 'https://events.pagerduty.example/v2/enqueue?x=1'],
    ['ntfy', 'https://ntfy.example/base/'],
  ] as const)('%s is sent to %s', (shape, expected) => {
    const url = new URL(URLS[shape])
    expect((shapeNamed(shape).target?.(url) ?? url).href).toBe(expected)
  })

  it('generic sends the stored text byte for byte', () => {
    const text = '{"type":"webhook.test", "data":{}}'
    const envelope: Envelope = { type: 'webhook.test', timestamp: '', data: {} }
    expect(bodiesOf('generic', { envelope, text, url: new URL(URLS.generic), isOver: true })).toEqual([text])
  })

  it('every type has words in every shape that takes it', () => {
    for (const type of EVENT_TYPES) {
      for (const shape of shapesTaking(type)) {
        const body = JSON.stringify(shaped(shape, { type, timestamp: OPENED.timestamp, data: INCIDENT }))
        expect(body.length).toBeGreaterThan(50)
        expect(body).not.toContain('undefined')
      }
    }
  })

  it('pagerduty is spared what nothing would ever resolve', () => {
    expect(shapesTaking('incident.opened')).toEqual(SHAPE_NAMES)
    expect(shapesTaking('window.finalised')).toEqual(SHAPE_NAMES.filter((name) => name !== 'pagerduty'))
  })

  it('names only its own', () => {
    expect(['generic', 'ntfy', 'email', 'fax', 'toString', '__proto__'].filter(isShapeName)).toEqual([
      'generic',
      'ntfy',
      'email',
    ])
  })

  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [90_000_000, '25 h'],
  ])('%i ms are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })
})

describe('an alert that a receiver holds', () => {
  const TEST: Envelope = { type: 'webhook.test', timestamp: OPENED.timestamp, data: { webhook: 'hook_1' } }
  const about = (type: Envelope['type'], { data }: Envelope): Envelope => ({ ...OPENED, type, data })
  const REOPENED = about('incident.reopened', OPENED)

  // What is sent, and whether the incident is known to be over when it is.
  it.each<[string, Envelope, boolean, string[], string[]]>([
    ['begins', OPENED, false, ['trigger'], ['firing']],
    ['goes on', about('incident.updated', OPENED), false, ['trigger'], ['firing']],
    ['is in hand', about('incident.acknowledged', OPENED), false, ['acknowledge'], ['firing']],
    ['ends', CLOSED, false, ['resolve'], ['resolved']],
    ['has ended and is updated', about('incident.updated', CLOSED), false, ['resolve'], ['resolved']],
    [
      'has ended and is acknowledged',
      about('incident.acknowledged', CLOSED),
      false,
      ['resolve'],
      ['resolved'],
    ],
    ['has ended and is merged', about('incident.merged', CLOSED), false, ['resolve'], ['resolved']],
    ['begins, heard after its end', OPENED, true, ['resolve'], ['resolved']],
    ['begins again', REOPENED, false, ['trigger'], ['firing']],
    ['falls silent', SILENT, false, ['trigger'], ['firing']],
    ['is back', { ...SILENT, type: 'agent.back' }, false, ['resolve'], ['resolved']],
    ['is a test', TEST, false, ['trigger', 'resolve'], ['firing', 'resolved']],
  ])('of what %s', (_, envelope, isOver, actions, statuses) => {
    const pages = sent('pagerduty', envelope, isOver)
    const alerts = sent('alertmanager', envelope, isOver)
    expect(pages).toMatchObject(actions.map((action) => ({ event_action: action })))
    expect(alerts).toMatchObject(statuses.map((status) => ({ status, alerts: [{ status }] })))
    // One alert from first to last.
    expect(new Set(pages.map((page) => keyOf(page, 'dedup_key'))).size).toBe(1)
    expect(new Set(alerts.map((alert) => keyOf(alert, 'groupKey'))).size).toBe(1)
    for (const shape of ['generic', 'slack', 'teams', 'ntfy'] as const) {
      expect(sent(shape, envelope, isOver)).toHaveLength(1)
    }
  })

  it('has an end exactly when it is resolved', () => {
    expect(sent('alertmanager', TEST)).toMatchObject([
      { alerts: [{ startsAt: OPENED.timestamp, endsAt: '0001-01-01T00:00:00Z' }] },
      { alerts: [{ startsAt: OPENED.timestamp, endsAt: OPENED.timestamp }] },
    ])
  })
})

function keyOf(body: unknown, key: string): unknown {
  // Both shapes write objects.
  return (body as Record<string, unknown>)[key]
}

describe('an objective that is lost', () => {
  const lost = (critical: boolean): Envelope => ({
    type: 'objective.breached',
    timestamp: '2026-10-05T08:00:00.000Z',
    data: { id: 'up/2026-10', contract: 'acme', guarantee: 'up', service: 'portal', critical, links: {} },
  })
  it.each([
    [true, 'critical'],
    [false, 'warning'],
  ])('critical %j: severity %s', (critical, severity) => {
    expect(shaped('pagerduty', lost(critical))).toMatchObject({ payload: { severity } })
    expect(shaped('alertmanager', lost(critical))).toMatchObject({ alerts: [{ labels: { severity } }] })
  })
})
