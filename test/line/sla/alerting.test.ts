/** Alerting: who is told of what, quiet hours over a clock change, escalation. Tables with the clock as an argument. */
import { describe, expect, it } from 'vitest'
import { dueSteps, MAX_REPEATS, repeatMs } from '@constat/sla/alerting/escalation'
import { hoursUntilMs, MAX_HOURS_MS } from '@constat/sla/alerting/hours'
import { heldUntilMs, routedTo, typeMatches, type Told } from '@constat/sla/alerting/route'
import { alertingSpec } from '@constat/sla/contract/schema-private'

const at = (text: string): number => Date.parse(text)
const MINUTE_MS = 60_000

const ENDPOINTS = [
  { id: 'ops', url: 'https://hooks.example/ops' },
  { id: 'boss', email: 'boss@acme.example' },
]
const spec = (more: object) => alertingSpec.parse({ endpoints: ENDPOINTS, ...more })
const NIGHTS = {
  timeZone: 'Europe/Paris',
  weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], start: '22:00', end: '07:00' }],
}

it.each([
  ['*', 'agent.silent', true],
  ['incident.*', 'incident.opened', true],
  ['incident.*', 'incidental.opened', false],
  ['incident.opened', 'incident.opened', true],
  ['incident.opened', 'incident.closed', false],
])('the type %s takes %s: %s', (pattern, type, takes) => expect(typeMatches(pattern, type)).toBe(takes))

describe('routes', () => {
  const OPENED: Told = {
    type: 'incident.opened',
    service: 'portal',
    sites: ['paris'],
    isCritical: true,
    atMs: at('2026-11-30T12:00:00Z'),
  }
  const SILENT: Told = { ...OPENED, type: 'agent.silent', service: null, sites: [], isCritical: false }
  const to = ['ops']
  const INCIDENTS = { types: ['incident.*'], to }
  const DAYS = { timeZone: 'Europe/Paris', weekly: [{ days: ['MO'], start: '08:00', end: '13:00' }] }
  it.each<[string, object[], Told, string[]]>([
    ['without routes all hear everything', [], SILENT, ['ops', 'boss']],
    ['by type', [INCIDENTS], OPENED, ['ops']],
    ['another type', [INCIDENTS], SILENT, []],
    ['two routes are one list', [INCIDENTS, { types: ['*'], to: ['boss', 'ops'] }], OPENED, ['ops', 'boss']],
    ['its service', [{ ...INCIDENTS, services: ['portal'] }], OPENED, ['ops']],
    ['another service', [{ ...INCIDENTS, services: ['vpn'] }], OPENED, []],
    ['what is about no service', [{ types: ['*'], services: ['portal'], to }], SILENT, []],
    ['its site', [{ ...INCIDENTS, sites: ['lyon', 'paris'] }], OPENED, ['ops']],
    ['another site', [{ ...INCIDENTS, sites: ['lyon'] }], OPENED, []],
    ['critical', [{ ...INCIDENTS, severity: 'critical' }], OPENED, ['ops']],
    ['not critical', [{ ...INCIDENTS, severity: 'critical' }], { ...OPENED, isCritical: false }, []],
    [
      'within its hours',
      [{ ...INCIDENTS, hours: DAYS }],
      { ...OPENED, atMs: at('2026-11-30T11:59:59.999Z') },
      ['ops'],
    ],
    ['13:00 in Paris is outside of them', [{ ...INCIDENTS, hours: DAYS }], OPENED, []],
  ])('%s', (_, routes, told, heard) => expect([...routedTo(spec({ routes }), told)]).toEqual(heard))

  it('tell nobody while paused', () => expect(routedTo(spec({ paused: true }), OPENED).size).toBe(0))
})

describe('quiet hours', () => {
  it.each([
    ['begin on the minute', '2026-11-30T21:00:00.000Z', '2026-12-01T06:00:00.000Z'],
    ['not a millisecond before', '2026-11-30T20:59:59.999Z', null],
    ['end on the minute', '2026-12-01T06:00:00.000Z', null],
    ['last until their last millisecond', '2026-12-01T05:59:59.999Z', '2026-12-01T06:00:00.000Z'],
    // 29 March 2026: 02:00 becomes 03:00. The night is an hour shorter, and ends at 07:00 all the same.
    ['in the night the clock goes forward', '2026-03-28T21:00:00.000Z', '2026-03-29T05:00:00.000Z'],
    // 25 October 2026: 03:00 becomes 02:00. The repeated hour is quiet both times.
    ['in the night the clock goes back', '2026-10-25T01:30:00.000Z', '2026-10-25T06:00:00.000Z'],
    ['over the end of a year', '2026-12-31T23:30:00.000Z', '2027-01-01T06:00:00.000Z'],
  ])('%s', (_, from, until) =>
    expect(hoursUntilMs(NIGHTS as never, at(from))).toBe(until === null ? null : at(until)),
  )

  it('that never end let messages out after a week', () => {
    const always = {
      timeZone: 'UTC',
      weekly: [{ days: NIGHTS.weekly[0]!.days, start: '00:00', end: '24:00' }],
    }
    expect(hoursUntilMs(always as never, 0)).toBe(MAX_HOURS_MS)
  })

  it('hold what is not excepted', () => {
    const quiet = spec({ quietHours: { ...NIGHTS, except: ['incident.*'] } })
    const told = { service: null, sites: [], isCritical: false, atMs: at('2026-11-30T23:00:00Z') }
    expect(heldUntilMs(quiet, { ...told, type: 'incident.opened' })).toBeNull()
    expect(heldUntilMs(quiet, { ...told, type: 'agent.silent' })).toBe(at('2026-12-01T06:00:00Z'))
    expect(heldUntilMs(spec({}), { ...told, type: 'agent.silent' })).toBeNull()
  })
})

describe('escalation', () => {
  const { escalation } = spec({
    escalation: [
      { after: 'PT0S', to: ['ops'] },
      { after: 'PT15M', to: ['ops'] },
      { after: 'PT1H', to: ['boss'] },
    ],
  })
  const keyOf = (step: number): string =>
    step > escalation.length ? `r${step - escalation.length}` : String(step)
  const toldMs = at('2026-03-29T00:50:00Z')
  const minutes = (n: number): number => toldMs + n * MINUTE_MS
  // [minutes since people were to be told, steps taken and when, steps due and when they were]
  it.each<[string, number, [number, number][], [number, number][]]>([
    ['the first at once', 0, [], [[1, 0]]],
    ['none before its time', 14.99, [[1, 0]], []],
    ['the next one, over a clock change', 15, [[1, 0]], [[2, 15]]],
    [
      'none twice',
      16,
      [
        [1, 0],
        [2, 15],
      ],
      [],
    ],
    [
      'all that came due while nobody looked',
      61,
      [],
      [
        [1, 0],
        [2, 15],
        [3, 60],
      ],
    ],
    [
      'what was made up for late is not repeated at once',
      125,
      [
        [1, 124],
        [2, 124],
        [3, 124],
      ],
      [],
    ],
    [
      'the last one again, after its own time',
      120,
      [
        [1, 0],
        [2, 15],
        [3, 60],
      ],
      [[4, 120]],
    ],
    [
      'of missed repeats the newest',
      250,
      [
        [1, 0],
        [2, 15],
        [3, 60],
      ],
      [[6, 240]],
    ],
    [
      'a repeat once',
      250,
      [
        [1, 0],
        [2, 15],
        [3, 60],
        [6, 240],
      ],
      [],
    ],
    [
      'repeats without end are none',
      60 * 400,
      [
        [1, 0],
        [2, 15],
        [3, 60],
      ],
      [[3 + MAX_REPEATS, 60 + 60 * MAX_REPEATS]],
    ],
    [
      'nor after the last of them',
      60 * 400,
      [
        [1, 0],
        [2, 15],
        [3, 60],
        [3 + MAX_REPEATS, 60 * 49],
      ],
      [],
    ],
  ])('%s', (_, sinceMin, taken, due) => {
    const asked = {
      toldMs,
      nowMs: minutes(sinceMin),
      taken: new Map(taken.map(([step, min]) => [keyOf(step), minutes(min)])),
    }
    expect(dueSteps(escalation, asked).map(({ step, atMs }) => [step, atMs])).toEqual(
      due.map(([step, min]) => [step, minutes(min)]),
    )
  })

  it('leaves out no step of a document that grew while an old one was repeated', () => {
    const before = spec({ escalation: [{ after: 'PT0S', to: ['ops'] }] }).escalation
    const taken = new Map<string, number>()
    for (const min of [0, 5, 10, 15]) {
      for (const { key } of dueSteps(before, { toldMs, nowMs: minutes(min), taken }))
        taken.set(key, minutes(min))
    }
    expect(taken.size).toBe(4)
    const due = dueSteps(escalation, { toldMs, nowMs: minutes(61), taken })
    expect(due.map(({ step }) => step)).toEqual([2, 3])
  })

  it('without steps has none, and repeats no sooner than every five minutes', () => {
    expect(dueSteps([], { toldMs, nowMs: minutes(600), taken: new Map() })).toEqual([])
    expect(repeatMs(spec({ escalation: [{ after: 'PT0S', to: ['ops'] }] }).escalation)).toBe(5 * MINUTE_MS)
  })
})
