/** PagerDuty's answers: whose signature is good, and what they say. Tables. */
import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { acknowledgedIn, isSigned } from '../../../collector/src/http/pagerduty-answer.ts'

const BODY = Buffer.from('{"event":{"id":"é"}}')
const sign = (secret: string, body = BODY): string =>
  `v1=${createHmac('sha256', secret).update(body).digest('hex')}`

it.each([
  ['with the secret', sign('right'), true],
  ['with two, while one takes over', `${sign('old')},${sign('right')}`, true],
  ['with a space after the comma', `${sign('old')}, ${sign('right')}`, true],
  ['with another secret', sign('wrong'), false],
  ['of another body', sign('right', Buffer.from('{}')), false],
  ['in another form', sign('right').replace('v1=', 'v2='), false],
  ['cut short', sign('right').slice(0, -1), false],
  ['with nothing', '', false],
  ['behind more than are looked at', `${'v1=0,'.repeat(8)}${sign('right')}`, false],
])('signed %s', (_, header, good) => expect(isSigned(BODY, { header, secret: 'right' })).toBe(good))

const event = (more: object): Buffer =>
  Buffer.from(JSON.stringify({ event: { id: 'e1', event_type: 'incident.acknowledged', ...more } }))

it.each([
  [
    'who has it in hand, and when',
    event({
      occurred_at: '2026-12-01T02:00:00Z',
      agent: { summary: 'Ada' },
      data: { incident_key: 'inc_1' },
    }),
    { answer: 'e1', incident: 'inc_1', who: 'Ada', at: '2026-12-01T02:00:00Z' },
  ],
  [
    'nobody by name',
    event({ data: { incident_key: 'inc_1' } }),
    { answer: 'e1', incident: 'inc_1', who: null, at: null },
  ],
  ['no incident of ours', event({ data: {} }), null],
  ['another type', event({ event_type: 'incident.resolved', data: { incident_key: 'inc_1' } }), null],
  ['that the webhook works', event({ event_type: 'pagey.ping', data: { message: 'Hello' } }), null],
])('says %s', (_, body, said) => expect(acknowledgedIn(body)).toEqual(said))

it.each(['', '[]', '{"event":1}', '{'])('%s is no answer', (text) =>
  expect(() => acknowledgedIn(Buffer.from(text))).toThrow('no V3 webhook'),
)
