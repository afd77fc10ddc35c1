/** Messages in words: titles and letters in both languages, texts of an SMS, links that acknowledge. */
import { describe, expect, it } from 'vitest'
import { acknowledgeUrl, isGoodLink, LINK_GOOD_MS } from '@constat/collector/alert/link'
import { smsText } from '@constat/collector/alert/shapes/sms'
import { EVENT_TYPES, type Envelope, type MessageType } from '@constat/collector/alert/types'
import { outcomeOf } from '@constat/collector/alert/retry'
import { MAX_TITLE_CHARS } from '@constat/collector/message/spoken'
import { openSpeech, writeLetter, type SpeechDeps } from '@constat/collector/message/speech'
import { accepted, EXAMPLE } from '../../support/contract-text.ts'

const TERMS = accepted(EXAMPLE)
const KEY = Buffer.alloc(32, 1)
const deps: SpeechDeps = {
  termsOf: (contract) => (contract === TERMS.name ? TERMS : null),
  nowMs: () => Date.parse('2026-10-01T08:00:12Z'),
  language: 'en',
  publicUrl: 'https://constat.example',
  linkKey: KEY,
  filesOf: () => Promise.resolve([]),
  mailer: null,
}
const vantage = (name: string, state: string) => ({
  agent: name,
  name,
  state,
  since: '',
  reasons: [],
  site: null,
})
const INCIDENT = {
  id: 'inc_7f',
  contract: TERMS.name,
  service: 'order-portal',
  check: 'portal-home',
  onsetAt: '2026-10-01T08:00:00.000Z',
  closedAt: null,
  endAt: null,
  cause: 'status',
  failure: {
    agent: 'lyon',
    at: '2026-10-01T08:00:00.000Z',
    code: '503',
    target: 'https://portal.example/',
    latencyUs: 14_000,
    connectedUs: 12_000,
  },
  zone: 'application',
  owner: 'outsourcer',
  zoneReference: null,
  downMs: { provable: 1_680_000, point: 1_690_000, pessimistic: 1_700_000 },
  vantages: [vantage('lyon', 'down'), vantage('lille', 'down'), vantage('nantes', 'up')],
  acknowledgedAt: null,
  links: { incident: 'https://constat.example/incidents/inc_7f' },
}
const about = (type: MessageType, data: object = {}): Envelope => ({
  type,
  timestamp: '2026-10-01T08:00:12.000Z',
  data: { ...INCIDENT, ...data },
})
const ENDED = { endAt: '2026-10-01T08:28:00.000Z', closedAt: '2026-10-01T08:28:10.000Z' }
const ESCALATED = { escalation: { step: 2, unansweredMs: 1_800_000 } }
const { say } = openSpeech(deps)
/** As they are read: figures and their units stay together. */
const title = (envelope: Envelope, lang: 'en' | 'fr') => say(envelope, lang).title.replaceAll('\u00a0', ' ')

describe('a title', () => {
  it.each<[Envelope, string, string]>([
    [
      about('incident.opened'),
      'Order portal is down since 10:00 CEST: 503 from 2 of 3 places',
      'Order portal en panne depuis 10:00 UTC+2 : 503 depuis 2 lieux sur 3',
    ],
    [
      about('incident.opened', { failure: null, cause: 'timeout' }),
      'Order portal is down since 10:00 CEST: no answer in time from 2 of 3 places',
      'Order portal en panne depuis 10:00 UTC+2 : pas de réponse à temps',
    ],
    [
      about('incident.closed', ENDED),
      'Order portal is up again: down for at least 28 min',
      'Order portal rétabli : en panne au moins 28 min',
    ],
    [
      about('incident.escalated', ESCALATED),
      'Order portal is down since 10:00 CEST, and nobody has answered for 30 min',
      'Order portal en panne depuis 10:00 UTC+2, sans réponse depuis 30 min',
    ],
    [
      {
        ...about('agent.silent'),
        data: { agent: { id: 'a', name: 'lyon' }, silentSince: '2026-10-01T08:00:00Z' },
      },
      'The agent lyon is silent since 08:00 UTC',
      'L’agent lyon se tait depuis 08:00 UTC',
    ],
    [{ ...about('webhook.test'), data: {} }, 'A test message of Constat', 'Un message d’essai de Constat'],
  ])('%j', (envelope, en, fr) => {
    expect(title(envelope, 'en')).toBe(en)
    expect(title(envelope, 'fr')).toBe(fr)
  })

  it.each(EVENT_TYPES)(
    'of %s fits into a subject, names no id, and says something in both languages',
    (type) => {
      for (const lang of ['en', 'fr'] as const) {
        const { title: said, lines } = say(about(type), lang)
        const all = [said, ...lines.map(({ text }) => text)].join('\n')
        expect(said.length).toBeLessThanOrEqual(MAX_TITLE_CHARS)
        expect(said.length).toBeGreaterThan(10)
        expect(all).not.toMatch(/undefined|inc_7f|order-portal|outsourcer|2026-10-01T/)
      }
    },
  )
})

describe('a letter', () => {
  const written = (envelope: Envelope, more: { language?: 'fr'; isOver?: boolean } = {}) =>
    writeLetter(
      { envelope, language: more.language ?? null, operatedBy: null, isOver: more.isOver ?? false },
      deps,
    ).letter

  it('says the same in text and HTML, with a link that acknowledges', () => {
    const { subject, text, html } = written(about('incident.opened'), { language: 'fr' })
    expect(subject).toContain('Order portal en panne')
    for (const part of [text, html]) {
      expect(part).toContain('https://constat.example/acknowledge/inc_7f?key=')
      expect(part).toContain('Rien n’est pris en compte avant')
      expect(part).toContain(TERMS.displayName)
    }
    expect(html).toMatch(/^<!doctype html><html lang="fr">/)
  })

  it.each<[string, Envelope, boolean]>([
    ['over', about('incident.closed', ENDED), false],
    ['acknowledged', about('incident.escalated', { ...ESCALATED, acknowledgedAt: INCIDENT.onsetAt }), false],
    ['over by the time it is sent', about('incident.opened'), true],
    ['about nothing to acknowledge', about('agent.silent'), false],
  ])('has no such link when it is %s', (_, envelope, isOver) => {
    expect(written(envelope, { isOver }).text).not.toContain('/acknowledge/')
  })

  it('shows what others wrote as they wrote it', () => {
    const { html } = written(
      about('incident.opened', { failure: { ...INCIDENT.failure, target: '<img src=x>' } }),
    )
    expect(html).toContain('&lt;img src=x&gt;')
    expect(html).not.toContain('<img')
  })

  it('is not tried again when the server refuses it for good', () => {
    const answer = { status: 550, error: 'no such user', body: null, retryAfter: null }
    const attempt = { attemptsBefore: 0, delaysMs: [1_000], nowMs: 0, chance: 0.5 }
    expect(outcomeOf({ ...attempt, answer: { ...answer, isFinal: true } })).toEqual({ state: 'failed' })
    expect(outcomeOf({ ...attempt, answer: { ...answer, status: 451 } })).toMatchObject({ state: 'pending' })
  })
})

describe('a link', () => {
  const nowMs = Date.parse('2026-10-01T08:00:00Z')
  const seal = new URL(
    acknowledgeUrl(['inc_7f'], { key: KEY, publicUrl: 'https://c.example', nowMs }),
  ).searchParams.get('key')!
  it.each<[string, boolean, { incident?: string; seal?: string; key?: Buffer; nowMs?: number }]>([
    ['is good', true, {}],
    ['until its last moment', true, { nowMs: nowMs + LINK_GOOD_MS - 1 }],
    ['and not after', false, { nowMs: nowMs + LINK_GOOD_MS }],
    ['of one incident', false, { incident: 'inc_80' }],
    ['of one collector', false, { key: Buffer.alloc(32, 2) }],
    ['not with a later end', false, { seal: `z${seal}` }],
    ['not without one', false, { seal: seal.slice(seal.indexOf('.')) }],
    ['not empty', false, { seal: '' }],
  ])('%s: %s', (_, isGood, { incident = 'inc_7f', key = KEY, ...rest }) => {
    expect(isGoodLink({ incident, seal: rest.seal ?? seal }, { key, nowMs: rest.nowMs ?? nowMs })).toBe(
      isGood,
    )
  })
})

describe('an SMS', () => {
  it.each([
    ['Order portal is down', 'https://c.example/i/1', 'Order portal is down\nhttps://c.example/i/1'],
    ['Prise en compte à 10 h, dès l’été', null, "Prise en compte à 10 h, dès l'été"],
    ['Où ça ? Forêt', null, 'Où ca ? Foret'],
    ['日本', null, '??'],
    ['€'.repeat(90), null, '€'.repeat(80)],
    ['x'.repeat(150), 'https://c.example/incidents/1', 'x'.repeat(150)],
    ['x'.repeat(161), null, 'x'.repeat(160)],
  ])('%s with %s', (said, link, text) => expect(smsText(said, link)).toBe(text))
})
